/**
 * What errors say: whose they are, where they come from, and what the guest's log began and ended with.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Plugin, RpcError, SchemaError } from "@rivulet/rivulet";
import { program } from "../_program.ts";
import { failure, obedient, pause } from "./_guest.ts";

/** Whether stacks of this runtime name the async functions that wait. */
const hasAsyncFrames = await (async () => {
  const inner = async () => {
    await pause(0);
    return new Error().stack!;
  };
  const outerName = async () => await inner();
  return (await outerName()).includes("outerName");
})();

Deno.test("an error answer of a plugin names the plugin and the method, and its cause is the answer", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    await using plugin = new Plugin(obedient, { name: "greeter", lifetime });
    const error = await assertRejects(() => plugin.call("refuse"), RpcError);
    assertEquals([error.code, error.message], [-32601, "greeter.refuse: method not found"]);
    assertInstanceOf(error.cause, RpcError);
    assertEquals(error.cause.message, "method not found");
  }
});

Deno.test("the stack of an error leads to the caller", async () => {
  if (!hasAsyncFrames) return;
  for (const lifetime of ["call", "plugin", { pool: 1 }] as const) {
    await using plugin = new Plugin(obedient, { lifetime, limits: { idleMs: 20 } });
    const callerOfPlugin = async (method: string) => await plugin.call(method);
    const callerOfApi = async (method: string) => await plugin.api[method]!();
    for (const caller of [callerOfPlugin, callerOfApi]) {
      for (const method of ["refuse", "trap", "x", "ignore"]) {
        const error = await assertRejects(() => caller(method), Error);
        assertMatch(error.stack!, /callerOf(Plugin|Api)/, `${method}: ${error.stack}`);
      }
    }
  }
});

Deno.test("an error of a schema names the plugin, and its stack leads to the caller", async () => {
  const never = {
    "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) },
  } as const;
  for (const lifetime of ["call", "plugin"] as const) {
    for (const [part, verb] of [["params", "are"], ["result", "is"]] as const) {
      const schemas = { guest: { echo: { [part]: never } } };
      await using plugin = new Plugin(obedient, { name: "greeter", lifetime, schemas });
      const theCaller = async () => await plugin.call("echo", "text");
      const error = await assertRejects(theCaller, SchemaError);
      assertEquals(error.message, `greeter.echo: the ${part} ${verb} wrong: ${part}: no`);
      if (hasAsyncFrames) assertMatch(error.stack!, /theCaller/);
    }
  }
});

Deno.test("the stack of an error of params leads to the caller, and the error names the value", async () => {
  const deep = (value: unknown) => ({ a: [{ b: { c: { d: [value] } } }] });
  const cyclic: Record<string, unknown> = {};
  cyclic.itself = cyclic;
  const refused: readonly (readonly [params: unknown, message: string])[] = [
    [deep(new Uint8Array(1)), "params.a[0].b.c.d[0] is a Uint8Array: the other side has not agreed to bytes"],
    [deep(new Map()), "params.a[0].b.c.d[0] is a Map, which JSON would lose"],
    [deep(1n), "params.a[0].b.c.d[0] is a BigInt, which JSON does not have"],
    [() => {}, "a function has no JSON form"],
    [cyclic, ""],
  ];
  for (const lifetime of ["call", "plugin", { pool: 1 }] as const) {
    await using plugin = new Plugin(obedient, { lifetime });
    for (const [params, message] of refused) {
      const callerOfPlugin = async () => await plugin.call("echo", params);
      const callerOfApi = async () => await plugin.api.echo!(params);
      const callerOfNotify = async () => await plugin.notify("echo", params);
      for (const caller of [callerOfPlugin, callerOfApi, ...lifetime === "plugin" ? [callerOfNotify] : []]) {
        const error = await assertRejects(caller, TypeError, message);
        assertEquals(error.constructor, TypeError);
        if (hasAsyncFrames) assertMatch(error.stack!, /callerOf(Plugin|Api|Notify)/, error.stack);
      }
    }
  }
});

Deno.test("an error of the caller's own toJSON stays as it is", async () => {
  const mine = new TypeError("mine");
  const params = {
    toJSON() {
      throw mine;
    },
  };
  await using plugin = new Plugin(obedient);
  assertEquals(await assertRejects(() => plugin.call("echo", params)), mine);
});

Deno.test("an error has the first and the last lines of the log, and says how many are left out", async () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  // As a Go panic does: the first line says what happened, and many follow.
  const log = lines.map((line) => `${line}\\n`).join("");
  const length = lines.join("\n").length + 1;
  const module = program(`(data (i32.const 1024) "${log}")
    (func (export "_start") (drop (call $write (i32.const 2) (i32.const 1024) (i32.const ${length}))) (unreachable))`);
  await using plugin = new Plugin(module);
  const error = await failure(plugin.call("any"), "trap");
  const expected = [...lines.slice(0, 10), "(10 lines are left out)", ...lines.slice(20)];
  assertEquals(error.logs, expected);
  for (const line of expected) assertStringIncludes(error.message, `log: ${line}`);
});

Deno.test("errors say what to do next where that is known", async () => {
  await using plugin = new Plugin(obedient, { limits: { idleMs: 20 } });
  assertStringIncludes((await failure(plugin.call("babble"), "protocol")).message, "standard error for the log");
  assertStringIncludes((await failure(plugin.call("close"), "protocol")).message, "closed its standard output");
  assert((await failure(plugin.call("ignore"), "limit")).message.includes("limits.idleMs"));
});
