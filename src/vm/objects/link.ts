/**
 * The types of imports and exports in JavaScript, and the check that each import has the type that the module declares.
 * All engines share it; an engine decides where it keeps a linked object.
 *
 * @see https://webassembly.github.io/spec/core/exec/modules.html#instantiation
 * @module
 */

import { quoted } from "../../base/text.ts";
import { LinkError } from "../errors.ts";
import { MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import { foreignHint } from "../binary/foreign.ts";
import type { NamedImport } from "../binary/foreign.ts";
import { funcTypeName, sameFuncType, valueTypeName } from "../binary/types.ts";
import type { FuncType, Import, Limits, MemoryType, ModuleRecord, TableType } from "../binary/types.ts";
import { funcOf, hostFunctionType } from "./function.ts";
import type { ExportedFunction, Func, HostFunction } from "./function.ts";
import { Global } from "./global.ts";
import { Memory } from "./memory.ts";
import { Table } from "./table.ts";

/** The value of an import: a host function, or an object that another instance exports or the host makes. */
export type ImportValue = HostFunction | Memory | Table | Global;

/**
 * Imports by module and name. Inherited properties are ignored.
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

/** The value of an export. */
export type ExportValue = ExportedFunction | Memory | Table | Global;

/** The value of an import of a module. @throws {LinkError} if it is missing */
export function lookUp(imports: Imports, { module, name }: Import, record: ModuleRecord): unknown {
  const fields = Object.hasOwn(imports, module) ? imports[module] : undefined;
  const value = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value !== undefined) return value;
  const hint = foreignHint(namedImports(record, module));
  throw new LinkError(`unknown import: nothing was given for ${nameOf({ module, name })}${hint}`);
}

/** The imports of a module from one other module. */
function* namedImports({ imports, types }: ModuleRecord, from: string): Generator<NamedImport> {
  for (const { module, name, type } of imports) {
    if (module !== from) continue;
    yield { module, name, type: type.kind === "function" ? types[type.typeIndex] : undefined };
  }
}

function nameOf({ module, name }: Pick<Import, "module" | "name">): string {
  return `${quoted(module, MAX_SHOWN_NAME_BYTES)}.${quoted(name, MAX_SHOWN_NAME_BYTES)}`;
}

/** Checks an imported function. A host function becomes a function instance at its first use. */
export function linkFunction(type: FuncType, entry: Import, value: unknown): Func | HostFunction {
  if (typeof value !== "function") throw mismatch(entry, "a function", value);
  const exported = funcOf(value);
  const known = exported?.type ?? hostFunctionType(value as HostFunction);
  if (known !== undefined && !sameFuncType(known, type)) {
    throw mismatch(entry, `a function of type ${funcTypeName(type)}`, `one of type ${funcTypeName(known)}`);
  }
  return exported ?? value as HostFunction;
}

/** Checks an imported global. An immutable one serves instances of all engines. */
export function linkGlobal(entry: Import, value: unknown, engine: string): Global {
  if (!(value instanceof Global)) throw mismatch(entry, "a Global", value);
  const { type } = entry.type as { readonly type: Global["type"] };
  if (value.type.value !== type.value || value.type.mutable !== type.mutable) {
    const text = (of: Global["type"]) => `${of.mutable ? "a mutable" : "an immutable"} ${valueTypeName(of.value)}`;
    throw mismatch(entry, `${text(type)} global`, `${text(value.type)} one`);
  }
  if (type.mutable) claim(entry, value, engine);
  return value;
}

/** Checks an imported memory. */
export function linkMemory({ limits }: MemoryType, entry: Import, value: unknown, engine: string): Memory {
  if (!(value instanceof Memory)) throw mismatch(entry, "a Memory", value);
  checkLimits(entry, limits, value.pages, value.declaredMaximum);
  claim(entry, value, engine);
  return value;
}

/** Checks an imported table. */
export function linkTable({ element, limits }: TableType, entry: Import, value: unknown, engine: string): Table {
  if (!(value instanceof Table)) throw mismatch(entry, "a Table", value);
  if (value.element !== element) {
    throw mismatch(entry, `a table of ${valueTypeName(element)}`, `one of ${valueTypeName(value.element)}`);
  }
  checkLimits(entry, limits, value.length, value.declaredMaximum);
  claim(entry, value, engine);
  return value;
}

/** An object that an instance has made or imported can only be shared with instances of the same engine. */
function claim(entry: Import, value: Memory | Table | Global, engine: string): void {
  if (value.claim(engine)) return;
  throw new LinkError(
    `incompatible import: ${
      nameOf(entry)
    } is used by an instance of another engine: compile both modules with the same`,
  );
}

function checkLimits(entry: Import, wanted: Limits, size: number, maximum: number | undefined): void {
  const isTooLarge = wanted.maximum !== undefined && (maximum === undefined || maximum > wanted.maximum);
  if (size >= wanted.minimum && !isTooLarge) return;
  const needed = wanted.maximum === undefined ? "" : ` and a maximum of at most ${wanted.maximum}`;
  const has = maximum === undefined ? "no maximum" : `a maximum of ${maximum}`;
  throw mismatch(entry, `of a size of at least ${wanted.minimum}${needed}`, `of ${size} with ${has}`);
}

function mismatch(entry: Import, wanted: string, given: unknown): LinkError {
  const what = typeof given === "string" ? given : `a value of type ${given === null ? "null" : typeof given}`;
  return new LinkError(`incompatible import type: ${nameOf(entry)} must be ${wanted}, not ${what}`);
}
