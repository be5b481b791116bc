/**
 * Plugins in workers behave like plugins: calls both ways, logs, errors, aborts, values, options.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { compile, CompileError, LimitError, Plugin, PluginError, RpcError } from "@rivulet/rivulet";
import type { PluginOptions } from "@rivulet/rivulet";
import { FRAMINGS, PROTOCOLS } from "@rivulet/rivulet/rpc";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerPluginOptions } from "@rivulet/rivulet/workers";
import { guest } from "../_guests.ts";
import { answering, FakeWorker } from "./_fake.ts";

const c = await guest("c_plugin");
const faulty = await guest("faulty");

function one(module = c, options: WorkerPluginOptions = {}): WorkerPlugin {
  return new WorkerPlugin(module, { workers: 1, ...options });
}

/** What can be compared of an error, with its chain of causes. */
function described(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { cause: _cause, ...fields } = { cause: undefined, ...error } as { cause: unknown };
  return { class: error.constructor, name: error.name, message: error.message, fields, cause: described(error.cause) };
}

Deno.test("WorkerPlugin.call returns the answer, and calls at the same time run in several workers", async () => {
  interface Guest {
    ping(): string;
    prime_sieve(limit: number): { count: number };
  }
  await using plugin = new WorkerPlugin<Guest>(c, { workers: 2 });
  const results = await Promise.all([plugin.api.ping(), plugin.api.prime_sieve(1_000), plugin.call("ping")]);
  assertEquals(results, ["pong", { count: 168, limit: 1_000 }, "pong"] as unknown[]);
  const { workers, pending, failedWorkers } = plugin.stats;
  assertEquals([workers, pending, failedWorkers], [2, 0, 0]);
});

Deno.test("a call goes to a worker that runs, if it is idle: others start when they are needed", async () => {
  await using plugin = new WorkerPlugin(c, { workers: 3 });
  for (let call = 0; call < 3; call++) await plugin.call("ping");
  assertEquals(plugin.stats.workers, 1);
});

Deno.test("the source may be a Module, a buffer, a stream, a Response, or a promise of one", async () => {
  const bytes = c.bytes();
  const sources = [
    c,
    bytes,
    bytes.buffer,
    new Blob([bytes]).stream(),
    new Response(bytes),
    Promise.resolve(new Response(bytes)),
    Promise.resolve(c),
  ];
  for (const source of sources) {
    await using plugin = new WorkerPlugin(source, { workers: 1 });
    assertEquals(await plugin.call("ping"), "pong");
    assertEquals(plugin.name, new Plugin(c).name);
  }
  await using buffer = new WorkerPlugin(bytes, { workers: 1, name: "mine" });
  bytes.fill(0);
  assertEquals([await buffer.call("ping"), buffer.name], ["pong", "mine"]);
});

Deno.test("bytes that are not a module make each call reject with the CompileError, a failed source with its error, and no source is refused", async () => {
  await using plugin = new WorkerPlugin(Uint8Array.of(0, 97, 115), { workers: 1 });
  const expected = await assertRejects(() => compile(Uint8Array.of(0, 97, 115)), CompileError);
  for (let call = 0; call < 2; call++) {
    assertEquals(described(await assertRejects(() => plugin.call("ping"))), described(expected));
  }
  const reason = new Error("no network");
  await using offline = new WorkerPlugin(Promise.reject(reason), { workers: 1 });
  assertStrictEquals(await offline.call("ping").catch((error) => error), reason);
  for (const [source, name] of [[null, "null"], ["plugin.wasm", '"plugin.wasm"'], [{}, "a value of type Object"]]) {
    const message = `a buffer or a ReadableStream, not ${name}`;
    assertThrows(() => new WorkerPlugin(source as never), TypeError, message);
    await using promised = new WorkerPlugin(Promise.resolve(source as never), { workers: 1 });
    await assertRejects(() => promised.call("ping"), TypeError, message);
  }
  await using missing = new WorkerPlugin(new Response("", { status: 404 }), { workers: 1 });
  await assertRejects(() => missing.call("ping"), TypeError, "404");
});

