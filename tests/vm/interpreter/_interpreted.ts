/**
 * Modules from the text format that the interpreter runs, for tests of the interpreter.
 *
 * @module
 */

import { instantiate } from "../../../src/vm/mod.ts";
import type { Imports, Instance, InstantiateOptions, Module } from "../../../src/vm/mod.ts";
import { interpret } from "../../../tools/compile.ts";
import { wat } from "../../../tools/wat.ts";

export { functionOf } from "../../../tools/wat.ts";

/** A compiled module. */
export function moduleOf(text: string): Module {
  return interpret(wat(text) as Uint8Array<ArrayBuffer>);
}

/** An instance. */
export function instanceOf(text: string, imports?: Imports, options?: InstantiateOptions): Promise<Instance> {
  return instantiate(moduleOf(text), imports, options);
}
