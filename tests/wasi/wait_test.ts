/**
 * Waiting for descriptors, for times and for the end of the process.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { waitForChange } from "../../src/wasi/wait.ts";
import { bytesOf, countWatches, fakeContext } from "./_guest.ts";

Deno.test("waitForChange leaves nothing behind, whatever wakes it", async () => {
  const context = fakeContext();
  const descriptors = [...context.descriptors.values()];
  const watches = descriptors.map(countWatches);
  assertEquals(await waitForChange(context, descriptors, 1), true);
  const waiting = waitForChange(context, descriptors);
  context.stderr.push(bytesOf("x"));
  assertEquals(await waiting, false);
  const ended = waitForChange(context, descriptors);
  context.end.abort();
  assertEquals([await ended, await waitForChange(context, descriptors, 1)], [false, false]);
  assertEquals(watches.map(({ count }) => count), [0, 0, 0]);
});

Deno.test("waitForChange wakes all callers that wait for one descriptor", async () => {
  const context = fakeContext();
  const fd = context.descriptors.get(0)!;
  const waiting = [1, 2, 3].map(() => waitForChange(context, [fd]));
  context.stdin.push(bytesOf("x"));
  assertEquals(await Promise.all(waiting), [false, false, false]);
});

Deno.test("waitForChange rejects when the clock does", async () => {
  const context = fakeContext();
  context.clock.sleep = () => Promise.reject(new Error("no timers"));
  await assertRejects(() => waitForChange(context, [...context.descriptors.values()], 1), Error, "no timers");
});
