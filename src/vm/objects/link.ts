/**
 * Imports and exports as JavaScript has them, and the check that what is given for an import is of the type that the module
 * declares. The same for every engine; where a linked object goes is the engine's business.
 *
 * @see https://webassembly.github.io/spec/core/exec/modules.html#instantiation
 * @module
 */

import { quoted } from "../../base/text.ts";
import { LinkError } from "../errors.ts";
import { MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import { funcTypeName, sameFuncType, valueTypeName } from "../binary/types.ts";
import type { FuncType, Import, Limits, MemoryType, TableType } from "../binary/types.ts";
import { funcOf, hostFunctionType } from "./function.ts";
import type { ExportedFunction, Func, HostFunction } from "./function.ts";
import { Global } from "./global.ts";
import { Memory } from "./memory.ts";
import { Table } from "./table.ts";

/** What a module may import: a host function, or what another instance exports. */
export type ImportValue = HostFunction | Memory | Table | Global;

/**
 * Imports by module and name. Only own properties count.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { Imports } from "@rivulet/rivulet/vm";
 *
 * const imports: Imports = { env: { log: async (value: number) => console.log(await Promise.resolve(value)) } };
 * // (module (import "env" "log" (func $log (param i32))) (func (export "run") (call $log (i32.const 42))))
 * const bytes = Uint8Array.fromBase64(
 *   "AGFzbQEAAAABCAJgAX8AYAAAAgsBA2VudgNsb2cAAAMCAQEHBwEDcnVuAAEKCAEGAEEqEAAL",
 * );
 * const instance = await instantiate(await compile(bytes), imports);
 * await instance.call("run"); // prints 42; the guest waits for the promise
 * ```
 */
export type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;

/** What an export is. */
export type ExportValue = ExportedFunction | Memory | Table | Global;

/** What is given for an import. @throws {LinkError} if nothing is */
export function lookUp(imports: Imports, { module, name }: Import): unknown {
  const fields = Object.hasOwn(imports, module) ? imports[module] : undefined;
  const value = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value !== undefined) return value;
  throw new LinkError(`unknown import: nothing was given for ${nameOf({ module, name })}`);
}

function nameOf({ module, name }: Pick<Import, "module" | "name">): string {
  return `${quoted(module, MAX_SHOWN_NAME_BYTES)}.${quoted(name, MAX_SHOWN_NAME_BYTES)}`;
}

/** The function that is given for an import; a host's own becomes a function instance when it is used. */
export function linkFunction(type: FuncType, entry: Import, value: unknown): Func | HostFunction {
  if (typeof value !== "function") throw mismatch(entry, "a function", value);
  const exported = funcOf(value);
  const known = exported?.type ?? hostFunctionType(value as HostFunction);
  if (known !== undefined && !sameFuncType(known, type)) {
    throw mismatch(entry, `a function ${funcTypeName(type)}`, `one that is ${funcTypeName(known)}`);
  }
  return exported ?? value as HostFunction;
}

/** The global that is given for an import. */
export function linkGlobal(entry: Import, value: unknown): Global {
  if (!(value instanceof Global)) throw mismatch(entry, "a Global", value);
  const { type } = entry.type as { readonly type: Global["type"] };
  if (value.type.value !== type.value || value.type.mutable !== type.mutable) {
    const text = (of: Global["type"]) => `${of.mutable ? "mutable" : "immutable"} ${valueTypeName(of.value)}`;
    throw mismatch(entry, `a global, ${text(type)}`, `one that is ${text(value.type)}`);
  }
  return value;
}

/** The memory that is given for an import. */
export function linkMemory({ limits }: MemoryType, entry: Import, value: unknown): Memory {
  if (!(value instanceof Memory)) throw mismatch(entry, "a Memory", value);
  checkLimits(entry, limits, value.pages, value.declaredMaximum);
  return value;
}

/** The table that is given for an import. */
export function linkTable({ element, limits }: TableType, entry: Import, value: unknown): Table {
  if (!(value instanceof Table)) throw mismatch(entry, "a Table", value);
  if (value.element !== element) {
    throw mismatch(entry, `a table of ${valueTypeName(element)}`, `one of ${valueTypeName(value.element)}`);
  }
  checkLimits(entry, limits, value.length, value.declaredMaximum);
  return value;
}

function checkLimits(entry: Import, wanted: Limits, size: number, maximum: number | undefined): void {
  const isTooLarge = wanted.maximum !== undefined && (maximum === undefined || maximum > wanted.maximum);
  if (size >= wanted.minimum && !isTooLarge) return;
  const text = (least: number, most: number | undefined) => `at least ${least} and at most ${most ?? "any"}`;
  throw mismatch(entry, `a size of ${text(wanted.minimum, wanted.maximum)}`, `one of ${text(size, maximum)}`);
}

function mismatch(entry: Import, wanted: string, given: unknown): LinkError {
  const what = typeof given === "string" ? given : `a value of type ${given === null ? "null" : typeof given}`;
  return new LinkError(`incompatible import type: ${nameOf(entry)} should be ${wanted}, not ${what}`);
}
