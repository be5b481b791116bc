/**
 * The marks that the project set itself, and how a run compares with them.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { coremarkOf, meanOf, ratiosOf } from "./results.ts";
import type { EngineResults, Results } from "./results.ts";
import { geomean } from "./statistics.ts";
import { figure, tableOf } from "./tables.ts";

/** A bound on a number from an engine's results. */
interface Mark {
  readonly what: string;
  readonly unit: string;
  readonly bound: "at least" | "at most";
  /** The bound by compiler. Without a bound, the compiler has no mark. */
  readonly by: Readonly<Partial<Record<string, number>>>;
  /** The number, if the suite was run. */
  value(suites: Readonly<Record<string, Result | undefined>>): number | undefined;
}

/** A mark on one engine. */
export interface Verdict {
  readonly what: string;
  readonly engine: string;
  readonly bound: string;
  readonly value: string;
  readonly isMet: boolean;
  /** How much better or worse than the bound the number is, in hundredths of the bound. */
  readonly margin: number;
}

const everywhere = (bound: number): Mark["by"] => ({ V8: bound, JavaScriptCore: bound, SpiderMonkey: bound });

const MARKS: readonly Mark[] = [
  {
    what: "computation over the best of wasm3 and wasmi, geomean",
    unit: "x",
    bound: "at least",
    by: { V8: 2, JavaScriptCore: 1.5, SpiderMonkey: 1 },
    value: ({ compute }) => compute && meanOf(ratiosOf(compute).overPeers),
  },
  {
    what: "computation over the best of wasm3 and wasmi, the worst program",
    unit: "x",
    bound: "at least",
    by: everywhere(0.8),
    value: ({ compute }) => compute && leastOf(ratiosOf(compute).overPeers),
  },
  {
    what: "computation against native WebAssembly, geomean",
    unit: "x",
    bound: "at most",
    by: { V8: 16, JavaScriptCore: 16 },
    value: ({ compute }) => compute && meanOf(ratiosOf(compute).toNative),
  },
  {
    what: "CoreMark, iterations a second",
    unit: "",
    bound: "at least",
    by: { V8: 1_500 },
    value: ({ compute }) => compute && coremarkOf(compute),
  },
  {
    what: "the first call of a process against wasm3, geomean",
    unit: "x",
    bound: "at most",
    by: { V8: 1, JavaScriptCore: 1.5 },
    value: ({ cold }) => cold && meanRatio(cold, "wasm3"),
  },
  {
    what: "a module of 1 MB to the first result",
    unit: " ms",
    bound: "at most",
    by: everywhere(15),
    value: ({ load }) => load?.["1 MB"]?.["rivulet"]?.median,
  },
  {
    what: "validation of 1 MB",
    unit: " MB/s",
    bound: "at least",
    by: everywhere(40),
    value: ({ validate }) => validate?.["1 MB"]?.["rivulet"]?.median,
  },
  ...["C, ping", "Rust std, a line"].map((row): Mark => ({
    what: `a new instance and a call against native WebAssembly with a WASI shim: ${row}`,
    unit: "x",
    bound: "at most",
    by: everywhere(3),
    value: ({ calls }) => calls?.[row] && meanRatio({ [row]: calls[row] }, "wasi-shim"),
  })),
  {
    what: "many_echo(200), Rust PDK",
    unit: " ms",
    bound: "at most",
    by: everywhere(8),
    value: ({ rpc }) => rpc?.["many_echo(200), Rust PDK"]?.["rivulet"]?.median,
  },
  {
    what: "a filter that copies",
    unit: " MB/s",
    bound: "at least",
    by: { V8: 50 },
    value: ({ streams }) => streams?.["copy, C"]?.["rivulet"]?.median,
  },
  {
    what: "an idle instance beyond its linear memory",
    unit: " kB",
    bound: "at most",
    by: everywhere(64),
    value: ({ memory }) => memory?.["a process that waits for input"]?.["rivulet"]?.median,
  },
];

/** How a run compares with the marks that it has numbers for. */
export function verdictsOf({ engines }: Results): readonly Verdict[] {
  return MARKS.flatMap((mark) => Object.values(engines).flatMap((engine) => verdictOf(mark, engine) ?? []));
}

/** Verdicts as a table. */
export function marksTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ what, engine, bound, value, isMet, margin }) => {
    const by = `${Math.abs(margin).toFixed()} % ${margin >= 0 ? "better" : "worse"}`;
    return [what, engine, bound, value, isMet ? "met" : "missed", by];
  });
  return tableOf(["mark", "engine", "bound", "found", "verdict", "by"], rows);
}

function verdictOf({ what, unit, bound, by, value }: Mark, engine: EngineResults): Verdict | undefined {
  const limit = by[engine.compiler];
  const found = value(engine.suites);
  if (limit === undefined || found === undefined) return undefined;
  const margin = 100 * (bound === "at least" ? found / limit - 1 : 1 - found / limit);
  return {
    what,
    engine: engine.version,
    bound: `${bound} ${limit}${unit}`,
    value: `${figure(found)}${unit}`,
    isMet: margin >= 0,
    margin,
  };
}

/** The geometric mean of our times over a contender's. */
function meanRatio(result: Result, contender: string): number | undefined {
  const ratios = Object.values(result).flatMap((summaries) => {
    const ours = summaries["rivulet"]?.median;
    const theirs = summaries[contender]?.median;
    return ours === undefined || theirs === undefined ? [] : ours / theirs;
  });
  return ratios.length > 0 ? geomean(ratios) : undefined;
}

function leastOf(ratios: Record<string, number>): number | undefined {
  const values = Object.values(ratios);
  return values.length > 0 ? Math.min(...values) : undefined;
}
