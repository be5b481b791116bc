/**
 * What a plugin in workers does beside calls: it gets ready, takes notifications, closes, describes itself. And options
 * that concern the host's side: permissions, schemas, progress, hooks.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import {
  IntegrityError,
  LimitError,
  PermissionError,
  Plugin,
  PluginError,
  RpcError,
  SchemaError,
  Trap,
} from "@rivulet/rivulet";
import type { PluginExit, PluginObserver, StandardSchema } from "@rivulet/rivulet";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerLike, WorkerPluginOptions } from "@rivulet/rivulet/workers";
import { PluginCall } from "../../src/plugin/call.ts";
import { WAITED_MS } from "../../src/plugin/options.ts";
import { guest } from "../_guests.ts";
import { moduleOf } from "../../tools/wat.ts";
import { answering, FakeWorker } from "./_fake.ts";
import type { Json } from "./_fake.ts";

const c = await guest("c_plugin");
const faulty = await guest("faulty");

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A plugin whose worker is a fake. */
function faked(answer: (request: Json) => Json, options: WorkerPluginOptions = {}): [WorkerPlugin, FakeWorker] {
  const worker = new FakeWorker(answering(answer));
  return [new WorkerPlugin(c, { workers: 1, createWorker: () => worker, ...options }), worker];
}

Deno.test("ready starts all workers and links the module", async () => {
  await using plugin = new WorkerPlugin(c, { workers: 2 });
  await plugin.ready();
  assertEquals(plugin.stats.workers, 2);
  await using broken = new WorkerPlugin(moduleOf(`(module (import "a" "b" (func)) (func (export "_start")))`), {
    workers: 1,
  });
  assertEquals((await assertRejects(() => broken.ready(), PluginError)).reason, "link");
});

Deno.test("a pool of warm instances is in each worker, and stats tells how many", async () => {
  await using plugin = new WorkerPlugin(c, { workers: 2, lifetime: { pool: 2 } });
  await plugin.ready();
  await wait(150);
  assertEquals(plugin.stats.warm, 4);
  assertEquals(plugin.stats.instances, 4);
});

Deno.test("notify is for the lifetime plugin, whose one instance keeps its state", async () => {
  await using plugin = new WorkerPlugin(c, { lifetime: "plugin" });
  await plugin.notify("ping");
  assertEquals(await plugin.call("ping"), "pong");
  await using other = new WorkerPlugin(c, { workers: 1 });
  await assertRejects(() => other.notify("ping"), TypeError, "lifetime");
});

Deno.test("close waits for calls that are under way, refuses new ones, and ends the workers", async () => {
  const plugin = new WorkerPlugin(c, { workers: 2 });
  const calls = [plugin.call("sleep", 300), plugin.call("ping"), plugin.call("sleep", 100)];
  const closed = plugin.close();
  const error = await assertRejects(() => plugin.call("ping"), PluginError);
  assertEquals([error.reason, error.message.includes("was closed")], ["disposed", true]);
  assertEquals((await Promise.all(calls)).length, 3);
  await closed;
  assertEquals(plugin.stats.workers, 0);
  await plugin.close();
});

Deno.test("close stops what runs longer than its timeout, and what has hung", async () => {
  const plugin = new WorkerPlugin(faulty, { workers: 1 });
  const call = assertRejects(() => plugin.call("spin"), PluginError);
  await plugin.close({ timeoutMs: 300 });
  assertEquals((await call).reason, "disposed");
  const idle = new WorkerPlugin(faulty, { workers: 1 });
  await idle.call("echo", 1);
  await idle.close({ drain: false });
  await assertRejects(() => plugin.close({ drain: 1 } as never), TypeError);
  const silent = new FakeWorker((message, worker) => {
    if (message.name === "start") worker.say({ kind: "answer", id: message.id, value: { name: "fake" }, size: 1 });
  });
  const hung = new WorkerPlugin(c, { workers: 1, createWorker: () => silent, limits: { hangMs: 50 } });
  const failed = assertRejects(() => hung.call("ping"), PluginError);
  await hung.close();
  assertEquals((await failed).reason, "worker");
});

Deno.test("describe says what a Plugin's says", async () => {
  await using direct = new Plugin(c);
  await using remote = new WorkerPlugin(c, { workers: 1 });
  assertEquals(await remote.describe(), await direct.describe());
  await assertRejects(() => remote.describe({ deadline: 1 } as never), TypeError);
});

