/**
 * Instances that serve all calls: what becomes of calls when they end.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Plugin, PluginError } from "@rivulet/rivulet";
import type { PluginExit, StandardSchema } from "@rivulet/rivulet";
import { guest } from "../../_guests.ts";
import { program } from "../../_program.ts";
import { failure, obedient, oneShot, pause } from "../_guest.ts";

const c = await guest("c_plugin");

Deno.test("a guest that serves one request and exits answers 20 of 20 sequential calls", async () => {
  await using plugin = new Plugin(oneShot, { lifetime: "plugin" });
  for (let call = 0; call < 20; call++) assertEquals(await plugin.call("once"), 1);
});

Deno.test("a guest that serves one request and exits answers 2,000 calls, more than its input holds", async () => {
  for (const [module, method] of [[oneShot, "any"], [obedient, "once"]] as const) {
    await using plugin = new Plugin(module, { lifetime: "plugin" });
    const answers = await Promise.all(Array.from({ length: 2_000 }, () => plugin.call(method)));
    assertEquals(answers, Array(2_000).fill(1));
  }
});

Deno.test("each of many calls that crash their guest gets its own crash, and the others are answered", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin" });
  const calls = Array.from({ length: 500 }, (_, index) => plugin.call(index % 2 === 0 ? "trap" : "echo"));
  const outcomes = await Promise.allSettled(calls);
  assertEquals(outcomes.map(({ status }) => status === "fulfilled"), calls.map((_, index) => index % 2 === 1));
});

Deno.test("a guest that closes its input and goes on is stopped, and the error says so", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", limits: { graceMs: 20 } });
  const closing = failure(plugin.call("keep on"), "protocol");
  await pause(20);
  assertEquals(await plugin.call("echo"), 1);
  assertStringIncludes((await closing).message, "closed its standard input");
});

Deno.test("a guest that serves one request and exits answers 200 calls that are made at once", async () => {
  const exits: PluginExit[] = [];
  await using plugin = new Plugin(oneShot, { lifetime: "plugin", onExit: (exit) => exits.push(exit) });
  const answers = await Promise.all(Array.from({ length: 200 }, () => plugin.call("once")));
  assertEquals(answers, Array(200).fill(1));
  // The last instance ends after its answer.
  assert(exits.length >= 199, `${exits.length} exits`);
  assert(exits.every(({ reason, exitCode }) => reason === "exit" && exitCode === 0));
});

Deno.test("a call that the guest has not begun is sent to the next instance, however the last one ended", async () => {
  for (const end of ["x: exit", "fail", "trap", "babble"]) {
    await using plugin = new Plugin(obedient, { lifetime: "plugin" });
    const [ended, ...others] = await Promise.allSettled([
      plugin.call(end),
      plugin.call("echo"),
      plugin.call("echo"),
    ]);
    assertEquals(ended!.status, "rejected", end);
    assertEquals(others.map((it) => it.status === "fulfilled" && it.value), [1, 2], end);
  }
});

Deno.test("a call that is made between the exit of an instance and its end is answered by the next", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin" });
  for (let round = 0; round < 20; round++) {
    assertEquals(await plugin.call("once"), 1);
    // A different moment of the exit each time.
    for (let turn = 0; turn < round % 5; turn++) await Promise.resolve();
    if (round % 4 === 3) await pause(0);
  }
});

Deno.test("a call that called a host method is never sent again", async () => {
  let works = 0;
  await using plugin = new Plugin(obedient, { lifetime: "plugin", methods: { work: () => ++works } });
  assertEquals(await plugin.call("echo"), 1);
  const error = await failure(plugin.call("half"), "exit");
  assertEquals([works, error.exitCode], [1, 0]);
});

Deno.test("a call whose request to the host still waits for its turn or its schema is never sent again", async () => {
  for (const isSlow of [true, false]) {
    let works = 0;
    const validate = async (value: unknown) => (await pause(30), { value });
    const slow: StandardSchema<unknown> = { "~standard": { version: 1, vendor: "test", validate } };
    await using plugin = new Plugin(obedient, {
      lifetime: "plugin",
      limits: { concurrentRequests: 1 },
      methods: { work: () => (works++, pause(isSlow ? 0 : 150)) },
      schemas: isSlow ? { host: { work: { params: slow } } } : {},
    });
    // The guest answers, and its request runs on.
    await plugin.call("go");
    await failure(plugin.call("half"), "exit");
    await pause(400);
    assertEquals(works, 2, isSlow ? "a slow schema" : "a slow method");
  }
});

Deno.test("a call for which every instance exits without an answer fails, and is not sent for ever", async () => {
  let exits = 0;
  await using plugin = new Plugin(obedient, { lifetime: "plugin", onExit: () => exits++ });
  assertEquals(await plugin.call("echo"), 1);
  // The first instance has answered a call, so this one may have come too late for it. The second says that it did not.
  await failure(plugin.call("x"), "exit");
  assertEquals(exits, 2);
});

Deno.test("calls of a guest that reads nothing fail, and instances are not started without an end", async () => {
  let exits = 0;
  for (const start of [`(unreachable)`, ``]) {
    const module = program(`(func (export "_start") ${start})`);
    await using plugin = new Plugin(module, { lifetime: "plugin", onExit: () => exits++ });
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => plugin.call("echo")));
    assert(outcomes.every(({ status }) => status === "rejected"));
  }
  assertEquals(exits, 2);
});

Deno.test("an error of a guest that exits without reading says what a plugin does", async () => {
  await using plugin = new Plugin(program(`(func (export "_start"))`));
  assertStringIncludes((await failure(plugin.call("echo"), "exit")).message, "without reading a request");
});

Deno.test("a guest that closes its output and goes on is stopped, and the error says so", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    for (const method of ["close and spin", "done with output"]) {
      await using plugin = new Plugin(obedient, { lifetime, limits: { graceMs: 20 } });
      const error = await assertRejects(() => plugin.call(method), PluginError);
      // One that reads on reads the end of its input, and exits.
      assertEquals(error.reason, method === "close and spin" ? "protocol" : "exit");
      if (error.reason === "protocol") assertStringIncludes(error.message, "closed its standard output");
      assertEquals(await plugin.call("echo"), 1);
    }
  }
});

Deno.test("a guest that answers and spins has answered, and the next call has another instance after its deadline", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", limits: { graceMs: 20 } });
  assertEquals(await plugin.call("answer and spin"), 1);
  await failure(plugin.call("echo", null, { deadlineMs: 50 }), "limit");
  assertEquals(await plugin.call("echo", null, { deadlineMs: 5_000 }), 1);
});

Deno.test("notify sends a notification to the resident instance, and starts it", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin" });
  await plugin.notify("ignored");
  await plugin.notify("ignored", { any: "params" });
  assertEquals(await plugin.call("echo"), 3);
});

Deno.test("notify is refused where no instance outlives a call, and says so", async () => {
  for (const lifetime of ["call", { pool: 1 }] as const) {
    await using plugin = new Plugin(obedient, { lifetime });
    const error = await assertRejects(() => plugin.notify("ignored"), TypeError);
    assertStringIncludes(error.message, `lifetime "plugin"`);
  }
});

Deno.test("notify rejects if there is no instance to take it", async () => {
  const plugin = new Plugin(obedient, { lifetime: "plugin" });
  await plugin[Symbol.asyncDispose]();
  await failure(plugin.notify("ignored"), "disposed");
});

Deno.test("a host method can call the instance that calls it", async () => {
  let works = 0;
  await using plugin: Plugin = new Plugin(c, {
    lifetime: "plugin",
    methods: { echo: async (params: unknown) => await plugin.call("ping") === "pong" && ++works && params },
  });
  await Promise.all([plugin.call("many_echo", 3), plugin.call("ping"), plugin.call("many_echo", 3)]);
  assertEquals(works, 6);
});

Deno.test("calls are sent in the order in which they are made, also the first ones", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin" });
  const calls = Array.from({ length: 10 }, () => plugin.call("echo"));
  assertEquals(await Promise.all(calls), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
