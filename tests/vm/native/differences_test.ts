/**
 * What differs between the engines: a test for each line of the table in the README, on both where both can run.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertInstanceOf, assertLess, assertRejects } from "@std/assert";
import { compileSync } from "../../../src/vm/choose.ts";
import { CompileError, instantiate, LimitError, LinkError, Memory, Trap } from "../../../src/vm/mod.ts";
import type { EngineName, Imports, Instance, InstantiateOptions, TrapReason } from "../../../src/vm/mod.ts";
import { wat } from "../../../tools/wat.ts";

const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const isNative = compileSync(EMPTY).engine.name === "native";

function instanceOn(
  engine: EngineName,
  text: string,
  imports?: Imports,
  options?: InstantiateOptions,
): Promise<Instance> {
  return instantiate(compileSync(wat(text) as Uint8Array<ArrayBuffer>, { engine }), imports, options);
}

/** A test that needs both engines. */
function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name, ignore: !isNative, fn: run });
}

/** Recurses until there is no room, and keeps the depth. */
const RECURSION = `(module
  (global $depth (export "depth") (mut i32) (i32.const 0))
  (func $down (export "down")
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (call $down)
    (global.set $depth (global.get $depth))))`;

test("recursion ends in the same trap on both engines, at the interpreter's own depth or the host's", async () => {
  for (const engine of ["interpreter", "native"] as const) {
    const instance = await instanceOn(engine, RECURSION);
    const trap = await assertRejects(() => instance.call("down"), Trap);
    assertEquals(trap.reason, "call stack exhausted");
    const depth = (instance.exports["depth"] as { readonly value: number }).value;
    if (engine === "interpreter") assertEquals(depth, 32_768);
    else assertGreater(depth, 5_000);
  }
});

/** Makes NaNs: by division, by a square root, and of one with a payload. */
const NANS = `(module
  (func (export "quotient") (result i64) (i64.reinterpret_f64 (f64.div (f64.const 0) (f64.const 0))))
  (func (export "root") (result i64) (i64.reinterpret_f64 (f64.sqrt (f64.const -1))))
  (func (export "sum") (param f64) (result i64)
    (i64.reinterpret_f64 (f64.add (f64.const nan:0x4000000000001) (local.get 0)))))`;

test("arithmetic makes NaNs on both engines, whose bits are the host's choice", async () => {
  for (const engine of ["interpreter", "native"] as const) {
    const instance = await instanceOn(engine, NANS);
    for (const [name, args] of [["quotient", []], ["root", []], ["sum", [1]]] as const) {
      const bits = await instance.call(name, args) as bigint;
      assert(Number.isNaN(new Float64Array(BigInt64Array.of(bits).buffer)[0]), `${name} on the ${engine}`);
    }
  }
});

/** Calls through an entry that is null, of another type, or beyond the table. */
const TABLE = `(module
  (type $wrong (func (param i32)))
  (table 2 funcref) (elem (i32.const 0) $empty) (func $empty)
  (func (export "null") (call_indirect (i32.const 1)))
  (func (export "wrong") (call_indirect (type $wrong) (i32.const 0) (i32.const 0)))
  (func (export "beyond") (call_indirect (i32.const 2))))`;
const EITHER: TrapReason = "uninitialized element or indirect call type mismatch";

test("a call through a null or a wrong entry traps on both engines, and some hosts don't tell which it was", async () => {
  const traps = { null: "uninitialized element", wrong: "indirect call type mismatch", beyond: "undefined element" };
  for (const [name, reason] of Object.entries(traps)) {
    const interpreted = await instanceOn("interpreter", TABLE);
    assertEquals((await assertRejects(() => interpreted.call(name), Trap)).reason, reason);
    const native = await instanceOn("native", TABLE);
    const found = (await assertRejects(() => native.call(name), Trap)).reason;
    assert(found === reason || found === EITHER && name !== "beyond", `${name}: ${found}`);
  }
});

const TRUNCATE = `(module (func (export "truncate") (result i32) (i32.trunc_f64_s (f64.const 1e10))))`;

