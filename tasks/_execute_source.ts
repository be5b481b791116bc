/**
 * Makes the source of the dispatch loop. It comes from the op table in src/vm/interpreter/ops.ts, the names in
 * src/vm/interpreter/fused_ops.ts and the frame of the loop in tasks/execute_template.txt. The caller decides where to
 * write it.
 *
 * @module
 */

import { partsOf } from "../src/vm/interpreter/fused_ops.ts";
import { firstPrefix, OP_NAMES, opEquation, opOperands } from "../src/vm/interpreter/ops.ts";
import type { OpName } from "../src/vm/interpreter/ops.ts";

const TEMPLATE = new URL("./execute_template.txt", import.meta.url);

/** The last letters of operands that are registers; every other operand is an immediate word. */
const REGISTER_LETTERS = "abcd";

/** The macros of the equations. An argument is any text without a comma at its top level. `@` is the op's size. */
const MACROS: Readonly<Record<string, (args: readonly string[]) => string>> = {
  goto: ([t, u]) => `{ fuel = fuel - #${u} | 0; pc = #${t}; if (fuel < 0) break loop; continue; }`,
  goto_case: ([index, n]) =>
    `{ const x = ${index}; const y = #${n}; const at = pc + @ + ((x < y ? x : y) << 1) | 0; ` +
    `fuel = fuel - C[at + 1 | 0] | 0; pc = C[at] | 0; if (fuel < 0) break loop; continue; }`,
  // If the branch is not taken, the fuel is checked a little later: at the next jump, call or return.
  branch: ([condition, t, u, v]) =>
    `{ if (${condition}) { fuel = fuel - #${u} | 0; pc = #${t}; if (fuel < 0) break loop; continue; } ` +
    `fuel = fuel - #${v} | 0; pc = pc + @ | 0; continue; }`,
  leave: ([reason]) => `{ stop = ${reason}; break loop; }`,
  spend: ([count]) => `{ fuel = fuel - ${count} | 0; pc = pc + @ | 0; if (fuel < 0) break loop; continue; }`,
  return_to_caller: () =>
    `{ sp = sp - 2 | 0; pc = S[sp] | 0; fp = S[sp + 1 | 0] | 0; fuel = fuel - C[pc - 1 | 0] | 0; ` +
    `if (fuel < 0) break loop; continue; }`,
  call: ([entry, frame]) =>
    `{ const at = ${entry}; const base = ${frame}; ` +
    `if (base + C[at] > REGISTER_WORDS || sp >= STACK_WORDS) { stop = STACK_EXHAUSTED; break loop; } ` +
    `S[sp] = pc + @ | 0; S[sp + 1 | 0] = fp; sp = sp + 2 | 0; fuel = fuel - C[at + 3 | 0] | 0; ` +
    `const end = base + C[at + 2 | 0] | 0; for (let z = base + C[at + 1 | 0] | 0; z < end; z = z + 1 | 0) R[z] = 0; ` +
    `fp = base; pc = at + 4 | 0; if (fuel < 0) break loop; continue; }`,
};

