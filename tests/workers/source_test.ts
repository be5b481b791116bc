/**
 * What a plugin in workers is and may do: computed by the host, from the module's bytes, whatever its workers say.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { compile, CompileError, ManifestError, Plugin } from "@rivulet/rivulet";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import { guest } from "../_guests.ts";
import { binary, HEADER, name, SECTION, section } from "../../tools/binary.ts";
import { FakeWorker } from "./_fake.ts";

const c = await guest("c_plugin");

/** A module with these contents of its sections `rivulet`. */
function withSections(...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return binary(...contents.map((it) => section(SECTION.custom, name("rivulet"), it)));
}

/** A source whose workers must never start. */
function idle(source: ConstructorParameters<typeof WorkerPlugin>[0], options: object = {}): WorkerPlugin {
  const createWorker = () => {
    throw new Error("a worker was started");
  };
  return new WorkerPlugin(source, { workers: 1, createWorker, ...options });
}

const OPTIONS = {
  methods: { echo: (params: unknown) => params, other: () => 1 },
  env: { A: "1", B: "2" },
  permissions: { methods: ["echo"], env: ["A"], limits: { fuel: 5_000, deadlineMs: 100 } },
  limits: { memoryPages: 64 },
};

Deno.test("a plugin in workers has the manifest and the permissions of a Plugin, without a worker", async () => {
  const permissions = { methods: ["echo", "more"], env: "*", limits: { fuel: 900 } };
  const text = JSON.stringify({ name: "asking", version: "2", permissions });
  const asking = await compile(withSections(new TextEncoder().encode(text)));
  for (const module of [c, asking]) {
    for (const options of [{}, OPTIONS]) {
      const { manifest, permissions } = new Plugin(module, options);
      const bytes = module.bytes();
      const sources = [module, bytes, new Response(bytes), Promise.resolve(bytes), Promise.resolve(module)];
      for (const source of sources) {
        await using plugin = idle(source, options);
        assertEquals(await plugin.manifest, manifest);
        assertEquals(await plugin.permissions, permissions);
        assert(Object.isFrozen(await plugin.permissions));
      }
    }
  }
  await using plugin = idle(asking, OPTIONS);
  assertEquals(await plugin.permissions, {
    methods: ["echo"],
    env: ["A"],
    limits: { fuel: 900, memoryPages: 64, deadlineMs: 100 },
  });
});

Deno.test("a plugin without a manifest has none in workers either", async () => {
  await using plugin = idle(binary());
  assertEquals(await plugin.manifest, undefined);
  assertEquals((await plugin.permissions).methods, []);
});

Deno.test("a worker has no say in the permissions of its plugin", async () => {
  const worker = new FakeWorker((message, worker) => {
    if (message.kind !== "request") return;
    const value = { name: "fake", manifest: { name: "fake" }, permissions: { methods: "*", env: "*", limits: {} } };
    worker.say({ kind: "answer", id: message.id, value, size: 1 });
  });
  await using plugin = new WorkerPlugin(c.bytes(), { workers: 1, createWorker: () => worker, ...OPTIONS });
  await plugin.call("ping").catch(() => {});
  const { manifest, permissions } = new Plugin(c, OPTIONS);
  assertEquals([await plugin.manifest, await plugin.permissions], [manifest, permissions]);
});

Deno.test("manifest and permissions reject if the bytes are no module or their manifest is not valid", async () => {
  const wrong = withSections(new TextEncoder().encode("[]"));
  const twice = withSections(new Uint8Array(2), new Uint8Array(2));
  const long = withSections(new Uint8Array(65 << 10));
  const sources: [bytes: Uint8Array<ArrayBuffer>, error: typeof Error, text: string][] = [
    [wrong, ManifestError as never, "it must be an object"],
    [twice, ManifestError as never, "it is there 2 times"],
    [long, ManifestError as never, "it has more than 65536 bytes"],
    [new Uint8Array(0), CompileError as never, "the module is empty"],
    [new TextEncoder().encode("<html></html>"), CompileError as never, "looks like HTML"],
    [c.bytes().subarray(0, 1_000), CompileError as never, "unexpected end"],
    [Uint8Array.of(...HEADER, 0, 0), CompileError as never, "unexpected end"],
  ];
  for (const [bytes, error, text] of sources) {
    await using plugin = idle(bytes);
    await assertRejects(() => plugin.manifest, error, text);
    await assertRejects(() => plugin.permissions, error, text);
  }
  // Nobody has to ask.
  await using _plugin = idle(wrong);
  await using _failing = idle(Promise.reject(new Error("offline")));
  await new Promise((resolve) => setTimeout(resolve, 10));
});

Deno.test("a module of nothing but sections is looked through in bounded time", async () => {
  const bytes = new Uint8Array(20_000_008).map((_, at) => (at + 1) % 2);
  bytes.set(HEADER);
  await using plugin = idle(bytes);
  await assertRejects(() => plugin.manifest, CompileError, "too many sections");
});
