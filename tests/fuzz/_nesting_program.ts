/**
 * Random modules for the nesting fuzz: functions with very different frames that call the host, and each other in every
 * possible way. The result of a function depends only on its parameters and on the host's answers, so that a call can
 * be repeated elsewhere. nesting.ts decides what the host does meanwhile.
 *
 * @module
 */

import { REGISTER_WORDS, STACK_WORDS } from "../../src/vm/interpreter/execute.ts";
import { pick } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";

/** The type of all functions. It takes the caller, the depth that is left and a number, and returns a number. */
export const PARAMS = "(param $id i32) (param $left i32) (param $x i64) (result i64)";

/** Extra locals of a function, for a frame of a few words or of a large part of the register file. */
const FRAMES: readonly number[] = [0, 0, 1, 3, 10, 100, 1_000, 8_000, 45_000];
/** Functions of a module. The next module also imports the first half. */
export const FUNCTIONS = 6;
/** Functions that a module imports from the one before. */
export const IMPORTED = FUNCTIONS / 2;

/** A function that recurses before it calls another function, and its greatest depth. */
export interface Deep {
  readonly name: string;
  readonly most: number;
  /** Whether it must recurse to that depth. It then leaves at most a few thousand words of the register file. */
  readonly isFull: boolean;
}

/** Only calls the host, so that many calls can be nested. */
export const AGAIN = "again";
/** Waits for the host while it uses few registers, and then needs hundreds. */
export const WIDE = "wide";
/** Operands of the function `wide`. */
const WIDTH = 600;

/** A module of the program. */
export interface NestingModule {
  readonly text: string;
  /** Names of the functions with `PARAMS`. */
  readonly names: readonly string[];
  /** Names of the functions that have another parameter `$depth` first. */
  readonly deep: readonly Deep[];
}

/** A module in the text format. @param index its position: it imports from the module before */
export function nestingModule(random: Random, index: number): NestingModule {
  const own = Array.from({ length: FUNCTIONS }, (_, place) => `f${place}`);
  const imported = index === 0 ? [] : Array.from({ length: IMPORTED }, (_, place) => `g${place}`);
  const callable = [...own, ...imported];
  const callees = [AGAIN, WIDE, pick(random, callable)];
  const deep = [pick(random, FRAMES.slice(0, 6)), pick(random, FRAMES.slice(6))].map((locals, place) => ({
    name: `deep${place}`,
    text: deepText(`deep${place}`, locals, pick(random, callees)),
    most: Math.min(STACK_WORDS / 2, Math.floor(REGISTER_WORDS / levelWords(locals))),
    isFull: false,
  }));
  const full = fullText(random);
  const text = `(module
    (type $t (func ${PARAMS}))
    (import "host" "f" (func $host (type $t)))
    ${imported.map((name, place) => `(import "before" "f${place}" (func $${name} (type $t)))`).join("\n    ")}
    (table $table ${callable.length + 1} funcref)
    (elem (table $table) (i32.const 0) func ${[...callable, "host"].map((name) => `$${name}`).join(" ")})
    ${own.map((name) => functionText(random, name, callable)).join("\n    ")}
    (func $${AGAIN} (export "${AGAIN}") ${PARAMS} (i64.add (local.get $x) (call $host ${ALL})))
    (func $${WIDE} (export "${WIDE}") ${PARAMS} (call $host ${ALL})
      ${"(i64.add (local.get $x) (i64.const 1)) ".repeat(WIDTH)} ${"i64.add ".repeat(WIDTH)})
    ${deep.map(({ text }) => text).join("\n    ")}
    ${full.text})`;
  return { text, names: [...own, AGAIN, WIDE], deep: [...deep, { name: "full", most: full.depth, isFull: true }] };
}

const ALL = "(local.get $id) (local.get $left) (local.get $x)";

/** Words from the frame of one level to the next: parameters, locals, and the operand under the arguments. */
function levelWords(locals: number): number {
  return 2 * (4 + locals + 1);
}

