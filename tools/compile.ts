/**
 * Compiling for tests, synchronously. `compileSync` chooses the engine as `compile` of the package does. What looks
 * inside the interpreter takes `interpret`.
 *
 * @module
 */

import { compileSync } from "../src/vm/choose.ts";
import type { EngineName, Module } from "../src/vm/mod.ts";

export { compileSync };
export { compileSync as interpret } from "../src/vm/mod.ts";
export type { EngineName } from "../src/vm/mod.ts";

/** Compiles a module for an engine. */
export function compileFor(engine: EngineName, bytes: Uint8Array<ArrayBuffer>): Module {
  return compileSync(bytes, { engine });
}
