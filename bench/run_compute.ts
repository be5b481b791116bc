/**
 * Measures programs in this process, every contender in turn, so that other load on the machine affects all of them.
 * Warm: each contender has reached its speed. Cold: one first call. It uses no functions of one runtime only.
 *
 * @module
 */

import { readModule } from "../tools/read_module.ts";
import type { Contender, Host, Loaded } from "./contenders/contender.ts";
import { CONTENDERS } from "./contenders/contenders.ts";
import type { Job } from "./job.ts";
import type { Program } from "./program.ts";
import { timingOf } from "./report.ts";
import type { Report, Timing } from "./report.ts";

/** The minimum duration of a sample, of several calls if needed. It is far more than a clock's step. */
const SAMPLE_MS = 20;
/** A contender is warm after this much time and this many calls: engines compile large functions for a second or more. */
const WARM_UP_MS = 1_000;
const WARM_UP_CALLS = 3;
/** After this much time, a contender counts as warm in any case. */
const WARM_UP_MOST_MS = 5_000;

/** Measures programs when all contenders are warm. */
export async function runWarm(job: Job, host: Host): Promise<Report> {
  return await runEach(job, host, (program, bytes, contenders) => warm(program, bytes, contenders, job.rounds, host));
}

/** Measures programs from bytes to the first result. Only the first contender of a process is truly cold. */
export async function runCold(job: Job, host: Host): Promise<Report> {
  return await runEach(job, host, (program, bytes, contenders) => cold(program, bytes, contenders, host));
}

async function runEach(
  job: Job,
  host: Host,
  measure: (
    program: Program,
    bytes: Uint8Array<ArrayBuffer>,
    contenders: readonly Contender[],
  ) => Promise<Record<string, Timing>>,
): Promise<Report> {
  const contenders = CONTENDERS.filter(({ name }) => job.contenders.includes(name));
  const report: Report = {};
  for (const program of job.programs) {
    report[program.name] = await measure(program, await readModule(host.read, program.file), contenders);
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

/** Calls until the contender is warm. Returns the number of calls that make a sample. */
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

async function cold(
  { name, coldSize, coldChecksum }: Program,
  bytes: Uint8Array<ArrayBuffer>,
  contenders: readonly Contender[],
  host: Host,
): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing> = {};
  for (const contender of contenders) {
    timings[contender.name] = await timingOf(async () => {
      const load = await contender.open(host);
      const began = performance.now();
      const result = await (await load(bytes)).run(coldSize);
      const sample = performance.now() - began;
      checkResult(name, result, coldChecksum);
      return [sample];
    });
  }
  return timings;
}

function checkResult(name: string, result: number, checksum: number): void {
  if (result !== checksum) throw new Error(`${name} returned ${result}, not ${checksum}`);
}
