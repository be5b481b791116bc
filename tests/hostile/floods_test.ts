/**
 * Guests that cause work for the host by writing messages of every kind, logs and output as fast as they can. The
 * host's timers must fire meanwhile. tests/rpc/hostile_test.ts tests the meaning of messages.
 *
 * @module
 */

import { assert, assertInstanceOf } from "@std/assert";
import { Plugin, PluginError, spawn } from "@rivulet/rivulet";
import type { Module } from "@rivulet/rivulet";
import { Peer } from "@rivulet/rivulet/rpc";
import type { PeerOptions } from "@rivulet/rivulet/rpc";
import { program } from "../_program.ts";
import { noteFigure } from "./_figures.ts";
import { bestOfThree, timersDuring } from "./_host.ts";

const STDOUT = 1;
const STDERR = 2;
const CHUNK = 65_536;

/** A guest that fills 64 KiB with copies of a text, and writes them for ever. */
function flood(text: string, fd = STDOUT): Module {
  const bytes = new TextEncoder().encode(text.repeat(Math.max(1, Math.floor(CHUNK / text.length))));
  const data = Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  return program(`(data (i32.const 4096) "${data}")
    (func (export "_start")
      (loop $for_ever
        (br_if $for_ever (i32.eqz (call $write (i32.const ${fd}) (i32.const 4096) (i32.const ${bytes.length}))))))`);
}

/** A guest that writes one byte at a time, for ever. */
function drip(byte: string, fd = STDOUT): Module {
  return program(`(func (export "_start")
    (i32.store8 (i32.const 64) (i32.const ${byte.charCodeAt(0)}))
    (loop $for_ever
      (br_if $for_ever (i32.eqz (call $write (i32.const ${fd}) (i32.const 64) (i32.const 1))))))`);
}

const request = (method: string, id: unknown = 1) => JSON.stringify({ jsonrpc: "2.0", id, method });
const notification = (method: string, params?: unknown) => JSON.stringify({ jsonrpc: "2.0", method, params });
const line = (text: string) => `${text}\n`;
const lines = (text: string) => `${text}\n`.repeat(CHUNK / (text.length + 1));
const frame = (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`;
const batch = (element: string) => line(`[${Array(1_000).fill(element).join()}]`);
const distinct = (one: (index: number) => string) => Array.from({ length: 3_000 }, (_, index) => one(index)).join();

/** The output of a guest to a peer. */
const MESSAGES: Readonly<Record<string, string>> = {
  "requests of an unknown method": line(request("none")),
  "requests of a known method": line(request("echo")),
  "requests of an asynchronous method": line(request("later")),
  "requests of a slow method": line(request("slow")),
  "requests of a method that fails": line(request("fails")),
  "notifications of an unknown method": line(notification("none")),
  "notifications of a known method": line(notification("echo")),
  "batches of 1,000 requests": batch(request("none")),
  "batches of 1,000 requests of a known method": batch(request("echo")),
  "batches of 1,000 notifications": batch(notification("none")),
  "batches of 1,000 numbers": batch("1"),
  "batches of too many": line(`[${Array(20_000).fill("{}").join()}]`),
  "empty lines": "\n",
  "empty lines with carriage returns": "\r\n",
  "empty lines of both kinds": "\n\r\n",
  "lines that are too long": "x".repeat(CHUNK),
  "lines that are not JSON": line("x"),
  "lines that are not UTF-8 where they end": line(`"${"é".repeat(20)}`.slice(0, 30)),
  "lines that are nested too deeply": line("[".repeat(200)),
  "lines that are nested deeply": line("[".repeat(100) + "]".repeat(100)),
  "answers without requests": line('{"jsonrpc":"2.0","id":7,"result":1}'),
  "error answers without requests": line('{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}'),
  "error answers with unprintable messages": line(
    `{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"${"\x7f".repeat(60_000)}"}}`,
  ),
  "errors without an id": line('{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}'),
  "progress of a call": line(notification("$/progress", { token: 0, value: 1 })),
  "progress of a call, long": line(notification("$/progress", { token: 0, value: Array(20_000).fill({}) })),
  "progress of no call": line(notification("$/progress", { token: "x", value: 1 })),
  "progress without params": line(notification("$/progress")),
  "requests that are cancelled": line(request("slow")) + line(notification("$/cancelRequest", { id: 1 })),
  "cancellations of nothing": line(notification("$/cancelRequest", { id: "x" })),
  "requests that are cancelled while they wait": line(request("slow")).repeat(500) +
    line(notification("$/cancelRequest", { id: 1 })),
  "requests of nearly known methods": line(request("ecko")),
  "requests that belong to a call": line('{"jsonrpc":"2.0","id":1,"method":"echo","parent":0}'),
  "requests that report much progress": line(request("reports")),
  "requests with long ids": line(request("none", "i".repeat(60_000))),
  "requests with long methods": line(request("m".repeat(60_000))),
  "params of many empty objects": line(notification("none", Array(20_000).fill({}))),
  "params of many objects, all different": line(
    `{"jsonrpc":"2.0","method":"x","params":[${distinct((index) => `{"k${index}":0}`)}]}`,
  ),
};

