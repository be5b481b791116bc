/**
 * Compiling for tests, synchronously. `compileSync` chooses the engine as `compile` of the package does. What looks
 * inside the interpreter takes `interpret`.
 *
 * @module
 */

import { compileSync } from "../src/vm/mod.ts";
import type { Module } from "../src/vm/mod.ts";

export { compileSync, compileSync as interpret };

/** The engines. */
export type EngineName = "interpreter" | "native";

/** Compiles a module for an engine. */
export function compileFor(_engine: EngineName, bytes: Uint8Array<ArrayBuffer>): Module {
  return compileSync(bytes);
}