test("a float beyond an integer's range traps on both engines, and V8 doesn't tell it from a NaN", async () => {
  const reasons = ["integer overflow", "invalid conversion to integer"];
  for (const engine of ["interpreter", "native"] as const) {
    const instance = await instanceOn(engine, TRUNCATE);
    const { reason } = await assertRejects(() => instance.call("truncate"), Trap);
    assert(reasons.slice(0, engine === "native" ? 2 : 1).includes(reason), reason);
  }
});

const ENDLESS = `(module (func $spin (export "spin") (loop (br 0))))`;
const ADD = `(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`;

test("a suspended call has its stack on the interpreter only, at the same fuel", async () => {
  const fuel = [];
  for (const [engine, frames] of [["interpreter", 1], ["native", 0]] as const) {
    const call = (await instanceOn(engine, ENDLESS)).start("spin");
    assertEquals(await call.resume(1_000), "suspended");
    assertEquals(call.guestStack.length, frames);
    fuel.push(call.fuelUsed);
    call.stop(new Error("enough"));
  }
  assertEquals(fuel[0], fuel[1]);
});

test("Call.resume returns the status at once on the interpreter, and a promise of it on the native engine", async () => {
  for (const engine of ["interpreter", "native"] as const) {
    const call = (await instanceOn(engine, ADD)).start("add", [2, 3]);
    const status = call.resume(1_000);
    assertEquals(status instanceof Promise, engine === "native");
    assertEquals([await status, call.result], ["finished", 5]);
  }
});

test("a guest may go further beyond its budget on the native engine, by the bound of SECURITY.md", async () => {
  const straight = `(module (memory 1) (func (export "run") ${
    "(i32.store (i32.const 0) (i32.const 1))".repeat(2_000)
  }))`;
  for (const [engine, beyond] of [["interpreter", 256], ["native", 1_000]] as const) {
    const instance = await instanceOn(engine, straight, {}, { limits: { fuel: 1_000 } });
    const error = await assertRejects(() => instance.call("run"), LimitError);
    assertEquals(error.limit, "fuel");
    assertLess(instance.fuelUsed, 1_000 + beyond + 1);
  }
});

test("a call through a table of another instance's function costs 50 more on the native engine", async () => {
  const text = `(module (import "other" "f" (func $f)) (table 1 funcref) (elem (i32.const 0) $f)
    (func (export "direct") (call $f)) (func (export "indirect") (call_indirect (i32.const 0))))`;
  const fuel: Record<string, number[]> = {};
  for (const engine of ["interpreter", "native"] as const) {
    const other = await instanceOn(engine, `(module (func (export "f")))`);
    const instance = await instanceOn(engine, text, { other: { f: other.export("f")! } });
    await instance.call("direct");
    const before = instance.fuelUsed;
    await instance.call("indirect");
    fuel[engine] = [before, instance.fuelUsed - before];
  }
  assertEquals(fuel, { interpreter: [51, 2], native: [51, 52] });
});

test("a memory that an instance of one engine uses can't be imported by an instance of the other", async () => {
  const text = `(module (import "host" "memory" (memory 1)))`;
  for (const [engine, other] of [["interpreter", "native"], ["native", "interpreter"]] as const) {
    const host = { memory: new Memory({ initial: 1 }) };
    assertInstanceOf(await instanceOn(engine, text, { host }), Object);
    assertInstanceOf(await instanceOn(engine, text, { host }), Object);
    const error = await assertRejects(() => instanceOn(other, text, { host }), LinkError);
    assert(error.message.includes("another engine"), error.message);
  }
});

test("SIMD runs on the native engine, and is a CompileError on the interpreter", async () => {
  const text = `(module (func (export "lane") (result i32)
    (i32x4.extract_lane 2 (i32x4.add (v128.const i32x4 1 2 3 4) (v128.const i32x4 10 20 30 40)))))`;
  assertEquals(await (await instanceOn("native", text)).call("lane"), 33);
  await assertRejects(async () => await instanceOn("interpreter", text), CompileError, "SIMD");
});