Deno.test("the guest calls the host's methods, which may call back", async () => {
  const seen: unknown[] = [];
  await using plugin: WorkerPlugin = one(c, {
    methods: {
      echo: async (params, context) => {
        const { method, notification, id } = context;
        seen.push(method, notification, typeof id);
        seen.push(await context.peer.call("ping"), await context.peer.api.ping!(), await plugin.call("ping"));
        return params;
      },
    },
  });
  await plugin.call("many_echo", 1);
  assertEquals(seen, ["echo", false, "number", "pong", "pong", "pong"]);
});

Deno.test("the context of a request that was answered says that it is over", async () => {
  let late: Promise<unknown> | undefined;
  await using plugin = one(c, {
    methods: {
      echo: (params, { peer }) => {
        late = new Promise((resolve) => setTimeout(resolve, 50)).then(() => peer.call("ping"));
        late.catch(() => {});
        return params;
      },
    },
  });
  await plugin.call("many_echo", 1);
  await assertRejects(() => late!, Error, "was answered");
});

Deno.test("errors of guests have the classes, fields and causes that a Plugin's have", async () => {
  const limits = { fuel: 20_000_000, messageBytes: 10_000, messageDepth: 20, logBytes: 500 };
  const methods: [method: string, params?: unknown][] = [
    ...[["trap"], ["spin"], ["babble"], ["exit", 3], ["nest", 60], ["no_such_method"]] as [string, unknown?][],
  ];
  await using direct = new Plugin(faulty, { name: "faulty", limits });
  await using remote = one(faulty, { name: "faulty", limits });
  for (const [method, params] of methods) {
    const expected = await assertRejects(() => direct.call(method, params), Error);
    const error = await assertRejects(() => remote.call(method, params), Error);
    assertEquals(described(error), described(expected), method);
  }
});

Deno.test("the stack of an error shows who called, where engines have it", async () => {
  await using plugin = one();
  async function whoCalls(): Promise<unknown> {
    return await plugin.call("no_such_method");
  }
  const error = await assertRejects(whoCalls, RpcError);
  assert(error.stack!.includes("whoCalls"), error.stack);
});

Deno.test("an RpcError of a method reaches the guest, and other errors only onError, as they were thrown", async () => {
  const secret = new Error("the password is 1234");
  const told: unknown[] = [];
  for (const [thrown, code] of [[secret, -32603], [new RpcError(7, "not today", { more: 1 }), 7], ["text", -32603]]) {
    await using plugin = one(c, {
      methods: {
        echo: () => {
          throw thrown;
        },
      },
      onError: (error, request) => void told.push(error, request),
    });
    const error = await assertRejects(() => plugin.call("many_echo", 1), RpcError);
    assert(!JSON.stringify([error.message, error.data]).includes("1234"));
    assertStrictEquals(told[0], thrown);
    assertEquals(told[1], { method: "echo", id: (told[1] as { id: unknown }).id });
    void code;
    told.length = 0;
  }
});

Deno.test("log lines arrive in order, and before the answer", async () => {
  const lines: string[] = [];
  await using plugin = one(faulty, { onLog: (line) => lines.push(line) });
  await plugin.call("log", "first");
  await plugin.call("log", "second");
  await plugin.call("log", "third");
  assertEquals(lines.filter((line) => !line.startsWith("serving")), ["first", "second", "third"]);
});

Deno.test("a logger that throws or rejects stops the instance, with its error as the cause", async () => {
  for (const isAsync of [false, true]) {
    const reason = new Error("the disk is full");
    const onLog = () => {
      if (isAsync) return Promise.reject(reason);
      throw reason;
    };
    await using plugin = one(faulty, { onLog });
    const error = await assertRejects(() => plugin.call("spin"), PluginError);
    assertEquals([error.reason, error.message.includes("the disk is full")], ["stopped", true]);
    assertStrictEquals(error.cause, reason);
  }
});

Deno.test("any value that a logger rejects with is the cause, and is the same value", async () => {
  for (const reason of [new RpcError(1, "of another plugin"), Object.create(null), Symbol("s"), null, undefined, 0]) {
    await using plugin = one(faulty, { onLog: () => Promise.reject(reason) });
    const error = await assertRejects(() => plugin.call("spin"), PluginError);
    assertStrictEquals(error.cause, reason);
  }
});

