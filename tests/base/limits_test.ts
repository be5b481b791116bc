/**
 * Limits and options, for all rows of the table. The tests check which values are refused, where and when. They also
 * check that each limit can be reached, and that the pages agree with the rows.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { compile, instantiate } from "@rivulet/rivulet/vm";
import type { RunLimits } from "@rivulet/rivulet/vm";
import { FRAMINGS, LimitError as LimitErrorOfRpc, Peer, PROTOCOLS } from "@rivulet/rivulet/rpc";
import type { PeerLimits } from "@rivulet/rivulet/rpc";
import { LimitError, Plugin, PluginError, spawn } from "@rivulet/rivulet";
import type { PluginLimits, PluginOptions, ProcessLimits } from "@rivulet/rivulet";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerLike, WorkerPluginLimits } from "@rivulet/rivulet/workers";
import { LIMIT_NAMES, limitError, LIMITS } from "../../src/base/limits.ts";
import type { LimitErrorName, LimitName, LimitOwner, LimitRow } from "../../src/base/limits.ts";
import { MAX_PAGES } from "../../src/vm/limits.ts";
import { guest } from "../_guests.ts";
import { connect } from "../_wire.ts";
import { moduleOf } from "../../tools/wat.ts";

const empty = moduleOf(`(module (memory (export "memory") 1) (func (export "_start")))`);
const spin = moduleOf(`(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))`);
/** Reads its input to the end, and never answers. */
const silent = moduleOf(`(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 64)) (loop $more
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 128)))
    (br_if $more (i32.load (i32.const 128))))))`);
const faulty = await guest("faulty");
const c = await guest("c_plugin");

/** A name in its place, whatever its type says. */
function holding(name: string, value: unknown): never {
  return { [name]: value } as never;
}

/** Each place that takes limits, as a function that starts it with them, and stops it if nothing is refused. */
const STARTS: Readonly<Record<LimitOwner, (limits: unknown) => unknown>> = {
  instantiate: (limits) => instantiate(empty, {}, { limits: limits as RunLimits }),
  spawn: (limits) => spawn(empty, { limits: limits as ProcessLimits }).kill(),
  Peer: (limits) => new Peer(new TransformStream(), { limits: limits as PeerLimits }).close(),
  Plugin: (limits) => new Plugin(empty, { limits: limits as PluginLimits }),
  WorkerPlugin: (limits) => new WorkerPlugin(empty, { limits: limits as WorkerPluginLimits }),
};

/** The error that a place throws or rejects with. */
async function refusal(start: () => unknown): Promise<unknown> {
  try {
    await start();
  } catch (error) {
    return error;
  }
  return undefined;
}

function assertRefused(error: unknown, type: typeof TypeError | typeof RangeError, text: string): void {
  assertInstanceOf(error, type, text);
  assertStringIncludes(error.message, text);
}

const ROWS = Object.entries(LIMITS) as [LimitName, LimitRow][];
const OWNERS = Object.keys(STARTS) as LimitOwner[];

/** Calls `test` for every limit at every place that takes it. */
async function forEach(test: (name: LimitName, row: LimitRow, owner: LimitOwner) => Promise<void>): Promise<void> {
  for (const owner of OWNERS) for (const name of LIMIT_NAMES[owner]) await test(name, LIMITS[name], owner);
}

Deno.test("a limit that is not a number is a TypeError that names it, its range and the value", async () => {
  const values = [["12", '"12"'], [null, "null"], [12n, "12n"], [{}, "a value of type Object"], [
    true,
    "true",
  ]] as const;
  await forEach(async (name, { least, most, unit }, owner) => {
    for (const [value, shown] of values) {
      const error = await refusal(() => STARTS[owner](holding(name, value)));
      assertRefused(error, TypeError, `limits.${name} must be a`);
      assertRefused(error, TypeError, `number from ${least} to ${most} ${unit}`);
      assertRefused(error, TypeError, `, not ${shown}`);
    }
  });
});

