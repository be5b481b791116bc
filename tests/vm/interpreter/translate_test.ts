/**
 * Translation to register code: the emitted code, and that omitted code does not change results.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { flushCode } from "../../../src/vm/interpreter/arena.ts";
import { disassemble } from "../../../src/vm/interpreter/disassemble.ts";
import { codeOf } from "../../../tools/code_of.ts";
import { functionOf, instanceOf, moduleOf } from "./_interpreted.ts";

/** The register code of the first function of a module, without offsets. */
function codeFor(fields: string): string[] {
  flushCode();
  return disassemble(codeOf(moduleOf(`(module ${fields})`)), 0).split("\n").map((line) => line.replace(/^\d+ /, ""));
}

Deno.test("translateFunction writes a result straight into the local that is set next", () => {
  assertEquals(
    codeFor(`(func (param i32 i32) (local.set 0 (i32.add (local.get 0) (local.get 1))))`),
    ["i32_add d=r0 a=r0 b=r1", "return"],
  );
});

Deno.test("translateFunction uses constant operands, also for subtraction and for commuted operands", () => {
  assertEquals(codeFor(`(func (param i32) (result i32) (i32.sub (local.get 0) (i32.const 5)))`), [
    "i32_add_k d=r1 a=r0 k=-5",
    "return32 a=r1",
  ]);
  assertEquals(codeFor(`(func (param i32) (result i32) (i32.gt_s (i32.const 5) (local.get 0)))`), [
    "i32_lt_s_k d=r1 a=r0 k=5",
    "return32 a=r1",
  ]);
});

Deno.test("translateFunction fuses a comparison with its branch, and negates it for if", () => {
  assertEquals(
    codeFor(`(func (param i32 i32) (if (i32.lt_s (local.get 0) (local.get 1)) (then (local.set 0 (i32.const 1)))))`),
    ["br_if_i32_le_s a=r1 b=r0 t=13 u=0 v=2", "const32 d=r0 k=1", "return"],
  );
  assertEquals(
    codeFor(`(func (param f64) (loop (br_if 0 (i32.eqz (f64.lt (local.get 0) (f64.const 1))))))`).slice(0, 2),
    ["const64 d=r2 k=0 h=1072693248", "f64_lt d=r1 a=r0 b=r2"],
  );
});

Deno.test("translateFunction emits nothing for local.get, reinterpretation and wrapping", () => {
  assertEquals(codeFor(`(func (param i64) (result f32) (f32.reinterpret_i32 (i32.wrap_i64 (local.get 0))))`), [
    "return32 a=r0",
  ]);
});

/** Runs a function of i32 and compares the result with the host's own WebAssembly. */
async function check(name: string, text: string, args: readonly number[] = []): Promise<void> {
  const results = await Promise.all([[], [1], [7]].map(async ([slice]) => {
    const instance = await instanceOf(text);
    if (slice === undefined) return functionOf(instance, "f")(...args);
    const call = instance.start("f", args);
    while (call.resume(slice) === "suspended");
    return call.result;
  }));
  const expected = /result=(-?\d+)/.exec(name);
  assert(expected !== null, "the name has the result");
  assertEquals(results, [Number(expected[1]), Number(expected[1]), Number(expected[1])]);
}

const CASES: readonly (readonly [name: string, text: string, ...args: number[]])[] = [
  [
    "a local that is read before it is set keeps its old value on the operand stack: result=12",
    `(module (func (export "f") (param i32) (result i32)
      (i32.mul (local.get 0) (block (result i32) (local.set 0 (i32.const 9)) (i32.const 3)))))`,
    4,
  ],
  [
    "a local that is read twice before it is set: result=20",
    `(module (func (export "f") (param i32) (result i32)
      local.get 0 local.get 0 i32.const 100 local.set 0 i32.add local.get 0 i32.const 88 i32.sub i32.add))`,
    4,
  ],
  [
    "local.tee under pending reads of the same local: result=15",
    `(module (func (export "f") (param i32) (result i32)
      local.get 0 i32.const 5 local.tee 0 i32.add local.get 0 i32.add))`,
    5,
  ],
  [
    "a result is not redirected to a local when another value is set: result=7",
    `(module (func (export "f") (param i32 i32) (result i32) (local i32)
      (i32.add (local.get 0) (local.get 1)) (local.get 0) (local.set 2)))`,
    3,
    4,
  ],
  [
    "a result that was dropped is not redirected: result=3",
    `(module (func (export "f") (param i32 i32) (result i32) (local i32)
      (block (result i32) (local.get 0)) (i32.add (local.get 0) (local.get 1)) drop (local.set 2) (local.get 2)))`,
    3,
    4,
  ],
  [
    "br_if with a value that must move: result=11",
    `(module (func (export "f") (param i32) (result i32)
      (i32.add (i32.const 1) (block (result i32) (i32.const 50) (local.get 0) (br_if 0 (i32.const 1)) drop))))`,
    10,
  ],
  [
    "br_table with values and different depths: result=321",
    `(module
      (func $g (param i32) (result i32)
        (block $a (result i32) (block $b (result i32) (block $c (result i32)
          (i32.const 1) (i32.const 7) (local.get 0) (br_table $a $b $c))
          (i32.const 1) i32.add (br $a))
          (i32.const 2) i32.mul))
      (func (export "f") (result i32)
        (i32.add (i32.mul (i32.sub (call $g (i32.const 0)) (i32.const 4)) (i32.const 100))
          (i32.add (i32.mul (i32.sub (call $g (i32.const 1)) (i32.const 12)) (i32.const 10))
            (i32.sub (call $g (i32.const 9)) (i32.const 7))))))`,
  ],
  [
    "block and loop parameters: result=55",
    `(module (func (export "f") (param i32) (result i32)
      (i32.const 0) (local.get 0)
      (loop (param i32 i32) (result i32) (local.set 0) (local.get 0) (i32.add)
        (local.get 0) (i32.const 1) (i32.sub) (local.tee 0) (local.get 0) (br_if 0) drop)))`,
    10,
  ],
  [
    "several results in swapped order: result=-3",
    `(module (func $swap (param i32 i32) (result i32 i32) local.get 1 local.get 0)
      (func (export "f") (param i32 i32) (result i32) (call $swap (local.get 0) (local.get 1)) i32.sub))`,
    7,
    4,
  ],
  [
    "code after an unconditional branch is skipped, including nested blocks: result=6",
    `(module (func (export "f") (result i32)
      (block (result i32) (i32.const 6) (br 0) (block (loop (br_table 0 1 0 (i32.const 0)))) (if (i32.const 0) (then) (else)) (unreachable))))`,
  ],
  [
    "if without else, and else after a branch: result=30",
    `(module (func $g (param i32) (result i32)
        (if (result i32) (local.get 0) (then (return (i32.const 10))) (else (i32.const 20))))
      (func (export "f") (result i32) (i32.add (call $g (i32.const 1)) (call $g (i32.const 0)))))`,
  ],
  [
    "tail calls do not use up the stack: result=500000500",
    `(module (func $sum (param i32 i32) (result i32)
        (if (result i32) (local.get 0)
          (then (return_call $sum (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 500))))
          (else (local.get 1))))
      (func (export "f") (result i32) (return_call $sum (i32.const 1000001) (i32.const 0))))`,
  ],
];

for (const [name, text, ...args] of CASES) Deno.test(name, () => check(name, text, args));
