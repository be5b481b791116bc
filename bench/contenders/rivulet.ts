/**
 * The virtual machine of this repository, called as a user calls it for long work: the event loop turns between slices.
 *
 * @module
 */

import { compile, instantiate } from "../../src/vm/mod.ts";
import type { HostFunction, Imports } from "../../src/vm/mod.ts";
import type { Contender } from "./contender.ts";

/** See the module's comment. */
export const rivulet: Contender = {
  name: "rivulet",
  open: () =>
    Promise.resolve(async (bytes) => {
      const module = await compile(bytes);
      const imports: Record<string, Record<string, HostFunction>> = {};
      for (const { module: from, name, kind, type } of module.imports) {
        if (kind !== "func") throw new TypeError(`the program imports a ${kind}: ${from}.${name}`);
        const zeros = type!.results.map((result) => result === "i64" ? 0n : 0);
        (imports[from] ??= {})[name] = () => zeros.length > 1 ? zeros : zeros[0];
      }
      const instance = await instantiate(module, imports as Imports);
      if ("_initialize" in instance.exports) await instance.call("_initialize");
      return { run: async (size) => await instance.call("run", [size]) as number };
    }),
};
