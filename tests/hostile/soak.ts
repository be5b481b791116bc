/**
 * Starts, calls and disposes of thousands of guests one after the other. The heap must not grow, and nothing must be
 * left behind. As a program, it is `deno task soak [cycles]`. The tests run fewer cycles.
 *
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Plugin } from "@rivulet/rivulet";
import { Peer } from "@rivulet/rivulet/rpc";
import { spawn } from "@rivulet/rivulet/wasi";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import { guest } from "../_guests.ts";

/** One repeated action. */
export type Cycle = () => Promise<void>;

/** The size of the heap. */
export interface Soak {
  /** Mebibytes after the first cycles. */
  readonly before: number;
  /** Mebibytes after the last. */
  readonly after: number;
  /** The growth in percent. */
  readonly growth: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const TEXT = new TextEncoder().encode("soaked\n");

/** The kinds of cycle by their action. */
export async function cycles(): Promise<ReadonlyMap<string, Cycle>> {
  const [plugin, upper, faulty] = [await guest("c_plugin"), await guest("upper"), await guest("faulty")];
  const { signal } = new AbortController();
  const streams = await guest("streams");
  const streaming = new Plugin(streams, { lifetime: "plugin" });
  const resident = new Plugin(plugin, { lifetime: "plugin" });
  const crashing = new Plugin(faulty, { lifetime: "plugin" });
  const pool = new Plugin(plugin, { lifetime: { pool: 2 } });
  const methods = { echo: (params: unknown) => params };
  const [worker, crasher, streamer] = [
    new WorkerPlugin(plugin, { workers: 1, methods, onLog: () => {} }),
    new WorkerPlugin(faulty, { workers: 1, onLog: () => {}, onExit: () => {} }),
    new WorkerPlugin(streams, { lifetime: "plugin" }),
  ];
  // Their workers live as long as the program.
  for (const started of [worker, crasher, streamer]) await started.ready();
  return new Map<string, Cycle>([
    ["a plugin is made, called and disposed of", async () => {
      await using fresh = new Plugin(plugin, { methods: { echo: (params: unknown) => params } });
      await fresh.call("ping");
      await fresh.call("many_echo", 2, { signal });
    }],
    ["a resident plugin is called", async () => {
      await resident.call("ping", undefined, { signal, deadlineMs: 60_000 });
    }],
    ["a plugin is aborted while it computes", async () => {
      await using fresh = new Plugin(plugin);
      const controller = new AbortController();
      const call = fresh.call("prime_sieve", 10_000_000, { signal: controller.signal }).catch(() => {});
      setTimeout(() => controller.abort(), 1);
      await call;
    }],
    ["a plugin fails", async () => {
      await using fresh = new Plugin(faulty, { limits: { fuel: 100_000, graceMs: 1 } });
      await fresh.call("no_such_method").catch(() => {});
    }],
    ["a resident plugin crashes, and is started again", async () => {
      await crashing.call("trap").catch(() => {});
    }],
    ["a call of a resident plugin is cancelled", async () => {
      const controller = new AbortController();
      const call = resident.call("ping", undefined, { signal: controller.signal }).catch(() => {});
      const late = resident.call("sleep", 5, { deadlineMs: 1 }).catch(() => {});
      controller.abort();
      await call;
      await late;
      await resident.call("ping", undefined, { signal });
    }],
    ["a resident plugin passes bytes and streams", async () => {
      await streaming.call("invert", TEXT);
      const upper = await streaming.call("upper", new Blob([TEXT]).stream()) as ReadableStream<Uint8Array>;
      for await (const chunk of upper) if (chunk.length === 0) throw new Error("an empty chunk");
      await streaming.call("fill", { out: new WritableStream(), count: 5 });
    }],
    ["a stream of a resident plugin is cancelled", async () => {
      const numbers = await streaming.call("count", 1_000) as ReadableStream<unknown>;
      const reader = numbers.getReader();
      await reader.read();
      await reader.cancel();
      const upper = await streaming.call("upper", new ReadableStream()) as ReadableStream<unknown>;
      await upper.cancel();
    }],
    ["a stream outlives the answer of its plugin", async () => {
      await using fresh = new Plugin(streams);
      const numbers = await fresh.call("count", 3) as ReadableStream<unknown>;
      for await (const number of numbers) if (typeof number !== "number") throw new Error("not a number");
    }],
    ["a pool serves a call", async () => {
      await pool.call("ping", undefined, { signal, onProgress: () => {} });
    }],
    ["a plugin is started ahead, called, and closed", async () => {
      const fresh = new Plugin(plugin, { lifetime: { pool: 1 } });
      await fresh.ready();
      const call = fresh.call("ping");
      await fresh.close({ timeoutMs: 60_000 });
      await call;
    }],
    ["a plugin in a worker is called both ways, and aborted", async () => {
      const controller = new AbortController();
      const aborted = worker.call("sleep", 50, { signal: controller.signal }).catch(() => {});
      await worker.call("many_echo", 2, { signal, onProgress: () => {} });
      controller.abort();
      await aborted;
    }],
    ["a plugin in a worker fails", async () => {
      await crasher.call("trap", undefined, { signal }).catch(() => {});
    }],
    ["a plugin in a worker passes bytes and streams", async () => {
      await streamer.call("invert", TEXT);
      const upper = await streamer.call("upper", new Blob([TEXT]).stream()) as ReadableStream<Uint8Array>;
      for await (const chunk of upper) if (chunk.length === 0) throw new Error("an empty chunk");
      const numbers = await streamer.call("count", 1_000) as ReadableStream<unknown>;
      await numbers.cancel();
    }],
    ["streams pass between two peers, to their ends, cancelled and aborted", async () => {
      await using peers = connectedPeers();
      await Promise.all(["whole", "cancelled", "aborted"].map((what) => peers.pass(what)));
    }],
    ["a process is spawned, written to and read", async () => {
      await using process = spawn(upper, { signal });
      const writer = process.stdin.getWriter();
      const written = writer.write(TEXT).then(() => writer.close());
      await process.output();
      await written;
    }],
    ["a process is spawned and killed while it waits", async () => {
      const process = spawn(upper, { signal });
      await Promise.resolve();
      process.kill("enough");
      await process.status;
    }],
    ["a process is spawned and disposed of without being read", async () => {
      await using _process = spawn(upper, { signal });
    }],
  ]);
}

/** Two peers, of which one passes streams that the other reads to their ends, cancels, or aborts the writing of. */
function connectedPeers(): AsyncDisposable & { pass(what: string): Promise<void> } {
  const [there, back] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  const accepts = ["bytes", "streams"] as const;
  const server = new Peer({ readable: there.readable, writable: back.writable }, {
    accepts,
    methods: {
      async whole(params: unknown) {
        const { source, target } = params as { source: ReadableStream<Uint8Array>; target: WritableStream<Uint8Array> };
        await source.pipeTo(target);
      },
      async cancelled(params: unknown) {
        const { source, target } = params as { source: ReadableStream<Uint8Array>; target: WritableStream<Uint8Array> };
        await Promise.all([source.cancel("enough"), target.close()]);
      },
      async aborted(params: unknown) {
        const { source, target } = params as { source: ReadableStream<Uint8Array>; target: WritableStream<Uint8Array> };
        await Promise.all([source.cancel("enough"), target.abort("enough")]);
      },
    },
  });
  const client = new Peer({ readable: back.readable, writable: there.writable }, { accepts });
  return {
    pass: async (what) => {
      const source = new Blob([TEXT, TEXT]).stream();
      await client.call(what, { source, target: new WritableStream<Uint8Array>() });
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close();
    },
  };
}

/** Cycles in which the engine still compiles, and learns types: the heap grows by about a mebibyte. */
const WARM_UP = 300;

/** Runs one kind of cycle this many times, and measures the heap after the first tenth, or `WARM_UP`, and at the end. */
export async function soak(cycle: Cycle, count: number): Promise<Soak> {
  const warmUp = Math.max(Math.ceil(count / 10), WARM_UP);
  for (let done = 0; done < warmUp; done++) await cycle();
  const before = await heap();
  for (let done = warmUp; done < count; done++) await cycle();
  const after = await heap();
  return { before, after, growth: (after / before - 1) * 100 };
}

/** Mebibytes of the heap after a full garbage collection. */
async function heap(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  return Deno.memoryUsage().heapUsed / 2 ** 20;
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 10_000);
  const mib = (size: number) => `${size.toFixed(2)} MiB`;
  let failed = false;
  for (const [what, cycle] of await cycles()) {
    const start = performance.now();
    const { before, after, growth } = await soak(cycle, count);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    console.log(`${what}, ${count} times in ${seconds} s: ${mib(before)}, then ${mib(after)}: ${growth.toFixed(2)} %`);
    failed ||= growth >= 5;
  }
  Deno.exit(failed ? 1 : 0);
}
