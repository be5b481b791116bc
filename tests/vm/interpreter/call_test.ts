/**
 * Calls: suspended, resumed, nested, waiting, failing, ended.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { instantiate, Trap } from "../../../src/vm/mod.ts";
import type { Call, Instance } from "../../../src/vm/mod.ts";
import { codeOf } from "../../../tools/code_of.ts";
import { functionOf, instanceOf, moduleOf } from "./_interpreted.ts";
import { ASK, FIB, LOOP } from "../_programs.ts";

/** Resumes the call until it stops for a reason that is not fuel. Returns the number of resumes. */
function finish(call: Call, fuel: number): number {
  let resumes = 1;
  while (call.resume(fuel) === "suspended") resumes++;
  return resumes;
}

Deno.test("Call returns the same result and uses the same fuel for every size of slice", async () => {
  const fuels = new Set<number>();
  for (const slice of [0, 1, 7, 100, 1_000, 1e6, Infinity]) {
    const instance = await instanceOf(FIB);
    const call = instance.start("fib", [15]);
    const resumes = finish(call, slice);
    assertEquals(call.result, 610);
    assert(slice > 1000 || resumes > 10, `${resumes} resumes with slices of ${slice}`);
    fuels.add(call.fuelUsed);
    assertEquals(instance.fuelUsed, call.fuelUsed);
  }
  assertEquals(fuels.size, 1);
});

Deno.test("Call.resume suspends after every instruction of a stepping module, and the total fuel is the same", async () => {
  const module = moduleOf(FIB);
  const plain = (await instantiate(module)).start("fib", [12]);
  finish(plain, Infinity);
  const stepped = moduleOf(FIB);
  codeOf(stepped).stepping = true;
  const call = (await instantiate(stepped)).start("fib", [12]);
  const resumes = finish(call, 0);
  assertEquals([call.result, call.fuelUsed], [144, plain.fuelUsed]);
  // A return needs no stop, because the caller's next instruction has one.
  assert(resumes > call.fuelUsed * 0.9 && resumes <= call.fuelUsed + 1, `${resumes} resumes of ${call.fuelUsed}`);
});

Deno.test("Call.resume interleaves calls that share the register file", async () => {
  const instances = await Promise.all([1, 2, 3].map(() => instanceOf(FIB)));
  const calls = instances.map((instance, index) => instance.start("fib", [12 + index]));
  while (calls.some((call) => call.resume(50) === "suspended"));
  assertEquals(calls.map((call) => call.result), [144, 233, 377]);
});

Deno.test("Call.resume interleaves calls of one instance", async () => {
  const instance = await instanceOf(FIB);
  const calls = [10, 11, 12].map((n) => instance.start("fib", [n]));
  while (calls.map((call) => call.resume(33)).includes("suspended"));
  assertEquals(calls.map((call) => call.result), [55, 89, 144]);
});

Deno.test("Call.guestStack names the suspended functions, innermost first", async () => {
  const instance = await instanceOf(
    `(module $m (func $inner (loop (br 0))) (func $outer (export "outer") (call $inner)))`,
  );
  const call = instance.start("outer");
  assertEquals(call.resume(100), "suspended");
  assertEquals(call.guestStack.map((frame) => frame.functionName), ["inner", "outer"]);
  const other = instance.start("outer");
  other.resume(10); // takes its place in the register file
  assertEquals(call.guestStack.map((frame) => frame.functionName), ["inner", "outer"]);
});

Deno.test("Call.stop fails a suspended call with the reason", async () => {
  const call = (await instanceOf(LOOP)).start("spin");
  call.resume(1_000);
  const reason = new Error("enough");
  call.stop(reason);
  assertEquals(call.status, "failed");
  assertStrictEquals(call.error, reason);
  assertEquals(call.resume(1_000), "failed");
});

Deno.test("Call.resume refuses negative fuel and running calls", async () => {
  const call = (await instanceOf(LOOP)).start("spin");
  assertThrows(() => call.resume(-1), RangeError);
  assertThrows(() => call.resume(NaN), RangeError);
});

