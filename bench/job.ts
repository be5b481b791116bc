/**
 * What one process of the bench is told, and what it says. Both are JSON.
 *
 * @module
 */

import type { Host } from "./contenders/contender.ts";
import { runCompute } from "./run_compute.ts";
import type { ComputeJob, ComputeReport } from "./run_compute.ts";

/** The work of one process. */
export type Job = ComputeJob;

/** What became of it. */
export type Report = ComputeReport;

/** Does a job. */
export function runJob(job: Job, host: Host): Promise<Report> {
  return runCompute(job, host);
}
