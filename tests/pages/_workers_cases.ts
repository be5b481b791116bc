/**
 * What a plugin in workers does in a page, as cases that run in the page. The page's address names the browser.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerPluginOptions } from "@rivulet/rivulet/workers";
import { LimitError, Trap } from "@rivulet/rivulet/vm";
import { PluginError } from "../../src/plugin/errors.ts";

/** Browsers that can't move streams to workers. */
const WITHOUT_STREAMS: ReadonlySet<string> = new Set(["webkit"]);
/** A worker that is gone is noticed after so long. */
const HANG_MS = 2_000;
/** How late 99 of 100 timers are at most, in the best of a few rounds: the machine has other work too. */
const LATE_MS = 50;
const ROUNDS = 3;
const ROUND_MS = 2_000;
const TIMER_MS = 5;

/** The workers that the plugin of a case has made, in their order. */
let workers: Worker[] = [];

/** Makes a worker as a page does: its program is a file beside the page's own. */
function createWorker(program = "./worker.js"): Worker {
  const worker = new Worker(new URL(program, location.href), { type: "module" });
  workers.push(worker);
  return worker;
}

/** Does something with a plugin, and then stops it. Some browsers have no `await using`. */
async function withPlugin<T>(
  guest: string,
  options: WorkerPluginOptions,
  use: (plugin: WorkerPlugin) => Promise<T>,
): Promise<T> {
  workers = [];
  const plugin = new WorkerPlugin(fetch(`${guest}.wasm`), { createWorker: () => createWorker(), ...options });
  try {
    return await use(plugin);
  } finally {
    await plugin.close({ drain: false });
  }
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a promise comes to, if it does within a while. */
async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  return await Promise.race([promise, wait(10_000).then(() => Promise.reject(new Error(`not in time: ${what}`)))]);
}

/** Whether a worker answers a ping. */
async function isAlive(worker: Worker): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  worker.addEventListener("message", ({ data }) => data.kind === "pong" && resolve(true));
  worker.postMessage({ kind: "ping" });
  return await Promise.race([promise, wait(1_000).then(() => false)]);
}

/** How late the latest of 99 of 100 timers is. */
async function latenessOfTimers(): Promise<number> {
  const late: number[] = [];
  for (const end = performance.now() + ROUND_MS; performance.now() < end;) {
    const began = performance.now();
    await wait(TIMER_MS);
    late.push(performance.now() - began - TIMER_MS);
  }
  return late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.99)]!;
}

function browser(): string {
  return location.search.slice(1);
}

