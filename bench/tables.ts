/**
 * Results as tables for a terminal.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { meanOf, ratiosOf } from "./results.ts";
import type { Summary } from "./statistics.ts";
import type { Suite } from "./suites.ts";

/** A suite's table: a line for each row, a column for each contender, and the available ratios. */
export function suiteTable({ unit, contenders }: Suite, result: Result): string {
  const present = contenders.filter((name) => Object.values(result).some((summaries) => name in summaries));
  const { toNative, overPeers } = unit === "ms" ? ratiosOf(result) : { toNative: {}, overPeers: {} };
  const ratios = [["x native", toNative], ["over peers", overPeers]] as const;
  const shown = ratios.filter(([, values]) => Object.keys(values).length > 0);
  const rows = Object.entries(result).map(([row, summaries]) => [
    row,
    ...present.map((name) => cellOf(summaries[name])),
    ...shown.map(([, values]) => times(values[row])),
  ]);
  const means = ["geomean", ...present.map(() => ""), ...shown.map(([, values]) => times(meanOf(values)))];
  const head = [`${unit}, median (min)`, ...present, ...shown.map(([name]) => name)];
  return tableOf(head, shown.length > 0 ? [...rows, means] : rows);
}

/** Lines of a table: the first column is aligned left, the others right. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    widths.map((width, column) => {
      const cell = row[column] ?? "";
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** Three significant digits. */
export function figure(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

/** A ratio as people write it. */
export function times(ratio: number | undefined): string {
  return ratio === undefined ? "" : `${figure(ratio)}x`;
}

function cellOf(summary: Summary | undefined): string {
  return summary === undefined ? "-" : `${figure(summary.median)} (${figure(summary.min)})`;
}
