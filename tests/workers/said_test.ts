/**
 * What a compromised worker says of calls, requests and ends, to the functions of the host.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { PluginError } from "@rivulet/rivulet";
import type { RequestContext } from "@rivulet/rivulet";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerPluginOptions } from "@rivulet/rivulet/workers";
import { guest } from "../_guests.ts";
import { until } from "../_wire.ts";
import { answering, FakeWorker } from "./_fake.ts";
import type { Json } from "./_fake.ts";

const c = await guest("c_plugin");
const LONG = "x".repeat(2_000_000);

/** A request of a worker, in answer to a call. */
function request(name: string, ...args: readonly unknown[]): Json {
  return { kind: "request", id: 1, name, args, size: 1 };
}

/** A plugin whose worker answers a call with a message. */
function facing(message: Json, options: WorkerPluginOptions = {}): { plugin: WorkerPlugin; worker: FakeWorker } {
  const worker = new FakeWorker(answering(() => message));
  return { plugin: new WorkerPlugin(c, { workers: 1, createWorker: () => worker, ...options }), worker };
}

/** The message of the failure of a call for its worker. */
async function fault(call: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => call, PluginError);
  assertEquals(error.reason, "worker", error.message);
  return error.message;
}

const never = () => assert(false, "the function must not be called");
const END = { reason: "done", message: "", error: undefined, exitCode: 0, fuelUsed: 1, logs: [], calls: 1, pending: 0 };
const COUNTS = { instances: 0, warm: 0, pending: 0, started: 0, answered: 0, failed: 0 };

const LIES: readonly (readonly [what: string, message: Json, options?: WorkerPluginOptions])[] = [
  ["a use that is a text", request("used", 1, LONG), { observe: { call: () => () => {} } }],
  ["a use without numbers", request("used", 1, {}), { observe: { call: () => () => {} } }],
  ["an end that is a text", request("exit", LONG), { observe: { exit: never } }],
  ["an end that is nothing", request("option.onExit"), { onExit: never }],
  ["an end with wrong logs", request("option.onExit", { ...END, logs: [1] }), { onExit: never }],
  ["an error of no request", request("option.onError", new Map()), { onError: never }],
  ["an error of a wrong request", request("option.onError", 1, { method: { toString: 1 } }), { onError: never }],
  ["a log of a million lines", request("option.onLog", Array(1_000_000).fill("")), { onLog: never }],
  ["no context", request("method", "echo", 1, null), { methods: { echo: never } }],
  ["a context that is a text", request("method", "echo", 1, LONG), { methods: { echo: never } }],
  ["a context with a wrong trace", request("method", "echo", 1, { notification: false, traceparent: "x" }), {
    methods: { echo: never },
  }],
  ["a context of a wrong call", request("method", "echo", 1, { notification: false, call: { id: "1" } }), {
    methods: { echo: never },
  }],
  ["counts that are none", request("stats", { ...COUNTS, warm: -1, started: NaN })],
];

for (const [what, message, options] of LIES) {
  Deno.test(`a worker that sends ${what} is ended at once, and no function of the host is called`, async () => {
    const { plugin } = facing(message, options);
    const began = performance.now();
    assertStringIncludes(await fault(plugin.call("ping")), "the worker failed: it sent");
    assertLess(performance.now() - began, 300);
    await plugin[Symbol.asyncDispose]();
  });
}

Deno.test("a worker whose name is no text is ended, and nothing is thrown elsewhere", async () => {
  for (const value of [undefined, {}, { name: { toString: 5 } }, { name: 1 }]) {
    const worker = new FakeWorker((message, worker) => {
      if (message.kind === "request") worker.say({ kind: "answer", id: message.id, value, size: 1 });
    });
    await using plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker });
    // Its first call may have been answered before that.
    await plugin.call("ping").catch(() => {});
    await until(() => worker.isTerminated);
    assertEquals([plugin.name, plugin.stats.failedWorkers], ["example-c", 1]);
  }
});

Deno.test("a worker that describes its plugin wrongly is ended", async () => {
  const right = { name: "p", version: "1", methods: [{ name: "m" }], source: "manifest" };
  for (const part of [{ methods: {} }, { methods: [{}] }, { name: 1 }, { version: 1 }, { source: undefined }]) {
    const worker = new FakeWorker(
      answering(({ id }) => ({ kind: "answer", id, value: { ...right, ...part }, size: 1 })),
    );
    await using plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker });
    assertStringIncludes(await fault(plugin.describe()), "it sent a wrong description");
    assert(worker.isTerminated);
  }
});

Deno.test("a handler's context has the method that was called, whatever the worker says, and nothing unknown", async () => {
  const seen: RequestContext[] = [];
  const data = { notification: false, id: 1, method: "other", admin: true, call: { id: 1, method: "m", admin: true } };
  const { plugin } = facing(request("method", "echo", 1, data), {
    methods: { echo: (_, context) => void seen.push(context) },
  });
  const call = fault(plugin.call("ping")).catch(() => {});
  await until(() => seen.length === 1);
  const { method, id, call: caller } = seen[0]!;
  assertEquals([method, id, caller?.method, "admin" in seen[0]!, "admin" in caller!], ["echo", 1, "m", false, false]);
  await plugin[Symbol.asyncDispose]();
  await call;
});

Deno.test("what a callback of the host returns stays with the host, and may be anything", async () => {
  const sent: Json[] = [];
  const progressed = new Map();
  const { plugin, worker } = facing(request("call.onProgress", 1, "half"));
  const call = plugin.call("ping", null, { onProgress: (value) => progressed.set(value, "a secret") }).catch(() => {});
  await until(() => worker.sent.some(({ kind }) => kind === "answer" || kind === "failure"));
  sent.push(...worker.sent.filter(({ kind }) => kind === "answer" || kind === "failure"));
  assertEquals(sent.map(({ kind, value }) => [kind, value]), [["answer", undefined]]);
  assertEquals(progressed.size, 1);
  await plugin[Symbol.asyncDispose]();
  await call;
});

Deno.test("a logger that rejects for one line and throws for the next stops the instance, and nothing is thrown elsewhere", async () => {
  const { plugin, worker } = facing(request("option.onLog", ["a", "b"]), {
    onLog: (line) => {
      if (line === "b") throw new Error("b");
      return Promise.reject(new Error("a"));
    },
  });
  const call = plugin.call("ping").catch(() => {});
  await until(() => worker.sent.some(({ kind }) => kind === "answer"));
  await plugin[Symbol.asyncDispose]();
  await call;
});