const about = (method: string, params: unknown) => line(notification(`$/stream/${method}`, params));
const passed = (value: unknown) => line(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "echo", params: value }));

/** The output of a guest to a peer that has agreed to bytes and streams. */
const VALUES: Readonly<Record<string, string>> = {
  "bytes": passed({ $bytes: "A".repeat(60_000) }),
  "wrong bytes": passed({ $bytes: "A".repeat(60_001) }),
  "many small bytes": passed(Array(3_000).fill({ $bytes: "AA==" })),
  "literals in literals": passed(Array(30).fill(0).reduce((value) => ({ $literal: { a: value } }), {})),
  "many literals": passed(Array(2_000).fill({ $literal: { $bytes: "AA==" } })),
  "objects without tags, all different": `{"jsonrpc":"2.0","method":"x","params":[${
    distinct((index) => `{"$${index}":0}`)
  }]}\n`,
  "streams that come back": passed({ $readable: 1 }),
  "streams that nobody reads": passed([{ $readable: 1 }, { $writable: 1 }]) + about("cancel", { writable: 1 }) +
    about("end", { readable: 1 }),
  "streams for nobody": line(
    JSON.stringify({ jsonrpc: "2.0", method: "none", params: [{ $readable: 1 }, { $writable: 1 }] }),
  ),
  "streams in answers to nobody": line('{"jsonrpc":"2.0","id":9,"result":[{"$readable":1},{"$writable":1}]}'),
  "too many streams": passed(Array.from({ length: 3_000 }, (_, id) => ({ $readable: id }))),
  "streams with one id": passed([{ $readable: 1 }, { $readable: 1 }]),
  "chunks of no stream": about("chunk", { readable: 7, value: 1 }),
  "chunks without credit": passed({ $readable: 1 }) + about("chunk", { readable: 1, value: 1 }),
  "chunks for what a host method reads": line(
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "reads", params: { $readable: 1 } }),
  ) + about("chunk", { readable: 1, value: [1] }).repeat(1_000),
  "credit for no stream": about("credit", { readable: 7, bytes: 1 }),
  "credit for what a host method writes": line(
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "writes", params: { $writable: 1 } }),
  ) + about("credit", { writable: 1, bytes: 9e15 }),
  "ends of no stream with errors": about("end", { readable: 7, error: { code: 1, message: "\x7f".repeat(30_000) } }),
  "cancellations of no stream": about("cancel", { readable: 7, error: { code: 1, message: "no" } }),
  "messages about streams that are malformed": about("chunk", {}),
};

