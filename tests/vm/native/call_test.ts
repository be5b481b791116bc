/**
 * Calls of native instances: suspended, resumed, nested, waiting, stopped in every state.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { LimitError, Trap } from "../../../src/vm/mod.ts";
import type { Call, Value } from "../../../src/vm/mod.ts";
import { ASK, FIB, LOOP } from "../_programs.ts";
import { functionOf, instanceOf, moduleOf, nativeTest } from "../_native.ts";

/** Resumes the call until it stops for a reason that is not fuel. Returns the number of resumes. */
async function finish(call: Call, fuel: number): Promise<number> {
  let resumes = 1;
  while (await call.resume(fuel) === "suspended") resumes++;
  return resumes;
}

nativeTest("a call returns the same result and uses the same fuel for every size of slice", async () => {
  const fuels = new Set<number>();
  for (const slice of [0, 1, 7, 100, 1_000, 1e6, Infinity]) {
    const instance = await instanceOf(FIB);
    const call = instance.start("fib", [15]);
    const resumes = await finish(call, slice);
    assertEquals(call.result, 610);
    assert(slice > 1000 || resumes > 10, `${resumes} resumes with slices of ${slice}`);
    fuels.add(call.fuelUsed);
    assertEquals(instance.fuelUsed, call.fuelUsed);
  }
  assertEquals(fuels.size, 1);
});

nativeTest("calls of one instance are suspended at the same time, and end in any order", async () => {
  const instance = await instanceOf(FIB);
  const calls = [12, 10, 14, 11].map((n) => instance.start("fib", [n]));
  const order: number[] = [];
  let left = calls.length;
  while (left > 0) {
    for (const [index, call] of calls.entries()) {
      if (call.status === "finished") continue;
      if (await call.resume(33) === "finished") {
        order.push(index);
        left--;
      }
    }
  }
  assertEquals(calls.map((call) => call.result), [144, 55, 377, 89]);
  assertEquals(order, [1, 3, 0, 2]);
  assertEquals(instance.fuelUsed, calls.reduce((sum, call) => sum + call.fuelUsed, 0));
});

nativeTest("a call that was never resumed, or is over, has no effect when it is stopped", async () => {
  const instance = await instanceOf(FIB);
  const call = instance.start("fib", [3]);
  call.stop("early");
  assertEquals([call.status, call.error, await call.resume(100)], ["failed", "early", "failed"]);
  const other = instance.start("fib", [3]);
  await finish(other, Infinity);
  other.stop("late");
  assertEquals([other.status, other.result, other.error], ["finished", 2, undefined]);
});

nativeTest("a suspended call that is stopped is unwound, and its instance serves others", async () => {
  const instance = await instanceOf(`(module
    (func (export "spin") (loop (br 0)))
    (func (export "one") (result i32) (i32.const 1)))`);
  const call = instance.start("spin");
  assertEquals(await call.resume(1_000), "suspended");
  const reason = new Error("enough");
  call.stop(reason);
  assertEquals([call.status, await call.resume(1_000)], ["failed", "failed"]);
  assertStrictEquals(call.error, reason);
  assertEquals(await instance.call("one"), 1);
});

nativeTest("a call that is stopped during a promised resume ends with the reason", async () => {
  const call = (await instanceOf(LOOP)).start("spin");
  assertEquals(await call.resume(1_000), "suspended");
  const resumed = call.resume(1_000);
  assertThrows(() => call.resume(1), TypeError, "running");
  call.stop("meanwhile");
  assertEquals(await resumed, "failed");
  assertEquals([call.status, call.error], ["failed", "meanwhile"]);
});

nativeTest("Call.resume refuses negative fuel", async () => {
  const call = (await instanceOf(LOOP)).start("spin");
  assertThrows(() => call.resume(-1), RangeError);
  assertThrows(() => call.resume(NaN), RangeError);
});

nativeTest("a host function that answers at once does not suspend the guest, and one that promises does", async () => {
  const instance = await instanceOf(ASK, { host: { ask: (n: number) => n % 2 === 0 ? n : Promise.resolve(n * 10) } });
  const call = instance.start("twice", [4]);
  assertEquals(await call.resume(1_000), "pending");
  assertEquals(await call.resume(1_000), "pending");
  await call.settled;
  assertEquals(await call.resume(1_000), "finished");
  assertEquals([call.result, call.settled], [54, undefined]);
  assertEquals(call.fuelUsed, 50 * 2 + 7);
});

nativeTest("a host function's error and rejection arrive as causes, as the same objects", async () => {
  const cause = new Error("no");
  for (
    const ask of [() => {
      throw cause;
    }, () => Promise.reject(cause)]
  ) {
    const instance = await instanceOf(ASK, { host: { ask } });
    const error = await assertRejects(() => instance.call("twice", [1]), Trap, "host function failed");
    assertStrictEquals(error.cause, cause);
  }
});