Deno.test("the module's integrity is checked before a worker gets it", async () => {
  let isMade = false;
  const createWorker = () => {
    isMade = true;
    return new FakeWorker() as WorkerLike;
  };
  const integrity = `sha256-${"A".repeat(43)}=`;
  await using plugin = new WorkerPlugin(c.bytes(), { workers: 1, createWorker, integrity });
  await assertRejects(() => plugin.call("ping"), IntegrityError);
  assert(!isMade);
});

Deno.test("progress reaches the call's onProgress, whose failure rejects the call", async () => {
  const reports: unknown[] = [];
  const progress = (value: unknown) => ({ kind: "request", id: 5, name: "call.onProgress", args: [1, value], size: 1 });
  const [plugin, worker] = faked(({ id }) => {
    worker.say(progress({ done: 1 }));
    return { kind: "answer", id, value: "done", size: 1 };
  });
  assertEquals(await plugin.call("work", null, { onProgress: (value) => reports.push(value) }), "done");
  // The call has settled: what its worker still says is dropped.
  worker.say({ ...progress({ done: 2 }), id: 6 });
  await wait(10);
  assertEquals(reports, [{ done: 1 }]);
  const sent = worker.sent.find(({ name }) => name === "call");
  assertEquals(sent.args.slice(2, 5), [{}, ["onProgress"], []]);
  await plugin[Symbol.asyncDispose]();
});

Deno.test("the data among a call's options passes unchanged", async () => {
  const [plugin, worker] = faked(({ id }) => ({ kind: "answer", id, value: 1, size: 1 }));
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  await plugin.call("work", null, { deadlineMs: 5_000, maxDeadlineMs: 9_000, traceparent });
  const sent = worker.sent.find(({ name }) => name === "call");
  // What the call has waited for its worker is taken off.
  const { deadlineMs, maxDeadlineMs, ...rest } = sent.args[2];
  assertEquals(rest, { traceparent });
  assert(deadlineMs > 4_000 && deadlineMs <= 5_000 && maxDeadlineMs > 8_000 && maxDeadlineMs <= 9_000);
  await plugin[Symbol.asyncDispose]();
});

Deno.test("onExit learns how each instance ended, with the error", async () => {
  const exits: PluginExit[] = [];
  await using plugin = new WorkerPlugin(faulty, { workers: 1, onExit: (exit) => exits.push(exit) });
  await plugin.call("trap").catch(() => {});
  await plugin.call("echo", 1);
  await wait(300);
  assertEquals(exits.map(({ reason, calls }) => [reason, calls]), [["trap", 0], ["done", 1]]);
  assertInstanceOf(exits[0]!.error, Trap);
});

Deno.test("methods that are not granted are refused by the worker, and by the host if the worker is not honest", async () => {
  const errors: unknown[] = [];
  const options: WorkerPluginOptions = {
    ...{ workers: 1, methods: { echo: () => 1 }, permissions: { methods: [] }, onError: (error) => errors.push(error) },
  };
  await using plugin = new WorkerPlugin(c, options);
  await assertRejects(() => plugin.call("many_echo", 1), RpcError);
  assertInstanceOf(errors[0], PermissionError);
  const call = { kind: "request", id: 9, name: "method", args: ["echo", 1, { notification: false }], size: 1 };
  const [forged] = faked(() => call, options);
  assertEquals((await assertRejects(() => forged.call("ping"), PluginError)).reason, "worker");
});

Deno.test("variables that are not granted do not reach the worker", async () => {
  const options = { env: { A: "1", SECRET: "2" }, permissions: { env: ["A"], methods: "*" as const } };
  const [plugin, worker] = faked(({ id }) => ({ kind: "answer", id, value: 1, size: 1 }), options);
  await plugin.call("ping");
  assertEquals(worker.sent[0].args[0].options.env, { A: "1" });
  await plugin[Symbol.asyncDispose]();
});

/** A schema that takes numbers, and doubles them. */
const doubled: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "tests",
    validate: (value) => typeof value === "number" ? { value: value * 2 } : { issues: [{ message: "not a number" }] },
  },
};

Deno.test("schemas check and convert on the host's side", async () => {
  const seen: unknown[] = [];
  await using plugin = new WorkerPlugin(faulty, {
    workers: 1,
    schemas: { guest: { echo: { params: doubled, result: doubled } } },
  });
  assertEquals(await plugin.call("echo", 5), 20);
  await assertRejects(() => plugin.call("echo", "text"), SchemaError, "faulty.wasm.echo: the params are wrong");
  await using host = new WorkerPlugin(c, {
    workers: 1,
    methods: { echo: (params: unknown) => void seen.push(params) },
    schemas: { host: { echo: { params: doubled } } },
  });
  await host.call("many_echo", 1).catch(() => {});
  assert(seen.every((params) => typeof params === "number"));
});

