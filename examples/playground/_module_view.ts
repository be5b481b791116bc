/**
 * Shows what a module is: its name, size, what kind of program it is, its imports and exports.
 *
 * @module
 */

/// <reference lib="dom" />

import type { ExportDescriptor, ImportDescriptor, Module } from "@rivulet/rivulet/vm";
import { shortened } from "./_pane.ts";

/** Rows of a list; a module may have a hundred thousand exports. */
const MOST_ROWS = 200;
const MOST_NAME = 120;

/** The elements that a module is shown in. */
export interface ModuleView {
  readonly facts: HTMLElement;
  readonly imports: HTMLElement;
  readonly importsCount: HTMLElement;
  readonly exports: HTMLElement;
  readonly exportsCount: HTMLElement;
}

/** Shows a module of so many bytes. */
export function showModule(view: ModuleView, module: Module, fileName: string, bytes: number): void {
  const facts: readonly (readonly [string, string])[] = [
    ["File", `${fileName}, ${(bytes / 1024).toFixed(1)} KiB`],
    ["Name", module.name === undefined ? "none" : shortened(module.name, MOST_NAME)],
    ["Kind", kindOf(module)],
  ];
  view.facts.replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  view.importsCount.textContent = String(module.imports.length);
  view.exportsCount.textContent = String(module.exports.length);
  fill(view.imports, module.imports, (row) => `${name(row.module)} . ${name(row.name)} ${typeOf(row)}`);
  fill(view.exports, module.exports, (row) => `${name(row.name)} ${typeOf(row)}`);
}

function kindOf({ exports, imports }: Module): string {
  const names = new Set(exports.filter(({ kind }) => kind === "func").map(({ name }) => name));
  const speaksWasi = imports.some(({ module }) => module.startsWith("wasi_"));
  if (names.has("_start")) return speaksWasi ? "command: reads standard input, writes standard output" : "command";
  if (names.has("_initialize")) return "reactor: sets up, then waits to be called";
  return "library: it has no entry point, so it can't be run here";
}

function typeOf({ kind, type }: ExportDescriptor | ImportDescriptor): string {
  return type === undefined ? kind : `(${list(type.params)}) → (${list(type.results)})`;
}

function list(types: readonly string[]): string {
  return shortened(types.join(" "), MOST_NAME);
}

function name(text: string): string {
  return shortened(text, MOST_NAME);
}

function fill<Row>(list: HTMLElement, rows: readonly Row[], text: (row: Row) => string): void {
  list.replaceChildren(...rows.slice(0, MOST_ROWS).map((row) => element("li", text(row))));
  if (rows.length > MOST_ROWS) list.append(element("li", `and ${rows.length - MOST_ROWS} more`));
  if (rows.length === 0) list.append(element("li", "none"));
}

function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
