/**
 * The reduced run, which guards against becoming slower. It runs a few rows on Deno, and compares their ratios to
 * neighbours in the same process. Times depend more on the machine than on a change.
 *
 * @module
 */

import type { Result } from "./report.ts";
import type { Ours } from "./results.ts";
import { geomean } from "./statistics.ts";
import type { SuiteOptions } from "./suites.ts";
import { PROGRAMS } from "./suites.ts";
import { figure, tableOf } from "./tables.ts";

const COMPUTED = ["fib", "sha", "mandel", "qsort", "scan", "lua", "json"];

/** The geometric mean of our times over a neighbour's. */
interface Bound {
  readonly ours: Ours;
  readonly neighbour: string;
  /** As measured on two cores of an AMD EPYC when this line was last changed. It depends on the machine. */
  readonly was: number;
  /** How many times as much it may be: a busy machine changes it by less. */
  readonly margin: number;
}

const BOUNDS: readonly Bound[] = [
  { ours: "interpreter", neighbour: "wasm3", was: 0.435, margin: 1.25 },
  { ours: "interpreter", neighbour: "native", was: 13.8, margin: 1.25 },
  // The programs take milliseconds natively, so that a pause of the machine counts more.
  { ours: "rivulet", neighbour: "native", was: 1.32, margin: 1.5 },
];

/** The rows of the run: computation only, since a short call's time depends too much on the machine. */
export const REDUCED: SuiteOptions & { readonly suite: string; readonly engine: string } = {
  engine: "deno",
  suite: "compute",
  programs: PROGRAMS.filter(({ name }) => COMPUTED.includes(name)),
  contenders: [...new Set(BOUNDS.flatMap(({ ours, neighbour }) => [ours, neighbour]))],
  rounds: 5,
};

/** Prints how the run compares with the bounds, and returns whether it holds all of them. */
export function holdsBounds(result: Result, log: (line: string) => void): boolean {
  const found = BOUNDS.map(({ ours, neighbour, was, margin }) => {
    const ratios = COMPUTED.map((row) => {
      const [own, theirs] = [result[row]?.[ours]?.min, result[row]?.[neighbour]?.min];
      if (own === undefined || theirs === undefined) {
        throw new Error(`${row} was not measured with ${ours}, ${neighbour}`);
      }
      return own / theirs;
    });
    const [bound, is] = [was * margin, geomean(ratios)];
    return { names: `${ours} over ${neighbour}`, was, bound, is, holds: is <= bound };
  });
  const rows = found.map(({ names, was, bound, is, holds }) => [
    names,
    ...[was, bound, is].map(figure),
    holds ? "holds" : "BROKEN",
  ]);
  log(tableOf(["time over time", "was", "at most", "is", ""], rows));
  return found.every(({ holds }) => holds);
}