/** What is run in each browser, in this order. */
export const CASES: Readonly<Record<string, () => Promise<void>>> = {
  async "calls are answered over two workers"() {
    await withPlugin("c_plugin", { workers: 2 }, async (plugin) => {
      const counts = await Promise.all([1_000, 10_000].map((limit) => plugin.call("prime_sieve", limit)));
      assertEquals(counts, [{ count: 168, limit: 1_000 }, { count: 1_229, limit: 10_000 }]);
      assertEquals([plugin.stats.workers, workers.length, plugin.name], [2, 2, "example-c"]);
    });
  },

  async "a host method is called back, and may call the guest"() {
    const seen: unknown[] = [];
    const methods = {
      echo: async (params: unknown, { peer }: { readonly peer: { call(method: string): Promise<unknown> } }) => {
        seen.push(await peer.call("ping"));
        return params;
      },
    };
    await withPlugin("c_plugin", { workers: 1, methods }, async (plugin) => {
      assertEquals(await plugin.call("many_echo", 2), null);
    });
    assertEquals(seen, ["pong", "pong"]);
  },

  async "lines of the log arrive in order, and before the answer"() {
    const lines: string[] = [];
    await withPlugin("faulty", { workers: 1, onLog: (line) => lines.push(line) }, async (plugin) => {
      await plugin.call("log", "one");
      assertEquals(lines.at(-1), "one");
      await plugin.call("log", "two");
      assertEquals(lines.filter((line) => ["one", "two"].includes(line)), ["one", "two"]);
    });
  },

  async "an abort rejects with its reason"() {
    await withPlugin("faulty", { workers: 1 }, async (plugin) => {
      const controller = new AbortController();
      const reason = { any: "value" };
      const call = plugin.call("spin", null, { signal: controller.signal }).catch((error) => error);
      await plugin.call("echo", 1);
      controller.abort(reason);
      assertStrictEquals(await call, reason);
      const signal = AbortSignal.timeout(100);
      assertStrictEquals(await plugin.call("spin", null, { signal }).catch((error) => error), signal.reason);
      assertEquals([signal.reason.name, await plugin.call("echo", 2)], ["TimeoutError", 2]);
    });
  },

  async "a deadline and a trap are PluginErrors with their fields and causes"() {
    await withPlugin("faulty", { workers: 1, name: "faulty" }, async (plugin) => {
      const late = await assertRejects(() => plugin.call("spin", null, { deadlineMs: 500 }), PluginError);
      assertEquals([late.name, late.reason, late.plugin, late.method], ["PluginError", "limit", "faulty", "spin"]);
      assertEquals([late.exitCode, Array.isArray(late.logs)], [undefined, true]);
      assertInstanceOf(late.cause, LimitError);
      assertEquals([late.cause.limit, late.cause.value], ["deadlineMs", 500]);
      assert(late.message.startsWith("faulty.spin: "), late.message);
      const trap = await assertRejects(() => plugin.call("trap"), PluginError);
      assert(trap.fuelUsed > 0);
      assertInstanceOf(trap.cause, Trap);
      assertEquals(trap.cause.guestStack[0]?.functionName, "check_digit");
      assertEquals(plugin.stats.failedWorkers, 0);
    });
  },

  async "bytes cross both ways"() {
    await withPlugin("streams", { lifetime: "plugin" }, async (plugin) => {
      const bytes = Uint8Array.of(1, 255);
      for (const sent of [bytes, bytes.buffer, new Blob([bytes])]) {
        const answer = await plugin.call("invert", sent);
        assertInstanceOf(answer, Uint8Array);
        assertEquals([...answer], [254, 0]);
      }
      const long = new Uint8Array(40_000).fill(1);
      assertEquals((await plugin.call("invert", long) as Uint8Array).lastIndexOf(254), long.length - 1);
      assertEquals(long.byteLength, 40_000, "it is copied, and not moved");
    });
  },

  async "streams cross where the browser can move them, and are a TypeError elsewhere"() {
    await withPlugin("streams", { lifetime: "plugin" }, async (plugin) => {
      const call = plugin.call("upper", new Blob(["quiet"]).stream()) as Promise<ReadableStream<Uint8Array>>;
      if (WITHOUT_STREAMS.has(browser())) {
        await assertRejects(
          () => call,
          TypeError,
          "params is a stream, and this runtime can't pass streams to workers",
        );
        await assertRejects(() => plugin.call("count", 3), TypeError, "result is a stream");
      } else {
        assertEquals(await new Response(await call).text(), "QUIET");
        const written: unknown[] = [];
        const closed = Promise.withResolvers<void>();
        const out = new WritableStream({ write: (chunk) => void written.push(chunk), close: closed.resolve });
        await plugin.call("fill", { out, count: 3 });
        await within(closed.promise, "the close of a stream");
        assertEquals(written.length, 3);
        const reader = (await plugin.call("count", 100_000) as ReadableStream<unknown>).getReader();
        await reader.read();
        await within(reader.cancel("enough"), "the end of a cancelled stream");
      }
      assertEquals([...await plugin.call("invert", Uint8Array.of(1)) as Uint8Array], [254]);
    });
  },

  async "streams fail when their worker ends"() {
    if (WITHOUT_STREAMS.has(browser())) return;
    const cancelled = Promise.withResolvers<unknown>();
    const reader = await withPlugin("streams", { lifetime: "plugin" }, async (plugin) => {
      plugin.call("upper", new ReadableStream({ cancel: cancelled.resolve })).catch(() => {});
      const reader = (await plugin.call("count", 1_000_000) as ReadableStream<unknown>).getReader();
      await reader.read();
      return reader;
    });
    const readAll = async () => {
      while (!(await reader.read()).done);
    };
    await assertRejects(() => within(readAll(), "the end of a stream"), Error, "disposed");
    await within(cancelled.promise, "the cancellation of a stream");
  },

  async "a worker that is terminated is replaced, and its calls reject"() {
    await withPlugin("faulty", { workers: 1, limits: { hangMs: HANG_MS } }, async (plugin) => {
      assertEquals(await plugin.call("echo", 1), 1);
      const call = plugin.call("spin");
      workers[0]!.terminate();
      const error = await assertRejects(() => within(call, "the failure of a call"), PluginError);
      assertEquals(error.reason, "worker");
      assertInstanceOf(error.cause, LimitError);
      assertEquals(error.cause.limit, "hangMs");
      assertEquals(await plugin.call("echo", 2), 2);
      assertEquals([workers.length, plugin.stats.workers, plugin.stats.failedWorkers], [2, 1, 1]);
    });
  },

  async "a worker that throws, loops or closes itself is replaced, and its calls reject"() {
    const options = { workers: 1, createWorker: () => createWorker("./sabotaged.js"), limits: { hangMs: HANG_MS } };
    await withPlugin("faulty", options, async (plugin) => {
      for (const fault of ["throw", "loop", "close"]) {
        assertEquals(await plugin.call("echo", fault), fault);
        const error = await assertRejects(() => within(plugin.call("fault", fault), fault), PluginError);
        assertEquals(error.reason, "worker");
        if (fault === "throw") assert(error.message.includes("a fault of the worker"), error.message);
      }
      assertEquals(await plugin.call("echo", 2), 2);
      assertEquals(plugin.stats.failedWorkers, 3);
    });
  },

  async "a worker's program that is not there, or is not named, is an error that says so"() {
    await withPlugin("faulty", { workers: 1, createWorker: () => createWorker("./missing.js") }, async (plugin) => {
      const error = await assertRejects(() => within(plugin.call("echo"), "the failure of a call"), PluginError);
      assertEquals(error.reason, "worker");
    });
    await withPlugin("faulty", { workers: 1, createWorker: undefined }, async (plugin) => {
      const error = await assertRejects(() => plugin.call("echo"), PluginError, "pass `createWorker`");
      assertInstanceOf(error.cause, TypeError);
    });
  },

  async "the page's timers are on time while a guest spins"() {
    await withPlugin("faulty", { workers: 1 }, async (plugin) => {
      const controller = new AbortController();
      const call = plugin.call("spin", null, { signal: controller.signal }).catch(() => {});
      await plugin.call("echo");
      const rounds: number[] = [];
      while (rounds.length < ROUNDS && !(rounds.at(-1)! < LATE_MS)) rounds.push(await latenessOfTimers());
      assert(rounds.at(-1)! < LATE_MS, `milliseconds late: ${rounds}`);
      controller.abort();
      await call;
    });
  },

  async "dispose rejects the calls and ends the workers"() {
    const { call, plugin } = await withPlugin("faulty", { workers: 2 }, async (plugin) => {
      await plugin.ready();
      const call = plugin.call("spin").catch((error: unknown) => error);
      await plugin.call("echo");
      assertEquals(await Promise.all(workers.map(isAlive)), [true, true]);
      return { plugin, call };
    });
    const error = await call;
    assertInstanceOf(error, PluginError);
    assertEquals([error.reason, plugin.stats.workers, plugin.stats.pending], ["disposed", 0, 0]);
    assertEquals(await Promise.all(workers.map(isAlive)), [false, false]);
    await assertRejects(() => plugin.call("echo"), PluginError);
  },
};
