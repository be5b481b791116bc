/**
 * The job of one process of the bench. A job and its report are JSON.
 *
 * @module
 */

import type { Program } from "./program.ts";

/** What is measured. run_job.ts says which function measures it. */
export type JobKind =
  | "warm"
  | "cold"
  | "load"
  | "validate"
  | "calls"
  | "rpc"
  | "streams"
  | "fairness"
  | "memory"
  | "code"
  | "rewrite"
  | "size";

/** The work of one process. */
export interface Job {
  readonly kind: JobKind;
  /** For the kinds that compute. Paths of files are relative to the folder of the bench. */
  readonly programs: readonly Program[];
  /** Names of contenders. */
  readonly contenders: readonly string[];
  /** Samples of each. */
  readonly rounds: number;
}
