/**
 * What one process of the bench is told, and who does it. A job and its report are JSON.
 *
 * @module
 */

import type { Host } from "./contenders/contender.ts";
import type { Program } from "./program.ts";
import type { Report } from "./report.ts";
import { runCold, runWarm } from "./run_compute.ts";
import { runFairness } from "./run_fairness.ts";
import { runLoad, runValidate } from "./run_load.ts";
import { runCode, runMemory } from "./run_memory.ts";
import { runCalls, runRpc, runStreams } from "./run_plugins.ts";

const KINDS = {
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
} as const;

/** The work of one process. */
export interface Job {
  readonly kind: keyof typeof KINDS;
  /** For the kinds that compute; their files are seen from the folder of the bench. */
  readonly programs: readonly Program[];
  /** Names of contenders. */
  readonly contenders: readonly string[];
  /** Samples of each. */
  readonly rounds: number;
}

/** Does a job. */
export function runJob(job: Job, host: Host): Promise<Report> {
  return KINDS[job.kind](job, host);
}
