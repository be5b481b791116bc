/**
 * Tests of src/plugin/hint.ts: a method that the plugin does not have, when its methods are known.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Plugin, RpcError } from "@rivulet/rivulet";
import type { StandardSchema } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";
import { answering, refusing, withManifest } from "./_manifest_guests.ts";

const METHODS = { methods: { greet: {}, prime_sieve: {}, sleep: {} } };
const anything: StandardSchema = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } };

async function messageOf(plugin: Plugin, method: string): Promise<string> {
  return (await assertRejects(() => plugin.call(method), RpcError)).message;
}

Deno.test("a method that the plugin does not have is answered with the one of its manifest that was meant", async () => {
  await using plugin = new Plugin(withManifest(refusing(-32601), METHODS), { name: "x" });
  assertEquals(await messageOf(plugin, "great"), 'x.great: no: did you mean "greet"?');
  assertEquals(await messageOf(plugin, "primeSieve"), 'x.primeSieve: no: did you mean "prime_sieve"?');
  assertEquals(await messageOf(plugin, "sleep"), "x.sleep: no"); // the manifest is wrong
  assertEquals(await messageOf(plugin, "unheard_of"), "x.unheard_of: no");
  await using other = new Plugin(withManifest(refusing(-32602), METHODS), { name: "x" });
  assertEquals(await messageOf(other, "great"), "x.great: no"); // another error
});

Deno.test("methods are also known from schemas, and from an earlier describe()", async () => {
  const options = { name: "x", schemas: { guest: { greet: { params: anything } } } };
  await using typed = new Plugin(withManifest(refusing(-32601), {}), options);
  assertEquals(await messageOf(typed, "great"), 'x.great: no: did you mean "greet"?');

  await using plugin = new Plugin(await guest("c_plugin"), { name: "c" });
  const { methods } = await plugin.describe();
  assertEquals(methods.some(({ name }) => name === "prime_sieve"), true);
  const message = await messageOf(plugin, "prime_seive");
  assertEquals(message.endsWith('did you mean "prime_sieve"?'), true, message);
});

Deno.test("a plugin that names a thousand methods, or none, does not make an error slow or wrong", async () => {
  const methods = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`method_${index}`, {}]));
  await using many = new Plugin(withManifest(refusing(-32601), { methods }), { name: "x" });
  assertEquals(await messageOf(many, "methud_5"), 'x.methud_5: no: did you mean "method_5"?');
  await using none = new Plugin(withManifest(refusing(-32601), { name: "x" }), {});
  assertEquals(await messageOf(none, "great"), "x.great: no");
});

Deno.test("a plugin that answers is not asked what was meant", async () => {
  await using plugin = new Plugin(withManifest(answering("5"), METHODS));
  assertEquals(await plugin.call("great"), 5);
});
