/**
 * Makes an instance of a module: links its imports, initialises globals, tables and memory from its segments. Running the
 * start function is left to the caller.
 *
 * @see https://webassembly.github.io/spec/core/exec/modules.html#instantiation
 * @module
 */

import { quoted } from "../_text.ts";
import { Fault } from "./_fault.ts";
import { spend } from "../_schedule.ts";
import { checkData, checkElements, putData, putElements } from "./bulk_ops.ts";
import type { ModuleCode } from "./code.ts";
import { evaluateInto } from "./const_expr.ts";
import type { Folded } from "./const_expr.ts";
import { callNow } from "./drive.ts";
import { LinkError, Trap } from "./errors.ts";
import { funcOf, hostFunctionType } from "./func.ts";
import type { ExportedFunction, Func, HostFunction } from "./func.ts";
import { Global } from "./global.ts";
import { Instance } from "./instance.ts";
import type { ExportValue, RunLimits } from "./instance.ts";
import { MAX_SHOWN_NAME_BYTES } from "./limits.ts";
import { Memory } from "./memory.ts";
import { Table } from "./table.ts";
import { funcTypeName, sameFuncType, valueTypeName } from "./types.ts";
import type { ByteRange, Export, FuncType, Import, Limits } from "./types.ts";

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

/** Work of each part of making an instance, in units of fuel: about 500 a microsecond, as measured. */
const WORK = {
  /** Beside what comparing its type takes. */
  import: 200,
  page: 32,
  table: 500,
  elementSegment: 50,
  /** That is one of the instance's own functions, in its own table; any other is an object. */
  ownElement: 1,
  element: 50,
  /** Most of it for a page that is touched first. */
  dataSegment: 2_000,
  dataByte: 0.5,
  /** Of a constant expression. */
  expressionByte: 2,
};
/** Elements that are put at once, and bytes of data: a millisecond or less. */
const ELEMENT_PART = 1 << 13;
const DATA_PART = 1 << 20;

/** What is awaited while an instance is made: turns of the event loop. */
export type Making = Generator<Promise<void>, Instance, void>;

function wrap(func: Func): ExportedFunction {
  return (...args) => callNow(func, args);
}

/**
 * Makes an instance, its start function not run yet. It yields a promise wherever a turn of the event loop is over: a small
 * module's instance is made without any.
 *
 * @throws {LinkError} if an import is missing or of another type
 * @throws {LimitError} if memory or a table would start larger than its limit
 * @throws {Trap} if an active segment does not fit
 */
export function* createInstance(code: ModuleCode, imports: Imports, limits: Required<RunLimits>): Making {
  const { record } = code;
  const instance = new Instance(code, limits, wrap);
  yield* linkImports(instance, imports);
  const { memoryPages, tableElements } = limits;
  const room = { limit: tableElements, left: tableElements };
  for (const { limits: { minimum, maximum } } of record.memories.slice(record.importedMemories)) {
    instance.memory = new Memory({ initial: minimum, maximum }, memoryPages);
    const turn = spend(minimum * WORK.page);
    if (turn !== undefined) yield turn;
  }
  for (const { element, limits: { minimum, maximum } } of record.tables.slice(record.importedTables)) {
    const type = valueTypeName(element) as "funcref" | "externref";
    instance.tables.push(new Table({ element: type, initial: minimum, maximum }, null, room, instance));
    const turn = spend(WORK.table + minimum);
    if (turn !== undefined) yield turn;
  }
  yield* setGlobals(instance);
  try {
    yield* putAllElements(instance);
    yield* putAllData(instance);
  } catch (error) {
    throw error instanceof Fault ? new Trap(error.reason) : error;
  }
  return instance;
}

/** Most globals have come with the cells; what is left depends on imports. */
function* setGlobals({ cells, code: { record, constants } }: Instance): Generator<Promise<void>, void> {
  const { open } = constants.globals;
  let turn = spend(cells.length);
  if (turn !== undefined) yield turn;
  for (let place = open.indexOf(1); place >= 0; place = open.indexOf(1, place + 1)) {
    const range = record.globalInits[place];
    evaluateInto(record, range, cells, (record.importedGlobals + place) * 2);
    turn = spend(exprWork(range));
    if (turn !== undefined) yield turn;
  }
}

function exprWork({ start, end }: ByteRange): number {
  return (end - start) * WORK.expressionByte;
}

const OFFSET = new Int32Array(2);

