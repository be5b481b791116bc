/**
 * SIMD on the native engine: its results and fuel, and vectors at the border, where JavaScript can't hold them. The
 * official suite and the fuzzer run the instructions.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compile, compileSync } from "../../../src/vm/choose.ts";
import { CompileError, instantiate, LinkError, Trap } from "../../../src/vm/mod.ts";
import type { ExportedFunction, Global, Imports, Instance } from "../../../src/vm/mod.ts";
import { wat } from "../../../tools/wat.ts";

const bytesOf = (text: string) => wat(`(module ${text})`) as Uint8Array<ArrayBuffer>;

/** A test that needs the native engine. */
function test(name: string, run: () => Promise<void>): void {
  const isNative = compileSync(bytesOf("")).engine.name === "native";
  Deno.test({ name, ignore: !isNative, fn: run });
}

/** An instance with SIMD, for which nobody asked for an engine. */
async function instanceOf(text: string, imports?: Imports): Promise<Instance> {
  const module = await compile(bytesOf(text));
  assertEquals(module.engine.name, "native");
  return await instantiate(module, imports);
}

test("a module with SIMD runs on the native engine, and only there", async () => {
  const text =
    `(memory (export "memory") 1) (data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\07\\08\\09\\0a\\0b\\0c\\0d\\0e\\0f\\10")
    (func (export "dot") (result i32) (local v128)
      (local.set 0 (i16x8.extadd_pairwise_i8x16_u (v128.load (i32.const 0))))
      (local.set 0 (i32x4.dot_i16x8_s (local.get 0) (v128.const i16x8 1 1 1 1 1 1 1 1)))
      (i32.add (i32x4.extract_lane 0 (local.get 0)) (i32x4.extract_lane 3 (local.get 0))))`;
  const instance = await instanceOf(text);
  assertEquals(await instance.call("dot"), 1 + 2 + 3 + 4 + 13 + 14 + 15 + 16);
  // Thirteen instructions, and no block.
  assertEquals(instance.fuelUsed, 13);
  await assertRejects(() => compile(bytesOf(text), { engine: "interpreter" }), CompileError, "SIMD is not supported");
});

test("vectors live across calls, loops, branches and suspensions", async () => {
  const text = `(func $twice (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0)))
    (func (export "run") (param i32) (result i32) (local $sum v128) (local $one v128)
      (local.set $one (v128.const i32x4 1 2 3 4))
      (loop $again
        (local.set $sum (block $out (result v128)
          (br_if $out (i32x4.add (local.get $sum) (local.get $one)) (i32.and (local.get 0) (i32.const 1)))
          (drop) (i32x4.sub (local.get $sum) (call $twice (local.get $one)))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))
      (i32x4.extract_lane 3 (local.get $sum)))`;
  const module = compileSync(bytesOf(text));
  const whole = await instantiate(module);
  const sliced = await instantiate(module, {}, { limits: { sliceFuel: 7 } });
  assertEquals(await whole.call("run", [10_001]), 4 * 5_001 - 8 * 5_000);
  assertEquals(await sliced.call("run", [101]), 4 * 51 - 8 * 50);
});

test("a function with vectors can't be called by JavaScript", async () => {
  const instance = await instanceOf(
    `(func (export "take") (param v128)) (func (export "make") (result v128) unreachable)`,
  );
  assertEquals(instance.module.export("take")!.type, { params: ["v128"], results: [] });
  for (const name of ["take", "make"]) {
    assertThrows(() => (instance.exports[name] as ExportedFunction)(), TypeError, "v128");
    await assertRejects(() => instance.call(name), TypeError, "v128");
  }
});

test("a host function with vectors is not called", async () => {
  let calls = 0;
  const imports = { env: { take: () => void calls++, make: () => calls++ } };
  const instance = await instanceOf(
    `(func $take (import "env" "take") (param v128)) (func $make (import "env" "make") (result v128))
    (func (export "give") (call $take (v128.const i64x2 1 2))) (func (export "get") (drop (call $make)))`,
    imports,
  );
  for (const name of ["give", "get"]) {
    const error = await assertRejects(() => instance.call(name), Trap);
    assertEquals([error.reason, (error.cause as Error).name], ["host function failed", "TypeError"]);
  }
  assertEquals(calls, 0);
});

test("instances exchange vectors by functions and globals, whose values JavaScript can't read", async () => {
  const one = await instanceOf(`(global (export "global") (mut v128) (v128.const i32x4 1 2 3 4))
    (global (export "fixed") v128 (v128.const i32x4 5 6 7 8))
    (func (export "twice") (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0)))`);
  const text = `(func $twice (import "one" "twice") (param v128) (result v128))
    (global $global (import "one" "global") (mut v128)) (global $fixed (import "one" "fixed") v128)
    (global $copy v128 (global.get $fixed))
    (func (export "run") (result i32)
      (global.set $global (call $twice (i32x4.add (global.get $global) (global.get $copy))))
      (i32x4.extract_lane 2 (global.get $global)))`;
  const other = await instanceOf(text, { one: one.exports } as Imports);
  assertEquals(await other.call("run"), 2 * (3 + 7));
  assertEquals(await other.call("run"), 2 * (20 + 7));
  for (const name of ["global", "fixed"]) assertThrows(() => (one.exports[name] as Global).value, TypeError, "v128");
  assertThrows(() => (one.exports["global"] as Global).value = 1, TypeError, "v128");
  await assertRejects(() => instanceOf(text, { one: { ...one.exports, fixed: 1 } } as never), LinkError);
});
