/**
 * What a plugin says about itself: its answer to `rpc.discover`, or its manifest.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { ManifestError, Plugin, PluginError, RpcError } from "@rivulet/rivulet";
import { guest } from "../../_guests.ts";
import { answering, refusing, withManifest, withSections } from "../_manifest_guests.ts";

const MANIFEST = { name: "said", version: "1.0.0", methods: { a: { summary: "does a" } } };
const UNKNOWN = refusing(-32601);
const LIMITS = { deadlineMs: 10_000 };

Deno.test("Plugin.describe returns what the plugin answers to rpc.discover", async () => {
  const document = {
    openrpc: "1.3.2",
    info: { title: "Primes", version: "2.0.0" },
    methods: [
      {
        name: "sieve",
        summary: "Counts",
        params: [{ name: "limit", schema: {} }],
        result: { name: "count", schema: {} },
      },
      { $ref: "https://example.com/method.json" },
      { name: "ping", params: [] },
    ],
  };
  await using plugin = new Plugin(withManifest(answering(JSON.stringify(document)), MANIFEST), { limits: LIMITS });
  assertEquals(await plugin.describe(), {
    name: "Primes",
    version: "2.0.0",
    methods: [
      {
        name: "sieve",
        summary: "Counts",
        params: [{ name: "limit", schema: {} }],
        result: { name: "count", schema: {} },
      },
      { name: "ping", params: [] },
    ],
    source: "rpc.discover",
  });
});

Deno.test("Plugin.describe returns the manifest if the plugin does not know rpc.discover", async () => {
  await using plugin = new Plugin(withManifest(UNKNOWN, MANIFEST), { name: "given", limits: LIMITS });
  assertEquals(await plugin.describe(), {
    name: "said",
    version: "1.0.0",
    methods: [{ name: "a", summary: "does a" }],
    source: "manifest",
  });
});

Deno.test("Plugin.describe says that a plugin without both says nothing", async () => {
  await using plugin = new Plugin(await guest("faulty"), { limits: LIMITS });
  assertEquals(await plugin.describe(), { name: plugin.name, version: undefined, methods: [], source: "none" });
});

Deno.test("Plugin.describe fails as the call does, except for an unknown method", async () => {
  await using broken = new Plugin(withManifest(refusing(-32603), MANIFEST), { limits: LIMITS });
  assertEquals((await assertRejects(() => broken.describe(), RpcError)).code, -32603);
  await using other = new Plugin(withManifest("(module)", MANIFEST), { limits: LIMITS });
  assertEquals((await assertRejects(() => other.describe(), PluginError)).reason, "link");
  await using plugin = new Plugin(withManifest(UNKNOWN, MANIFEST), { limits: LIMITS });
  await assertRejects(() => plugin.describe({ signal: AbortSignal.abort(new RangeError("enough")) }), RangeError);
  await assertRejects(() => plugin.describe({ deadline: 5 } as never), TypeError, "unknown call option");
});

const WRONG: Readonly<Record<string, readonly [answer: string, message: string]>> = {
  "null": ["null", "it must be an object, not null"],
  "a string": [`"hello"`, `it must be an object, not "hello"`],
  "no info": [`{"methods":[]}`, "info must be an object, not undefined"],
  "no methods": [`{"info":{}}`, "methods must be a list"],
  "a title that is a number": [`{"info":{"title":5},"methods":[]}`, "info.title must be a string, not 5"],
  "a method that is a string": [`{"info":{},"methods":["a"]}`, `methods[0] must be an object, not "a"`],
  "a method without a name": [`{"info":{},"methods":[{}]}`, "a method's name in methods must be a string"],
  "a method that is there twice": [`{"info":{},"methods":[{"name":"a"},{"name":"a"}]}`, `methods["a"] is there twice`],
  "a name with a line feed": [`{"info":{},"methods":[{"name":"a\\nb"}]}`, "printable characters"],
  "too many methods": [`{"info":{},"methods":[${"{},".repeat(10_000)}{}]}`, "at most 10000"],
};

for (const [what, [answer, message]] of Object.entries(WRONG)) {
  Deno.test(`Plugin.describe refuses an answer that is not an OpenRPC document: ${what}`, async () => {
    await using plugin = new Plugin(withSections(answering(answer)), { name: "odd", limits: LIMITS });
    const error = await assertRejects(() => plugin.describe(), ManifestError, message);
    assertEquals(error.source, "rpc.discover");
    assertEquals(error.message.startsWith("odd answered rpc.discover with no OpenRPC document: "), true);
  });
}
