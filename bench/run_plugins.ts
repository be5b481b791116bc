/**
 * Measures guests as plugins and filters: a call on a new instance, messages, streams. The engine's own WebAssembly,
 * with a third-party WASI, also does the calls that need no conversation.
 *
 * @module
 */

import { compile, Plugin, spawn } from "../mod.ts";
import type { Host } from "./contenders/contender.ts";
import type { Job } from "./job.ts";
import { timingOf } from "./report.ts";
import type { Report, Timing } from "./report.ts";
import { WASI_RUNNERS } from "./wasi_runners.ts";

const GUESTS = "../examples/guests";
/** A sample is the mean of calls that last this long together. */
const SAMPLE_MS = 100;
const WARM_UP_MS = 1_500;
const WARM_UP_CALLS = 3;

/** A guest, its input, and its answer in one short run. */
interface Guest {
  readonly file: string;
  readonly input: string;
  readonly output: RegExp;
}

const PING = { input: `{"jsonrpc":"2.0","id":0,"method":"ping","params":null}\n`, output: /"result":"pong"/ };
const CALLS: Readonly<Record<string, Guest>> = {
  "C, ping": { file: "prebuilt/c_plugin.wasm", ...PING },
  "Rust std, a line": { file: "prebuilt/number_lines.wasm", input: "one\n", output: /1\D*one/ },
  "Rust PDK, ping": { file: "build/rust_plugin.wasm", ...PING },
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
  for (const [row, guest] of Object.entries(CALLS)) {
    const calls: Record<string, () => Promise<() => Promise<void>>> = {};
    for (const contender of contenders) {
      const load = contender === "rivulet" ? rivuletCall : WASI_RUNNERS[contender];
      if (load === undefined) continue;
      calls[contender] = async () => {
        const run = await load(await host.read(`${GUESTS}/${guest.file}`), host);
        return async () => {
          const output = await run(guest.input);
          if (!guest.output.test(output)) throw new Error(`it answered ${JSON.stringify(output)}`);
        };
      };
    }
    report[row] = await timingsOf(calls, rounds);
  }
  return report;
}

/** `Plugin` calls a plugin: it frames and parses messages. A filter is spawned. */
async function rivuletCall(bytes: Uint8Array<ArrayBuffer>): Promise<(input: string) => Promise<string>> {
  const module = await compile(bytes);
  const plugin = new Plugin(module);
  return async (input) => {
    if (input === PING.input) return `"result":${JSON.stringify(await plugin.call("ping"))}`;
    const process = spawn(module);
    const writer = process.stdin.getWriter();
    writer.write(new TextEncoder().encode(input)).then(() => writer.close());
    return new TextDecoder().decode((await process.output()).stdout);
  };
}

/** Milliseconds of conversations. */
export async function runRpc({ rounds }: Job, { read }: Host): Promise<Report> {
  const report: Report = {};
  for (const { row, file, lifetime, use } of CONVERSATIONS) {
    const load = async () => {
      const methods = { echo: (params: unknown) => params };
      const plugin = new Plugin(await compile(await read(`${GUESTS}/${file}`)), { methods, lifetime });
      return () => use(plugin);
    };
    report[row] = await timingsOf({ rivulet: load }, rounds);
  }
  return report;
}

/** Megabytes a second through filters. */
export async function runStreams({ rounds }: Job, { read }: Host): Promise<Report> {
  const report: Report = {};
  for (const [row, file] of [["copy, C", "guests/copy.wasm"], ["upper, C", `${GUESTS}/prebuilt/upper.wasm`]] as const) {
    report[row] = {
      rivulet: await timingOf(async () => {
        const module = await compile(await read(file));
        const samples: number[] = [];
        for (let round = 0; round <= rounds; round++) {
          const began = performance.now();
          let length = 0;
          for await (const chunk of chunks().pipeThrough(spawn(module))) length += chunk.length;
          if (length !== STREAM_BYTES) throw new Error(`${length} bytes came out of ${STREAM_BYTES}`);
          samples.push(STREAM_BYTES / 1_000 / (performance.now() - began));
        }
        return samples.slice(1);
      }),
    };
  }
  return report;
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
