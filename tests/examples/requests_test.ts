/**
 * Requests of Workers that share a plugin: what belongs to another request in a plain Worker, and to all requests of a
 * Durable Object.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { bundle } from "../../tools/bundle.ts";
import { npmProgram } from "../../tools/npm.ts";
import { ROOT } from "../../tools/root.ts";
import { RUNTIMES } from "../../tools/runtimes.ts";
import { startWorker } from "../../tools/workerd.ts";
import type { Bindings, Worker } from "../../tools/workerd.ts";

const assets = `${ROOT}examples/guests/prebuilt`;

/** Bundles a Worker into a folder of its own, and starts it. */
async function start(entry: string, bindings: Bindings): Promise<Worker> {
  const folder = await Deno.makeTempDir({ dir: `${ROOT}dist`, prefix: "requests_" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await bundle({
    entryPoints: [ROOT + entry],
    outfile: `${folder}/worker.js`,
    alias: { "@rivulet/rivulet": `${ROOT}mod.ts` },
  });
  return await startWorker(await npmProgram(RUNTIMES.workerd), `${folder}/worker.js`, bindings);
}

Deno.test("in a plain Worker, a call of an instance that another request started is a clear error, and does not hang", async () => {
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  await using worker = await start("tests/examples/_requests_worker.ts", { assets });
  const ask = async (path: string) => await (await worker.fetch({ signal: AbortSignal.timeout(10_000) }, path)).json();
  assertEquals(await ask("/resident/call"), { result: "pong" });
  for (const deed of ["call", "ready"]) {
    const { reason, message } = await ask(`/resident/${deed}`);
    assertEquals(reason, "other request");
    assertMatch(message, /belongs to the request that started it.*Durable Object/);
  }
  // It can be ended all the same.
  assertEquals((await ask("/resident/close")).reason, undefined);
  assertEquals((await ask("/resident/dispose")).reason, undefined);
  assertEquals((await ask("/resident/call")).reason, "disposed");
});

Deno.test("in a plain Worker, requests can share a plugin whose instances serve one call each", async () => {
  await using worker = await start("tests/examples/_requests_worker.ts", { assets });
  const ask = async (path: string) => await (await worker.fetch({ signal: AbortSignal.timeout(10_000) }, path)).json();
  for (const name of ["pool", "call"]) {
    for (let round = 0; round < 3; round++) {
      assertEquals(await ask(`/${name}/call`), { result: "pong" });
      assertEquals((await ask(`/${name}/ready`)).reason, undefined);
    }
    assertEquals((await ask(`/${name}/dispose`)).reason, undefined);
  }
});

Deno.test("in a Durable Object, all requests share a resident plugin and its state", async () => {
  const bindings = { assets, objects: { LEDGERS: "Ledger" } };
  await using worker = await start("examples/edge/durable_object.ts", bindings);
  const ask = async (path: string, method: string, params?: unknown) => {
    const init = { method: "POST", body: JSON.stringify({ method, params }), signal: AbortSignal.timeout(10_000) };
    return await (await worker.fetch(init, path)).json();
  };
  for (const [index, sum] of [5, 10, 15].entries()) {
    assertEquals(await ask("/alice", "add", 5), { result: sum }, `request ${index}`);
  }
  assertEquals(await ask("/bob", "add", 1), { result: 1 });
  assertEquals((await Promise.all([1, 2, 3].map((number) => ask("/alice", "add", number)))).length, 3);
  assertEquals(await ask("/alice", "total"), { result: 21 });
  // The next instance reads what the object has stored.
  assertEquals((await ask("/alice", "crash")).reason, "trap");
  assertEquals(await ask("/alice", "total"), { result: 21 });
});
