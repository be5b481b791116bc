/**
 * What the interpreter keeps of a module, for tests that look inside.
 *
 * @module
 */

import { codeOf as interpretedCode } from "../src/vm/interpreter/mod.ts";
import type { ModuleCode } from "../src/vm/interpreter/arena.ts";
import { preparedOf } from "../src/vm/module.ts";
import type { Module } from "../src/vm/mod.ts";

/** The code of a module. */
export function codeOf(module: Module): ModuleCode {
  return interpretedCode(preparedOf(module));
}
