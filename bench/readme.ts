/**
 * The README's section about speed, from results.json: how our engines compute, what a plugin's calls take, and each
 * mark that was missed. A test compares the README with it. `deno run --allow-read bench/readme.ts` prints it.
 *
 * @module
 */

import { verdictsOf } from "./marks.ts";
import { coremarkOf, greatestOf, meanOf, measuredOn, ratiosOf } from "./results.ts";
import type { EngineResults, Ours, Results } from "./results.ts";
import { figure } from "./tables.ts";

/** The engine of the second table. */
const SHOWN = "deno";
/** Rows of the second table: what, suite, row, unit. */
const FIGURES: readonly (readonly [what: string, suite: string, row: string, unit: string])[] = [
  ['`plugin.call("ping")` on a new instance, C', "calls", "C, ping", "ms"],
  ["the same by `spawn`, without `Plugin`", "calls", "C, ping, spawned", "ms"],
  ["the same by `spawn`, Rust", "calls", "Rust PDK, ping, spawned", "ms"],
  ["200 calls of a host method, C", "rpc", "many_echo(200), C", "ms"],
  ["a message of 1 MB, Rust", "rpc", "a message of 1 MB, Rust PDK", "ms"],
  ["a filter that copies", "streams", "copy, C", "MB/s"],
  ["a filter that changes each byte", "streams", "upper, C", "MB/s"],
  ["bytes to the first result of a process, Lua", "cold", "lua", "ms"],
  ["bytes to the first result of a process, SQLite", "cold", "sqlite", "ms"],
];
const COLUMNS = ["rivulet", "interpreter", "native", "wasi-shim", "node:wasi"];
const HEADS = ["native engine", "interpreter", "WebAssembly of the host", "browser_wasi_shim", "`node:wasi`"];

/** The part of the README that has numbers. */
export function speedSection(results: Results): string {
  const head = [
    ...["runtime", "native engine", "at worst", "interpreter", "over the best of wasm3 and wasmi", "at worst"],
    "CoreMark, both",
  ];
  const compute = Object.values(results.engines).map(rowOf).filter((row) => row !== undefined);
  const missed = verdictsOf(results).filter(({ isMet }) => !isMet)
    .map(({ what, engine, value, bound }) => `- ${engine}: ${what}: ${value}, and ${bound} is aimed at`);
  const verdicts = missed.length === 0 ? "All marks are met." : `Marks that are missed:\n\n${missed.join("\n")}`;
  const figures = figuresOf(results.engines[SHOWN]);
  return [
    table(head, compute),
    `On ${measuredOn(results, "compute")}.`,
    ...figures.length > 0 ? [`On ${results.engines[SHOWN]!.version}:`, table(["what", ...HEADS], figures)] : [],
    verdicts,
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function rowOf({ version, absent, suites: { compute } }: EngineResults): string[] | undefined {
  if (compute === undefined) return undefined;
  const native = ratiosOf(compute, "rivulet").toNative;
  const { toNative, overPeers } = ratiosOf(compute, "interpreter");
  const worst = greatestOf(native);
  const score = (ours: Ours) => coremarkOf(compute, ours)?.toFixed() ?? "-";
  return [
    version,
    worst === undefined ? absent["rivulet"] ?? "-" : `${meanOf(native)!.toFixed(2)} times`,
    worst === undefined ? "-" : `${worst[1].toFixed(1)} (${worst[0]})`,
    `${meanOf(toNative)?.toFixed(1)} times`,
    `${meanOf(overPeers)?.toFixed(2)} times`,
    Math.min(...Object.values(overPeers)).toFixed(2),
    `${score("rivulet")}; ${score("interpreter")}`,
  ];
}

function figuresOf(engine: EngineResults | undefined): readonly string[][] {
  return FIGURES.flatMap(([what, suite, row, unit]) => {
    const summaries = engine?.suites[suite]?.[row];
    if (summaries === undefined) return [];
    const cells = COLUMNS.map((name) => {
      const value = unit === "ms" ? summaries[name]?.min : summaries[name]?.max;
      return value === undefined ? "-" : `${figure(value)} ${unit}`;
    });
    return [[what, ...cells]];
  });
}

if (import.meta.main) {
  console.log(speedSection(JSON.parse(await Deno.readTextFile(new URL("results.json", import.meta.url)))));
}
