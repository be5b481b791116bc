/**
 * The README's section about speed, from results.json: a row for each engine, and a line for each mark that was missed.
 * A test compares the README with it. `deno run --allow-read bench/readme.ts` prints it.
 *
 * @module
 */

import { verdictsOf } from "./marks.ts";
import { coremarkOf, meanOf, ratiosOf } from "./results.ts";
import type { EngineResults, Results } from "./results.ts";

/** The part of the README that has numbers. */
export function speedSection(results: Results): string {
  const rows = Object.values(results.engines).map(rowOf).filter((row) => row !== undefined);
  const head = ["engine", "slower than native", "faster than the best of wasm3 and wasmi", "at worst", "CoreMark"];
  const table = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const missed = verdictsOf(results).filter(({ isMet }) => !isMet)
    .map(({ what, engine, value, bound }) => `- ${engine}: ${what}: ${value}, and ${bound} is aimed at`);
  const verdicts = missed.length === 0 ? "All marks are met." : `Marks that are missed:\n\n${missed.join("\n")}`;
  return `${table}\n\nOn ${results.machine}; ${results.date}. ${verdicts}`;
}

function rowOf({ version, suites: { compute } }: EngineResults): string[] | undefined {
  if (compute === undefined) return undefined;
  const { toNative, overPeers } = ratiosOf(compute);
  return [
    version,
    `${meanOf(toNative)?.toFixed(1)} times`,
    `${meanOf(overPeers)?.toFixed(2)} times`,
    Math.min(...Object.values(overPeers)).toFixed(2),
    coremarkOf(compute)?.toFixed() ?? "",
  ];
}

if (import.meta.main) {
  console.log(speedSection(JSON.parse(await Deno.readTextFile(new URL("results.json", import.meta.url)))));
}