/** Replaces macro calls. Innermost arguments stay as they are. */
function expandMacros(text: string): string {
  const start = /(?<![\w.])(goto_case|goto|branch|leave|return_to_caller|call|spend)\(/.exec(text);
  if (start === null) return text;
  const args: string[] = [];
  let depth = 1;
  let from = start.index + start[0].length;
  let at = from;
  for (; depth > 0; at++) {
    const character = text[at];
    if (character === "(") depth++;
    else if (character === ")") depth--;
    if ((character === "," && depth === 1) || depth === 0) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  const end = text[at] === ";" ? at + 1 : at;
  return text.slice(0, start.index) + MACROS[start[1]!]!(args) + expandMacros(text.slice(end));
}

/** The equations of memory ops that move bits, for a fusion in which the other op takes or returns a float. */
const FLOAT_FORMS: Readonly<Record<string, string>> = {
  load32: "const x = I.a; if (x < 0) leave(OUT_OF_BOUNDS); F.d = view.getFloat32(x + #o | 0, true)",
  load64: "const x = I.a; if (x < 0) leave(OUT_OF_BOUNDS); D.d = view.getFloat64(x + #o | 0, true)",
  store32: "const x = I.a; if (x < 0) leave(OUT_OF_BOUNDS); view.setFloat32(x + #o | 0, F.b, true)",
  store64: "const x = I.a; if (x < 0) leave(OUT_OF_BOUNDS); view.setFloat64(x + #o | 0, D.b, true)",
};

/** An op's equation. `asFloat`: the other op of the fusion treats its result or its operand `b` as a float. */
function equationOf(name: string, asFloat = false): string {
  const parts = partsOf(name);
  if (parts === undefined) return asFloat && FLOAT_FORMS[name] || opEquation(name as OpName)!;
  const prefix = firstPrefix(parts);
  if (parts.slot === "") return `${prefixed(equationOf(parts.first), prefix)}; ${equationOf(parts.second, asFloat)}`;
  const reads = new RegExp(`\\b[FD]\\.${parts.slot}\\b`).test(equationOf(parts.second));
  const writes = /\b[FD]\.d =/.test(equationOf(parts.first));
  // A value that is kept keeps its bits: it is read as a float from its register.
  const first = prefixed(equationOf(parts.first, reads && !parts.isKept), prefix);
  const second = equationOf(parts.second, writes || asFloat);
  const result = `${prefix}d`;
  let text = first;
  let used = second;
  let kept = "";
  for (const half of ["I", "H", "F", "D"]) {
    const value = `v${half}_${prefix}`;
    const assignment = new RegExp(`\\b${half}\\.${result} = ([^;]+)`, "g");
    const count = [...text.matchAll(assignment)].length;
    const read = new RegExp(`\\b${half}\\.${parts.slot}\\b`, "g");
    const isRead = second.search(read) >= 0;
    if (count === 0) {
      if (isRead && !(parts.isKept && "FD".includes(half))) throw new Error(`${name}: no ${half} of ${result}`);
      used = used.replaceAll(read, `${half}.${result}`);
      continue;
    }
    if (!isRead && !parts.isKept) {
      text = text.replaceAll(assignment, "");
      continue;
    }
    const declaration = count === 1 ? "const " : "";
    text = text.replaceAll(assignment, (_, expression) => `${declaration}${value} = ${coerced(half, expression)}`);
    if (count > 1) text = `let ${value} = 0; ${text}`;
    kept += `${half}.${result} = ${value}; `;
    used = used.replaceAll(read, value);
  }
  return `${text}; ${parts.isKept ? kept : ""}${used}`;
}

/** Coerces a value to what a read of its register returns. */
function coerced(half: string, expression: string): string {
  if (half === "D") return expression;
  if (half === "F") return `Math.fround(${expression})`;
  return expression.endsWith("| 0") ? expression : `(${expression}) | 0`;
}

/** An equation with other names for its operands and variables. */
function prefixed(equation: string, prefix: string): string {
  const variables = [...equation.matchAll(/\b(?:const|let) (\w+) =/g)].map((match) => match[1]!);
  const renamed = variables.length === 0
    ? equation
    : equation.replaceAll(new RegExp(`(?<![.#])\\b(${variables.join("|")})\\b`, "g"), `$1_${prefix}`);
  return renamed.replaceAll(/(\b[IHFD]\.|#)(\w+)/g, `$1${prefix}$2`);
}

/** Whether control never reaches the next op: the equation ends in a jump, a call or a return without a condition. */
function isTerminal(name: string): boolean {
  const parts = partsOf(name);
  if (parts !== undefined) return isTerminal(parts.second);
  return /(^|[;}] )(goto|goto_case|branch|call|return_to_caller|spend)\([^;]*$/.test(opEquation(name as OpName)!);
}

/** One case of the switch. */
function caseOf(name: string, number: number): string {
  const operands = opOperands(name);
  let body = expandMacros(equationOf(name));
  const hoisted: string[] = [];
  for (const [index, operand] of operands.entries()) {
    const word = `C[pc + ${index + 1} | 0]`;
    if (!REGISTER_LETTERS.includes(operand.at(-1)!)) {
      body = body.replaceAll(new RegExp(`#${operand}\\b`, "g"), word);
      continue;
    }
    const uses = [...body.matchAll(new RegExp(`(\\b[IHFD]\\.|#)${operand}\\b`, "g"))];
    let register = `fp + ${word}`;
    if (uses.length > 1) {
      hoisted.push(`const ${operand} = ${register} | 0;`);
      register = operand;
    }
    const index32 = register === operand ? operand : `${register} | 0`;
    body = body
      .replaceAll(new RegExp(`\\bI\\.${operand}\\b`, "g"), `R[${index32}]`)
      .replaceAll(new RegExp(`\\bH\\.${operand}\\b`, "g"), `R[${register} + 1 | 0]`)
      .replaceAll(new RegExp(`\\bF\\.${operand}\\b`, "g"), `F[${index32}]`)
      .replaceAll(new RegExp(`\\bD\\.${operand}\\b`, "g"), `D[${register} >> 1]`);
  }
  if (!/[;}]$/.test(body)) body += ";";
  if (!isTerminal(name)) body += " pc = pc + @ | 0; continue;";
  body = body.replaceAll("@", String(operands.length + 1));
  return `case ${number}: /* ${name} */ { ${hoisted.join(" ")} ${body} }`;
}

/** The head of the file, and the loop without its variables and cases. */
async function readTemplate(): Promise<readonly [head: string, loop: string]> {
  const [head, loop] = (await Deno.readTextFile(TEMPLATE)).split(/(?=^export function execute)/m);
  return [head!, loop!];
}

/** The cases of the loop. */
function casesText(): string {
  return OP_NAMES.flatMap((name, number) =>
    partsOf(name) === undefined && opEquation(name as OpName) === undefined ? [] : [caseOf(name, number)]
  ).join("\n");
}

/** Puts the cases, and `extra` before each op, into the loop. */
function fillTemplate(head: string, loop: string, body: string, extra: string): string {
  // Numbers replace the exported names, because an engine would read those from their cells.
  const literals = new Map(
    [...head.matchAll(/^export const (\w+)(?:: number)? = (\d[\d <]*);$/gm)].map((match) => [match[1]!, match[2]!]),
  );
  const named = new RegExp(`\\b(${[...literals.keys()].join("|")})\\b`, "g");
  const variables = new Set([...body.matchAll(DECLARATION)].map((match) => match[1]!));
  return head + loop.replace("/* EXTRA */", extra)
    .replace("/* VARIABLES */", [...variables].sort().map((name) => `let ${name} = 0;`).join("\n"))
    .replace("/* CASES */", () => body.replaceAll(DECLARATION, "$1 ="))
    .replaceAll(named, (name) => `/* ${name} */ ${literals.get(name)!}`);
}

/**
 * Variables belong to the function, not to the cases. V8 reserves a slot for each variable of a block: 435 in all
 * instead of 77.
 */
const DECLARATION = /\b(?:const|let) (\w+) =/g;

/** The text of src/vm/interpreter/execute.ts, not formatted. `extra` is inserted before each op. */
export async function executeSource(extra = ""): Promise<string> {
  const [head, loop] = await readTemplate();
  return fillTemplate(head, loop, casesText(), extra);
}

/**
 * The text of the loop that checks itself. It checks the index of every access. Before every op, it checks the op's
 * address, its frame and the stack. The arrays that it exports are guarded.
 *
 * @param guards the specifier by which the file imports tools/guarded.ts
 */
export async function checkedExecuteSource(guards: string): Promise<string> {
  const [head, loop] = await readTemplate();
  const raw = head
    .replaceAll(
      /^export const (REGISTERS\w*|STACK): (\w+)(?:<ArrayBuffer>)? = (.*);$/gm,
      (_, name, type, made) =>
        `const RAW_${name} = ${made.replace("REGISTERS.buffer", "RAW_REGISTERS.buffer")};\n` +
        `export const ${name}: ${type}<ArrayBuffer> = guarded(RAW_${name}, "${name}");`,
    )
    .replaceAll(/^const (OWN_(REGISTERS\w*|STACK)) = .*;$/gm, "const $1 = RAW_$2;")
    .replace("const OWN_CODE = CODE;", "const OWN_CODE = rawOf(CODE as Int32Array<ArrayBuffer>);");
  const prelude = `import { GuardError, guarded, indexIn, rawOf, registerIn } from "${guards}";
import { ENTRY_WORDS, entryAt, FINISH, codeGeneration } from "./arena.ts";
import { opsBetween } from "./disassemble.ts";
`;
  const check = `
let frameEnd = 0;
let checkedGeneration = -1;
const STARTS = new Uint8Array(CODE.length);

/** Checks that an op begins here, and that its frame and the stack are within their arrays. */
function checkOp(pc: number, fp: number, sp: number): void {
  if (checkedGeneration !== codeGeneration()) {
    STARTS.fill(0);
    checkedGeneration = codeGeneration();
  }
  if (fp < 0 || sp < 0 || sp > STACK_WORDS || sp % 2 !== 0) throw new GuardError(\`frame at \${fp}, stack at \${sp}\`);
  if (pc === FINISH) return;
  const entry = entryAt(pc);
  if (STARTS[pc] === 0) {
    for (const { at } of opsBetween(entry + ENTRY_WORDS, pc + 1)) STARTS[at] = 1;
    if (STARTS[pc] === 0) throw new GuardError(\`no op begins at \${pc}, in the function at \${entry}\`);
  }
  frameEnd = fp + OWN_CODE[entry]!;
  if (frameEnd > REGISTER_WORDS) throw new GuardError(\`a frame ends at \${frameEnd}\`);
}

`;
  return fillTemplate(
    `${prelude}${raw}${check}`,
    loop,
    withCheckedIndices(casesText()),
    "checkOp(pc, fp, sp);",
  );
}

/** The loop's arrays except the table, which is read beyond its end on purpose: a missing entry is not a function. */
const ARRAYS: Readonly<Record<string, string>> = {
  S: "stack",
  C: "code",
  G: "cells",
  bytes: "memory",
  entries: "entries",
  types: "types",
};

/** The text with a check around each index. */
function withCheckedIndices(text: string): string {
  const start = /(?<![\w.])(R|F|D|S|C|G|bytes|entries|types)\[/.exec(text);
  if (start === null) return text;
  const from = start.index + start[0].length;
  let at = from;
  for (let depth = 1; depth > 0; at++) {
    if (text[at] === "[") depth++;
    else if (text[at] === "]") depth--;
  }
  const array = start[1]!;
  const index = withCheckedIndices(text.slice(from, at - 1));
  // The words that a call sets to zero belong to the callee.
  const checked = array === "R" && index === "z"
    ? 'indexIn(R, z, "registers")'
    : array === "D"
    ? `(registerIn((${index}) << 1, fp, frameEnd) >> 1)`
    : "RF".includes(array)
    ? `registerIn(${index}, fp, frameEnd)`
    : `indexIn(${array}, ${index}, "${ARRAYS[array]}")`;
  return `${text.slice(0, from)}${checked}]${withCheckedIndices(text.slice(at))}`;
}