nativeTest("values of all types pass both ways, and several results", async () => {
  const text = `(module
    (type $all (func (param i32 i64 f32 f64 externref) (result i32 i64 f32 f64 externref)))
    (import "host" "pass" (func $pass (type $all)))
    (func (export "pass") (type $all)
      (call $pass (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))))`;
  const object = {};
  const values = [-1, -(2n ** 63n), 0.5, Math.PI, object];
  for (const pass of [(...args: Value[]) => args, (...args: Value[]) => Promise.resolve(args)]) {
    const instance = await instanceOf(text, { host: { pass } });
    assertEquals(await instance.call("pass", values), values);
    assertEquals(await instance.call("pass", [2 ** 32 + 5, 2n ** 64n + 1n, 1, 1, null]), [5, 1n, 1, 1, null]);
  }
  const wrong = await instanceOf(text, { host: { pass: () => [1, 2] } });
  const error = await assertRejects(() => wrong.call("pass", values), Trap);
  assert(error.cause instanceof TypeError, `${error.cause}`);
  await assertRejects(() => wrong.call("pass", [1, 2, 3, 4, 5]), TypeError);
});

nativeTest("references of functions pass to the host and back, as the same functions", async () => {
  const text = `(module
    (import "host" "f" (func $f (param funcref) (result funcref)))
    (import "host" "plain" (func $plain (result i32)))
    (table 2 funcref)
    (elem declare func $one $plain)
    (func $one (export "one") (result i32) (i32.const 1))
    (func (export "callIt") (result i32)
      (table.set (i32.const 0) (call $f (ref.func $one)))
      (call_indirect (result i32) (i32.const 0)))
    (func (export "callPlain") (result i32)
      (table.set (i32.const 1) (call $f (ref.func $plain)))
      (call_indirect (result i32) (i32.const 1)))
    (func (export "get") (result funcref) (ref.func $one)))`;
  const seen: unknown[] = [];
  const instance = await instanceOf(text, { host: { f: (f: unknown) => (seen.push(f), f), plain: () => 7 } });
  assertEquals(await instance.call("callIt"), 1);
  assertEquals(await instance.call("callPlain"), 7);
  assertStrictEquals(seen[0], instance.exports.one);
  assertStrictEquals(await instance.call("get"), instance.exports.one);
  assertEquals((seen[1] as () => unknown)(), 7);
});

nativeTest("a host function calls the guest at once, or while the guest waits, or both in turn", async () => {
  const text = `(module
    (import "host" "again" (func $again (param i32) (result i32)))
    (func $down (export "down") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $again (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0)))))`;
  const now = await instanceOf(text, { host: { again: (n: number) => functionOf(now, "down")(n) } });
  const later = await instanceOf(text, { host: { again: (n: number) => later.call("down", [n]) } });
  const both = await instanceOf(text, {
    host: { again: (n: number) => n % 2 === 0 ? both.call("down", [n]) : functionOf(both, "down")(n) },
  });
  assertEquals([await now.call("down", [20]), await later.call("down", [20])], [20, 20]);
  assertEquals(now.fuelUsed, later.fuelUsed);
  const error = await assertRejects(() => both.call("down", [5]), Trap);
  const chain: unknown[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) chain.push(cause.constructor);
  assertEquals(chain.at(-1), TypeError);
});

nativeTest("an exported function throws a TypeError if a host function returns a promise", async () => {
  const instance = await instanceOf(ASK, { host: { ask: () => Promise.resolve(1) } });
  assertThrows(() => functionOf(instance, "twice")(1), TypeError, "promise");
  assertEquals(await instance.call("twice", [1]), 2);
});

nativeTest("a host function that stops its own call ends it at once", async () => {
  let after = 0;
  const text = `(module (import "host" "f" (func $f (param i32))) (func (export "run") (call $f (i32.const 1))
    (call $f (i32.const 2))))`;
  for (const throws of [false, true]) {
    const f = (n: number) => {
      if (n === 2) after++;
      call.stop("enough");
      if (throws) throw new Error("too");
    };
    const call: Call = (await instanceOf(text, { host: { f } })).start("run");
    assertEquals(await call.resume(Infinity), "failed");
    assertEquals([call.error, after], ["enough", 0]);
  }
});

nativeTest("a host function resumes another call of its instance", async () => {
  const text = `(module (import "host" "f" (func $f)) (func (export "run") (call $f))
    (func (export "spin") (loop (br 0))) (func (export "one") (result i32) (i32.const 1)))`;
  const instance = await instanceOf(text, {
    host: {
      f() {
        statuses.push(spin.resume(500), spin.status, call.status);
        assertThrows(() => call.resume(1), TypeError);
        assertEquals(functionOf(instance, "one")(), 1);
      },
    },
  });
  const statuses: unknown[] = [];
  const [call, spin] = [instance.start("run"), instance.start("spin")];
  assertEquals(await call.resume(1_000), "finished");
  assertEquals(statuses, ["suspended", "suspended", "suspended"]);
  assert(spin.fuelUsed > 500 && spin.fuelUsed < 800 && call.fuelUsed < 60, `${spin.fuelUsed} ${call.fuelUsed}`);
  spin.stop("end");
});

