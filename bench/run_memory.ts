/**
 * Measures what instances use beyond their linear memory, and how much register code a byte of WebAssembly becomes.
 * The first needs a runtime that reports its heap and collects garbage on request.
 *
 * @module
 */

import { spawn } from "../mod.ts";
import type { Module } from "../mod.ts";
import * as vm from "../src/vm/mod.ts";
import { codeTop } from "../src/vm/interpreter/arena.ts";
import { codeOf } from "../tools/code_of.ts";
import { readModule } from "../tools/read_module.ts";
import type { Host } from "./contenders/contender.ts";
import { timingsOfOurs } from "./contenders/ours.ts";
import { load } from "./contenders/rivulet.ts";
import type { Job } from "./job.ts";
import { timingOf } from "./report.ts";
import type { Report } from "./report.ts";

const INSTANCES = 200;
const PAGE_BYTES = 65_536;
const WORD_BYTES = 4;
/** Long enough for a guest to start and to wait for its input. */
const START_MS = 300;

/** An object that holds this much linear memory. */
interface Holder {
  readonly pages: number;
}

/** What is measured, by row: the file of a module, and how one of its holders is made. */
const ROWS: Readonly<Record<string, readonly [file: string, make: (module: Module) => Promise<Holder>]>> = {
  "an instance that was called": ["kernels/prebuilt/fib.wasm", async (module) => {
    const instance = await vm.instantiate(module);
    await instance.call("run", [1]);
    const { memory } = instance.exports;
    return { instance, pages: memory instanceof vm.Memory ? memory.pages : 0 };
  }],
  "a process that waits for input": ["../examples/guests/prebuilt/c_plugin.wasm", (module) => {
    const process = spawn(module);
    return Promise.resolve({
      process,
      get pages() {
        return process.memoryPages;
      },
    });
  }],
};

/** Kilobytes of an instance. */
export async function runMemory({ contenders, rounds }: Job, { read }: Host): Promise<Report> {
  const report: Report = {};
  for (const [row, [file, make]] of Object.entries(ROWS)) {
    const bytes = await read(file);
    report[row] = await timingsOfOurs(contenders, async (compile) => {
      const module = await compile(bytes);
      // What runtimes report does not include memories of the host's WebAssembly.
      const isCounted = module.engine.name === "interpreter";
      return await samplesOf(rounds, () => make(module), isCounted);
    });
  }
  return report;
}

/** Bytes of register code for each byte of the functions that a program's first call needed. */
export async function runCode({ programs }: Job, host: Host): Promise<Report> {
  const report: Report = {};
  for (const { name, file, coldSize } of programs) {
    report[name] = {
      interpreter: await timingOf(async () => {
        const module = await vm.compile(await readModule(host.read, file));
        const before = codeTop();
        await (await load(vm, module)).run(coldSize);
        const code = (codeTop() - before) * WORD_BYTES;
        if (code <= 0) throw new Error("the arena was flushed during the measurement");
        const { entries, record: { bodies, importedFunctions } } = codeOf(module);
        const called = bodies.filter((_, index) => entries[importedFunctions + index] !== 0);
        return [code / called.reduce((sum, { start, end }) => sum + end - start, 0)];
      }),
    };
  }
  return report;
}

async function samplesOf(rounds: number, make: () => Promise<Holder>, isCounted: boolean): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) samples.push(await sampleOf(make, isCounted));
  return samples.slice(1);
}

/** A separate function, since engines keep the objects of a loop's last iteration. */
async function sampleOf(make: () => Promise<Holder>, isCounted: boolean): Promise<number> {
  const before = await heapBytes();
  const holders: Holder[] = [];
  for (let i = 0; i < INSTANCES; i++) holders.push(await make());
  await new Promise((resolve) => setTimeout(resolve, START_MS));
  const after = await heapBytes();
  const linear = holders.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
  return (after - before - (isCounted ? linear : 0)) / INSTANCES / 1_000;
}

/** Bytes in use: objects and their buffers. */
async function heapBytes(): Promise<number> {
  const { gc, process } = globalThis as {
    readonly gc?: () => void;
    readonly process?: { memoryUsage(): { readonly heapUsed: number; readonly external: number } };
  };
  if (gc === undefined || process === undefined) throw new Error("this runtime does not report its heap");
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  // Bun counts buffers among both.
  return "Bun" in globalThis ? heapUsed : heapUsed + external;
}
