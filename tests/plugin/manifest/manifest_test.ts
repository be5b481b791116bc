/**
 * Manifests: what is read of a module's section `rivulet`, and what is refused.
 *
 * @module
 */

import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ManifestError, manifestOf, Plugin } from "@rivulet/rivulet";
import { PROTOCOLS } from "@rivulet/rivulet/rpc";
import type { Module } from "@rivulet/rivulet";
import { guest } from "../../_guests.ts";
import { answering, answeringBehindLength, withManifest, withSections } from "../_manifest_guests.ts";

const EMPTY = "(module)";
const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("manifestOf returns all that a manifest says, frozen", () => {
  const module = withManifest(EMPTY, {
    name: "primes",
    version: "1.2.3",
    methods: {
      sieve: { summary: "Counts primes", params: { type: "integer" }, result: { type: "object", properties: {} } },
      ping: {},
    },
    permissions: { methods: ["echo", "cat", "echo"], env: "*", limits: { fuel: 5 } },
    accepts: ["streams", "bytes"],
    protocol: "lsp",
  });
  const manifest = manifestOf(module);
  assertEquals(manifest, {
    name: "primes",
    version: "1.2.3",
    methods: [
      {
        name: "sieve",
        summary: "Counts primes",
        params: { type: "integer" },
        result: { type: "object", properties: {} },
      },
      { name: "ping" },
    ],
    permissions: { methods: ["cat", "echo"], env: "*", limits: { fuel: 5 } },
    accepts: ["bytes", "streams"],
    protocol: "lsp",
  });
  const [{ result }] = manifest!.methods! as unknown as [{ result: { properties: object } }];
  for (const part of [manifest, manifest!.methods, manifest!.methods![0], result, result.properties]) {
    assert(Object.isFrozen(part));
  }
  assertStrictEquals(manifestOf(module), manifest);
});

Deno.test("a module without a manifest has none, and an empty manifest says nothing", () => {
  assertEquals(manifestOf(withSections(EMPTY)), undefined);
  assertEquals(manifestOf(withManifest(EMPTY, {})), {});
  assertEquals(new Plugin(withManifest(EMPTY, {})).manifest, {});
});

Deno.test("members that are not known are left out, so that manifests may say more later", () => {
  const manifest = {
    homepage: "https://example.com",
    permissions: { files: ["/"], limits: { watts: 5 } },
    methods: { a: { deprecated: true } },
    accepts: ["bytes", "smoke"],
  };
  assertEquals(manifestOf(withManifest(EMPTY, manifest)), {
    permissions: { methods: [], env: [], limits: {} },
    methods: [{ name: "a" }],
    accepts: ["bytes"],
  });
});

Deno.test("text for people is made printable, and cut", () => {
  const module = withManifest(EMPTY, {
    name: "evil\u001b[2J\u202e",
    version: "9".repeat(5_000),
    methods: { a: { summary: "x\ny".repeat(1_000) } },
  });
  const manifest = manifestOf(module)!;
  assertEquals(manifest.name, "evil\ufffd[2J\ufffd");
  assertEquals(manifest.version!.length, 203);
  assertEquals(manifest.methods![0]!.summary!.length, 1_003);
  assertEquals(manifest.methods![0]!.summary!.slice(0, 3), "x\ufffdy");
  assertEquals(new Plugin(module).name, manifest.name);
});

Deno.test("a plugin's name is that of its options, else of its manifest, else of its module", () => {
  const named = "(module $inside)";
  assertEquals(new Plugin(withManifest(named, { name: "said" }), { name: "given" }).name, "given");
  assertEquals(new Plugin(withManifest(named, { name: "said" })).name, "said");
  assertEquals(new Plugin(withManifest(named, {})).name, "inside");
});

Deno.test("a plugin speaks the protocol that its manifest names, if the options name none", async () => {
  const lsp = withManifest(answeringBehindLength("5"), { protocol: "lsp" });
  await using plugin = new Plugin(lsp, { protocol: undefined, limits: { deadlineMs: 10_000 } });
  assertEquals(await plugin.call("go"), 5);
  await using other = new Plugin(withManifest(answering("6"), { protocol: "lsp" }), {
    protocol: "rivulet",
    limits: { deadlineMs: 10_000 },
  });
  assertEquals(await other.call("go"), 6);
});

Deno.test("a protocol that is not known is refused, unless the options have its row", async () => {
  const module = withManifest(answering("7"), { protocol: "acme" });
  assertThrows(() => new Plugin(module), ManifestError, `speaks the protocol "acme", which is not known here`);
  await using plugin = new Plugin(module, {
    protocol: { ...PROTOCOLS.rivulet, name: "acme" },
    limits: { deadlineMs: 10_000 },
  });
  assertEquals(await plugin.call("go"), 7);
});

/** Nested lists or objects. */
const nested = (depth: number) => `{"methods":{"a":{"params":${"[".repeat(depth)}${"]".repeat(depth)}}}}`;

