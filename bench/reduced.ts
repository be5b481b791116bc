/**
 * The reduced run, which guards against becoming slower. It runs a few rows on Deno, and compares their ratios to
 * neighbours in the same process. Times depend more on the machine than on a change.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { geomean } from "./statistics.ts";
import type { SuiteOptions } from "./suites.ts";
import { PROGRAMS } from "./suites.ts";
import { figure, tableOf } from "./tables.ts";

/** How much worse than its bound a ratio may be. A busy machine changes a ratio by less. */
const MARGIN = 1.25;

const COMPUTED = ["fib", "sha", "mandel", "qsort", "scan", "lua", "json"];

/**
 * The geometric mean of our times over a neighbour's, as measured on two cores of an AMD EPYC when this line was last
 * changed. It depends on the machine: an earlier one had 0.34 and 10.3.
 */
const BOUNDS: Readonly<Record<string, number>> = { wasm3: 0.435, native: 13.8 };

/** The rows of the run: computation only, since a short call's time depends too much on the machine. */
export const REDUCED: SuiteOptions & { readonly suite: string; readonly engine: string } = {
  engine: "deno",
  suite: "compute",
  programs: PROGRAMS.filter(({ name }) => COMPUTED.includes(name)),
  contenders: ["rivulet", ...Object.keys(BOUNDS)],
  rounds: 5,
};

/** Prints how the run compares with the bounds, and returns whether it holds all of them. */
export function holdsBounds(result: Result, log: (line: string) => void): boolean {
  const found = Object.entries(BOUNDS).map(([neighbour, was]) => {
    const ratios = COMPUTED.map((row) => {
      const [ours, theirs] = [result[row]?.["rivulet"]?.median, result[row]?.[neighbour]?.median];
      if (ours === undefined || theirs === undefined) throw new Error(`${row} was not measured with ${neighbour}`);
      return ours / theirs;
    });
    const [bound, is] = [was * MARGIN, geomean(ratios)];
    return { neighbour, was, bound, is, holds: is <= bound };
  });
  const rows = found.map(({ neighbour, was, bound, is, holds }) => [
    neighbour,
    ...[was, bound, is].map(figure),
    holds ? "holds" : "BROKEN",
  ]);
  log(tableOf(["our time over that of", "was", "at most", "is", ""], rows));
  return found.every(({ holds }) => holds);
}
