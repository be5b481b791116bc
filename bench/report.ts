/**
 * What is measured: samples by row and contender, and their summaries.
 *
 * @module
 */

import { summaryOf } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

/** Samples of one contender, in the unit of the suite, or the reason why there are none. */
export type Timing = { readonly samples: readonly number[] } | { readonly error: string };

/** By the names of row and contender. */
export type Report = Record<string, Record<string, Timing>>;

/** Summaries by the names of row and contender. */
export type Result = Record<string, Record<string, Summary>>;

/** The samples that a function returns, or the error that it throws. */
export async function timingOf(measure: () => Promise<readonly number[]>): Promise<Timing> {
  try {
    return { samples: await measure() };
  } catch (error) {
    return { error: String(error) };
  }
}

/** Sums up the reports of several processes. It logs and leaves out what a contender can't do. */
export function resultOf(reports: readonly Report[], log: (line: string) => void): Result {
  const samples: Record<string, Record<string, number[]>> = {};
  const failures = new Set<string>();
  for (const report of reports) {
    for (const [row, timings] of Object.entries(report)) {
      for (const [contender, timing] of Object.entries(timings)) {
        if ("samples" in timing) ((samples[row] ??= {})[contender] ??= []).push(...timing.samples);
        else failures.add(`left out: ${row} with ${contender}: ${timing.error}`);
      }
    }
  }
  for (const failure of failures) log(failure);
  const result: Result = {};
  for (const [row, byContender] of Object.entries(samples)) {
    result[row] = {};
    for (const [name, values] of Object.entries(byContender)) result[row][name] = summaryOf(values);
  }
  return result;
}

/** Those of the contenders that could do nothing at all, by their names, with the first reason. */
export function absentOf(reports: readonly Report[], names: readonly string[]): Record<string, string> {
  const absent: Record<string, string> = {};
  const present = new Set<string>();
  for (const report of reports) {
    for (const timings of Object.values(report)) {
      for (const [contender, timing] of Object.entries(timings)) {
        if ("samples" in timing) present.add(contender);
        // The last part of the reason is the shortest: "this runtime can't suspend WebAssembly: it has no JSPI".
        else if (names.includes(contender)) absent[contender] ??= timing.error.split(": ").at(-1)!;
      }
    }
  }
  for (const name of present) delete absent[name];
  return absent;
}
