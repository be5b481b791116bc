/**
 * Workers that fail: they die, hang, never start, or send what they may not. Their calls reject, and they are replaced.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { LimitError, PluginError } from "@rivulet/rivulet";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerLike, WorkerPluginOptions } from "@rivulet/rivulet/workers";
import { guest } from "../_guests.ts";
import { answering, FakeWorker, programWorker } from "./_fake.ts";
import type { Json } from "./_fake.ts";

const c = await guest("c_plugin");
const faulty = await guest("faulty");

const sabotaged = () => programWorker("./_sabotaged.ts") as WorkerLike;

/** The failure of a call for its worker. */
async function workerFailure(call: Promise<unknown>): Promise<PluginError> {
  const error = await assertRejects(() => call, PluginError);
  assertEquals(error.reason, "worker", error.message);
  return error;
}

for (
  const [fault, expected] of [
    ["throw", "a fault of the worker"],
    ["reject", "a fault of the worker"],
    ["close", "did not answer a ping"],
    ["loop", "did not answer a ping"],
    ["flood", "more than it may"],
    ["flood of pongs", "more than it may"],
  ] as const
) {
  Deno.test(`a worker that fails (${fault}) is replaced, and its calls reject with the reason`, async () => {
    const options = { workers: 1, createWorker: sabotaged, limits: { hangMs: 500 }, methods: { echo: () => {} } };
    await using plugin = new WorkerPlugin(faulty, options);
    assertEquals(await plugin.call("echo", 1), 1);
    const other = plugin.call("spin");
    const calls = [plugin.call("fault", fault), other].map(workerFailure);
    for (const error of await Promise.all(calls)) {
      assert(error.message.includes(expected), error.message);
      assert(error.cause !== undefined);
    }
    assertEquals(await plugin.call("echo", 2), 2);
    const { workers, pending, failedWorkers } = plugin.stats;
    assertEquals([workers, pending, failedWorkers], [1, 0, 1]);
  });
}

Deno.test("a guest that computes does not look as if its worker hangs", async () => {
  await using plugin = new WorkerPlugin(faulty, { workers: 1, limits: { hangMs: 300, deadlineMs: 1_500 } });
  const error = await assertRejects(() => plugin.call("spin"), PluginError);
  assertEquals(error.reason, "limit");
});

Deno.test("a host that is late itself does not take its worker for one that hangs", async () => {
  await using plugin = new WorkerPlugin(c, { workers: 1, limits: { hangMs: 200 } });
  await plugin.call("ping");
  const call = plugin.call("sleep", 800);
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const end = performance.now() + 500; performance.now() < end;);
  await call;
  assertEquals(plugin.stats.failedWorkers, 0);
});

Deno.test("a worker that never starts, can't be made, or can't be loaded rejects the calls that wait for it", async () => {
  const cases: [createWorker: () => WorkerLike, text: string][] = [
    [() => new FakeWorker(), "did not start within 100 ms"],
    [
      () => {
        throw new Error("no threads left");
      },
      "can't make a worker: no threads left",
    ],
    [() => programWorker("./no_such_program.js") as WorkerLike, "the worker failed: "],
  ];
  for (const [createWorker, text] of cases) {
    await using plugin = new WorkerPlugin(c, { workers: 1, createWorker, limits: { startMs: 100 } });
    const error = await workerFailure(plugin.call("ping"));
    assert(error.message.includes(text), error.message);
  }
});

Deno.test("workers that fail one after the other are started ever more slowly", async () => {
  const starts: number[] = [];
  const createWorker = () => {
    starts.push(performance.now());
    return new FakeWorker((message, worker) => message.kind === "request" && worker.emit("error", { message: "no" }));
  };
  await using plugin = new WorkerPlugin(c, { workers: 1, createWorker });
  for (let call = 0; call < 4; call++) await workerFailure(plugin.call("ping"));
  const gaps = starts.slice(1).map((start, index) => start - starts[index]!);
  assert(gaps[1]! >= 95 && gaps[2]! >= 195, `${gaps}`);
  // Such a wait ends with the plugin, or with the call's signal.
  const controller = new AbortController();
  const aborted = plugin.call("ping", null, { signal: controller.signal });
  controller.abort("enough");
  assertEquals(await aborted.catch((error) => error), "enough");
  const last = assertRejects(() => plugin.call("ping"), PluginError);
  await plugin[Symbol.asyncDispose]();
  assertEquals((await last).reason, "disposed");
});

const answer = { kind: "answer", id: 1, value: 1, size: 1 };
const failure = (error: unknown) => ({ kind: "failure", id: 1, error, size: 1 });
const fields = (more: object) => new Map(Object.entries({ class: "Error", name: "Error", message: "m", ...more }));
const nested = (depth: number): unknown => depth === 0 ? 0 : [nested(depth - 1)];