const REFUSED: Readonly<Record<string, readonly [contents: string | Uint8Array<ArrayBuffer>, message: string]>> = {
  "no bytes": ["", "it is not JSON"],
  "text": ["hello", "it is not JSON"],
  "two objects, as a linker joins them": ["{}{}", "it is not JSON"],
  "a NUL at its end": ["{}\0", "it is not JSON"],
  "a list": ["[]", "it must be an object"],
  "null": ["null", "it must be an object, not null"],
  "bytes that are not UTF-8": [Uint8Array.of(0x22, 0xff, 0x22), "it is not UTF-8"],
  "a name that is a number": [`{"name":5}`, "name must be a string, not 5"],
  "a version that is null": [`{"version":null}`, "version must be a string, not null"],
  "a list of methods": [`{"methods":["a"]}`, "methods must be an object, not a value of type Array"],
  "a method that is a string": [`{"methods":{"a":"b"}}`, `methods["a"] must be an object, not "b"`],
  "a method without a name": [`{"methods":{"":{}}}`, "must be 1 to 200 printable characters"],
  "a method with a line feed": [`{"methods":{"a\\nb":{}}}`, `not "a\ufffdb"`],
  "a summary that is a list": [`{"methods":{"a":{"summary":[]}}}`, `methods["a"].summary must be a string`],
  "permissions that are a list": [`{"permissions":["a"]}`, "permissions must be an object"],
  "a permitted method that is a number": [`{"permissions":{"methods":[1]}}`, "permissions.methods[0] must be a string"],
  "a permission that is a string": [`{"permissions":{"env":"HOME"}}`, `permissions.env must be a list of names or "*"`],
  "a permitted name with a control character": [
    `{"permissions":{"env":["A\\u001b"]}}`,
    "a name of permissions.env must be 1 to 200 printable characters",
  ],
  "a limit below its range": [
    `{"permissions":{"limits":{"fuel":-1}}}`,
    "permissions.limits.fuel must be a whole number",
  ],
  "a limit that is a string": [
    `{"permissions":{"limits":{"fuel":"5"}}}`,
    "permissions.limits.fuel must be a whole number",
  ],
  "a limit that is null": [`{"permissions":{"limits":{"memoryPages":null}}}`, "permissions.limits.memoryPages must be"],
  "limits that are a list": [`{"permissions":{"limits":[]}}`, "permissions.limits must be an object"],
  "accepts that is a string": [`{"accepts":"bytes"}`, `accepts must be a list of strings, not "bytes"`],
  "accepts with a number": [`{"accepts":[5]}`, "accepts[0] must be a string, not 5"],
  "a protocol that is an object": [`{"protocol":{}}`, "protocol must be a string"],
  "a schema of 100 levels": [nested(100), "nested deeper than 64 levels"],
  "lists in lists to the end": ["[".repeat(64 << 10), ""],
  "a message of several lines": [`"\u202e\u2028`, "it is not JSON"],
};

/** The error of a module's manifest. */
function refusal(module: Module): ManifestError {
  const error = assertThrows(() => manifestOf(module), ManifestError);
  assertEquals(error.source, "manifest");
  assertThrows(() => new Plugin(module), ManifestError);
  return error;
}

for (const [what, [contents, message]] of Object.entries(REFUSED)) {
  Deno.test(`a manifest is refused with its reason: ${what}`, () => {
    const error = refusal(withSections(EMPTY, typeof contents === "string" ? utf8(contents) : contents));
    assertStringIncludes(error.message, `the module's section "rivulet" is not a manifest: `);
    assertStringIncludes(error.message, message);
    // deno-lint-ignore no-control-regex
    assert(!/[\0-\x1f\u2028\u202e]/.test(error.message) && error.message.length < 400, error.message);
    assertEquals(error.cause, undefined);
  });
}

Deno.test("a manifest is refused if it is longer than 64 KiB, or there twice", () => {
  const long = (bytes: number) => utf8(`{"name":"${"a".repeat(bytes - 11)}"}`);
  assertEquals(manifestOf(withSections(EMPTY, long(64 << 10)))!.name!.length, 203);
  assertStringIncludes(refusal(withSections(EMPTY, long((64 << 10) + 1))).message, "more than 65536 bytes");
  assertStringIncludes(refusal(withSections(EMPTY, utf8("{}"), utf8("{}"))).message, "it is there 2 times");
  assertStringIncludes(refusal(withSections(EMPTY, [], utf8("{}"))).message, "it is there 2 times");
});

Deno.test("names of the language's own objects are ordinary names in a manifest", () => {
  const text =
    `{"__proto__":{"name":"no"},"methods":{"__proto__":{"summary":"s"},"constructor":{"__proto__":{"params":1}}}}`;
  const manifest = manifestOf(withSections(EMPTY, utf8(text)))!;
  assertEquals(manifest, { methods: [{ name: "__proto__", summary: "s" }, { name: "constructor" }] });
  assertStrictEquals(Object.getPrototypeOf(manifest), Object.prototype);
});

Deno.test("random mutations of a manifest are a manifest or a ManifestError", () => {
  const bytes = utf8(`{"name":"n","methods":{"a":{"params":[1]}},"permissions":{"env":["A"],"limits":{"fuel":5}}}`);
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0, 0x22, 0x2c, 0x30, 0x5b, 0x7b, 0x7d, 0xff]) {
      const module = withSections(EMPTY, bytes.with(at, byte));
      try {
        manifestOf(module);
      } catch (error) {
        if (!(error instanceof ManifestError)) throw error;
      }
    }
  }
});

Deno.test("manifestOf refuses what is not a module", async () => {
  assertThrows(() => manifestOf(undefined as never), TypeError, "expected a Module");
  assertEquals(manifestOf(await guest("faulty")), undefined);
});
