/**
 * Does a job: selects the function that measures, by the kind of the job.
 *
 * @module
 */

import type { Host } from "./contenders/contender.ts";
import type { Job, JobKind } from "./job.ts";
import type { Report } from "./report.ts";
import { runCold, runWarm } from "./run_compute.ts";
import { runFairness } from "./run_fairness.ts";
import { runLoad, runValidate } from "./run_load.ts";
import { runCode, runMemory } from "./run_memory.ts";
import { runCalls, runRpc, runStreams } from "./run_plugins.ts";
import { runRewrite, runSize } from "./run_rewrite.ts";

const RUNS: Readonly<Record<JobKind, (job: Job, host: Host) => Promise<Report>>> = {
  warm: runWarm,
  cold: runCold,
  load: runLoad,
  validate: runValidate,
  calls: runCalls,
  rpc: runRpc,
  streams: runStreams,
  fairness: runFairness,
  memory: runMemory,
  code: runCode,
  rewrite: runRewrite,
  size: runSize,
};

/** Does a job. */
export function runJob(job: Job, host: Host): Promise<Report> {
  return RUNS[job.kind](job, host);
}
