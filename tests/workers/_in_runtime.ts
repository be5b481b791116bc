/**
 * A program for Node and Bun: a plugin in two workers, from the sources. It prints one line if all is as it should be,
 * and does not dispose of its last plugin: an idle worker must not keep the process from exiting.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { PluginError, Trap } from "../../mod.ts";
import { WorkerPlugin } from "../../src/workers/mod.ts";
import type { WorkerPluginOptions } from "../../src/workers/mod.ts";

const GUESTS = new URL("../../examples/guests/prebuilt/", import.meta.url);

/** Bun has Web Workers, Node has not. */
const isNode = !("Bun" in globalThis);
const { createWorker } = isNode ? await import("../../src/workers/node.ts") : { createWorker: undefined };

/** A plugin in workers. */
async function pluginOf(name: string, options: WorkerPluginOptions): Promise<WorkerPlugin> {
  return new WorkerPlugin(new Uint8Array(await readFile(new URL(`${name}.wasm`, GUESTS))), {
    createWorker,
    ...options,
  });
}

function check(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`not so: ${what}`);
}

if (isNode) {
  const plugin = new WorkerPlugin(new Uint8Array(), { workers: 1 });
  const error: unknown = await plugin.call("ping").catch((error: unknown) => error);
  check(error instanceof PluginError && error.message.includes("workers/node"), "Node is told what to pass");
}

const lines: string[] = [];
const faulty = await pluginOf("faulty", { workers: 2, onLog: (line) => lines.push(line), limits: { hangMs: 2_000 } });
await faulty.call("log", "a line");
check(lines.includes("a line"), "a line of the log arrives");
const trap: unknown = await faulty.call("trap").catch((error: unknown) => error);
check(trap instanceof PluginError && trap.cause instanceof Trap, "a trap arrives as a trap");
const signal = AbortSignal.timeout(300);
const spin = faulty.call("spin", null, { signal }).catch((error: unknown) => error);
check(await faulty.call("echo", 5) === 5, "the other worker serves meanwhile");
check(await spin === signal.reason, "an abort rejects with the signal's reason");
const stream = new ReadableStream();
const refused: unknown = await faulty.call("echo", { stream }).catch((error: unknown) => error);
check(refused instanceof TypeError, "a stream that the guest has not agreed to, or that can't move, is a TypeError");
check(await faulty.call("echo", 7) === 7, "and nothing is broken");
const late = faulty.call("spin").catch((error: unknown) => error);
await faulty.call("echo", 6);
await faulty[Symbol.asyncDispose]();
const disposed = await late;
check(disposed instanceof PluginError && disposed.reason === "disposed", "disposing ends calls");

const streams = await pluginOf("streams", { lifetime: "plugin" });
const upper: unknown = await streams.call("upper", new Blob(["quiet"]).stream()).catch((error: unknown) => error);
// Bun can't move streams yet.
if (isNode) check(await new Response(upper as ReadableStream<Uint8Array>).text() === "QUIET", "streams cross");
else check(upper instanceof TypeError, "a stream that can't move is a TypeError");
const inverted = await streams.call("invert", new Uint8Array([1])) as Uint8Array;
check(inverted[0] === 254, "bytes cross");

const echoed: unknown[] = [];
const c = await pluginOf("c_plugin", {
  workers: 1,
  methods: {
    echo: async (params, { peer }) => {
      echoed.push(await peer.call("ping"));
      return params;
    },
  },
});
await c.call("many_echo", 3);
check(echoed.join() === "pong,pong,pong", "host methods call back");
console.log("all is well");