Deno.test("a limit out of its range is a RangeError that names it: NaN, less, more, a fraction, no limit", async () => {
  await forEach(async (name, { least, most, mayBeAbsent, isWhole }, owner) => {
    const values = [NaN, -1, -Infinity, least - 1, most * 2, ...isWhole ? [least + 0.5] : []];
    for (const value of mayBeAbsent ? values : [...values, Infinity]) {
      const error = await refusal(() => STARTS[owner](holding(name, value)));
      assertRefused(error, RangeError, `limits.${name} must be `);
      assertRefused(error, RangeError, `, not ${value}`);
    }
  });
});

Deno.test("a limit can be the least, the most, the default or undefined, and Infinity if the row allows that there is no limit", async () => {
  await forEach(async (name, { least, most, byDefault, mayBeAbsent, isWhole }, owner) => {
    // A guest with a memory of one page can't start with less.
    const first = name === "memoryPages" ? 1 : least;
    const values = [
      first,
      most,
      byDefault,
      undefined,
      ...mayBeAbsent ? [Infinity] : [],
      ...isWhole ? [] : [least + 0.5],
    ];
    for (const value of values) {
      assertEquals(await refusal(() => STARTS[owner](holding(name, value))), undefined, `${name}: ${value}`);
    }
  });
});

Deno.test("an unknown limit is refused, and the error suggests the nearest known name", async () => {
  await forEach(async (name, _, owner) => {
    const error = await refusal(() => STARTS[owner](holding(name.slice(0, -1), 1)));
    assertRefused(error, TypeError, `unknown limit "${name.slice(0, -1)}": did you mean "${name}"?`);
  });
  for (const owner of OWNERS) {
    const error = await refusal(() => STARTS[owner](holding("wings", undefined)));
    assertRefused(error, TypeError, `unknown limit "wings"`);
    assert(!(error as Error).message.includes("did you mean"));
    const limits = Object.create({ wings: 1 });
    assertEquals(await refusal(() => STARTS[owner](limits)), undefined);
  }
  const old = { slice: "sliceFuel", depth: "messageDepth", batch: "batchMessages", pending: "pendingCalls" };
  for (const [name, hint] of Object.entries(old)) {
    assertRefused(await refusal(() => STARTS.Plugin(holding(name, 1))), TypeError, `did you mean "${hint}"?`);
  }
});

Deno.test("a layer refuses the limits of the layers above it", async () => {
  for (const owner of OWNERS) {
    for (const [name] of ROWS.filter(([name]) => !LIMIT_NAMES[owner].includes(name))) {
      assertRefused(await refusal(() => STARTS[owner](holding(name, 1))), TypeError, `unknown limit "${name}"`);
    }
  }
});

Deno.test("limits and options that are not an object of names are refused", async () => {
  const { peer } = connect();
  await using plugin = new Plugin(empty);
  const instance = await instantiate(empty);
  const starts: ((options: never) => unknown)[] = [
    (options) => new Plugin(empty, options),
    (options) => plugin.call("ping", null, options),
    (options) => spawn(empty, options),
    (options) => new Peer(new TransformStream(), options),
    (options) => peer.call("ping", null, options),
    (options) => peer.batch([{ method: "ping" }], options),
    (options) => instantiate(empty, {}, options),
    (options) => instance.call("_start", [], options),
    (options) => compile(new Blob().stream(), options),
    ...Object.values(STARTS),
  ];
  for (const start of starts) {
    for (const options of [null, 1, "fuel", [], new Map([["fuel", 1]]), () => {}]) {
      assertRefused(await refusal(() => start(options as never)), TypeError, " must be an object, not ");
    }
  }
  await peer.close();
});

