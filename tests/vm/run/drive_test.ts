/**
 * Running calls to their ends: host functions' promises, the budget, the deadline, signals, and turns of other calls.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { LimitError, Trap } from "../../../src/vm/mod.ts";
import { functionOf, instanceOf } from "../../../tools/wat.ts";
import { ASK, FIB, LOOP } from "../_programs.ts";

Deno.test("Instance.call waits for a host function's promise", async () => {
  const instance = await instanceOf(ASK, {
    host: { ask: (n: number) => new Promise((resolve) => setTimeout(() => resolve(n * 10), 1)) },
  });
  assertEquals(await instance.call("twice", [4]), 90);
});

Deno.test("Instance.call rejects with a trap if a host function's promise rejects, with the cause", async () => {
  const cause = new Error("no");
  const instance = await instanceOf(ASK, { host: { ask: () => Promise.reject(cause) } });
  const error = await assertRejects(() => instance.call("twice", [1]), Trap, "host function failed");
  assertStrictEquals(error.cause, cause);
});

Deno.test("an exported function throws a TypeError if a host function returns a promise", async () => {
  const instance = await instanceOf(ASK, { host: { ask: () => Promise.resolve(1) } });
  assertThrows(() => functionOf(instance, "twice")(1), TypeError, "promise");
});

Deno.test("Instance.call stops at the budget of fuel", async () => {
  const instance = await instanceOf(LOOP, {}, { limits: { fuel: 250_000 } });
  const error = await assertRejects(() => instance.call("spin"), LimitError);
  assertEquals([error.limit, error.value], ["fuel", 250_000]);
  assertThrows(() => functionOf(instance, "spin")(), LimitError);
});

Deno.test("Instance.call stops at the deadline, while host timers fire", async () => {
  const instance = await instanceOf(LOOP);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const error = await assertRejects(() => instance.call("spin", [], { deadlineMs: 300 }), LimitError);
  clearInterval(timer);
  assertEquals(error.limit, "deadlineMs");
  assert(ticks >= 5, `${ticks} ticks`);
});

Deno.test("Instance.call rejects with the signal's reason, running or pending", async () => {
  const reason = new Error("stop");
  for (
    const [instance, name] of [
      [await instanceOf(LOOP), "spin"],
      [await instanceOf(ASK, { host: { ask: () => new Promise(() => {}) } }), "twice"],
    ] as const
  ) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 10);
    const error = await assertRejects(() => instance.call(name, [], { signal: controller.signal }));
    assertStrictEquals(error, reason);
    await assertRejects(() => instance.call(name, [], { signal: controller.signal }));
  }
});

Deno.test("guests that spin let other guests have their turns", async () => {
  const controller = new AbortController();
  const spinning = await Promise.all(Array.from({ length: 20 }, () => instanceOf(LOOP)));
  const stopped = spinning.map((instance) =>
    instance.call("spin", [], { signal: controller.signal }).catch(() => "stopped")
  );
  const worker = await instanceOf(FIB);
  assertEquals(await worker.call("fib", [16]), 987);
  controller.abort();
  assertEquals(new Set(await Promise.all(stopped)), new Set(["stopped"]));
});
