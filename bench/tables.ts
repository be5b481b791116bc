/**
 * Results as tables for a terminal.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { meanOf, ratiosOf, ratiosTo } from "./results.ts";
import type { Summary } from "./statistics.ts";
import type { Suite } from "./suites.ts";

/**
 * A suite's table: a line for each row, a column for each contender, and the available ratios. A contender that can't
 * take part has the reason in its column.
 */
export function suiteTable(
  { unit, contenders }: Suite,
  result: Result,
  absent: Readonly<Record<string, string>> = {},
): string {
  const present = contenders.filter((name) =>
    name in absent || Object.values(result).some((summaries) => name in summaries)
  );
  const ratios = unit === "ms" ? ratioColumns(result) : [];
  const rows = Object.entries(result).map(([row, summaries]) => [
    row,
    ...present.map((name) => summaries[name] === undefined ? absent[name] ?? "-" : cellOf(summaries[name], unit)),
    ...ratios.map(([, values]) => times(values[row])),
  ]);
  const means = ["geomean", ...present.map(() => ""), ...ratios.map(([, values]) => times(meanOf(values)))];
  const head = [`${unit}, median (best)`, ...present, ...ratios.map(([name]) => name)];
  return tableOf(head, ratios.length > 0 ? [...rows, means] : rows);
}

/** The ratios that a result has numbers for, each with the head of its column. */
function ratioColumns(result: Result): readonly (readonly [head: string, ratios: Record<string, number>])[] {
  const columns: [string, Record<string, number>][] = [
    ["rivulet/native", ratiosTo(result, "rivulet", "native")],
    ["interpreter/native", ratiosTo(result, "interpreter", "native")],
    ["interpreter over peers", ratiosOf(result, "interpreter").overPeers],
    ["rivulet/interpreter", ratiosTo(result, "rivulet", "interpreter")],
    ["rivulet/wasi-shim", ratiosTo(result, "rivulet", "wasi-shim")],
  ];
  return columns.filter(([, ratios]) => Object.keys(ratios).length > 0);
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

function cellOf({ min, median, max }: Summary, unit: Suite["unit"]): string {
  return `${figure(median)} (${figure(unit === "MB/s" ? max : min)})`;
}