/** What a compromised worker may send in answer to a call. */
const ATTACKS: Readonly<Record<string, unknown>> = {
  "no object": 5,
  "nothing": null,
  "no kind": { id: 1 },
  "an unknown kind": { kind: "constructor", id: 1 },
  "a kind that is not text": { kind: { toString: 1 } },
  "a cancellation without a size": { kind: "cancel", id: 1, reason: 1 },
  "more than it says": { ...answer, value: Array(2_000).fill(1), size: 100 },
  "an error that is longer than it says": failure(fields({ message: "x".repeat(3_000) })),
  "no id": { kind: "answer", value: 1, size: 1 },
  "an id that is a text": { ...answer, id: "1" },
  "a negative size": { ...answer, size: -1 },
  "an answer to nothing": { ...answer, id: 77 },
  "an unknown service": { kind: "request", id: 1, name: "constructor", args: [], size: 1 },
  "a service of the worker": { kind: "request", id: 1, name: "start", args: [], size: 1 },
  "an option that was not given": { kind: "request", id: 1, name: "option.onExit", args: [], size: 1 },
  "a method that the host does not have": { kind: "request", id: 1, name: "method", args: ["constructor"], size: 1 },
  "too many arguments": { kind: "request", id: 1, name: "method", args: Array(9).fill("echo"), size: 1 },
  "a log that is not a list": { kind: "request", id: 1, name: "option.onLog", args: [{ length: 1 }], size: 1 },
  "a line that is not text": { kind: "request", id: 1, name: "option.onLog", args: [[{}]], size: 1 },
  "too many random bytes": { kind: "request", id: 1, name: "option.random", args: [2 ** 40], size: 1 },
  "random bytes of no number": { kind: "request", id: 1, name: "option.random", args: [{}], size: 1 },
  "a date": { ...answer, value: new Date() },
  "a regular expression": { ...answer, value: [/a/] },
  "a set": { ...answer, value: { in: new Set() } },
  "a map that is not an error": { ...answer, value: new Map([["a", 1]]) },
  "a sparse list without end": { ...answer, value: new Array(2 ** 32 - 1) },
  "a deep value": { ...answer, value: nested(900) },
  "a long text": { ...answer, value: "x".repeat(40_000_000) },
  "an error of an unknown class": failure(fields({ class: "constructor" })),
  "an error without its fields": failure(fields({ class: "PluginError" })),
  "an error with a log that is not text": failure(
    fields({ class: "PluginError", reason: "trap", plugin: "", method: "", fuelUsed: 0, logs: [1] }),
  ),
  "an error code that is not a number": failure(fields({ class: "RpcError", code: "1" })),
  "an error with frames that are none": failure(fields({ class: "Trap", reason: "unreachable", guestStack: [{}] })),
  "an error with an endless chain": failure(
    Array.from({ length: 100 }).reduce((cause: unknown) => fields({ cause }), 0),
  ),
};

for (const [what, message] of Object.entries(ATTACKS)) {
  Deno.test(`a worker that sends ${what} is ended, and nothing is thrown elsewhere`, async () => {
    const workers: FakeWorker[] = [];
    const createWorker = () => {
      const worker = new FakeWorker(
        answering((request) => workers.length > 1 ? { ...answer, id: request.id } : message),
      );
      workers.push(worker);
      return worker;
    };
    const options: WorkerPluginOptions = {
      ...{ workers: 1, createWorker, methods: { echo: () => {} }, onLog: () => {}, random: () => {} },
    };
    await using plugin = new WorkerPlugin(c, options);
    const error = await workerFailure(plugin.call("ping"));
    assert(error.message.includes("the worker failed: it"), error.message);
    assert(workers[0]!.isTerminated);
    assertEquals(await plugin.call("ping"), 1);
  });
}

Deno.test("messages of a worker that was ended have no effect", async () => {
  let calls = 0;
  const worker = new FakeWorker(answering(() => ({ kind: "nonsense" })));
  const plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker, methods: { echo: () => calls++ } });
  await workerFailure(plugin.call("ping"));
  worker.say({ kind: "request", id: 1, name: "method", args: ["echo", 1, { notification: false }], size: 1 });
  worker.emit("error", { message: "again" });
  assertEquals([calls, plugin.stats.failedWorkers], [0, 1]);
  await plugin[Symbol.asyncDispose]();
});

Deno.test("two requests of a worker with one id are a fault", async () => {
  const request = { kind: "request", id: 1, name: "method", args: ["echo", 1, { notification: false }], size: 1 };
  const worker = new FakeWorker(answering(() => {
    worker.say(request);
    return request;
  }));
  const methods = { echo: () => new Promise(() => {}) };
  await using plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker, methods });
  await workerFailure(plugin.call("ping"));
});

Deno.test("the errors of a worker can't name errors of the host that it was not told", async () => {
  const worker = new FakeWorker(answering(() => failure(fields({ number: 123 }))));
  await using plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker });
  const error = await assertRejects(() => plugin.call("ping"), Error);
  assertEquals(error.message, "m");
});

Deno.test("what a worker learns of the host's errors is their number", async () => {
  const seen: Json[] = [];
  const worker = new FakeWorker((message, worker) => {
    seen.push(message);
    answering(() => ({ kind: "request", id: 5, name: "method", args: ["echo", 1, { notification: false }], size: 1 }))(
      message,
      worker,
    );
  });
  const methods = {
    echo: () => {
      throw new Error("the password is 1234");
    },
  };
  const plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker, methods });
  const call = plugin.call("ping").catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  const sent = seen.find(({ kind }) => kind === "failure");
  assertInstanceOf(sent.error, Map);
  assert(![...sent.error.values()].some((value) => String(value).includes("1234")));
  await plugin[Symbol.asyncDispose]();
  await call;
});

Deno.test("the cause of a hang is a LimitError", async () => {
  const worker = new FakeWorker((message, worker) => {
    if (message.name === "start") worker.say({ kind: "answer", id: message.id, value: { name: "fake" }, size: 1 });
  });
  await using plugin = new WorkerPlugin(c, { workers: 1, createWorker: () => worker, limits: { hangMs: 50 } });
  const error = await workerFailure(plugin.call("ping"));
  assertInstanceOf(error.cause, LimitError);
  assertEquals([error.cause.limit, error.cause.value], ["hangMs", 50]);
});
