/**
 * What a module is as a program: the function that runs it, and the functions of WASI that it imports. It is found once
 * for each module.
 *
 * @module
 */

import { foreignHint } from "../vm/binary/foreign.ts";
import { LinkError } from "../vm/mod.ts";
import type { Module } from "../vm/mod.ts";
import { wantedOf } from "./preview1.ts";
import type { WantedFunction } from "./preview1.ts";

/** A module as a program. */
export interface Program {
  /** The export that runs it. */
  readonly entry: string;
  /** The functions of WASI that it imports. */
  readonly wanted: readonly WantedFunction[];
}

const ENTRIES: readonly string[] = ["_start", "_initialize"];
const NO_ENTRY = "the module is not a WASI program: it exports neither _start nor _initialize";
/** What to add if nobody knows what such a module was built for. */
const NO_MAIN = ": build a program with `main` for wasm32-wasip1, not a library";

const PROGRAMS = new WeakMap<Module, Program>();

/** The program that a module is. @throws {LinkError} if it has no entry, or one that takes arguments */
export function programOf(module: Module): Program {
  const known = PROGRAMS.get(module);
  if (known !== undefined) return known;
  const program: Program = { entry: entryOf(module), wanted: wantedOf(module.imports) };
  PROGRAMS.set(module, program);
  return program;
}

function entryOf(module: Module): string {
  const entry = ENTRIES.find((name) => module.export(name)?.kind === "function");
  if (entry === undefined) {
    throw new LinkError(`${NO_ENTRY}${foreignHint(module.imports, module.exports) || NO_MAIN}`);
  }
  const { params } = module.export(entry)!.type!;
  if (params.length > 0) {
    throw new LinkError(`${entry} takes ${params.length} arguments: a WASI program's takes none`);
  }
  return entry;
}
