/**
 * Modules from the text format that the native engine runs, and tests that are ignored where it can't.
 *
 * @module
 */

import { compileSync } from "../../src/vm/choose.ts";
import { instantiate } from "../../src/vm/mod.ts";
import type { Imports, Instance, InstantiateOptions, Module } from "../../src/vm/mod.ts";
import { compileSupport } from "../../src/vm/native/support.ts";
import { wat } from "../../tools/wat.ts";

export { functionOf } from "../../tools/wat.ts";

/** Whether this runtime can run modules natively. */
export const isNative: boolean = compileSupport().reason === undefined;

/** A test of the native engine. */
export function nativeTest(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, ignore: !isNative, fn });
}

/** A compiled module. The text is assembled everywhere, so that runtimes without wabt have it. */
export function moduleOf(text: string): Module {
  return compileSync(wat(text) as Uint8Array<ArrayBuffer>, { engine: "native" });
}

/** An instance. */
export function instanceOf(text: string, imports?: Imports, options?: InstantiateOptions): Promise<Instance> {
  return instantiate(moduleOf(text), imports, options);
}
