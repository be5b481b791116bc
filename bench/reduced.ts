/**
 * The reduced run, which guards against becoming slower: a few rows on Deno, each judged by its ratio to a neighbour in the
 * same process, since times say more of the machine than of a change.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { geomean } from "./statistics.ts";
import type { SuiteOptions } from "./suites.ts";
import { PROGRAMS } from "./suites.ts";
import { figure, tableOf } from "./tables.ts";

/** How much worse than its bound a ratio may be: more than a busy machine makes of it. */
const MARGIN = 1.25;

/** Our time over a neighbour's, as it was when this was written last. */
interface Bound {
  readonly suite: "compute" | "calls";
  readonly rows: readonly string[];
  readonly neighbour: string;
  readonly ratio: number;
}

const KERNELS = ["fib", "sha", "mandel", "qsort", "scan"];

const BOUNDS: readonly Bound[] = [
  { suite: "compute", rows: KERNELS, neighbour: "wasm3", ratio: 0.66 },
  { suite: "compute", rows: KERNELS, neighbour: "native", ratio: 15.3 },
  { suite: "calls", rows: ["C, ping"], neighbour: "wasi-shim", ratio: 5 },
];

/** What the run takes. */
export const REDUCED: SuiteOptions & { readonly suites: readonly string[]; readonly engine: string } = {
  engine: "deno",
  suites: [...new Set(BOUNDS.map(({ suite }) => suite))],
  programs: PROGRAMS.filter(({ name }) => KERNELS.includes(name)),
  contenders: ["rivulet", ...new Set(BOUNDS.map(({ neighbour }) => neighbour))],
  rounds: 5,
};

/** Prints how the run stands to the bounds; gives whether it holds all of them. */
export function holdsBounds(suites: Readonly<Record<string, Result>>, log: (line: string) => void): boolean {
  const found = BOUNDS.map(({ suite, rows, neighbour, ratio }) => {
    const ratios = rows.map((row) => {
      const summaries = suites[suite]?.[row];
      const [ours, theirs] = [summaries?.["rivulet"]?.median, summaries?.[neighbour]?.median];
      if (ours === undefined || theirs === undefined) throw new Error(`${row} was not measured with ${neighbour}`);
      return ours / theirs;
    });
    return { what: `${suite} over ${neighbour}`, ratio, mean: geomean(ratios) };
  });
  const rows = found.map(({ what, ratio, mean }) => [
    what,
    figure(ratio),
    figure(ratio * MARGIN),
    figure(mean),
    mean <= ratio * MARGIN ? "holds" : "BROKEN",
  ]);
  log(tableOf(["our time", "was", "at most", "is", ""], rows));
  return found.every(({ ratio, mean }) => mean <= ratio * MARGIN);
}