/** The output of a guest to a peer that reads headers. */
const FRAMES: Readonly<Record<string, string>> = {
  "requests": frame(request("none")),
  "notifications": frame(notification("none")),
  "empty bodies": frame(""),
  "bodies that are no message": frame("{}"),
  "many headers": `${"a:\r\n".repeat(1_000)}${frame("{}")}`,
  "cancellations of what runs": frame(request("slow")).repeat(100) +
    frame(notification("$/cancelRequest", { id: 1 })).repeat(600),
};

const methods: PeerOptions["methods"] = {
  echo: (params) => params,
  later: async (params) => await params,
  reports: (_params, context) => {
    for (let i = 0; i < 10; i++) context.progress(i);
  },
  slow: () => new Promise((resolve) => setTimeout(resolve, 50)),
  fails: () => Promise.reject(new Error("no")),
  reads: async (params) => {
    const reader = (params as ReadableStream<unknown>).getReader();
    while (!(await reader.read()).done);
  },
  writes: async (params) => {
    const writer = (params as WritableStream<unknown>).getWriter();
    for (let i = 0; i < 1_000; i++) await writer.write(i);
    await writer.close();
  },
};

/** Checks the promised bound of the host's timers while a guest and its reader work. Then ends both. */
async function assertTimers(what: string, end: () => Promise<unknown>): Promise<void> {
  let longest = 0;
  const p99 = await bestOfThree(async () => {
    const timers = await timersDuring(300);
    longest = timers.longest;
    return timers.p99;
  });
  await end();
  noteFigure("p99 of host timers", p99, "ms late", what);
  noteFigure("longest holding of the event loop", longest, "ms", what);
  assert(p99 < 50, `p99 ${Math.round(p99)} ms`);
}

/**
 * Lets two guests write at the same time: one to a peer whose answers are discarded, and one to a peer whose answers are
 * never read, so that they pile up.
 */
async function attackPeer(what: string, module: Module, options: PeerOptions): Promise<void> {
  const attacks = [true, false].map((readsAnswers) => {
    const process = spawn(module);
    const writable = readsAnswers ? new WritableStream<Uint8Array>() : process.writable;
    const peer = new Peer({ readable: process.readable, writable }, { methods, onError: () => {}, ...options });
    peer.closed.catch(() => {});
    // While a call waits, reading never pauses.
    const onProgress = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
    const call = peer.call("none", null, { onProgress }).catch(() => {});
    return () => {
      process.kill();
      return Promise.all([process.status, peer.close("enough"), call]);
    };
  });
  await assertTimers(what, () => Promise.all(attacks.map((end) => end())));
}

for (const [what, text] of Object.entries(MESSAGES)) {
  Deno.test(`a flood of ${what} leaves host timers a p99 under 50 ms`, () => attackPeer(what, flood(text), {}));
}

for (const [what, text] of Object.entries(VALUES)) {
  Deno.test(`a flood of ${what}, agreed to, leaves host timers a p99 under 50 ms`, () =>
    attackPeer(what, flood(text), { accepts: ["bytes", "streams"] }));
}

for (const [what, text] of Object.entries(FRAMES)) {
  Deno.test(`a flood of ${what} behind headers leaves host timers a p99 under 50 ms`, () =>
    attackPeer(what, flood(text), { framing: "content-length" }));
}

Deno.test("a flood of nearly known methods, of many and long ones, leaves host timers a p99 under 50 ms", () => {
  const names = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(500, "abcdefghij"));
  const methods = Object.fromEntries(names.map((name) => [name, () => 1]));
  return attackPeer("nearly known methods", flood(line(request("x".repeat(499)))), { methods });
});

Deno.test("messages that arrive one byte at a time leave host timers a p99 under 50 ms", () =>
  attackPeer("a byte at a time", drip("1"), {}));

