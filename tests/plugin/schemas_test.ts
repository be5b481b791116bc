/**
 * Schemas as an option of a plugin: what the guest and the host pass to each other is checked.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ErrorCode, Plugin, RpcError, SchemaError } from "@rivulet/rivulet";
import type { PluginExit, PluginOptions, StandardSchema } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";

const c = await guest("c_plugin");

/** A schema of values for which a function returns true. */
function values<Value>(isValid: (value: unknown) => boolean): StandardSchema<unknown, Value> {
  const validate = (value: unknown) =>
    isValid(value) ? { value: value as Value } : { issues: [{ message: `${JSON.stringify(value)} is wrong` }] };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const number = values<number>((value) => typeof value === "number");
const text = values<string>((value) => typeof value === "string");
const small = values<number>((value) => typeof value === "number" && value < 3);

for (const lifetime of ["call", "plugin"] as const) {
  Deno.test(`schemas check the plugin's params and results, and the plugin goes on (lifetime ${lifetime})`, async () => {
    await using plugin = new Plugin(c, {
      lifetime,
      schemas: { guest: { ping: { result: number }, sleep: { params: number } } },
    });
    const got = await assertRejects(() => plugin.call("ping"), SchemaError);
    assertEquals(got.message, 'example-c.ping: the result is wrong: result: "pong" is wrong');
    const sent = await assertRejects(() => plugin.api.sleep("long"), SchemaError);
    assertEquals([sent.method, sent.part], ["sleep", "params"]);
    assertEquals(await plugin.call("sleep", 1), null);
  });
}

Deno.test("a result that its schema refuses is an answer: it counts as one", async () => {
  const exits: PluginExit[] = [];
  const schemas = { guest: { ping: { result: number } } };
  await using plugin = new Plugin(c, { lifetime: "plugin", schemas, onExit: (exit) => exits.push(exit) });
  await assertRejects(() => plugin.call("ping"), SchemaError);
  await plugin.close();
  assertEquals(exits.map(({ calls, pending }) => [calls, pending]), [[1, 0]]);
});

Deno.test("schemas of host methods answer a plugin's wrong params with invalid params", async () => {
  const seen: unknown[] = [];
  const options: PluginOptions = { methods: { echo: (params) => (seen.push(params), params) }, onError() {} };
  await using plugin = new Plugin(c, { ...options, schemas: { host: { echo: { params: small } } } });
  const error = await assertRejects(() => plugin.call("many_echo", 5), RpcError);
  assertStringIncludes(error.message, "echo failed"); // what the guest makes of the error
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("a host method's wrong result goes to onError, and not to the plugin", async () => {
  const errors: unknown[] = [];
  await using plugin = new Plugin(c, {
    methods: { echo: (params) => params },
    onError: (error) => errors.push(error),
    schemas: { host: { echo: { result: text } } },
  });
  const error = await assertRejects(() => plugin.call("many_echo", 1), RpcError);
  assertEquals(error.code === ErrorCode.internalError, false); // the guest's own error, about the host's
  assertEquals(errors.map((error) => (error as SchemaError).message), [
    'the result of "echo" is wrong: result: 0 is wrong',
  ]);
});

Deno.test("what is not a schema is refused when the plugin is made", () => {
  const wrong = (schemas: unknown) => () => new Plugin(c, { schemas: schemas as never });
  assertThrows(wrong({ remote: {} }), TypeError, 'unknown schemas side "remote"');
  assertThrows(
    wrong({ guest: { ping: { params: 5 } } }),
    TypeError,
    "schemas.guest.ping.params must be a Standard Schema",
  );
});
