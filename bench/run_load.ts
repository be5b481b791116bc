/**
 * Measures modules of several sizes in a warm process: from bytes to the first result, and decoding and validation
 * alone. The modules are one program with its functions repeated. The first result needs one copy of them.
 *
 * @module
 */

import type { Contender, Host } from "./contenders/contender.ts";
import { CONTENDERS } from "./contenders/contenders.ts";
import { native } from "./contenders/native.ts";
import { OURS } from "./contenders/ours.ts";
import { grow } from "./grow_module.ts";
import type { Job } from "./job.ts";
import { timingOf } from "./report.ts";
import type { Report } from "./report.ts";

/** Bytes of the modules, by row. */
const SIZES: Readonly<Record<string, number>> = { "10 kB": 1e4, "100 kB": 1e5, "1 MB": 1e6, "5 MB": 5e6 };
const SEED = "kernels/prebuilt/sha.wasm";
/** The number of samples that are discarded. */
const WARM_UP = 3;

/** Milliseconds from bytes to the first result. */
export async function runLoad(job: Job, host: Host): Promise<Report> {
  const seed = await host.read(SEED);
  const expected = await firstResult(native, host, seed);
  const contenders = CONTENDERS.filter(({ name }) => job.contenders.includes(name));
  return await forSizes(seed, async (bytes) => {
    const timings: Report[string] = {};
    for (const contender of contenders) {
      timings[contender.name] = await timingOf(() =>
        samplesOf(job.rounds, async () => {
          const load = await contender.open(host);
          const began = performance.now();
          const result = await (await load(bytes)).run(1);
          const time = performance.now() - began;
          if (result !== expected) throw new Error(`the first result is ${result}, not ${expected}`);
          return time;
        })
      );
    }
    return timings;
  });
}

/**
 * Megabytes a second of `compile`: decoding and validation, and with our native engine, rewriting. For WebAssembly of
 * the host, and what our engine passes to it, it includes the host's compilation.
 */
export async function runValidate(job: Job, host: Host): Promise<Report> {
  const compilers: Record<string, (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>> = {
    native: (bytes) => WebAssembly.compile(bytes),
    ...OURS,
  };
  return await forSizes(await host.read(SEED), async (bytes) => {
    const timings: Report[string] = {};
    for (const name of job.contenders) {
      const compileBytes = compilers[name];
      if (compileBytes === undefined) continue;
      timings[name] = await timingOf(() =>
        samplesOf(job.rounds, async () => {
          const began = performance.now();
          await compileBytes(bytes);
          return bytes.length / 1_000 / (performance.now() - began);
        })
      );
    }
    return timings;
  });
}

async function firstResult(contender: Contender, host: Host, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  return await (await (await contender.open(host))(bytes)).run(1);
}

async function forSizes(
  seed: Uint8Array<ArrayBuffer>,
  measure: (bytes: Uint8Array<ArrayBuffer>) => Promise<Report[string]>,
): Promise<Report> {
  const report: Report = {};
  for (const [row, size] of Object.entries(SIZES)) report[row] = await measure(grow(seed, size));
  return report;
}

async function samplesOf(rounds: number, measure: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < WARM_UP + rounds; i++) samples.push(await measure());
  return samples.slice(WARM_UP);
}
