/**
 * The two engines of this repository, by the names that they have as contenders.
 *
 * @module
 */

import { compile } from "../../mod.ts";
import type { Module } from "../../mod.ts";
import * as vm from "../../src/vm/mod.ts";
import { timingOf } from "../report.ts";
import type { Timing } from "../report.ts";

/** Compiles a module for one of the engines. */
export type Compile = (bytes: Uint8Array<ArrayBuffer>) => Promise<Module>;

/** By the names of contenders. `rivulet` is what `compile` chooses where the native engine can run. */
export const OURS: Readonly<Record<string, Compile>> = {
  async rivulet(bytes) {
    const module = await compile(bytes);
    if (module.engine.name !== "native") throw new Error(module.engine.reason);
    return module;
  },
  interpreter: (bytes) => vm.compile(bytes),
};

/** What those of our engines take that are among the contenders. */
export async function timingsOfOurs(
  contenders: readonly string[],
  measure: (compile: Compile) => Promise<readonly number[]>,
): Promise<Record<string, Timing>> {
  const timings: Record<string, Timing> = {};
  for (const [name, compile] of Object.entries(OURS)) {
    if (contenders.includes(name)) timings[name] = await timingOf(() => measure(compile));
  }
  return timings;
}