Deno.test("an unknown option is refused everywhere, and the error suggests the nearest known name", async () => {
  const { peer } = connect();
  await using plugin = new Plugin(empty);
  const instance = await instantiate(empty);
  const cases: [start: () => unknown, text: string][] = [
    [() => new Plugin(empty, holding("limit", {})), `unknown Plugin option "limit": did you mean "limits"?`],
    [() => new Plugin(empty, holding("stdin", "null")), `unknown Plugin option "stdin"`],
    [
      () => plugin.call("ping", null, holding("deadline", 1)),
      `unknown call option "deadline": did you mean "deadlineMs"?`,
    ],
    [() => spawn(empty, holding("argv", [])), `unknown spawn option "argv": did you mean "args"?`],
    [
      () => new Peer(new TransformStream(), holding("Methods", {})),
      `unknown Peer option "Methods": did you mean "methods"?`,
    ],
    [() => peer.call("ping", null, holding("deadlineMs", 1)), `unknown call option "deadlineMs"`],
    [() => peer.batch([], holding("singal", 1)), `unknown call option "singal": did you mean "signal"?`],
    [() => instantiate(empty, {}, holding("fuel", 1)), `unknown instantiate option "fuel"`],
    [() => instance.call("_start", [], holding("fuel", 1)), `unknown call option "fuel"`],
    [
      () => compile(new Blob().stream(), holding("signals", 1)),
      `unknown compile option "signals": did you mean "signal"?`,
    ],
  ];
  for (const [start, text] of cases) assertRefused(await refusal(start), TypeError, text);
  await peer.close();
});

Deno.test("a call's deadline is checked before the call", async () => {
  await using plugin = new Plugin(faulty);
  const instance = await instantiate(empty);
  for (
    const [value, type] of [["12", TypeError], [null, TypeError], [NaN, RangeError], [-1, RangeError], [
      2 ** 31,
      RangeError,
    ]]
  ) {
    for (
      const call of [
        () => plugin.call("echo", 1, holding("deadlineMs", value)),
        () => instance.call("_start", [], holding("deadlineMs", value)),
      ]
    ) {
      assertRefused(
        await refusal(call),
        type as typeof TypeError,
        "deadlineMs must be a number from 0 to 2147483647 ms, or Infinity",
      );
    }
  }
});

Deno.test("a distant or infinite deadline stops nothing", async () => {
  for (const deadlineMs of [2 ** 31 - 1, Infinity]) {
    for (const lifetime of ["call", "plugin"] as const) {
      await using plugin = new Plugin(c, { limits: { deadlineMs }, lifetime });
      await plugin.call("sleep", 30);
      await plugin.call("sleep", 30, { deadlineMs });
    }
    assertEquals((await spawn(empty, { limits: { deadlineMs } }).status).success, true);
    await (await instantiate(empty)).call("_start", [], { deadlineMs });
  }
  await using plugin = new Plugin(faulty, { limits: { deadlineMs: 0 } });
  const error = await assertRejects(() => plugin.call("spin"), PluginError);
  assertEquals(error.reason, "limit");
  await using sleeper = new Plugin(c, { limits: { deadlineMs: 0 } });
  await sleeper.call("sleep", 30, { deadlineMs: Infinity });
});

Deno.test("logBytes and outputBytes that are not numbers do not mean that there is no limit", () => {
  for (const value of [NaN, "none", null]) {
    assertThrows(() => new Plugin(empty, { limits: holding("logBytes", value) }), Error, "limits.logBytes");
    assertThrows(() => spawn(empty, { limits: holding("outputBytes", value) }), Error, "limits.outputBytes");
  }
});

Deno.test("a limit given as text is shown in the message as text, with the unit and the range", () => {
  const text = 'limits.memoryPages must be a whole number from 0 to 65536 pages, not "12"';
  assertThrows(() => new Plugin(empty, { limits: holding("memoryPages", "12") }), TypeError, text);
});