/** The offset of an active segment. */
function offsetOf(
  { cells, code: { record } }: Instance,
  { words, open }: Folded,
  index: number,
  range: ByteRange,
): number {
  if (open[index] === 0) return words[index * 2] >>> 0;
  evaluateInto(record, range, cells, 0, OFFSET);
  return OFFSET[0] >>> 0;
}

function* putAllElements(instance: Instance): Generator<Promise<void>, void> {
  const { record, constants } = instance.code;
  for (let index = 0; index < record.elements.length; index++) {
    const { mode, table, offset, length } = record.elements[index];
    let work = WORK.elementSegment;
    if (mode === "active") {
      const to = offsetOf(instance, constants.elements, index, offset!);
      if (constants.elements.open[index] !== 0) work += exprWork(offset!);
      checkElements(instance, table, index, to, 0, length);
      const each = instance.tables[table].isOwnedBy(instance) ? WORK.ownElement : WORK.element;
      for (let from = 0; from < length; from += ELEMENT_PART) {
        const count = Math.min(ELEMENT_PART, length - from);
        putElements(instance, table, index, to + from, from, count);
        const turn = spend(count * each);
        if (turn !== undefined) yield turn;
      }
    }
    if (mode !== "passive") instance.droppedElements[index] = 1;
    const turn = spend(work);
    if (turn !== undefined) yield turn;
  }
}

function* putAllData(instance: Instance): Generator<Promise<void>, void> {
  const { record, constants } = instance.code;
  for (let index = 0; index < record.data.length; index++) {
    const { mode, offset, start, end } = record.data[index];
    let work = WORK.dataSegment;
    if (mode === "active") {
      const to = offsetOf(instance, constants.data, index, offset!);
      if (constants.data.open[index] !== 0) work += exprWork(offset!);
      checkData(instance, index, to, 0, end - start);
      for (let from = 0; from < end - start; from += DATA_PART) {
        const count = Math.min(DATA_PART, end - start - from);
        putData(instance, index, to + from, from, count);
        const turn = spend(count * WORK.dataByte);
        if (turn !== undefined) yield turn;
      }
      instance.droppedData[index] = 1;
    }
    const turn = spend(work);
    if (turn !== undefined) yield turn;
  }
}

/** The exports as JavaScript sees them: an object without prototype, in the module's order. */
export function exportsOf(instance: Instance): Readonly<Record<string, ExportValue>> {
  const exports: Record<string, ExportValue> = Object.create(null);
  for (const entry of instance.code.record.exports) {
    Object.defineProperty(exports, entry.name, { enumerable: true, get: () => exportValue(instance, entry) });
  }
  // None of them can be changed, so it is frozen; to be told so takes longer when there are many.
  return Object.preventExtensions(exports);
}

/** The export of a name. */
export function exportOf(instance: Instance, name: string): ExportValue | undefined {
  const entry = instance.code.record.exportsByName.get(name);
  return entry === undefined ? undefined : exportValue(instance, entry);
}

function exportValue(instance: Instance, { kind, index }: Export): ExportValue {
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

function* linkImports(instance: Instance, imports: Imports): Generator<Promise<void>, void> {
  let functions = 0;
  let globals = 0;
  for (const entry of instance.code.record.imports) {
    const value = lookUp(imports, entry);
    let work = WORK.import;
    switch (entry.type.kind) {
      case "func": {
        const type = instance.code.record.types[entry.type.typeIndex];
        instance.setFunc(functions++, linkFunction(type, entry, value));
        work += type.params.length + type.results.length;
        break;
      }
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
    const turn = spend(work);
    if (turn !== undefined) yield turn;
  }
}

function lookUp(imports: Imports, { module, name }: Import): unknown {
  const fields = Object.hasOwn(imports, module) ? imports[module] : undefined;
  const value = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value !== undefined) return value;
  throw new LinkError(`unknown import: nothing was given for ${nameOf({ module, name })}`);
}

function nameOf({ module, name }: Pick<Import, "module" | "name">): string {
  return `${quoted(module, MAX_SHOWN_NAME_BYTES)}.${quoted(name, MAX_SHOWN_NAME_BYTES)}`;
}

function linkFunction(type: FuncType, entry: Import, value: unknown): Func | HostFunction {
  if (typeof value !== "function") throw mismatch(entry, "a function", value);
  const exported = funcOf(value);
  const known = exported?.type ?? hostFunctionType(value as HostFunction);
  if (known !== undefined && !sameFuncType(known, type)) {
    throw mismatch(entry, `a function ${funcTypeName(type)}`, `one that is ${funcTypeName(known)}`);
  }
  return exported ?? value as HostFunction;
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