Deno.test("what a guest has logged arrives before a disposed plugin has ended", async () => {
  const lines: string[] = [];
  {
    await using plugin = one(faulty, {
      limits: { logBytes: 200 },
      onLog: (line) => lines.push(line),
      lifetime: "plugin",
    });
    for (let round = 0; round < 50; round++) await plugin.call("log", "12345678");
  }
  assert(lines.length < 20, `${lines.length} lines`);
  assert(lines.at(-1)!.includes("dropped"), lines.at(-1));
});

Deno.test("an abort rejects the call at once with the signal's own reason, and aborts what the guest has asked for", async () => {
  const told = Promise.withResolvers<unknown>();
  const asked = Promise.withResolvers<void>();
  await using plugin = one(c, {
    methods: {
      echo: (_params, { signal }) => {
        signal.addEventListener("abort", () => told.resolve(signal.reason));
        asked.resolve();
        return new Promise(() => {});
      },
    },
  });
  const controller = new AbortController();
  const call = plugin.call("many_echo", 1, { signal: controller.signal });
  await asked.promise;
  const reason = { any: "value" };
  controller.abort(reason);
  assertStrictEquals(await call.catch((error) => error), reason);
  await told.promise;
  assertStrictEquals(
    await plugin.call("ping", null, { signal: AbortSignal.abort(reason) }).catch((error) => error),
    reason,
  );
  await using endless = one(faulty);
  const error = await assertRejects(() => endless.call("spin", null, { signal: AbortSignal.timeout(300) }));
  assertEquals((error as Error).name, "TimeoutError");
});

Deno.test("a deadline ends a call, and the worker goes on", async () => {
  await using plugin = one(faulty, { limits: { deadlineMs: 200 } });
  const error = await assertRejects(() => plugin.call("spin"), PluginError);
  assertEquals(error.reason, "limit");
  assertInstanceOf(error.cause, LimitError);
  assertEquals(await plugin.call("echo", 5, { deadlineMs: Infinity }), 5);
  assertEquals(plugin.stats.failedWorkers, 0);
});

Deno.test("params have the JSON form that a Plugin gives them", async () => {
  const date = new Date(0);
  const params = {
    date,
    nested: { toJSON: () => ({ is: "used" }) },
    list: [undefined, () => {}, 1],
    gone: () => {},
    instance: new class {
      field = 1;
    }(),
    proxy: new Proxy({ a: 1 }, {}),
    ["__proto__"]: { polluted: true },
  };
  for (const value of [params, "text", 5, null, true, [], {}, undefined]) {
    await using direct = new Plugin(faulty);
    await using remote = one(faulty);
    assertEquals(await remote.call("echo", value), await direct.call("echo", value));
  }
});

Deno.test("params without a JSON form are the TypeError of a Plugin, and nothing is sent", async () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const lost = [new Map([[1, 2]]), { in: new Set() }, { in: [1, new WeakMap()] }, { a: Promise.resolve() }, 5n];
  await using direct = new Plugin(c);
  await using plugin = one();
  for (const params of lost) {
    const expected = await assertRejects(() => direct.call("ping", params), TypeError);
    const error = await assertRejects(() => plugin.call("ping", params), TypeError);
    assertEquals(error.message, expected.message);
  }
  await assertRejects(() => plugin.call("ping", cyclic), TypeError, "contains itself");
  assertEquals([await plugin.call("ping"), plugin.stats.pending], ["pong", 0]);
});

Deno.test("the host's random source is asked from the worker", async () => {
  let asked = 0;
  const random = (bytes: Uint8Array) => {
    asked += bytes.length;
    bytes.fill(7);
    return Promise.resolve();
  };
  const { moduleOf } = await import("../../tools/wat.ts");
  // It writes an answer with the two random bytes as its digits.
  const module = moduleOf(`(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\40\\00\\00\\00\\28\\00\\00\\00")
    (data (i32.const 64) "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":0,\\"result\\":\\"__\\"}\\n")
    (func (export "_start")
      (drop (call $random (i32.const 98) (i32.const 2)))
      (i32.store8 (i32.const 98) (i32.add (i32.const 48) (i32.load8_u (i32.const 98))))
      (i32.store8 (i32.const 99) (i32.add (i32.const 48) (i32.load8_u (i32.const 99))))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))`);
  await using plugin = one(module, { random });
  assertEquals(await plugin.call("any"), "77");
  assertEquals(asked, 2);
});

