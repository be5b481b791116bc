/**
 * Measures guests as plugins and filters: a call on a new instance, messages, streams. The engine's own WebAssembly,
 * with a third-party WASI, also does the calls that need no conversation.
 *
 * @module
 */

import { Plugin, spawn } from "../mod.ts";
import type { Host } from "./contenders/contender.ts";
import { OURS, timingsOfOurs } from "./contenders/ours.ts";
import type { Compile } from "./contenders/ours.ts";
import type { Job } from "./job.ts";
import { timingOf } from "./report.ts";
import type { Report, Timing } from "./report.ts";
import { WASI_RUNNERS } from "./wasi_runners.ts";

const GUESTS = "../examples/guests";
/** A sample is the mean of calls that last this long together. */
const SAMPLE_MS = 100;
const WARM_UP_MS = 800;
const WARM_UP_CALLS = 3;

/** A guest, its input, and its answer in one short run. */
interface Guest {
  readonly file: string;
  /** How we run it: by `Plugin`, which frames and parses messages, or by `spawn` alone. */
  readonly by: "Plugin" | "spawn";
  readonly input: string;
  readonly output: RegExp;
}

const PING = {
  by: "Plugin",
  input: `{"jsonrpc":"2.0","id":0,"method":"ping","params":null}\n`,
  output: /"result":"pong"/,
} as const;
const SPAWNED_PING = { ...PING, by: "spawn" } as const;
const CALLS: Readonly<Record<string, Guest>> = {
  "C, ping": { file: "prebuilt/c_plugin.wasm", ...PING },
  "C, ping, spawned": { file: "prebuilt/c_plugin.wasm", ...SPAWNED_PING },
  "Rust std, a line": { file: "prebuilt/number_lines.wasm", by: "spawn", input: "one\n", output: /1\D*one/ },
  "Rust PDK, ping": { file: "build/rust_plugin.wasm", ...PING },
  "Rust PDK, ping, spawned": { file: "build/rust_plugin.wasm", ...SPAWNED_PING },
  "AssemblyScript, ping": { file: "prebuilt/assemblyscript_plugin.wasm", ...PING },
  "Zig, ping": { file: "prebuilt/zig_plugin.wasm", ...PING },
  "Go, ping": { file: "build/go_plugin.wasm", ...PING },
};

const ECHOES = 200;
const MESSAGES = 1_000;
const MESSAGE = "x".repeat(1e6);

/** A conversation with a plugin. */
interface Conversation {
  readonly row: string;
  readonly file: string;
  readonly lifetime: "call" | "plugin";
  readonly use: (plugin: Plugin) => Promise<unknown>;
}

const CONVERSATIONS: readonly Conversation[] = [
  ...[["Rust PDK", "build/rust_plugin.wasm"], ["C", "prebuilt/c_plugin.wasm"]].map(([language, file]) => ({
    row: `many_echo(${ECHOES}), ${language}`,
    file: file!,
    lifetime: "call" as const,
    use: (plugin: Plugin) => plugin.call("many_echo", ECHOES),
  })),
  {
    row: `${MESSAGES} pings of one instance, C`,
    file: "prebuilt/c_plugin.wasm",
    lifetime: "plugin",
    use: (plugin) => Promise.all(Array.from({ length: MESSAGES }, () => plugin.call("ping"))),
  },
  ...[["Rust PDK", "build/rust_plugin.wasm"], ["Go", "build/go_plugin.wasm"]].map(([language, file]) => ({
    row: `a message of 1 MB, ${language}`,
    file: file!,
    lifetime: "call" as const,
    use: (plugin: Plugin) => plugin.call("ping", [MESSAGE]),
  })),
];

const STREAM_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Milliseconds of a call on a new instance. The module is already compiled. */
export async function runCalls({ contenders, rounds }: Job, host: Host): Promise<Report> {
  const report: Report = {};
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  for (const [row, guest] of Object.entries(CALLS)) {
    const calls: Record<string, () => Promise<() => Promise<void>>> = {};
    for (const contender of contenders) {
      const compile = OURS[contender];
      const inWasi = WASI_RUNNERS[contender];
      if (compile === undefined && inWasi === undefined) continue;
      calls[contender] = async () => {
        const bytes = await host.read(`${GUESTS}/${guest.file}`);
        const run = compile !== undefined ? await ourCall(bytes, compile, guest.by) : await inWasi!(bytes, host);
        const input = encoder.encode(guest.input);
        return async () => {
          const output = await run(input);
          const text = typeof output === "string" ? output : decoder.decode(output);
          if (!guest.output.test(text)) throw new Error(`it answered ${JSON.stringify(text)}`);
        };
      };
    }
    report[row] = await timingsOf(calls, rounds);
  }
  return report;
}

