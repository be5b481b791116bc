/**
 * When a resident instance is started again after failures, and what its owner is told.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { LimitError, Plugin, Trap } from "@rivulet/rivulet";
import type { PluginExit } from "@rivulet/rivulet";
import { failure, obedient, stillborn } from "../_guest.ts";

Deno.test("the time before a restart doubles with each failure in a row", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", restart: { delayMs: 40, maxDelayMs: 100 } });
  const times: number[] = [];
  for (let call = 0; call < 5; call++) {
    const began = performance.now();
    await failure(plugin.call("trap"), "trap");
    times.push(performance.now() - began);
  }
  // At once, then 40, 80, 100 and 100 ms after the failure, of which the call before has learned a little later.
  for (const [index, least] of [0, 25, 60, 75, 75].entries()) assert(times[index]! >= least, `${times}`);
});

Deno.test("an answer ends the row of failures", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", restart: { failures: 2 } });
  for (let round = 0; round < 4; round++) {
    assertEquals(await plugin.call("echo"), 1);
    await failure(plugin.call("trap"), "trap");
  }
});

Deno.test("a plugin gives up after so many failures in a row, says so, and tries again when it is asked to", async () => {
  let exits = 0;
  await using plugin = new Plugin(obedient, { lifetime: "plugin", restart: { failures: 3 }, onExit: () => exits++ });
  for (let call = 0; call < 3; call++) await failure(plugin.call("trap"), "trap");
  const error = await failure(plugin.call("echo"), "gave up");
  assertInstanceOf(error.cause, Trap);
  assertStringIncludes(error.message, "gave up after 3 failures in a row");
  // Of the last instance, not of one that does not exist.
  assertEquals(error.message.match(/fuel used: /g)?.length, 1);
  assertStringIncludes(error.message, "unreachable");
  await failure(plugin.notify("ignored"), "gave up");
  assertEquals(exits, 3);
  await plugin.ready();
  assertEquals(await plugin.call("echo"), 1);
});

Deno.test("a flood of calls meets one crash loop, and each call fails", async () => {
  let exits = 0;
  await using plugin = new Plugin(stillborn, {
    lifetime: "plugin",
    restart: { failures: 5, delayMs: 1 },
    onExit: () => exits++,
  });
  for (let flood = 0; flood < 10; flood++) {
    const calls = await Promise.allSettled(Array.from({ length: 500 }, () => plugin.call("echo")));
    assert(calls.every(({ status }) => status === "rejected"));
  }
  assertEquals(exits, 5);
});

Deno.test("a call that waits for a restart can be given up", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", restart: { delayMs: 60_000, maxDelayMs: 60_000 } });
  await failure(plugin.call("trap"), "trap");
  await failure(plugin.call("echo", null, { deadlineMs: 20 }), "limit");
  const controller = new AbortController();
  const call = plugin.call("echo", null, { signal: controller.signal }).catch((error: unknown) => error);
  controller.abort("no longer");
  assertEquals(await call, "no longer");
  const disposed = failure(plugin.call("echo"), "disposed");
  await plugin[Symbol.asyncDispose]();
  await disposed;
});

Deno.test("onExit is told how each instance ended, with its logs and calls", async () => {
  const exits: PluginExit[] = [];
  await using plugin = new Plugin(obedient, {
    lifetime: "plugin",
    limits: { fuel: 3_000_000 },
    onExit: (exit) => exits.push(exit),
  });
  await plugin.call("echo");
  await Promise.allSettled([plugin.call("log and trap"), plugin.call("echo")]);
  await failure(plugin.call("fail"), "exit");
  await failure(plugin.call("spin"), "limit");
  await plugin.call("echo");
  await plugin.close();
  assertEquals(exits.map(({ reason, exitCode, calls, pending }) => [reason, exitCode, calls, pending]), [
    ["trap", undefined, 1, 2],
    ["exit", 3, 1, 1],
    ["limit", undefined, 0, 1],
    ["done", 0, 1, 0],
  ]);
  assertEquals([exits[0]!.logs.length, exits[0]!.logs[10]], [21, "(80 lines are left out)"]);
  assertInstanceOf(exits[0]!.error, Trap);
  assertInstanceOf(exits[2]!.error, LimitError);
  assert(exits.every(({ fuelUsed, message }) => fuelUsed > 0 && message !== ""));
});

Deno.test("onExit may throw or reject, and that is ignored", async () => {
  let exits = 0;
  for (
    const onExit of [() => Promise.reject(++exits), () => {
      throw ++exits;
    }]
  ) {
    await using plugin = new Plugin(obedient, { lifetime: "plugin", onExit });
    await failure(plugin.call("trap"), "trap");
    assertEquals(await plugin.call("echo"), 1);
  }
  assertEquals(exits, 4);
});

Deno.test("the policy is checked, and refused where nothing is restarted", () => {
  const options = (restart: unknown) => ({ lifetime: "plugin" as const, restart: restart as never });
  for (const restart of [null, 5, { delay: 1 }, { delayMs: "1" }, { maxDelayMs: null }, { failures: "1" }]) {
    assertThrows(() => new Plugin(obedient, options(restart)), TypeError);
  }
  for (const restart of [{ delayMs: -1 }, { delayMs: Infinity }, { maxDelayMs: NaN }, { failures: 0 }]) {
    assertThrows(() => new Plugin(obedient, options(restart)), RangeError, "restart.");
  }
  for (const lifetime of [undefined, "call", { pool: 1 }] as const) {
    assertThrows(() => new Plugin(obedient, { lifetime, restart: {} }), TypeError, `restart is for`);
  }
});
