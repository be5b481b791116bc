/**
 * The end of a plugin, in peace or at once, and its readiness before.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { LinkError, Plugin } from "@rivulet/rivulet";
import type { PluginExit } from "@rivulet/rivulet";
import { program } from "../_program.ts";
import { moduleOf } from "../../tools/wat.ts";
import { assertPart, failure, obedient, pause, quitter, slowStarter, stillborn } from "./_guest.ts";

const LIFETIMES = ["call", "plugin", { pool: 2 }] as const;

Deno.test("close waits for the calls that are under way, and new ones reject", async () => {
  for (const lifetime of LIFETIMES) {
    const plugin = new Plugin(obedient, { lifetime });
    const calls = [plugin.call("zzz"), plugin.call("echo"), plugin.call("zzz")];
    const closed = plugin.close();
    await failure(plugin.call("echo"), "disposed");
    await failure(plugin.ready(), "disposed");
    assertEquals((await Promise.all(calls)).length, 3);
    await closed;
    assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
    await failure(plugin.call("echo"), "disposed");
    await plugin.close();
  }
});

Deno.test("a thousand calls are answered in a drain", async () => {
  for (const lifetime of LIFETIMES) {
    const plugin = new Plugin(obedient, { lifetime });
    const calls = Array.from({ length: 1_000 }, () => plugin.call("echo"));
    const [answers] = await Promise.all([Promise.all(calls), plugin.close()]);
    assertEquals(answers.length, 1_000);
    assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
  }
});

Deno.test("a drain survives the exits and restarts of a resident instance", async () => {
  const plugin = new Plugin(obedient, { lifetime: "plugin" });
  const calls = ["once", "once", "trap", "echo", "once", "echo"].map((method) => plugin.call(method));
  const [outcomes] = await Promise.all([Promise.allSettled(calls), plugin.close()]);
  assertEquals(outcomes.map(({ status }) => status === "fulfilled"), [true, true, false, true, true, true]);
});

Deno.test("close stops instances after its timeout, and their calls reject with that reason", async () => {
  for (const lifetime of LIFETIMES) {
    const plugin = new Plugin(obedient, { lifetime });
    const call = failure(plugin.call("spin"), "disposed");
    await pause(10);
    const began = performance.now();
    await plugin.close({ timeoutMs: 50 });
    assertLess(performance.now() - began, 5_000);
    assertStringIncludes((await call).message, "stopped after 50 ms");
    assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
  }
});

Deno.test("close without a drain, and disposal during a close, end at once", async () => {
  for (const lifetime of LIFETIMES) {
    for (const end of ["drain", "dispose"]) {
      const plugin = new Plugin(obedient, { lifetime });
      const call = failure(plugin.call("spin"), "disposed");
      await pause(10);
      const closed = end === "drain" ? undefined : plugin.close();
      if (end === "drain") await plugin.close({ drain: false });
      else await plugin[Symbol.asyncDispose]();
      await Promise.all([call, closed]);
      assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
    }
  }
});

Deno.test("after a drain, a resident guest reads the end of its input and exits by itself", async () => {
  const exits: PluginExit[] = [];
  const plugin = new Plugin(obedient, { lifetime: "plugin", onExit: (exit) => exits.push(exit) });
  await plugin.call("echo");
  await plugin.close();
  assertEquals(exits.map(({ reason, exitCode, message }) => [reason, exitCode, message]), [
    ["done", 0, "the guest exited at the end of its input"],
  ]);
});

Deno.test("the options of close are checked", async () => {
  await using plugin = new Plugin(obedient);
  for (const options of [{ drain: 1 }, { timeout: 1 }, { timeoutMs: "1" }, null]) {
    await assertRejects(() => plugin.close(options as never), TypeError);
  }
  for (const timeoutMs of [-1, NaN]) await assertRejects(() => plugin.close({ timeoutMs }), RangeError);
  // Nothing has closed it.
  assertEquals(await plugin.call("echo"), 1);
});

Deno.test("ready rejects before the first call if the module can't be linked", async () => {
  const module = moduleOf(`(module (import "env" "missing" (func)) (func (export "_start")))`);
  for (const lifetime of LIFETIMES) {
    await using plugin = new Plugin(module, { lifetime });
    const error = await failure(plugin.ready(), "link");
    assertInstanceOf(error.cause, LinkError);
    assertStringIncludes(error.message, `"env"."missing"`);
  }
});

Deno.test("ready starts the guest and waits until it reads its input", async () => {
  for (const lifetime of LIFETIMES) {
    await using plugin = new Plugin(slowStarter, { lifetime });
    const began = performance.now();
    await plugin.ready();
    assert(performance.now() - began >= 299);
    assertEquals(await plugin.call("echo"), 1);
  }
});

Deno.test("ready rejects if the guest ends before it reads its input, or starts for too long", async () => {
  const spinner = program(`(func (export "_start") (loop $for_ever (br $for_ever)))`);
  for (const lifetime of LIFETIMES) {
    await using trapping = new Plugin(stillborn, { lifetime });
    await failure(trapping.ready(), "trap");
    await using quitting = new Plugin(quitter, { lifetime });
    await failure(quitting.ready(), "exit");
    await using late = new Plugin(spinner, { lifetime, limits: { deadlineMs: 50 } });
    await failure(late.ready(), "limit");
  }
});

Deno.test("a plugin that is disposed of or closed while it gets ready leaves nothing behind", async () => {
  for (const lifetime of LIFETIMES) {
    for (const isClosed of [true, false]) {
      const plugin = new Plugin(slowStarter, { lifetime });
      const ready = plugin.ready().then(() => "ready", (error) => error.reason);
      await (isClosed ? plugin.close() : plugin[Symbol.asyncDispose]());
      assertEquals(await ready, isClosed ? "ready" : "disposed");
      assertPart(plugin.stats, { instances: 0, warm: 0, pending: 0 });
    }
  }
});