Deno.test("the streams of a result that its schema refuses are cancelled, and its instance ends", async () => {
  let exits = 0;
  await using plugin = new WorkerPlugin(await guest("streams"), {
    workers: 1,
    limits: { graceMs: 10 },
    onExit: () => exits++,
    schemas: { guest: { count: { result: doubled } } },
  });
  await assertRejects(() => plugin.call("count", 1_000_000), SchemaError);
  for (let turn = 0; turn < 100 && exits === 0; turn++) await wait(20);
  assertEquals(exits, 1);
});

Deno.test("a handler knows its call, whose signal follows it", async () => {
  const told = Promise.withResolvers<unknown>();
  const reached = Promise.withResolvers<unknown>();
  await using plugin = new WorkerPlugin(c, {
    workers: 1,
    lifetime: "plugin",
    methods: {
      echo: (_params, { call }) => {
        reached.resolve(call?.method);
        call!.signal.addEventListener("abort", () => told.resolve(call!.signal.reason));
        return new Promise((resolve) => setTimeout(() => resolve(1), 300));
      },
    },
  });
  const controller = new AbortController();
  const call = plugin.call("many_echo", 1, { signal: controller.signal }).catch((error) => error);
  assertEquals(await reached.promise, "many_echo");
  await wait(50);
  const reason = new Error("no longer needed");
  controller.abort(reason);
  assertStrictEquals(await call, reason);
  assertStrictEquals(await told.promise, reason);
});

Deno.test("bytes are refused if the guest has not agreed to them, with the error of a Plugin", async () => {
  await using direct = new Plugin(faulty);
  await using remote = new WorkerPlugin(faulty, { workers: 1 });
  const params = { image: new Uint8Array(3) };
  const expected = await assertRejects(() => direct.call("echo", params), TypeError);
  const error = await assertRejects(() => remote.call("echo", params), TypeError);
  assertEquals(error.message, expected.message);
  assertEquals(params.image.length, 3);
});

Deno.test("bytes cross both ways, if the guest has agreed to them", async () => {
  await using plugin = new WorkerPlugin(faulty, { workers: 1, accepts: ["bytes"] });
  const image = Uint8Array.of(1, 2, 3);
  assertEquals(await plugin.call("echo", { image }), { image });
});

Deno.test("an observer is told the same as by a Plugin: calls with their use, host methods, exits, limits", async () => {
  const see = (seen: unknown[], exits: unknown[]): PluginObserver => ({
    call: (start) => {
      seen.push(["call", start.plugin, start.method]);
      start.traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
      return ({ outcome, fuelUsed, memoryPages, sends }) => {
        seen.push(["call ends", outcome, fuelUsed > 0, memoryPages, sends]);
      };
    },
    hostCall: (start) => {
      seen.push(["host call", { ...start }]);
      return ({ outcome }) => seen.push(["host call ends", outcome]);
    },
    // When an instance ends beside its calls is a matter of moments.
    exit: ({ plugin, reason }) => void exits.push([plugin, reason]),
    limit: ({ method, error }) => void seen.push(["limit", method, error.limit]),
  });
  const [direct, remote, directExits, remoteExits]: unknown[][] = [[], [], [], []];
  const methods = { echo: (params: unknown) => Promise.resolve(params) };
  for (
    const [seen, exits, make] of [
      [direct!, directExits!, Plugin],
      [remote!, remoteExits!, WorkerPlugin],
    ] as const
  ) {
    const options = { methods, observe: see(seen, exits), limits: { fuel: 50_000_000 } };
    const plugin = make === Plugin ? new Plugin(c, options) : new WorkerPlugin(c, { ...options, workers: 1 });
    await plugin.call("many_echo", 1);
    await plugin.call("no_such_method").catch(() => {});
    await plugin.close();
    const spinning = make === Plugin
      ? new Plugin(faulty, options)
      : new WorkerPlugin(faulty, { ...options, workers: 1 });
    await spinning.call("spin").catch(() => {});
    await spinning.close();
  }
  assertEquals(remote, direct);
  assertEquals(remoteExits, directExits);
});