nativeTest(
  "the budget of an instance stops calls, synchronous ones too, and its figure hardly exceeds it",
  async () => {
    const instance = await instanceOf(LOOP, {}, { limits: { fuel: 250_000 } });
    const error = await assertRejects(() => instance.call("spin"), LimitError);
    assertEquals([error.limit, error.value], ["fuel", 250_000]);
    assert(instance.fuelUsed > 250_000 && instance.fuelUsed <= 250_256, `${instance.fuelUsed}`);
    assertThrows(() => functionOf(instance, "spin")(), LimitError);
  },
);

nativeTest("what a host function charges is seen at once, and ends slices and budgets", async () => {
  const text = `(module (import "host" "f" (func $f)) (func (export "run") (loop (call $f) (br 0))))`;
  for (const fuel of [1, 10_000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    const figures: number[] = [];
    const instance = await instanceOf(text, {
      host: {
        f() {
          figures.push(instance.fuelUsed);
          instance.charge(fuel);
        },
      },
    });
    const call = instance.start("run");
    assertEquals(await call.resume(1_000), "suspended");
    const expected = figures.map((_, index) => figures[0] + index * (fuel + 52));
    assertEquals(figures, expected);
    assertEquals(instance.fuelUsed, call.fuelUsed);
    call.stop("end");
  }
  const instance = await instanceOf(text, { host: { f: () => instance.charge(2 ** 50) } }, {
    limits: { fuel: 2 ** 45 },
  });
  await assertRejects(() => instance.call("run"), LimitError);
  await assertRejects(() => instance.call("run"), LimitError);
});

nativeTest(
  "a function of another instance is paid from that instance's budget, and ends slices of its call",
  async () => {
    const one = await instanceOf(
      `(module
    (func (export "work") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "leaf") (result i32) (i32.const 3)))`,
      {},
      { limits: { fuel: 100_000 } },
    );
    const two = await instanceOf(
      `(module
    (import "one" "work" (func $work (param i32))) (import "one" "leaf" (func $leaf (result i32)))
    (func (export "run") (param i32) (result i32)
      (call $work (local.get 0)) (drop (call $leaf)) (call $work (local.get 0)) (call $leaf)))`,
      {
        one: one.exports as never,
      },
    );
    const call = two.start("run", [1_000]);
    let resumes = 0;
    while (await call.resume(1_000) === "suspended") resumes++;
    assertEquals([call.status, call.result], ["finished", 3]);
    assert(resumes >= 7 && resumes < 12, `${resumes}`);
    assertEquals(call.fuelUsed, one.fuelUsed + two.fuelUsed);
    assert(one.fuelUsed > 8_000 && two.fuelUsed < 300, `${one.fuelUsed} ${two.fuelUsed}`);
    const error = await assertRejects(() => two.call("run", [100_000]), LimitError);
    assertEquals(error.limit, "fuel");
    assert(one.fuelUsed > 100_000 && one.fuelUsed < 100_300, `${one.fuelUsed}`);
  },
);

nativeTest("a start function may suspend, and fail", async () => {
  const text = `(module (import "host" "f" (func $f)) (func $start (call $f)) (start $start))`;
  let ran = 0;
  await instanceOf(text, { host: { f: () => Promise.resolve().then(() => void ran++) } });
  assertEquals(ran, 1);
  const error = await assertRejects(() => instanceOf(text, { host: { f: () => Promise.reject("no") } }), Trap);
  assertEquals(error.cause, "no");
  await instanceOf(`(module (import "host" "f" (func $f)) (start $f))`, { host: { f: () => void ran++ } });
  assertEquals(ran, 2);
});

nativeTest("a guest that recurses without an end exhausts its stack, also beneath host functions", async () => {
  const text = `(module (import "host" "f" (func $f (param i32)))
    (func $down (export "down") (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 1)))
    (func $calls (export "calls") (param i32) (result i32)
      (call $f (local.get 0)) (i32.add (call $calls (local.get 0)) (i32.const 1)))
    (func (export "one") (result i32) (i32.const 1)))`;
  const instance = await instanceOf(text, { host: { f: () => {} } });
  for (const name of ["down", "calls", "down"]) {
    const error = await assertRejects(() => instance.call(name, [1]), Trap, "call stack exhausted");
    assertEquals(error.reason, "call stack exhausted");
    assert(error.guestStack.length > 40, `${error.guestStack.length}`);
    assertThrows(() => functionOf(instance, name)(1), Trap, "call stack exhausted");
  }
  assertEquals(await instance.call("one"), 1);
});

nativeTest("no more than 4,000 calls are under way, and the next one fails with a LimitError", async () => {
  const instance = await instanceOf(LOOP);
  const calls = Array.from({ length: 4_000 }, () => instance.start("spin"));
  for (const call of calls) assertEquals(await call.resume(10), "suspended");
  const error = await assertRejects(() => instance.call("spin"), LimitError);
  assertEquals(error.limit, "nativeCalls");
  for (const call of calls) call.stop("end");
  await new Promise((resolve) => setTimeout(resolve, 0));
  const again = instance.start("spin");
  assertEquals(await again.resume(10), "suspended");
  again.stop("end");
});

nativeTest("a module's bytes run natively through compile, and module.engine says so", () => {
  assertEquals(moduleOf(FIB).engine, { name: "native", reason: "asked for" });
});
