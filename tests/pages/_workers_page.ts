/**
 * The program of the page of workers.ts: runs a case when it is told to.
 *
 * @module
 */

import { CASES } from "./_workers_cases.ts";

/** What became of each case: nothing yet, `passed`, or what went wrong. */
const outcomes: Record<string, string> = {};

/** Begins a case. */
function begin(name: string): void {
  CASES[name]!().then(() => outcomes[name] = "passed", (error: unknown) => {
    outcomes[name] = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
  });
}

Object.assign(globalThis, { begin, outcomes });