Deno.test("waiting requests are served over several turns when slots become free", async () => {
  const waiting = new TextEncoder().encode(lines(request("none")));
  const longest = await bestOfThree(async () => {
    const gate = Promise.withResolvers<void>();
    let count = 0;
    const readable = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (++count === 1) controller.enqueue(new TextEncoder().encode(lines(request("wait"))));
        else if (count < 100) controller.enqueue(waiting);
        else controller.close();
      },
    });
    const peer = new Peer({ readable, writable: new WritableStream() }, {
      methods: { wait: () => gate.promise },
      limits: { queueBytes: 1 << 28 },
    });
    while (count < 100) await timersDuring(50);
    const timers = timersDuring(300);
    gate.resolve();
    await peer.closed;
    return (await timers).longest;
  });
  assert(longest < 50, `held for ${Math.round(longest)} ms`);
});

/** The output of a guest to its log. */
const LOGS: Readonly<Record<string, Module>> = {
  "empty lines": flood("\n", STDERR),
  "lines of one byte": flood("a\n", STDERR),
  "long lines": flood(line("a".repeat(7_000)), STDERR),
  "unprintable lines": flood(line("\x1b".repeat(7_000)), STDERR),
  "one endless line": flood("a", STDERR),
  "one byte at a time": drip("\n", STDERR),
};

for (const [what, module] of Object.entries(LOGS)) {
  Deno.test(`a log of ${what} leaves host timers a p99 under 50 ms, and stops at logBytes`, async () => {
    let bytes = 0;
    const limits = { logBytes: 500_000 };
    const plugin = new Plugin(module, { limits, onLog: (line) => bytes += line.length + 1 });
    const call = plugin.call("none").catch((error) => error);
    await assertTimers(`a log of ${what}`, () => plugin[Symbol.asyncDispose]());
    assertInstanceOf(await call, PluginError);
    // Plus the line that reports how much was dropped.
    assert(bytes < 500_000 + 100, `${bytes} bytes`);
  });
}

Deno.test("output of one byte at a time leaves host timers a p99 under 50 ms", async () => {
  const process = spawn(drip("a"));
  const output = process.output();
  await assertTimers("output of a byte at a time", () => {
    process.kill();
    return output;
  });
  assert((await output).stdout.length > 100);
});

Deno.test("a guest that reads one byte at a time leaves host timers a p99 under 50 ms", async () => {
  const process = spawn(program(`(func (export "_start")
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 1))
    (loop $for_ever
      (br_if $for_ever (i32.eqz (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))))))`));
  const writer = process.stdin.getWriter();
  const written = writer.write(new Uint8Array(64 << 20)).catch(() => {});
  await assertTimers("input of a byte at a time", () => {
    process.kill();
    return Promise.all([process.status, written]);
  });
});

Deno.test("a message of the largest size is parsed over several turns, whatever it contains", async () => {
  const params = [
    Array(310_000).fill("{}").join(),
    Array.from({ length: 80_000 }, (_, index) => `{"k${index}":0}`).join(),
    `{${Array.from({ length: 90_000 }, (_, index) => `"k${index}":0`).join()}}`,
  ];
  for (const elements of params) {
    let served = 0;
    const bytes = new TextEncoder().encode(`{"jsonrpc":"2.0","method":"note","params":[${elements}]}\n`);
    assert(bytes.length > 900_000 && bytes.length < 1 << 20);
    const readable = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(bytes);
      },
    }, { highWaterMark: 0 });
    const peer = new Peer({ readable, writable: new WritableStream() }, { methods: { note: () => void served++ } });
    await assertTimers("a message of the largest size", () => peer.close());
    assert(served > 0);
  }
});

Deno.test("a message of the largest size with tagged values is decoded and answered over several turns", async () => {
  const many = (text: string) => Array(Math.floor(1_000_000 / (text.length + 1))).fill(text).join();
  const params: Readonly<Record<string, string>> = {
    "bytes": many('{"$bytes":""}'),
    "literals": many('{"$literal":{"$bytes":{}}}'),
    "objects beside a wrong value": `{"a":{"$bytes":1}},[${many("{}")}]`,
  };
  for (const [what, elements] of Object.entries(params)) {
    const bytes = new TextEncoder().encode(`{"jsonrpc":"2.0","id":1,"method":"echo","params":[${elements}]}\n`);
    assert(bytes.length > 900_000 && bytes.length < 1 << 20);
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(bytes);
    };
    const readable = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
    const duplex = { readable, writable: new WritableStream<Uint8Array>() };
    const peer = new Peer(duplex, { methods, accepts: ["bytes", "streams"] });
    await assertTimers(`a message of the largest size with ${what}`, () => peer.close());
  }
});

