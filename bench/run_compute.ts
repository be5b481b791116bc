/**
 * Measures programs in this process, every contender in turn, so that what the machine does meanwhile meets them all:
 * warm, when each has reached its speed; or cold, one first call. It names no runtime's own functions.
 *
 * @module
 */

import type { Contender, Host, Loaded } from "./contenders/contender.ts";
import { rivulet } from "./contenders/rivulet.ts";
import { native } from "./contenders/native.ts";
import { wasm3, wasmi } from "./contenders/embedded.ts";
import { polywasm } from "./contenders/polywasm.ts";
import type { Program } from "./program.ts";

/** Every contender; the first two always are there. */
export const CONTENDERS: readonly Contender[] = [native, rivulet, wasm3, wasmi, polywasm];

/** What is measured in one process. */
export interface ComputeJob {
  readonly kind: "warm" | "cold";
  /** With files seen from the folder of the bench. */
  readonly programs: readonly Program[];
  /** Names of contenders. */
  readonly contenders: readonly string[];
  /** Samples of each. */
  readonly rounds: number;
}

/** Milliseconds of each call, or why there are none. */
export type Timing = { readonly samples: readonly number[] } | { readonly error: string };

/** By the names of program and contender. */
export type ComputeReport = Record<string, Record<string, Timing>>;

/** A sample lasts so long at least, of several calls if need be: far more than a clock's step. */
const SAMPLE_MS = 20;
/** A contender is warm after so much time, and not before so many calls. */
const WARM_UP_MS = 300;
const WARM_UP_CALLS = 3;
/** Or after so much time whatever it did. */
const WARM_UP_MOST_MS = 3_000;

/** Measures what a job says; a contender that can't do a program has the reason in place of its time. */
export async function runCompute(job: ComputeJob, host: Host): Promise<ComputeReport> {
  const contenders = CONTENDERS.filter(({ name }) => job.contenders.includes(name));
  const report: ComputeReport = {};
  for (const program of job.programs) {
    const bytes = await host.read(program.file);
    report[program.name] = job.kind === "warm"
      ? await warm(program, bytes, contenders, job.rounds, host)
      : await cold(program, bytes, contenders, host);
  }
  return report;
}

interface Runner {
  readonly name: string;
  readonly loaded: Loaded;
  /** Calls that make a sample. */
  readonly calls: number;
  readonly samples: number[];
}

async function warm(
  program: Program,
  bytes: Uint8Array<ArrayBuffer>,
  contenders: readonly Contender[],
  rounds: number,
  host: Host,
): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing> = {};
  const runners: Runner[] = [];
  for (const { name, open } of contenders) {
    try {
      const loaded = await (await open(host))(bytes);
      const calls = await warmUp(loaded, program);
      runners.push({ name, loaded, calls, samples: [] });
    } catch (error) {
      timings[name] = { error: String(error) };
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { loaded, calls, samples } of runners) {
      const began = performance.now();
      for (let i = 0; i < calls; i++) await loaded.run(program.size);
      samples.push((performance.now() - began) / calls);
    }
  }
  for (const { name, samples } of runners) timings[name] = { samples };
  return timings;
}

/** Calls until the contender is warm; gives the calls that make a sample. */
async function warmUp(loaded: Loaded, { name, size, checksum }: Program): Promise<number> {
  const began = performance.now();
  let best = Infinity;
  for (let call = 0, spent = 0; call < WARM_UP_CALLS || spent < WARM_UP_MS; call++) {
    const before = performance.now();
    checkResult(name, await loaded.run(size), checksum);
    const after = performance.now();
    best = Math.min(best, after - before);
    spent = after - began;
    if (spent > WARM_UP_MOST_MS) break;
  }
  return Math.ceil(SAMPLE_MS / Math.max(best, SAMPLE_MS / 1_000));
}

/** From bytes to the first result. Only the first contender of a process is truly cold. */
async function cold(
  program: Program,
  bytes: Uint8Array<ArrayBuffer>,
  contenders: readonly Contender[],
  host: Host,
): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing> = {};
  for (const { name, open } of contenders) {
    try {
      const load = await open(host);
      const began = performance.now();
      const result = await (await load(bytes)).run(program.coldSize);
      const sample = performance.now() - began;
      checkResult(program.name, result, program.coldChecksum);
      timings[name] = { samples: [sample] };
    } catch (error) {
      timings[name] = { error: String(error) };
    }
  }
  return timings;
}

function checkResult(name: string, result: number, checksum: number): void {
  if (result !== checksum) throw new Error(`${name} gave ${result}, not ${checksum}`);
}
