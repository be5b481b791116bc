/**
 * The marks that the project set itself, and how a run compares with them.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { coremarkOf, greatestOf, meanOf, ratiosOf, ratiosTo } from "./results.ts";
import type { EngineResults, Results } from "./results.ts";
import { isReal, PROGRAMS } from "./suites.ts";
import { figure, tableOf } from "./tables.ts";

type Suites = Readonly<Record<string, Result | undefined>>;

/** A bound on a number from an engine's results. */
interface Mark {
  readonly what: string;
  readonly unit: string;
  readonly bound: "at least" | "at most";
  /** The bound by compiler. Without a bound, the compiler has no mark. */
  readonly by: Readonly<Partial<Record<string, number>>>;
  /** The number, if the suite was run. */
  value(suites: Suites): number | undefined;
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
/** For what is measured with guests in processes, or concerns what only they have. */
const inProcesses = (bound: number): Mark["by"] => ({ V8: bound, JavaScriptCore: bound });

/** The rows of a suite that are compared with a contender: how many times as long we take at most. */
interface Compared {
  readonly suite: string;
  readonly other: string;
  readonly rows: readonly string[];
  readonly by: Mark["by"];
}

/** Of the native engine, each row by itself. */
const COMPARED: readonly Compared[] = [
  { suite: "calls", other: "wasi-shim", rows: ["C, ping, spawned", "Rust PDK, ping, spawned"], by: inProcesses(1.7) },
  { suite: "calls", other: "wasi-shim", rows: ["C, ping", "Rust PDK, ping"], by: inProcesses(2.5) },
  {
    suite: "rpc",
    other: "interpreter",
    rows: ["many_echo(200), Rust PDK", "many_echo(200), C", "a message of 1 MB, Rust PDK", "a message of 1 MB, Go"],
    by: inProcesses(1),
  },
];

const NATIVE: readonly Mark[] = [
  {
    what: "computation against WebAssembly without metering, geomean",
    unit: "x",
    bound: "at most",
    by: { V8: 1.3, JavaScriptCore: 1.6, SpiderMonkey: 1.6 },
    value: ({ compute }) => compute && meanOf(ratiosTo(compute, "rivulet", "native")),
  },
  {
    what: "computation against WebAssembly without metering, the worst program",
    unit: "x",
    bound: "at most",
    by: { JavaScriptCore: 3 },
    value: ({ compute }) => compute && greatestOf(ratiosTo(compute, "rivulet", "native"))?.[1],
  },
  ...[["warm", 50], ["in a fresh process", 20]].map(([when, bound]): Mark => ({
    what: `rewriting, ${when}, geomean of the programs`,
    unit: " MB/s",
    bound: "at least",
    by: { V8: Number(bound) },
    value: ({ rewrite }) => rewrite && meanOf(greatestIn(rewrite, `, ${when}`)),
  })),
  {
    what: "rewriting SQLite, 1 MB, in a fresh process",
    unit: " MB/s",
    bound: "at least",
    by: { V8: 20 },
    value: ({ rewrite }) => rewrite?.["sqlite, in a fresh process"]?.["rivulet"]?.max,
  },
  {
    what: "the size of metered code, geomean of the real programs",
    unit: "x",
    bound: "at most",
    by: everywhere(1.5),
    // Of the kernels, which have a kilobyte, most of what is added is the same in every module.
    value: ({ size }) => size && meanOf(greatestIn(realOf(size))),
  },
  ...COMPARED.flatMap(({ suite, other, rows, by }) =>
    rows.map((row): Mark => ({
      what: `${row}, against ${other}`,
      unit: "x",
      bound: "at most",
      by,
      value: (suites) => suites[suite] && ratiosTo(suites[suite], "rivulet", other)[row],
    }))
  ),
  {
    what: "the first call of a process against the interpreter, geomean",
    unit: "x",
    bound: "at most",
    by: everywhere(1),
    value: ({ cold }) => cold && meanOf(ratiosTo(cold, "rivulet", "interpreter")),
  },
  {
    what: "a filter that copies",
    unit: " MB/s",
    bound: "at least",
    by: inProcesses(1_000),
    value: ({ streams }) => streams?.["copy, C"]?.["rivulet"]?.max,
  },
];

const INTERPRETER: readonly Mark[] = [
  {
    what: "computation over the best of wasm3 and wasmi, geomean",
    unit: "x",
    bound: "at least",
    by: { V8: 2, JavaScriptCore: 1.5, SpiderMonkey: 1 },
    value: ({ compute }) => compute && meanOf(ratiosOf(compute, "interpreter").overPeers),
  },
  {
    what: "computation over the best of wasm3 and wasmi, the worst program",
    unit: "x",
    bound: "at least",
    by: everywhere(0.8),
    value: ({ compute }) => compute && leastOf(ratiosOf(compute, "interpreter").overPeers),
  },
  {
    what: "computation against native WebAssembly, geomean",
    unit: "x",
    bound: "at most",
    by: { V8: 16, JavaScriptCore: 16 },
    value: ({ compute }) => compute && meanOf(ratiosTo(compute, "interpreter", "native")),
  },
  {
    what: "CoreMark, iterations a second",
    unit: "",
    bound: "at least",
    by: { V8: 1_500 },
    value: ({ compute }) => compute && coremarkOf(compute, "interpreter"),
  },
  {
    what: "the first call of a process against wasm3, geomean",
    unit: "x",
    bound: "at most",
    by: { V8: 1, JavaScriptCore: 1.5 },
    value: ({ cold }) => cold && meanOf(ratiosTo(cold, "interpreter", "wasm3")),
  },
  {
    what: "a module of 1 MB to the first result",
    unit: " ms",
    bound: "at most",
    by: everywhere(15),
    value: ({ load }) => load?.["1 MB"]?.["interpreter"]?.min,
  },
  {
    what: "validation of 1 MB",
    unit: " MB/s",
    bound: "at least",
    by: everywhere(40),
    value: ({ validate }) => validate?.["1 MB"]?.["interpreter"]?.max,
  },
  {
    what: "many_echo(200), Rust PDK",
    unit: " ms",
    bound: "at most",
    by: everywhere(8),
    value: ({ rpc }) => rpc?.["many_echo(200), Rust PDK"]?.["interpreter"]?.min,
  },
  {
    what: "a filter that copies",
    unit: " MB/s",
    bound: "at least",
    by: { V8: 50 },
    value: ({ streams }) => streams?.["copy, C"]?.["interpreter"]?.max,
  },
  {
    what: "an idle instance beyond its linear memory",
    unit: " kB",
    bound: "at most",
    by: everywhere(64),
    value: ({ memory }) => memory?.["a process that waits for input"]?.["interpreter"]?.median,
  },
];

/** How a run compares with the marks that it has numbers for. */
export function verdictsOf({ engines }: Results): readonly Verdict[] {
  const marks = [...of("native engine", NATIVE), ...of("interpreter", INTERPRETER)];
  return marks.flatMap((mark) => Object.values(engines).flatMap((engine) => verdictOf(mark, engine) ?? []));
}

/** Verdicts as a table. */
export function marksTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ what, engine, bound, value, isMet, margin }) => {
    const by = `${Math.abs(margin).toFixed()} % ${margin >= 0 ? "better" : "worse"}`;
    return [what, engine, bound, value, isMet ? "met" : "missed", by];
  });
  return tableOf(["mark", "engine", "bound", "found", "verdict", "by"], rows);
}

/** Marks whose texts say of which engine of ours they are. */
function of(engine: string, marks: readonly Mark[]): readonly Mark[] {
  return marks.map((mark) => ({ ...mark, what: `${engine}, ${mark.what}` }));
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

/** The rows of the real programs. */
function realOf(result: Result): Result {
  const names = PROGRAMS.filter(isReal).map(({ name }) => name);
  return Object.fromEntries(Object.entries(result).filter(([row]) => names.includes(row)));
}

/** The greatest values of the native engine in the rows whose names end so. */
function greatestIn(result: Result, ending = ""): Record<string, number> {
  return Object.fromEntries(
    Object.entries(result).flatMap(([row, { rivulet }]) =>
      rivulet !== undefined && row.endsWith(ending) ? [[row, rivulet.max]] : []
    ),
  );
}

function leastOf(ratios: Record<string, number>): number | undefined {
  const values = Object.values(ratios);
  return values.length > 0 ? Math.min(...values) : undefined;
}
