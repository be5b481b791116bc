/**
 * Tables for a terminal.
 *
 * @module
 */

/** Lines of a table: the first column to the left, the others to the right. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    widths.map((width, column) => {
      const cell = row[column] ?? "";
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** Three digits that say something. */
export function figure(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

/** A ratio as people write it. */
export function times(ratio: number | undefined): string {
  return ratio === undefined ? "" : `${figure(ratio)}x`;
}