async function ourCall(
  bytes: Uint8Array<ArrayBuffer>,
  compile: Compile,
  by: Guest["by"],
): Promise<(input: Uint8Array<ArrayBuffer>) => Promise<string | Uint8Array>> {
  const module = await compile(bytes);
  if (by === "Plugin") {
    const plugin = new Plugin(module);
    return async () => `"result":${JSON.stringify(await plugin.call("ping"))}`;
  }
  return async (input) => {
    const process = spawn(module);
    const writer = process.stdin.getWriter();
    writer.write(input.slice()).then(() => writer.close());
    return (await process.output()).stdout;
  };
}

/** Milliseconds of conversations. */
export async function runRpc({ contenders, rounds }: Job, { read }: Host): Promise<Report> {
  const report: Report = {};
  const methods = { echo: (params: unknown) => params };
  for (const { row, file, lifetime, use } of CONVERSATIONS) {
    const loaders = Object.entries(OURS).filter(([name]) => contenders.includes(name)).map(([name, compile]) => {
      const load = async () => {
        const plugin = new Plugin(await compile(await read(`${GUESTS}/${file}`)), { methods, lifetime });
        return () => use(plugin);
      };
      return [name, load] as const;
    });
    report[row] = await timingsOf(Object.fromEntries(loaders), rounds);
  }
  return report;
}

/** Megabytes a second through filters. The shim has no streams: it gets and returns the whole as one buffer. */
export async function runStreams({ contenders, rounds }: Job, host: Host): Promise<Report> {
  const report: Report = {};
  for (const [row, file] of [["copy, C", "guests/copy.wasm"], ["upper, C", `${GUESTS}/prebuilt/upper.wasm`]] as const) {
    const bytes = await host.read(file);
    report[row] = await timingsOfOurs(contenders, async (compile) => {
      const module = await compile(bytes);
      return await ratesOf(rounds, async () => {
        let length = 0;
        for await (const chunk of chunks().pipeThrough(spawn(module))) length += chunk.length;
        return length;
      });
    });
    if (!contenders.includes("wasi-shim")) continue;
    report[row]["wasi-shim"] = await timingOf(async () => {
      const run = await WASI_RUNNERS["wasi-shim"]!(bytes, host);
      const input = new Uint8Array(STREAM_BYTES).fill(0x61);
      return await ratesOf(rounds, async () => (await run(input)).length);
    });
  }
  return report;
}

/** Megabytes a second of a filter that says how many bytes came out. */
async function ratesOf(rounds: number, filter: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    const length = await filter();
    if (length !== STREAM_BYTES) throw new Error(`${length} bytes came out of ${STREAM_BYTES}`);
    samples.push(STREAM_BYTES / 1_000 / (performance.now() - began));
  }
  return samples.slice(1);
}

function chunks(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = STREAM_BYTES;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(CHUNK_BYTES).fill(0x61));
      left -= CHUNK_BYTES;
      if (left === 0) controller.close();
    },
  });
}

/** Mean milliseconds of calls by contender, in turn, when all are warm. */
async function timingsOf(
  loaders: Readonly<Record<string, () => Promise<() => Promise<unknown>>>>,
  rounds: number,
): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing> = {};
  const runners: { readonly name: string; readonly call: () => Promise<unknown>; count: number; samples: number[] }[] =
    [];
  for (const [name, load] of Object.entries(loaders)) {
    try {
      const call = await load();
      runners.push({ name, call, count: await warmUp(call), samples: [] });
    } catch (error) {
      timings[name] = { error: String(error) };
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { call, count, samples } of runners) {
      const before = performance.now();
      for (let i = 0; i < count; i++) await call();
      samples.push((performance.now() - before) / count);
    }
  }
  for (const { name, samples } of runners) timings[name] = { samples };
  return timings;
}

/** Returns the number of calls that make a sample. */
async function warmUp(call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let calls = 0;
  for (; calls < WARM_UP_CALLS || performance.now() - began < WARM_UP_MS; calls++) await call();
  return Math.ceil(SAMPLE_MS * calls / (performance.now() - began));
}