/** A function that takes all but at most a few thousand words of the register file, and then calls the host. */
function fullText(random: Random): { readonly text: string; readonly depth: number } {
  const locals = pick(random, [5_000, 20_000, 45_000]);
  const depth = Math.floor(REGISTER_WORDS / levelWords(locals)) - 1;
  const above = (depth + 1) * levelWords(locals) - 2;
  const rest = Math.floor((REGISTER_WORDS - above - random(3_000)) / 2) - 6;
  const text = `(func $tail ${PARAMS} ${"(local i64)".repeat(Math.max(0, Math.min(rest, 49_000)))} (call $host ${ALL}))
    ${deepText("full", locals, "tail")}`;
  return { text, depth };
}

/** Adds the results of all levels to the result of the function at the bottom. */
function deepText(name: string, locals: number, callee: string): string {
  const kept = locals > 0 ? `(local.set ${4 + locals - 1} (i64.mul (local.get $x) (i64.const 5)))` : "";
  const read = locals > 0 ? `(local.get ${4 + locals - 1})` : "(i64.mul (local.get $x) (i64.const 5))";
  return `(func $${name} (export "${name}") (param $depth i32) ${PARAMS} ${"(local i64)".repeat(locals)}
      ${kept}
      (if (result i64) (local.get $depth)
        (then (i64.add ${read} (call $${name} (i32.sub (local.get $depth) (i32.const 1)) (local.get $id) (local.get $left)
          (i64.add (local.get $x) (i64.const 1)))))
        (else (call $${callee} (local.get $id) (local.get $left) (local.get $x)))))`;
}

function functionText(random: Random, name: string, callable: readonly string[]): string {
  const locals = pick(random, FRAMES);
  /** The first, one in the middle and the last of the extra locals. */
  const some = locals === 0 ? [] : [...new Set([3, 3 + (locals >> 1), 3 + locals - 1])];
  const lines: string[] = [];
  const less = "(local.set $left (i32.sub (local.get $left) (i32.const 1)))";
  const args = (x: string) => `(local.get $id) (local.get $left) ${x}`;
  const set = (value: string) => `(local.set $x (i64.xor (i64.rotl (local.get $x) (i64.const 7)) ${value}))`;
  const guarded = (work: string) => `(if (i32.gt_s (local.get $left) (i32.const 0)) (then ${less} ${work}))`;
  for (let steps = 2 + random(5); steps > 0; steps--) {
    const x = pick(random, [
      "(local.get $x)",
      "(i64.const 3)",
      "(i64.add (local.get $x) (i64.extend_i32_s (local.get $left)))",
    ]);
    switch (random(8)) {
      case 0:
        lines.push(set(`(i64.const ${random(1_000)})`));
        break;
      case 1:
        for (const local of some) lines.push(`(local.set ${local} (i64.add (local.get $x) (i64.const ${local})))`);
        break;
      case 2:
      case 3:
        lines.push(guarded(set(`(call $host ${args(x)})`)));
        break;
      case 4:
        lines.push(guarded(set(`(call $${pick(random, callable)} ${args(x)})`)));
        break;
      case 5: {
        const element = `(i32.rem_u (i32.wrap_i64 (local.get $x)) (i32.const ${callable.length + 1}))`;
        lines.push(guarded(set(`(call_indirect $table (type $t) ${args(x)} ${element})`)));
        break;
      }
      case 6: {
        const block = `(block (br_if 0 (i64.eqz (i64.and (local.get $x) (i64.const ${1 << random(3)})))) ${
          set("(i64.const 77)")
        })`;
        lines.push(block);
        break;
      }
      case 7:
        // Values that are on the operand stack while other functions run.
        lines.push(guarded(set(`(i64.add (i64.mul (local.get $x) (i64.const 9)) (call $host ${args(x)}))`)));
    }
    for (const local of some) if (random(2) === 0) lines.push(set(`(local.get ${local})`));
  }
  const tail = [
    "",
    guarded(`(return_call $${pick(random, callable)} ${args("(local.get $x)")})`),
    guarded(`(return_call $host ${args("(local.get $x)")})`),
    guarded(
      `(return_call_indirect $table (type $t) ${args("(local.get $x)")} (i32.const ${random(callable.length + 1)}))`,
    ),
  ];
  return `(func $${name} (export "${name}") ${PARAMS} ${"(local i64)".repeat(locals)}
      ${lines.join("\n      ")}
      ${pick(random, tail)} (local.get $x))`;
}
