/**
 * Shows what a module declares: name, size, exports and imports. Long lists are cut.
 *
 * @module
 */

/// <reference lib="dom" />
import type { Module } from "@rivulet/rivulet";
import { element } from "./_elements.ts";
import { formatBytes, formatNumber, visible } from "./_text.ts";

/** Rows of a list that are shown. */
const ROWS = 100;
/** Characters of a name, and of a function's type. */
const NAME_LENGTH = 80;

type Row = Module["exports"][number] & { readonly module?: string };

/** Shows a module. */
export function showModule(module: Module, fileName: string, bytes: number): void {
  element("module-name").textContent = visible(module.name ?? fileName, NAME_LENGTH);
  element("module-size").textContent = formatBytes(bytes);
  showList("exports", module.exports);
  showList("imports", module.imports);
  element("module-view").hidden = false;
}

/** Shows no module. */
export function hideModule(): void {
  element("module-view").hidden = true;
}

function showList(id: string, rows: readonly Row[]): void {
  element(`${id}-count`).textContent = formatNumber(rows.length);
  const shown = rows.slice(0, ROWS).map((row) => {
    const item = document.createElement("li");
    item.append(part("code", nameOf(row)), " ", part("span", typeOf(row)));
    return item;
  });
  if (rows.length > ROWS) shown.push(part("li", `and ${formatNumber(rows.length - ROWS)} more`));
  if (rows.length === 0) shown.push(part("li", "none"));
  element(id).replaceChildren(...shown);
}

function nameOf({ module, name }: Row): string {
  return module === undefined
    ? visible(name, NAME_LENGTH)
    : `${visible(module, NAME_LENGTH)}.${visible(name, NAME_LENGTH)}`;
}

function typeOf({ kind, type }: Row): string {
  if (type === undefined) return kind;
  const results = type.results.length === 1 ? type.results[0]! : `(${type.results.join(", ")})`;
  return visible(`(${type.params.join(", ")}) → ${results}`, NAME_LENGTH);
}

function part<Name extends "code" | "span" | "li">(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