Deno.test("with lifetime plugin there is one worker, whose instance keeps its state", async () => {
  assertThrows(() => new WorkerPlugin(c, { lifetime: "plugin", workers: 2 }), RangeError, "workers must be 1");
  await using plugin = new WorkerPlugin(c, { lifetime: "plugin" });
  assertEquals(await Promise.all([plugin.call("ping"), plugin.call("ping")]), ["pong", "pong"]);
  assertEquals(plugin.stats.workers, 1);
});

Deno.test("options that a worker can't have are refused when the plugin is made", () => {
  const cases: [options: object, text: string][] = [
    [{ workers: 0 }, "workers must be a whole number from 1 to 64, not 0"],
    [{ workers: 1.5 }, "workers must be a whole number"],
    [{ workers: "2" }, `workers must be a number, not "2"`],
    [{ worker: 2 }, `unknown WorkerPlugin option "worker": did you mean "workers"?`],
    [{ createWorker: 1 }, "createWorker must be a function"],
    [{ clock: { realtime: () => 0n, monotonic: () => 0n, sleep: () => {} } }, "clock is not only data"],
    [{ framing: { encode() {} } }, "framing"],
    [{ limits: { fule: 1 } }, `unknown limit "fule": did you mean "fuel"?`],
    [{ limits: { hangMs: 0 } }, "limits.hangMs must be"],
    [{ methods: { x: 1 } }, `method "x" is not a function`],
    [{ lifetime: "forever" }, "lifetime must be"],
  ];
  for (const [options, text] of cases) {
    assertThrows(() => new WorkerPlugin(c, options as WorkerPluginOptions), Error, text);
  }
});

Deno.test("options are copied: later changes have no effect", async () => {
  const limits = { fuel: 1e9 };
  const env = { A: "1" };
  await using plugin = one(c, { limits, env, args: ["c"] });
  limits.fuel = 0;
  env.A = "\0";
  assertEquals(await plugin.call("ping"), "pong");
});

Deno.test("call options and method names are checked before anything is sent", async () => {
  await using plugin = one();
  await assertRejects(() => plugin.call("ping", null, { deadline: 1 } as never), TypeError, "did you mean");
  await assertRejects(() => plugin.call("ping", null, { deadlineMs: -1 }), RangeError);
  await assertRejects(() => plugin.call(5 as never), TypeError, "must be a string");
  assertEquals(plugin.stats.workers, 0);
});

Deno.test("disposing rejects the calls in flight and later ones, and ends the workers", async () => {
  const ended: unknown[] = [];
  const createWorker = () => {
    const worker = new Worker(new URL("../../src/workers/worker.ts", import.meta.url), { type: "module" });
    return Object.assign(worker, {
      terminate() {
        ended.push(worker);
        Worker.prototype.terminate.call(worker);
      },
    });
  };
  const plugin = new WorkerPlugin(faulty, { workers: 2, createWorker });
  const calls = [plugin.call("spin"), plugin.call("spin")].map((call) => assertRejects(() => call, PluginError));
  await plugin.call("echo", 1);
  await plugin[Symbol.asyncDispose]();
  for (const error of await Promise.all(calls)) assertEquals(error.reason, "disposed");
  assertEquals((await assertRejects(() => plugin.call("echo"), PluginError)).reason, "disposed");
  await plugin[Symbol.asyncDispose]();
  assertEquals([ended.length, plugin.stats.workers], [2, 0]);
});

Deno.test("too many calls of a worker are a LimitError", async () => {
  await using plugin = one(faulty, { limits: { pendingCalls: 2 } });
  const calls = [plugin.call("spin"), plugin.call("spin")];
  for (const call of calls) call.catch(() => {});
  assertEquals((await assertRejects(() => plugin.call("spin"), LimitError)).limit, "pendingCalls");
});