Deno.test("the event loop turns while 200 guests flood at the same time with messages that take long to parse", async () => {
  const module = flood(MESSAGES["params of many objects, all different"]!);
  const plugins = Array.from({ length: 200 }, () => new Plugin(module));
  const calls = plugins.map((plugin) => plugin.call("none").catch((error) => error));
  await assertTimers("200 plugins at once", () => {
    return Promise.all([...plugins.map((plugin) => plugin[Symbol.asyncDispose]()), ...calls]);
  });
});

/** Reads once, answers the first call of the instance, and exits. */
const oneAnswer = program(`(data (i32.const 64) "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":0,\\"result\\":1}\\n")
  (func (export "_start")
    (i32.store (i32.const 32) (i32.const 4096)) (i32.store (i32.const 36) (i32.const 65536))
    (drop (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 16)))
    (drop (call $write (i32.const 1) (i32.const 64) (i32.const 36))))`);

Deno.test("the event loop turns while many calls are sent again to instances that exit after one answer", async () => {
  const longest = await bestOfThree(async () => {
    await using plugin = new Plugin(oneAnswer, { lifetime: "plugin" });
    await plugin.ready();
    const calls = Array.from({ length: 3_000 }, () => plugin.call("any"));
    await new Promise((resolve) => setTimeout(resolve, 0));
    const timers = timersDuring(300);
    const answers = await Promise.all(calls);
    assert(answers.every((answer) => answer === 1));
    return (await timers).longest;
  });
  assert(longest < 50, `held for ${Math.round(longest)} ms`);
});

Deno.test("the event loop turns while many calls of a plugin fail at the same time, each with a long log", async () => {
  const module = program(`(func (export "_start")
    (memory.fill (i32.const 4096) (i32.const 97) (i32.const 65536))
    ${
    "(i32.store8 (i32.const 12287) (i32.const 10)) (drop (call $write (i32.const 2) (i32.const 4096) (i32.const 8192)))"
      .repeat(10)
  }
    (i32.store (i32.const 32) (i32.const 80000)) (i32.store (i32.const 36) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 16)))
    (unreachable))`);
  const longest = await bestOfThree(async () => {
    await using plugin = new Plugin(module, { lifetime: "plugin" });
    const calls = Array.from({ length: 2_000 }, () => plugin.call("none").catch((error): PluginError => error));
    await new Promise((resolve) => setTimeout(resolve, 0));
    const timers = timersDuring(300);
    const errors = (await Promise.all(calls)) as PluginError[];
    const { longest } = await timers;
    assertInstanceOf(errors[0], PluginError);
    assert(errors[0].message.length > 80_000);
    // The errors of an instance share one copy of its log. A call that an instance has not read goes to the next one.
    const copies = new Set(errors.map(({ logs }) => logs)).size;
    const { started } = plugin.stats;
    assert(copies <= started && copies < errors.length, `${copies} copies of logs of ${started} instances`);
    return longest;
  });
  assert(longest < 50, `held for ${Math.round(longest)} ms`);
});

Deno.test("the event loop turns while guests of all kinds flood at the same time", async () => {
  const modules = [flood(line(request("none"))), flood("\n"), flood("\n", STDERR), flood(batch(notification("none")))];
  const plugins = modules.flatMap((module) => [1, 2, 3].map(() => new Plugin(module, { onLog: () => {} })));
  const calls = plugins.map((plugin) => plugin.call("none").catch((error) => error));
  await assertTimers("twelve plugins at once", () => {
    return Promise.all([...plugins.map((plugin) => plugin[Symbol.asyncDispose]()), ...calls]);
  });
});
