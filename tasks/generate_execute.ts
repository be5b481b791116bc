/**
 * Writes src/vm/execute.ts, the dispatch loop, from the op table in src/vm/ops.ts and the frame of the loop in
 * tasks/execute_template.txt. With `--check` it writes nothing and fails if the file on disk differs.
 *
 * @module
 */

import { OP_NAMES, opEquation, opOperands } from "../src/vm/ops.ts";
import type { OpName } from "../src/vm/ops.ts";

const TEMPLATE = new URL("./execute_template.txt", import.meta.url);
const OUTPUT = new URL("../src/vm/execute.ts", import.meta.url);

/** Registers by letter; every other letter is an immediate word. */
const REGISTERS = new Set(["a", "b", "c", "d"]);

/** The macros of the equations; an argument is any text without a comma at its top level. */
const MACROS: Readonly<Record<string, (args: readonly string[]) => string>> = {
  goto: ([t, u]) => `{ fuel = fuel - #${u} | 0; pc = #${t}; if (fuel < 0) break loop; continue; }`,
  goto_case: ([index, n]) =>
    `{ const x = ${index}; const y = #${n}; const at = pc + 3 + ((x < y ? x : y) << 1) | 0; ` +
    `fuel = fuel - C[at + 1 | 0] | 0; pc = C[at] | 0; if (fuel < 0) break loop; continue; }`,
  leave: ([reason]) => `{ stop = ${reason}; break loop; }`,
  return_to_caller: () => `sp = sp - 2 | 0; pc = S[sp] | 0; fp = S[sp + 1 | 0] | 0; continue;`,
  call: ([entry, frame, fuel, words]) =>
    `{ const at = ${entry}; const base = ${frame}; ` +
    `if (base + C[at] > REGISTER_WORDS || sp >= STACK_WORDS) { stop = STACK_EXHAUSTED; break loop; } ` +
    `S[sp] = pc + ${words} | 0; S[sp + 1 | 0] = fp; sp = sp + 2 | 0; fuel = fuel - ${fuel} | 0; ` +
    `for (let z = base + C[at + 1 | 0] | 0, end = base + C[at + 2 | 0] | 0; z < end; z = z + 1 | 0) R[z] = 0; ` +
    `fp = base; pc = at + 3 | 0; if (fuel < 0) break loop; continue; }`,
};

/** Replaces macro calls, innermost arguments left as they are. */
function expandMacros(text: string): string {
  const start = /(?<![\w.])(goto_case|goto|leave|return_to_caller|call)\(/.exec(text);
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

/** One case of the switch. */
function caseOf(name: OpName, number: number, equation: string): string {
  const operands = opOperands(name);
  let body = expandMacros(equation);
  const hoisted: string[] = [];
  for (const [index, letter] of operands.entries()) {
    const word = `C[pc + ${index + 1} | 0]`;
    const uses = [...body.matchAll(new RegExp(`[IHFD#]\\.?${letter}\\b`, "g"))].filter((m) =>
      m[0][1] === "." || m[0][0] === "#"
    );
    if (REGISTERS.has(letter)) {
      let register = `fp + ${word}`;
      if (uses.length > 1) {
        hoisted.push(`const ${letter} = ${register} | 0;`);
        register = letter;
      }
      const index32 = register === letter ? letter : `${register} | 0`;
      body = body
        .replaceAll(new RegExp(`\\bI\\.${letter}\\b`, "g"), `R[${index32}]`)
        .replaceAll(new RegExp(`\\bH\\.${letter}\\b`, "g"), `R[${register} + 1 | 0]`)
        .replaceAll(new RegExp(`\\bF\\.${letter}\\b`, "g"), `F[${index32}]`)
        .replaceAll(new RegExp(`\\bD\\.${letter}\\b`, "g"), `D[${register} >> 1]`);
    } else body = body.replaceAll(new RegExp(`#${letter}\\b`, "g"), word);
  }
  const next = /continue;( \})?$/.test(body) && !body.startsWith("if")
    ? ""
    : ` pc = pc + ${operands.length + 1} | 0; continue;`;
  if (!/[;}]$/.test(body)) body += ";";
  return `case ${number}: /* ${name} */ { ${hoisted.join(" ")} ${body}${next} }`;
}

const cases = OP_NAMES.flatMap((name, number) => {
  const equation = opEquation(name);
  return equation === undefined ? [] : [caseOf(name, number, equation)];
});
const template = await Deno.readTextFile(TEMPLATE);
// Numbers take the place of the exported names, which an engine would read from their cells.
const literals = new Map(
  [...template.matchAll(/^export const (\w+)(?:: number)? = (\d[\d <]*);$/gm)].map((match) => [match[1]!, match[2]!]),
);
const named = new RegExp(`\\b(${[...literals.keys()].join("|")})\\b`, "g");
const body = cases.join("\n").replaceAll(named, (name) => `/* ${name} */ ${literals.get(name)!}`);
const source = template.replace("/* CASES */", () => body);
const formatter = new Deno.Command(Deno.execPath(), {
  args: ["fmt", "--ext=ts", "--line-width=120", "-"],
  stdin: "piped",
  stdout: "piped",
}).spawn();
const writer = formatter.stdin.getWriter();
await writer.write(new TextEncoder().encode(source));
await writer.close();
const formatted = new TextDecoder().decode((await formatter.output()).stdout);
if (formatted === "") throw new Error("the generated loop does not parse");

if (Deno.args.includes("--check")) {
  if (await Deno.readTextFile(OUTPUT) !== formatted) {
    console.error("src/vm/execute.ts differs from what src/vm/ops.ts generates: run `deno task generate`");
    Deno.exit(1);
  }
} else await Deno.writeTextFile(OUTPUT, formatted);
