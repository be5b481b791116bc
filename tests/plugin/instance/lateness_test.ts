/**
 * Calls of a resident instance that are aborted or miss their deadlines: the guest is told, and it may live on.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { LimitError, Plugin, PluginError } from "@rivulet/rivulet";
import { assertPart, failure, obedient, pause } from "../_guest.ts";

/** A resident plugin that has answered one call. */
async function resident(graceMs: number): Promise<Plugin> {
  const plugin = new Plugin(obedient, { lifetime: "plugin", limits: { graceMs } });
  assertEquals(await plugin.call("echo"), 1);
  return plugin;
}

Deno.test("an abort is sent to a guest that lives on", async () => {
  await using plugin = await resident(100);
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const aborted = plugin.call("ignore", null, { signal: controller.signal }).catch((error: unknown) => error);
  await pause(10);
  controller.abort(reason);
  assertEquals(await aborted, reason);
  // It has read the call, its cancellation, and this.
  assertEquals(await plugin.call("echo"), 4);
});

Deno.test("a guest that answers a late call in the grace period keeps its state", async () => {
  await using plugin = await resident(1_000);
  const began = performance.now();
  // It sleeps 300 ms, and reads the cancellation after that.
  const error = await failure(plugin.call("zzz", null, { deadlineMs: 50 }), "limit");
  assert(performance.now() - began < 250, "the call rejects at its deadline");
  assertInstanceOf(error.cause, LimitError);
  assert(await plugin.call("echo") as number > 1);
  await pause(1_100);
  assert(await plugin.call("echo") as number > 2);
});

Deno.test("a guest that does not answer a late call in the grace period is stuck, and is stopped", async () => {
  await using plugin = await resident(50);
  const late = failure(plugin.call("spin", null, { deadlineMs: 50 }), "limit");
  await late;
  const other = await failure(plugin.call("x"), "exit");
  // It was not begun, so the next instance got it.
  assertEquals(other.exitCode, 0);
  assertEquals(await plugin.call("echo"), 1);
});

Deno.test("the calls that a stuck guest had begun fail, and the error names the call that it is stuck in", async () => {
  const exits: string[] = [];
  await using plugin = new Plugin(obedient, {
    lifetime: "plugin",
    limits: { graceMs: 20 },
    onExit: ({ message }) => exits.push(message),
  });
  const begun = failure(plugin.call("ignore"), "limit");
  await pause(10);
  await failure(plugin.call("spin", null, { deadlineMs: 50 }), "limit");
  assertStringIncludes((await begun).message, `stuck in "spin"`);
  assertEquals(exits.length, 1);
  assertStringIncludes(exits[0]!, `the call took more than 50 ms: the guest is stuck in "spin"`);
});

Deno.test("a guest that waits for input after a late call is not stuck", async () => {
  await using plugin = await resident(20);
  await failure(plugin.call("ignore", null, { deadlineMs: 30 }), "limit");
  await pause(60);
  assertEquals(await plugin.call("echo"), 4);
});

Deno.test("in MCP a cancelled call is not answered, and a guest that reads on is not stuck", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", protocol: "mcp", limits: { graceMs: 50 } });
  assertEquals(await plugin.call("echo"), 1);
  await failure(plugin.call("ignore", null, { deadlineMs: 20 }), "limit");
  await pause(100);
  assertEquals(await plugin.call("echo"), 4);
  await failure(plugin.call("spin", null, { deadlineMs: 20 }), "limit");
  assertEquals(await plugin.call("echo", null, { deadlineMs: 5_000 }), 1);
});

Deno.test("a storm of aborts and deadlines leaves a resident guest that reads in order", async () => {
  await using plugin = await resident(5_000);
  const calls = Array.from({ length: 2_000 }, (_, index) => {
    if (index % 3 === 0) return plugin.call("echo");
    if (index % 3 === 1) return plugin.call("ignore", null, { deadlineMs: index % 7 });
    return plugin.call("ignore", null, { signal: AbortSignal.timeout(index % 5) });
  });
  const outcomes = await Promise.allSettled(calls);
  for (const [index, outcome] of outcomes.entries()) {
    assertEquals(outcome.status, index % 3 === 0 ? "fulfilled" : "rejected", `call ${index}`);
  }
  assert(await plugin.call("echo") as number > 600);
  assertPart(plugin.stats, { instances: 1, warm: 0, pending: 0 });
});

Deno.test("progress restarts the deadline, up to the last one", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    await using plugin = new Plugin(obedient, { lifetime });
    const seen: unknown[] = [];
    // It reports every 50 ms and answers after 200.
    const options = { deadlineMs: 150, maxDeadlineMs: 5_000, onProgress: (value: unknown) => void seen.push(value) };
    assert(await plugin.call("progress", null, options) as number > 0);
    assertEquals(seen, [1, 1, 1, 1]);
    // Without the option, reports change nothing.
    await failure(plugin.call("progress", null, { deadlineMs: 150, onProgress: () => {} }), "limit");
    // It reports for ever.
    const began = performance.now();
    const error = await failure(plugin.call("q", null, { deadlineMs: 150, maxDeadlineMs: 400 }), "limit");
    assert(performance.now() - began >= 399);
    assertStringIncludes(error.message, "400 ms");
  }
});

Deno.test("an error of onProgress rejects its call", async () => {
  const cause = new Error("full");
  for (const lifetime of ["call", "plugin"] as const) {
    await using plugin = new Plugin(obedient, { lifetime });
    const onProgress = () => Promise.reject(cause);
    const error = await assertRejects(() => plugin.call("progress", null, { onProgress }));
    assertEquals(error, cause);
    assert(await plugin.call("echo") as number > 0);
  }
});

Deno.test("the options of a call are checked", async () => {
  await using plugin = new Plugin(obedient);
  const wrong = [{ maxDeadlineMs: "1" }, { onProgress: 1 }, { traceparent: "00" }, { traceparent: 1 }, {
    maxDeadline: 1,
  }];
  for (const options of wrong) await assertRejects(() => plugin.call("echo", null, options as never), TypeError);
  await assertRejects(() => plugin.call("echo", null, { maxDeadlineMs: -1 }), RangeError);
});

Deno.test("a late call is not an error of the others", async () => {
  await using plugin = await resident(1_000);
  const outcomes = await Promise.allSettled([
    plugin.call("zzz", null, { deadlineMs: 50 }),
    plugin.call("echo"),
    plugin.call("echo"),
  ]);
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "fulfilled", "fulfilled"]);
  assertInstanceOf((outcomes[0] as PromiseRejectedResult).reason, PluginError);
});