Deno.test("bytes and streams pass between the host and a plugin in a worker, and a cancelled one ends", async () => {
  await using plugin = new WorkerPlugin(await guest("streams"), { lifetime: "plugin" });
  assertEquals(await plugin.call("invert", Uint8Array.of(1, 255)), Uint8Array.of(254, 0));
  const upper = await plugin.call("upper", new Blob(["quiet"]).stream()) as ReadableStream<Uint8Array>;
  assertEquals(await new Response(upper).text(), "QUIET");
  const numbers = await plugin.call("count", 100_000) as ReadableStream<unknown>;
  const reader = numbers.getReader();
  await reader.read();
  await reader.cancel("enough");
  const written: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const out = new WritableStream({ write: (chunk) => void written.push(chunk), close: closed.resolve });
  await plugin.call("fill", { out, count: 3 });
  await closed.promise;
  assertEquals(written.length, 3);
  assertEquals(await plugin.call("invert", Uint8Array.of(1)), Uint8Array.of(254));
});

Deno.test("a stream outlives the answer of an instance that serves one call", async () => {
  await using plugin = new WorkerPlugin(await guest("streams"), { workers: 1 });
  const numbers: unknown[] = [];
  for await (const number of await plugin.call("count", 3) as ReadableStream<unknown>) numbers.push(number);
  assertEquals(numbers.length, 3);
});

Deno.test("a stream ends with an error when its worker ends", async () => {
  const plugin = new WorkerPlugin(await guest("streams"), { lifetime: "plugin" });
  const numbers = await plugin.call("count", 1_000_000) as ReadableStream<unknown>;
  const reader = numbers.getReader();
  await reader.read();
  await plugin[Symbol.asyncDispose]();
  const read = async () => {
    for (;;) if ((await reader.read()).done) return;
  };
  const outcome = await Promise.race([read().then(() => "end", () => "error"), wait(2_000).then(() => "hangs")]);
  assertEquals(outcome, "error");
});

Deno.test("a stream that was passed to a worker is cancelled or aborted when the worker ends", async () => {
  const plugin = new WorkerPlugin(await guest("streams"), { lifetime: "plugin" });
  const [cancelled, aborted] = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()];
  const calls = [
    plugin.call("upper", new ReadableStream({ cancel: cancelled.resolve })),
    plugin.call("fill", { out: new WritableStream({ abort: aborted.resolve }), count: 100_000_000 }),
  ];
  for (const call of calls) call.catch(() => {});
  await wait(300);
  await plugin[Symbol.asyncDispose]();
  await Promise.all([cancelled.promise, aborted.promise]);
});

Deno.test("a stream that is locked is refused, and others are left alone", async () => {
  await using plugin = new WorkerPlugin(await guest("streams"), { workers: 1 });
  const stream = new Blob(["a"]).stream();
  stream.getReader();
  await assertRejects(() => plugin.call("upper", stream), TypeError, "locked");
});

Deno.test("the deadline of a call runs while the call waits for its worker, and for the module's bytes", async () => {
  const never = new Promise<Response>(() => {});
  for (const source of [never, new ReadableStream<Uint8Array>()]) {
    const plugin = new WorkerPlugin(source, { workers: 1, limits: { deadlineMs: 30 } });
    const error = await assertRejects(() => plugin.call("ping"), PluginError);
    assertEquals(error.reason, "limit");
    assertInstanceOf(error.cause, LimitError);
    assertEquals([error.cause.limit, error.cause.value, plugin.stats.pending], ["deadlineMs", 30, 0]);
    await plugin[Symbol.asyncDispose]();
  }
  await using slow = new WorkerPlugin(faulty, { workers: 1 });
  const error = await assertRejects(() => slow.call("spin", null, { deadlineMs: 300 }), PluginError);
  assertEquals(error.reason, "limit");
  assertInstanceOf(error.cause, LimitError);
  assertEquals(error.cause.value, 300, "the deadline that was given, and not what was left of it");
});

Deno.test("what a call has waited shortens its first deadline, and not those that progress starts", async () => {
  const waited = { deadlineMs: 10_000, maxDeadlineMs: 60_000, [WAITED_MS]: 9_980 };
  const [silent, reporting] = [
    new PluginCall("a", null, waited, Infinity),
    new PluginCall("a", null, waited, Infinity),
  ];
  reporting.onProgress!(1);
  await wait(200);
  assertEquals([silent.interrupted !== undefined, reporting.interrupted], [true, undefined]);
  for (const call of [silent, reporting]) call.end();
});