Deno.test("the host's thread is free while guests compute", async () => {
  await using plugin = new WorkerPlugin(faulty, { workers: 2 });
  await Promise.all([plugin.call("echo"), plugin.call("echo")]);
  const calls = [plugin.call("spin"), plugin.call("spin")];
  for (const call of calls) call.catch(() => {});
  const { spend } = await import("../../src/base/schedule.ts");
  let turns = 0;
  for (const end = performance.now() + 100; performance.now() < end; turns++) {
    // A turn of this thread has all its fuel: the guests use none of it.
    const turn = spend(1);
    if (turn !== undefined) await turn;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(turns > 5, `${turns}`);
});

Deno.test("PluginOptions that are data are options of WorkerPlugin, by type too", () => {
  const options: PluginOptions = { name: "a", args: ["a"], env: {}, lifetime: "call", framing: "newline" };
  const { clock: _, ...data } = options;
  const remote: WorkerPluginOptions = data;
  assertEquals(remote.name, "a");
});

Deno.test("types of methods are those of a Plugin: what is missing or wrong does not compile", () => {
  interface Guest {
    ping(): string;
    prime_sieve(limit: number): { count: number };
  }
  interface Host {
    log(message: string): void;
  }
  const programs = [
    // @ts-expect-error the host's method is missing
    () => new WorkerPlugin<Guest, Host>(c),
    // @ts-expect-error here too
    () => new WorkerPlugin<Guest, Host>(c, { methods: {} }),
    () => new WorkerPlugin<Guest, Host>(c, { methods: { log: (message) => void message.length } }),
    async () => {
      const plugin = new WorkerPlugin<Guest>(c);
      const { count }: { count: number } = await plugin.api.prime_sieve(5, { deadlineMs: 100 });
      // @ts-expect-error the method takes a number
      await plugin.api.prime_sieve("many");
      // @ts-expect-error there is no such method
      await plugin.call("great");
      return count;
    },
    // @ts-expect-error a clock can't be passed
    () => new WorkerPlugin(c, { clock: { realtime: () => 0n, monotonic: () => 0n, sleep: () => Promise.resolve() } }),
  ];
  assertEquals(programs.length, 5);
});

Deno.test("the stack of an error of params leads to the caller of a plugin in workers", async () => {
  await using plugin = one();
  for (const value of [new Uint8Array(1), new Map(), 1n, /x/, new Error("no")]) {
    const theCaller = async () => await plugin.call("ping", { a: [{ b: { c: [value] } }] });
    const error = await assertRejects(theCaller, TypeError, "params.a[0].b.c[0] is a");
    assertMatch(error.stack!, /theCaller/, error.stack);
  }
});

Deno.test("a row of PROTOCOLS or FRAMINGS crosses by its name, and one of your own is refused with a hint", async () => {
  for (const name of ["rivulet", "lsp", "mcp"] as const) {
    const worker = new FakeWorker(answering(({ id }) => ({ kind: "answer", id, value: "pong", size: 1 })));
    const options = { protocol: PROTOCOLS[name], framing: FRAMINGS["content-length"] };
    await using plugin = one(c, { createWorker: () => worker, ...options });
    assertEquals(await plugin.call("ping"), "pong");
    const start = worker.sent.find(({ name }) => name === "start");
    assertEquals([start.args[0].options.protocol, start.args[0].options.framing], [name, "content-length"]);
  }
  await using plugin = one(c, { protocol: PROTOCOLS.rivulet, framing: FRAMINGS.newline });
  assertEquals(await plugin.call("ping"), "pong");
  const protocol = { ...PROTOCOLS.rivulet };
  const hint = "so it can't be passed to workers: pass the name of one of";
  assertThrows(() => one(c, { protocol }), TypeError, `protocol is not only data, ${hint} PROTOCOLS, or that row`);
  const framing = { ...FRAMINGS.newline };
  assertThrows(() => one(c, { framing }), TypeError, `framing is not only data, ${hint} FRAMINGS, or that row`);
});

Deno.test("the option `engine` chooses the engine in the workers, which charge the same fuel", async () => {
  const used: number[] = [];
  for (const engine of ["interpreter", "native", "auto"] as const) {
    const observe = { call: () => ({ end: ({ fuelUsed }: { fuelUsed: number }) => void used.push(fuelUsed) }) };
    await using plugin = one(c, { engine, observe: observe as never });
    assertEquals(await plugin.call("prime_sieve", 1_000), { count: 168, limit: 1_000 });
  }
  assertThrows(() => one(c, { engine: "wasmtime" as never }), TypeError, "engine");
});
