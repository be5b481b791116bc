/**
 * The virtual machine of this repository, called as a user calls it for long work: the event loop turns between slices.
 *
 * @module
 */

import * as vm from "../../src/vm/mod.ts";
import type { HostFunction, Module } from "../../src/vm/mod.ts";
import type { Contender, Loaded } from "./contender.ts";

/** See the module's comment. */
export const rivulet: Contender = { name: "rivulet", open: () => Promise.resolve(loaderOf(vm)) };

/** Returns a loader of programs for a virtual machine of this repository: this build or another one. */
export function loaderOf(machine: typeof vm): (bytes: Uint8Array<ArrayBuffer>) => Promise<Loaded> {
  return async (bytes) => await load(machine, await machine.compile(bytes));
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
