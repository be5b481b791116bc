/**
 * Clocks.
 *
 * @module
 */

import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertThrows } from "@std/assert";
import { EINVAL, SUCCESS } from "../../src/wasi/abi.ts";
import { systemClock, timeout } from "../../src/wasi/system_clock.ts";
import { fakeContext, functionsOf, turn } from "./_guest.ts";

Deno.test("clock_time_get returns the nanoseconds of both clocks", () => {
  const context = fakeContext();
  context.clock.now = 7n;
  assertEquals(functionsOf(context).clock_time_get(0, 0n, 8), SUCCESS);
  assertEquals(functionsOf(context).clock_time_get(1, 0n, 16), SUCCESS);
  assertEquals(context.memory.view.getBigUint64(8, true), 1_600_000_000_000_000_007n);
  assertEquals(context.memory.view.getBigUint64(16, true), 7n);
});

Deno.test("clock_time_get and clock_res_get answer EINVAL for processor time and unknown clocks", () => {
  const context = fakeContext();
  for (const id of [2, 3, 4, -1]) {
    assertEquals(functionsOf(context).clock_time_get(id, 0n, 8), EINVAL);
    assertEquals(functionsOf(context).clock_res_get(id, 8), EINVAL);
  }
  assertEquals(context.memory.view.getBigUint64(8, true), 0n);
});

Deno.test("a clock that returns a promise is an error of the host, and its rejection is ignored", async () => {
  const context = fakeContext();
  const clock = { ...context.clock, realtime: () => Promise.reject(new Error("no")) as unknown as bigint };
  assertThrows(() => functionsOf({ ...context, clock }).clock_time_get(0, 0n, 8), TypeError, "must return a bigint");
  await turn();
});

Deno.test("clock_res_get returns the clock's resolution, or 1 ms if it has none", () => {
  const context = fakeContext();
  assertEquals(functionsOf(context).clock_res_get(1, 8), SUCCESS);
  assertEquals(context.memory.view.getBigUint64(8, true), 1_000n);
  const { resolution: _, ...clock } = context.clock;
  assertEquals(functionsOf({ ...context, clock }).clock_res_get(0, 8), SUCCESS);
  assertEquals(context.memory.view.getBigUint64(8, true), 1_000_000n);
});

Deno.test("systemClock returns the time, and its monotonic clock starts at 1 ms and never goes back", () => {
  const clock = systemClock();
  const wall = Number(clock.realtime() / 1_000_000n);
  assertLess(Math.abs(wall - Date.now()), 1_000);
  let before = clock.monotonic();
  assertGreaterOrEqual(before, 1_000_000n);
  assertLess(before, 1_000_000_000n);
  for (let count = 0; count < 1000; count++) {
    const now = clock.monotonic();
    assertGreaterOrEqual(now, before);
    before = now;
  }
});

Deno.test("systemClock.sleep is never early", async () => {
  const clock = systemClock();
  for (let ms = 0.25; ms < 5; ms += 0.25) {
    const start = clock.monotonic();
    await clock.sleep(ms, new AbortController().signal);
    assertGreaterOrEqual(Number(clock.monotonic() - start), ms * 1e6 - 1);
  }
});

Deno.test("systemClock.sleep ends at once when the signal aborts, and leaves no timer", async () => {
  const end = new AbortController();
  const slept = systemClock().sleep(2 ** 31 - 1, end.signal);
  end.abort();
  await slept;
  await systemClock().sleep(2 ** 31 - 1, end.signal);
});

Deno.test("timeout with the longest time waits longer than one millisecond", async () => {
  const end = new AbortController();
  let ended = false;
  const waiting = timeout(2 ** 31 - 1, end.signal).then(() => ended = true);
  await timeout(20, new AbortController().signal);
  assert(!ended);
  end.abort();
  await waiting;
});
