/**
 * Makes an instance of a module: links its imports, initialises globals, tables and memory from its segments. Running the
 * start function is left to the caller.
 *
 * @see https://webassembly.github.io/spec/core/exec/modules.html#instantiation
 * @module
 */

import { Fault } from "./_fault.ts";
import { evaluate } from "./const_expr.ts";
import { initMemory, initTable } from "./bulk_ops.ts";
import type { ModuleCode } from "./code.ts";
import { callNow } from "./drive.ts";
import { LinkError, Trap } from "./errors.ts";
import { Func, funcOf, hostFunctionType } from "./func.ts";
import type { ExportedFunction, HostFunction } from "./func.ts";
import { Global } from "./global.ts";
import { Instance } from "./instance.ts";
import type { ExportValue, RunLimits } from "./instance.ts";
import { Memory } from "./memory.ts";
import { Table } from "./table.ts";
import { EXTERNREF, FUNCREF, funcTypeName, sameFuncType, valueTypeName } from "./types.ts";
import type { Export, FuncType, Import, Limits } from "./types.ts";

/**
 * What a module may import: a host function, or what another instance exports.
 *
 * @example
 * ```ts
 * import { compile, instantiate, Memory } from "@rivulet/rivulet/vm";
 * import type { ImportValue } from "@rivulet/rivulet/vm";
 *
 * const env: Record<string, ImportValue> = { log: (value: number) => console.log(value), memory: new Memory({ initial: 1 }) };
 * // (module (import "env" "log" (func $log (param i32))) (func (export "run") (call $log (i32.const 42))))
 * const bytes = Uint8Array.fromBase64(
 *   "AGFzbQEAAAABCAJgAX8AYAAAAgsBA2VudgNsb2cAAAMCAQEHBwEDcnVuAAEKCAEGAEEqEAAL",
 * );
 * const instance = await instantiate(await compile(bytes), { env }); // more than it imports does no harm
 * await instance.call("run"); // prints 42
 * ```
 */
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

function wrap(func: Func): ExportedFunction {
  return (...args) => callNow(func, args);
}

/**
 * Makes an instance, its start function not run yet.
 *
 * @throws {LinkError} if an import is missing or of another type
 * @throws {LimitError} if memory or a table would start larger than its limit
 * @throws {Trap} if an active segment does not fit
 */
export function createInstance(code: ModuleCode, imports: Imports, limits: Required<RunLimits>): Instance {
  const { record } = code;
  const instance = new Instance(code, limits, wrap);
  linkImports(instance, imports);
  const { memoryPages, tableElements } = limits;
  const room = { limit: tableElements, left: tableElements };
  for (const { limits: { minimum, maximum } } of record.memories.slice(record.importedMemories)) {
    instance.memory = new Memory({ initial: minimum, maximum }, memoryPages);
  }
  for (const { element, limits: { minimum, maximum } } of record.tables.slice(record.importedTables)) {
    const type = valueTypeName(element) as "funcref" | "externref";
    instance.tables.push(new Table({ element: type, initial: minimum, maximum }, null, room, instance));
  }
  for (const [place, init] of record.globalInits.entries()) {
    const index = record.importedGlobals + place;
    const { low, high, reference } = evaluate(instance, init);
    instance.cells[index * 2] = low;
    instance.cells[index * 2 + 1] = high;
    const { value } = record.globals[index];
    if (value === FUNCREF || value === EXTERNREF) instance.global(index).reference = reference;
  }
  try {
    applySegments(instance);
  } catch (error) {
    throw error instanceof Fault ? new Trap(error.reason) : error;
  }
  return instance;
}

function applySegments(instance: Instance): void {
  const { elements, data } = instance.code.record;
  for (const [index, { mode, table, offset, inits }] of elements.entries()) {
    if (mode === "active") initTable(instance, table, index, evaluate(instance, offset!).low >>> 0, 0, inits.length);
    if (mode !== "passive") instance.droppedElements[index] = 1;
  }
  for (const [index, { mode, offset, bytes }] of data.entries()) {
    if (mode !== "active") continue;
    initMemory(instance, index, evaluate(instance, offset!).low >>> 0, 0, bytes.end - bytes.start);
    instance.droppedData[index] = 1;
  }
}

/** The exports as JavaScript sees them: an object without prototype, in the module's order. */
export function exportsOf(instance: Instance): Readonly<Record<string, ExportValue>> {
  const exports: Record<string, ExportValue> = Object.create(null);
  for (const entry of instance.code.record.exports) {
    Object.defineProperty(exports, entry.name, { enumerable: true, get: () => exportValue(instance, entry) });
  }
  return Object.freeze(exports);
}

/** What an export is in an instance. */
export function exportValue(instance: Instance, { kind, index }: Export): ExportValue {
  switch (kind) {
    case "func":
      return instance.func(index).exported;
    case "table":
      return instance.tables[index];
    case "memory":
      return instance.memory!;
    case "global":
      return instance.global(index);
  }
}

function linkImports(instance: Instance, imports: Imports): void {
  let functions = 0;
  let globals = 0;
  for (const entry of instance.code.record.imports) {
    const value = lookUp(imports, entry);
    switch (entry.type.kind) {
      case "func":
        instance.setFunc(functions++, linkFunction(instance.code.record.types[entry.type.typeIndex], entry, value));
        break;
      case "memory":
        if (!(value instanceof Memory)) throw mismatch(entry, "a Memory", value);
        checkLimits(entry, entry.type.type.limits, value.pages, value.declaredMaximum);
        instance.memory = value;
        break;
      case "table": {
        if (!(value instanceof Table)) throw mismatch(entry, "a Table", value);
        const { element, limits } = entry.type.type;
        if (value.element !== element) {
          throw mismatch(entry, `a table of ${valueTypeName(element)}`, `one of ${valueTypeName(value.element)}`);
        }
        checkLimits(entry, limits, value.length, value.declaredMaximum);
        instance.tables.push(value);
        break;
      }
      case "global":
        instance.setGlobal(globals++, linkGlobal(entry, value));
    }
  }
}

function lookUp(imports: Imports, { module, name }: Import): unknown {
  const fields = Object.hasOwn(imports, module) ? imports[module] : undefined;
  const value = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value !== undefined) return value;
  throw new LinkError(`unknown import: nothing was given for ${nameOf({ module, name })}`);
}

function nameOf({ module, name }: Pick<Import, "module" | "name">): string {
  return `${JSON.stringify(module)}.${JSON.stringify(name)}`;
}

function linkFunction(type: FuncType, entry: Import, value: unknown): Func {
  if (typeof value !== "function") throw mismatch(entry, "a function", value);
  const exported = funcOf(value);
  const known = exported?.type ?? hostFunctionType(value as HostFunction);
  if (known !== undefined && !sameFuncType(known, type)) {
    throw mismatch(entry, `a function ${funcTypeName(type)}`, `one that is ${funcTypeName(known)}`);
  }
  return exported ?? new Func(type, { host: value as HostFunction }, wrap);
}

function linkGlobal(entry: Import, value: unknown): Global {
  if (!(value instanceof Global)) throw mismatch(entry, "a Global", value);
  const { type } = entry.type as { readonly type: Global["type"] };
  if (value.type.value !== type.value || value.type.mutable !== type.mutable) {
    const text = (of: Global["type"]) => `${of.mutable ? "mutable" : "immutable"} ${valueTypeName(of.value)}`;
    throw mismatch(entry, `a global, ${text(type)}`, `one that is ${text(value.type)}`);
  }
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
