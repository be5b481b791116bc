/**
 * The deadlines of a call that waits for its worker: on the host's side until the worker runs, and in the worker until
 * the module is compiled.
 *
 * @module
 */

import type { PluginCallOptions } from "../plugin/mod.ts";

/** Milliseconds that count as no waiting. */
const NO_WAIT_MS = 2;

/** The options of a call that has waited for its worker: its deadlines are so much nearer. */
export function afterWaiting(options: PluginCallOptions, waitedMs: number): PluginCallOptions {
  if (waitedMs < NO_WAIT_MS) return options;
  const { deadlineMs, maxDeadlineMs } = options;
  const left = (ms: number) => Math.max(0, ms - waitedMs);
  return {
    ...options,
    ...deadlineMs === undefined ? {} : { deadlineMs: left(deadlineMs) },
    ...maxDeadlineMs === undefined ? {} : { maxDeadlineMs: left(maxDeadlineMs) },
  };
}