Deno.test("Plugin refuses in its constructor the options that spawn would refuse at a call", () => {
  const wrong: [options: Record<string, unknown>, text: string][] = [
    [{ methods: { x: 1 } }, `method "x" is not a function`],
    [{ methods: 1 }, "methods must be an object, not 1"],
    [{ methods: null }, "methods must be an object, not null"],
    [{ name: 1 }, "name must be a string, not 1"],
    [{ onLog: "stderr" }, `onLog must be a function, not "stderr"`],
    [{ framing: "line" }, `framing must be "newline" or "content-length", not "line"`],
    [{ framing: "constructor" }, "framing must be"],
    [{ framing: null }, "framing must be"],
    [{ framing: { encode() {} } }, "framing.decoder must be a function, not null"],
    [{ framing: { ...FRAMINGS.newline, cancellation: {} } }, "framing.cancellation belongs to the option protocol"],
    [{ protocol: "soap" }, `protocol must be "rivulet" or "lsp" or "mcp", not "soap"`],
    [{ protocol: { ...PROTOCOLS.mcp, cancellation: {} } }, "protocol.cancellation.method must be a string, not null"],
    [{ lifetime: "forever" }, `lifetime must be "call", "plugin" or { pool: n }, not "forever"`],
    [{ args: "a" }, `args must be a list of strings, not "a"`],
    [{ args: [1] }, "argument 0 must be a string, not 1"],
    [{ args: ["a\0"] }, "argument 0 contains a NUL"],
    [{ env: { A: 1 } }, `environment variable "A" must be a string, not 1`],
    [{ env: { "a=": "" } }, "a="],
    [{ clock: 1 }, "clock must be an object, not 1"],
    [{ random: 4 }, "random must be a function, not 4"],
    [{ limits: { fuel: -1 } }, "limits.fuel"],
  ];
  for (const [options, text] of wrong) {
    assertThrows(() => new Plugin(empty, options as PluginOptions), Error, text);
  }
});

Deno.test("Plugin copies its options when it is constructed: later changes to them have no effect", async () => {
  const limits = { fuel: 1e9 };
  const methods = function* () {
    yield ["echo", (params: unknown) => params] as const;
  };
  const options = { limits, methods: methods(), args: ["c"] };
  await using plugin = new Plugin(c, options);
  limits.fuel = 0;
  options.args[0] = "\0";
  for (let call = 0; call < 2; call++) await plugin.call("many_echo", 2);
});

Deno.test("a value that is not a Module is refused, and the error says how to make one", async () => {
  const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  for (const [given, name] of [[bytes, "Uint8Array"], [compile(bytes), "Promise"]] as const) {
    for (
      const start of [() => new Plugin(given as never), () => spawn(given as never), () => instantiate(given as never)]
    ) {
      const text = `expected a Module, not a value of type ${name}: pass \`await compile(bytes)\``;
      assertRefused(await refusal(start), TypeError, text);
    }
  }
  assertThrows(() => new Plugin(undefined as never), TypeError, "expected a Module, not undefined");
});

Deno.test("a signal that is not an AbortSignal is refused everywhere", async () => {
  const { peer } = connect();
  await using plugin = new Plugin(empty);
  const instance = await instantiate(empty);
  for (const given of [{}, "signal", 5, () => {}]) {
    const options = holding("signal", given);
    const starts: (() => unknown)[] = [
      () => plugin.call("ping", null, options),
      () => spawn(empty, options),
      () => new Peer(new TransformStream(), options),
      () => peer.call("ping", null, options),
      () => peer.batch([], options),
      () => instantiate(empty, {}, options),
      () => instance.call("_start", [], options),
      () => compile(new Blob().stream(), options),
    ];
    for (const start of starts) assertRefused(await refusal(start), TypeError, "signal must be an AbortSignal, not ");
  }
  await peer.close();
});

Deno.test("spawn, when it refuses one stream, leaves the others alone", () => {
  const stdin = new ReadableStream<Uint8Array>();
  const stdout = new WritableStream<Uint8Array>();
  const locked = new WritableStream<Uint8Array>();
  locked.getWriter();
  assertThrows(() => spawn(empty, { stdin, stdout, stderr: locked }), TypeError, "stderr must be");
  assertThrows(() => spawn(empty, { stdin, stdout, stderr: stdout }), TypeError, "can't be one stream");
  assertEquals([stdin.locked, stdout.locked], [false, false]);
});

Deno.test("a Peer that is refused leaves its streams alone", () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  for (
    const options of [{ limits: { messageBytes: 0 } }, { wings: 1 }, { onInvalid: 1 }, { framing: "none" }, {
      signal: {},
    }]
  ) {
    assertThrows(() => new Peer({ readable, writable }, options as never));
  }
  assertEquals([readable.locked, writable.locked], [false, false]);
});

