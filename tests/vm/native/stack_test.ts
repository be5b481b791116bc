/**
 * Stacks of native guests: named, without frames of the engine, also through several instances.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Trap } from "../../../src/vm/mod.ts";
import { instanceOf, nativeTest } from "../_native.ts";

const NAMED = `(module $guest
  (import "host" "f" (func $f (param i32) (result i32)))
  (memory 1)
  (func $inner (param i32) (result i32) (i32.load (call $f (local.get 0))))
  (func $middle (param i32) (result i32) (i32.add (i32.const 1) (call $inner (local.get 0))))
  (func $outer (export "outer") (param i32) (result i32) (i32.add (i32.const 1) (call $middle (local.get 0)))))`;

const frames = (trap: Trap) => trap.guestStack.map(({ functionIndex, functionName }) => [functionIndex, functionName]);
const NAMES = [[1, "inner"], [2, "middle"], [3, "outer"]];

nativeTest(
  "a trap has the names of the guest's functions, innermost first, also after the guest was suspended",
  async () => {
    for (const f of [() => -4, async () => (await undefined, -4)]) {
      const instance = await instanceOf(NAMED, { host: { f } });
      const trap = await assertRejects(() => instance.call("outer", [0]), Trap);
      assertEquals([trap.reason, frames(trap)], ["out of bounds memory access", NAMES]);
      assertEquals(trap.guestStack[0]!.moduleName, "guest");
    }
  },
);

nativeTest("a host function that fails has the stack of its guest, also when it rejects", async () => {
  const failing = [
    () => {
      throw new Error("no");
    },
    () => ({ valueOf: () => 1n }),
    () => Promise.reject(new Error("no")),
    async () => (await undefined, Symbol("no number")),
  ];
  for (const f of failing) {
    const instance = await instanceOf(NAMED, { host: { f } });
    const trap = await assertRejects(() => instance.call("outer", [0]), Trap, "host function failed");
    assertEquals(frames(trap), NAMES);
  }
});

nativeTest("a stack is as long as 64 frames, and the limit of the host's stacks stays as it was", async () => {
  const before = Error.stackTraceLimit;
  const instance = await instanceOf(`(module (func $down (export "down") (param i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (call $down (i32.sub (local.get 0) (i32.const 1)))))`);
  for (const depth of [20, 1_000]) {
    const trap = await assertRejects(() => instance.call("down", [depth]), Trap);
    assertEquals(trap.guestStack.length, Math.min(depth + 1, 64));
  }
  assertEquals(Error.stackTraceLimit, before);
});

nativeTest("a trap in the function of another instance tells its reason, and the functions of both", async () => {
  const inner = await instanceOf(`(module $inner (table 1 funcref)
    (func $two (call_indirect (i32.const 5))) (func $one (export "one") (call $two)))`);
  const outer = await instanceOf(
    `(module $outer (import "inner" "one" (func $one)) (memory 1)
    (func $mid (call $one)) (func $top (export "top") (call $mid)))`,
    { inner: inner.exports as never },
  );
  const trap = await assertRejects(() => outer.call("top"), Trap);
  // Only V8 tells the modules of frames.
  const tells = trap.guestStack.some(({ moduleName }) => moduleName === "inner");
  if (!tells) return assert(trap.guestStack.length > 0);
  assertEquals(trap.reason, "undefined element");
  assertEquals(trap.guestStack.map(({ moduleName, functionName }) => `${moduleName}.${functionName}`), [
    "inner.two",
    "inner.one",
    "outer.mid",
    "outer.top",
  ]);
});
