/**
 * Modules for tests from the text format, through wabt.
 *
 * @module
 */

import wabtFactory from "wabt";
import { instantiate } from "../src/vm/mod.ts";
import type { Imports, Instance, InstantiateOptions, Module } from "../src/vm/mod.ts";
import { compileSync } from "./compile.ts";

const wabt = await wabtFactory();

/** The modules assembled so far, by their text. Runtimes that can't load wabt run the same tests with them. */
export const binaries: Map<string, Uint8Array> = new Map();

/** The binary of a module in the text format. */
export function wat(text: string): Uint8Array {
  const module = wabt.parseWat("test.wat", text, { tail_call: true, extended_const: true, relaxed_simd: true });
  try {
    const { buffer } = module.toBinary({ write_debug_names: true });
    binaries.set(text, buffer.slice());
    return buffer;
  } finally {
    module.destroy();
  }
}

/** A compiled module from the text format. */
export function moduleOf(text: string): Module {
  return compileSync(wat(text) as Uint8Array<ArrayBuffer>);
}

/** An instance of a module in the text format. */
export function instanceOf(text: string, imports?: Imports, options?: InstantiateOptions): Promise<Instance> {
  return instantiate(moduleOf(text), imports, options);
}

/** An exported function that can be called at once. */
export function functionOf(instance: Instance, name: string): (...args: unknown[]) => unknown {
  return instance.exports[name] as (...args: unknown[]) => unknown;
}
