/**
 * The outcome of untrusted bytes. They are compiled, linked with all that they import, and run for a while. Only the
 * errors that the virtual machine documents are allowed.
 *
 * @module
 */

import { CompileError, instantiate, LimitError, LinkError, Trap } from "../../src/vm/mod.ts";
import type { ImportDescriptor, Imports, Instance, Module, RunLimits, ValueTypeName } from "../../src/vm/mod.ts";
import { compileSync } from "../../tools/compile.ts";

/** Limits of a guest for which no test waits long. */
export const TIGHT: RunLimits = { fuel: 20_000, memoryPages: 64, tableElements: 10_000 };

/** The number of exported functions of one module that are called. */
const CALLS = 4;

/** An error's class and message, or `fine`. Rethrows an error that is not documented. */
export async function outcomeOf(bytes: Uint8Array<ArrayBuffer>, limits: RunLimits = TIGHT): Promise<string> {
  try {
    await run(compileSync(bytes), limits);
    return "fine";
  } catch (error) {
    const isDocumented = error instanceof CompileError || error instanceof LinkError || error instanceof LimitError ||
      error instanceof Trap;
    if (!isDocumented) throw error;
    return `${error.name}: ${error.message}`;
  }
}

async function run(module: Module, limits: RunLimits): Promise<void> {
  // Names are read lazily, and reading them must not fail.
  module.name?.toString();
  module.customSections("name");
  const instance = await instantiate(module, stubs(module.imports), { limits });
  const functions = module.exports.filter(({ kind }) => kind === "function").slice(0, CALLS);
  for (const { name, type } of functions) await settle(instance, name, type!.params);
}

/** Calls a function. It can end with a result, a trap or a limit, but the text of the error must not be too long. */
async function settle(instance: Instance, name: string, params: readonly ValueTypeName[]): Promise<void> {
  try {
    await instance.call(name, params.map((type) => type === "i64" ? 0n : type.endsWith("ref") ? null : 0));
  } catch (error) {
    if (!(error instanceof Trap || error instanceof LimitError)) throw error;
    if (error.message.length > 1 << 20) throw new Error("an error's text has more than a megabyte");
  }
}

/** A function for each imported function. Other imports stay missing. */
function stubs(imports: readonly ImportDescriptor[]): Imports {
  const modules: Record<string, Record<string, () => unknown>> = Object.create(null);
  for (const { module, name, kind, type } of imports) {
    if (kind !== "function") continue;
    const results = type!.results.map((result) => result === "i64" ? 0n : result === "funcref" ? null : 0);
    (modules[module] ??= Object.create(null))[name] = () => results.length > 1 ? results : results[0];
  }
  return modules;
}

/** Milliseconds, and the growth of heap and buffers in mebibytes, garbage included. */
export async function measure(run: () => unknown): Promise<{ ms: number; mib: number }> {
  const used = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return (heapUsed + external) / 2 ** 20;
  };
  const before = used();
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  return { ms, mib: used() - before };
}
