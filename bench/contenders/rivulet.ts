/**
 * This repository, called as a user calls it for long work: the event loop turns between slices. `rivulet` is its
 * native engine, `interpreter` its other one.
 *
 * @module
 */

import * as vm from "../../src/vm/mod.ts";
import type { HostFunction, Module } from "../../src/vm/mod.ts";
import type { Contender, Loaded } from "./contender.ts";
import { OURS } from "./ours.ts";
import type { Compile } from "./ours.ts";

/** The native engine. */
export const rivulet: Contender = ours("rivulet");
/** The interpreter. */
export const interpreter: Contender = ours("interpreter");

function ours(name: string): Contender {
  return { name, open: () => Promise.resolve(loaderOf(vm, OURS[name])) };
}

/** Returns a loader of programs for a virtual machine of this repository: this build or another one. */
export function loaderOf(
  machine: Pick<typeof vm, "instantiate" | "compile">,
  compile: Compile = machine.compile,
): (bytes: Uint8Array<ArrayBuffer>) => Promise<Loaded> {
  return async (bytes) => await load(machine, await compile(bytes));
}

/** Makes an instance of a program. Its imports return zeros. */
export async function load({ instantiate }: Pick<typeof vm, "instantiate">, module: Module): Promise<Loaded> {
  const imports: Record<string, Record<string, HostFunction>> = {};
  for (const { module: from, name, kind, type } of module.imports) {
    if (kind !== "function") throw new TypeError(`the program imports a ${kind}: ${from}.${name}`);
    const zeros = type!.results.map((result) => result === "i64" ? 0n : 0);
    (imports[from] ??= {})[name] = () => zeros.length > 1 ? zeros : zeros[0];
  }
  const instance = await instantiate(module, imports);
  if ("_initialize" in instance.exports) await instance.call("_initialize");
  return { run: async (size) => await instance.call("run", [size]) as number };
}