/** Sends one line to a peer with limits. Returns the error of what it refuses. */
async function refusedBy(
  limits: PeerLimits,
  line: string,
): Promise<{ error: unknown; code: unknown; malformed: number }> {
  let told: unknown;
  const { peer, send, next } = connect({ limits, accepts: ["streams"], onInvalid: (error) => void (told = error) });
  send(`${line}\n`);
  let answer = await next();
  // Streams of a refused message are cancelled first.
  while (answer.error === undefined) answer = await next();
  await peer.close();
  return { error: told, code: answer.error.code, malformed: peer.stats.malformed };
}

/** Makes a call of the plugin that fails. Returns the cause. */
async function causeIn(limits: PluginLimits, method: string, params?: unknown): Promise<unknown> {
  await using plugin = new Plugin(faulty, { limits });
  const error = await assertRejects(() => plugin.call(method, params), PluginError);
  assertEquals(error.reason, "limit");
  return error.cause;
}

async function statusError(start: () => ReturnType<typeof spawn>): Promise<unknown> {
  return (await start().output()).error;
}

/** Ways to reach each limit that causes an error. Each returns the errors. */
const REACHED: Readonly<Record<LimitErrorName, readonly (() => Promise<unknown>)[]>> = {
  fuel: [
    () => statusError(() => spawn(spin, { stdin: "null", limits: { fuel: 1_000 } })),
    () => causeIn({ fuel: 5_000_000 }, "spin"),
  ],
  deadlineMs: [
    () => statusError(() => spawn(spin, { stdin: "null", limits: { deadlineMs: 10 } })),
    () => causeIn({ deadlineMs: 200 }, "spin"),
  ],
  idleMs: [async () => {
    await using plugin = new Plugin(silent, { limits: { idleMs: 20 } });
    return (await assertRejects(() => plugin.call("ping"), PluginError)).cause;
  }],
  memoryPages: [
    () => statusError(() => spawn(spin, { stdin: "null", limits: { memoryPages: 0 } })),
    () => causeIn({ memoryPages: 0 }, "ping"),
  ],
  tableElements: [
    () => refusal(() => instantiate(moduleOf("(module (table 5 funcref))"), {}, { limits: { tableElements: 4 } })),
  ],
  outputBytes: [async () => {
    const process = spawn(faulty, { limits: { outputBytes: 4 } });
    const writer = process.stdin.getWriter();
    writer.write(new TextEncoder().encode(`{"jsonrpc":"2.0","id":0,"method":"echo","params":1}\n`)).catch(() => {});
    writer.close().catch(() => {});
    return (await process.output()).error;
  }],
  messageBytes: [
    async () => (await refusedBy({ messageBytes: 9 }, `"123456789"`)).error,
    () => causeIn({ messageBytes: 100 }, "flood", 20_000),
  ],
  requestBytes: [
    async () => {
      const { peer } = connect({ limits: { requestBytes: 80 } });
      const error = await peer.call("a", "x".repeat(80)).catch((error: unknown) => error);
      await peer.close();
      return error;
    },
    async () => {
      await using plugin = new Plugin(c, { limits: { requestBytes: 80 } });
      return await plugin.call("ping", "x".repeat(80)).catch((error: unknown) => error);
    },
  ],
  messageDepth: [
    async () => (await refusedBy({ messageDepth: 2 }, "[[[]]]")).error,
    () => causeIn({ messageDepth: 9 }, "nest", 60),
  ],
  batchMessages: [async () => (await refusedBy({ batchMessages: 2 }, "[1,2,3]")).error],
  openStreams: [
    async () => {
      const { peer } = connect({ accepts: ["streams"], limits: { openStreams: 1 } });
      const error = await peer.call("a", [new ReadableStream(), new ReadableStream()]).catch((error: unknown) => error);
      await peer.close();
      return error;
    },
    async () =>
      (await refusedBy(
        { openStreams: 1 },
        `{"jsonrpc":"2.0","id":0,"method":"a","params":[{"$readable":1},{"$writable":1}]}`,
      )).error,
  ],
  pendingCalls: [async () => {
    const { peer } = connect({ limits: { pendingCalls: 1 } });
    peer.call("a").catch(() => {});
    const error = await peer.call("b").catch((error: unknown) => error);
    await peer.close();
    return error;
  }],
  startMs: [() => silentWorker({ startMs: 10 }, false)],
  hangMs: [() => silentWorker({ hangMs: 10 }, true)],
};