Deno.test("Instance.call takes a host function's plain value without suspending", async () => {
  const instance = await instanceOf(ASK, { host: { ask: (n: number) => n + 1 } });
  const call = instance.start("twice", [4]);
  assertEquals(call.resume(1_000), "finished");
  assertEquals(call.result, 11);
});

Deno.test("Instance.call rejects with a trap if a host function throws, with the cause and the guest's stack", async () => {
  const instance = await instanceOf(ASK, {
    host: {
      ask: () => {
        throw "text";
      },
    },
  });
  const error = await assertRejects(() => instance.call("twice", [1]), Trap);
  assertEquals(error.cause, "text");
  assertEquals(error.guestStack.map((frame) => frame.functionName), ["twice"]);
});

Deno.test("a host function can call the guest while the guest waits for it", async () => {
  const holder: { instance?: Instance } = {};
  const text = `(module
    (import "host" "down" (func $down (param i32) (result i32)))
    (func (export "sum") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (local.get 0) (call $down (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0)))))`;
  const sync = await instanceOf(text, { host: { down: (n: number) => functionOf(holder.instance!, "sum")(n) } });
  holder.instance = sync;
  assertEquals(functionOf(sync, "sum")(20), 210);
  const later = await instanceOf(text, { host: { down: (n: number) => holder.instance!.call("sum", [n]) } });
  holder.instance = later;
  assertEquals(await later.call("sum", [300]), 45_150);
});

Deno.test("an endless chain of host and guest calls traps and does not overflow the host's stack", async () => {
  const holder: { instance?: Instance } = {};
  const text = `(module (import "host" "again" (func $again)) (func (export "go") (call $again)))`;
  const instance = await instanceOf(text, { host: { again: () => functionOf(holder.instance!, "go")() } });
  holder.instance = instance;
  assertThrows(() => functionOf(instance, "go")(), Trap);
  // The machine is unchanged.
  assertEquals(functionOf(await instanceOf(FIB), "fib")(10), 55);
});

Deno.test("infinite recursion traps as call stack exhausted, with or without slices", async () => {
  for (
    const text of [
      `(func $f (export "f") (call $f))`,
      `(func $f (export "f") (param i64 i64) (call $f (local.get 0) (local.get 1)))`,
    ]
  ) {
    for (const slice of [10, 1_000, Infinity]) {
      const instance = await instanceOf(`(module ${text})`);
      const call = instance.start("f", [1n, 2n]);
      const other = (await instanceOf(LOOP)).start("spin");
      while (call.resume(slice * 100) === "suspended") other.resume(1);
      assertInstanceOf(call.error, Trap);
      assertEquals((call.error as Trap).reason, "call stack exhausted");
      assertEquals((call.error as Trap).guestStack.length, 64);
    }
  }
});

Deno.test("a trap has the reason and the names of the guest's functions", async () => {
  const instance = await instanceOf(
    `(module $m (func $inner unreachable) (func (export "outer") (call $inner)))`,
  );
  const error = assertThrows(() => functionOf(instance, "outer")(), Trap);
  assertEquals(error.reason, "unreachable");
  assertEquals(error.guestStack.map((frame) => frame.functionName), ["inner", "outer"]);
  assertEquals(error.message, "unreachable\n    at m!inner\n    at m!outer");
});

Deno.test("a call to another instance's function runs there and returns", async () => {
  const counter = await instanceOf(
    `(module (global $n (mut i32) (i32.const 0)) (memory (export "memory") 1)
      (func (export "next") (param i32) (result i32)
        (global.set $n (i32.add (global.get $n) (local.get 0)))
        (i32.store (i32.const 0) (global.get $n))
        (global.get $n)))`,
  );
  const user = await instanceOf(
    `(module (import "counter" "next" (func $next (param i32) (result i32)))
      (global $n (mut i32) (i32.const 1000))
      (func (export "run") (result i32) (local i32)
        (local.set 0 (i32.const 10))
        (loop (drop (call $next (i32.const 3))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.add (call $next (i32.const 1)) (global.get $n))))`,
    { counter: counter.exports as never },
  );
  for (const [slice, expected] of [[1, 1031], [7, 1062], [Infinity, 1093]]) {
    const call = user.start("run");
    finish(call, slice);
    assertEquals(call.result, expected);
  }
});
