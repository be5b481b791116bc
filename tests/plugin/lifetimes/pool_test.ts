/**
 * Pools of instances that are started ahead of their calls.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Plugin, PluginError } from "@rivulet/rivulet";
import type { PluginExit } from "@rivulet/rivulet";
import { program } from "../../_program.ts";
import { until } from "../../_wire.ts";
import { assertPart, failure, obedient, pause, slowStarter, stillborn } from "../_guest.ts";

Deno.test("a pool has warm instances, each for one call, and starts another when one is taken", async () => {
  const exits: PluginExit[] = [];
  const plugin = new Plugin(obedient, { lifetime: { pool: 3 }, onExit: (exit) => exits.push(exit) });
  assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
  await plugin.ready();
  assertPart(plugin.stats, { instances: 3, warm: 3, pending: 0 });
  const calls = [plugin.call("echo"), plugin.call("echo"), plugin.call("echo"), plugin.call("echo")];
  assertEquals([plugin.stats.warm, plugin.stats.pending], [3, 4]);
  // They share nothing: each is the first call of its instance.
  assertEquals(await Promise.all(calls), [1, 1, 1, 1]);
  await until(() => exits.length === 4);
  assertEquals(exits.map(({ reason, calls }) => [reason, calls]), Array(4).fill(["done", 1]));
  await plugin.close();
  assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
});

Deno.test("the start of an instance is not on the way of a call of a pool", async () => {
  await using plugin = new Plugin(slowStarter, { lifetime: { pool: 2 } });
  await plugin.ready();
  const began = performance.now();
  assertEquals(await Promise.all([plugin.call("echo"), plugin.call("echo")]), [1, 1]);
  assertLess(performance.now() - began, 250);
});

Deno.test("a call finds an instance even if all of the pool have ended", async () => {
  await using plugin = new Plugin(obedient, { lifetime: { pool: 2 } });
  await plugin.ready();
  // More calls than instances, several of which end their own.
  const outcomes = await Promise.allSettled(
    ["echo", "trap", "x", "echo", "fail", "echo"].map((method) => plugin.call(method)),
  );
  assertEquals(outcomes.map(({ status }) => status === "fulfilled"), [true, false, false, true, false, true]);
});

Deno.test("instances that fail at their start are not replaced before the next call", async () => {
  let exits = 0;
  await using plugin = new Plugin(stillborn, { lifetime: { pool: 4 }, onExit: () => exits++ });
  await failure(plugin.ready(), "trap");
  await pause(50);
  assertEquals([exits, plugin.stats.warm], [4, 0]);
  await failure(plugin.call("echo"), "trap");
  await pause(50);
  // The call's own, and four for the pool.
  assertEquals(exits, 9);
});

Deno.test("the size of a pool is checked", () => {
  const pools = [{ pool: "2" }, { pool: null }, {}, { pool: 2, warm: 1 }, null, 5];
  for (const lifetime of pools) assertThrows(() => new Plugin(obedient, { lifetime: lifetime as never }), TypeError);
  for (const pool of [-1, 1.5, NaN, Infinity, 1_001]) {
    assertThrows(() => new Plugin(obedient, { lifetime: { pool } }), RangeError, "lifetime.pool");
  }
});

Deno.test("an empty pool is as good as none", async () => {
  await using plugin = new Plugin(obedient, { lifetime: { pool: 0 } });
  await plugin.ready();
  assertEquals([await plugin.call("echo"), plugin.stats.warm], [1, 0]);
});

Deno.test("a pool that is disposed of while it fills stops all its instances", async () => {
  const plugin = new Plugin(slowStarter, { lifetime: { pool: 20 } });
  const ready = failure(plugin.ready(), "disposed");
  await plugin[Symbol.asyncDispose]();
  await ready;
  assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
  assert(plugin.stats.pending === 0);
});

Deno.test("ready of a pool rejects at its deadline, whichever instances are slow, and stops those", async () => {
  // Spins if its first random byte is 0, and else reads its input.
  const module = program(`(func (export "_start")
    (drop (call $random_get (i32.const 64) (i32.const 1)))
    (if (i32.eqz (i32.load8_u (i32.const 64))) (then (loop $for_ever (br $for_ever))))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))))`);
  for (const slow of [[0], [1], [2], [0, 1, 2]]) {
    let started = 0;
    const random = (bytes: Uint8Array) => void (bytes[0] = slow.includes(started++) ? 0 : 1);
    await using plugin = new Plugin(module, { lifetime: { pool: 3 }, random, limits: { deadlineMs: 300 } });
    const late = pause(3_000).then(() => "nothing happened");
    const error = await Promise.race([failure(plugin.ready(), "limit"), late]);
    assert(error instanceof PluginError, String(error));
    await until(() => plugin.stats.instances === 3 - slow.length);
    assertPart(plugin.stats, { pending: 0, warm: 3 - slow.length });
  }
});