/** Calls a plugin whose worker says at most one thing. Returns the cause of the failure. */
async function silentWorker(limits: WorkerPluginLimits, starts: boolean): Promise<unknown> {
  const createWorker = (): WorkerLike => ({
    postMessage: () => {},
    terminate: () => {},
    addEventListener: (type, listener) => {
      if (starts && type === "message") setTimeout(() => listener({ data: { kind: "pong" } }), 0);
    },
  });
  await using plugin = new WorkerPlugin(empty, { createWorker, workers: 1, limits });
  return (await assertRejects(() => plugin.call("ping"), PluginError)).cause;
}

for (const [name, ways] of Object.entries(REACHED)) {
  Deno.test(`reaching ${name} is a LimitError that names it in the words of its row`, async () => {
    for (const reach of ways) {
      const error = await reach();
      assertInstanceOf(error, LimitError);
      assertEquals(error.limit, name);
      const { message } = limitError(name as LimitErrorName, error.value);
      assertEquals(error.message.slice(0, message.length), message);
    }
  });
}

Deno.test("a message over a limit is answered as an invalid request, and counted", async () => {
  const cases: [PeerLimits, string][] = [
    [{ messageBytes: 9 }, `"123456789"`],
    [{ messageDepth: 2 }, "[[[]]]"],
    [{ batchMessages: 2 }, "[1,2,3]"],
  ];
  for (const [limits, line] of cases) {
    const { code, malformed } = await refusedBy(limits, line);
    assertEquals([code, malformed], [-32600, 1], line);
  }
});

Deno.test("LimitError is the same class from every entry", () => {
  assertEquals(LimitErrorOfRpc, LimitError);
  const error = limitError("fuel", 9, "twice", { cause: 1 });
  assertEquals([error.name, error.limit, error.value, error.message, error.cause], [
    ...["LimitError", "fuel", 9],
    ...["the guest used up its 9 units of fuel: twice", 1],
  ]);
});

Deno.test("the types of limits have the names of the rows", () => {
  const run: Record<keyof RunLimits, true> = {
    ...{ fuel: true, sliceFuel: true, memoryPages: true, tableElements: true, deadlineMs: true },
  };
  const spawned: Record<keyof ProcessLimits, true> = { ...run, streamBytes: true, outputBytes: true };
  const peer: Record<keyof PeerLimits, true> = {
    ...{ messageBytes: true, requestBytes: true, messageDepth: true, batchMessages: true },
    ...{ concurrentRequests: true, queueBytes: true, openStreams: true, pendingCalls: true },
  };
  const plugin: Record<keyof PluginLimits, true> = {
    ...{ ...spawned, ...peer },
    ...{ graceMs: true, idleMs: true, logBytes: true, logLineBytes: true },
  };
  const workers: Record<keyof WorkerPluginLimits, true> = { ...plugin, startMs: true, hangMs: true };
  const types = { instantiate: run, spawn: spawned, Peer: peer, Plugin: plugin, WorkerPlugin: workers };
  for (const owner of OWNERS) assertEquals(Object.keys(types[owner]).sort(), [...LIMIT_NAMES[owner]].sort());
});

Deno.test("each row's default is in its range, and memoryPages has by default the most that a memory can have", () => {
  for (const [name, { byDefault, least, most, mayBeAbsent }] of ROWS) {
    assert(byDefault === Infinity ? mayBeAbsent : byDefault >= least && byDefault <= most, name);
  }
  assertEquals(LIMITS.memoryPages.byDefault, MAX_PAGES);
});
