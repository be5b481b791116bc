/**
 * Makes an instance of a module: links its imports, and initialises globals, tables and memory. The caller runs the
 * start function.
 *
 * @see https://webassembly.github.io/spec/core/exec/modules.html#instantiation
 * @module
 */

import { placeOf, wordsOf } from "../objects/layout.ts";
import { spend } from "../../base/schedule.ts";
import { valueTypeName } from "../binary/types.ts";
import type { ByteRange } from "../binary/types.ts";
import type { Engine, Making, RunLimits, Wrap } from "../engine.ts";
import { Trap } from "../errors.ts";
import { linkFunction, linkGlobal, linkMemory, linkTable, lookUp } from "../objects/link.ts";
import type { Imports } from "../objects/link.ts";
import { Memory } from "../objects/memory.ts";
import { Table } from "../objects/table.ts";
import type { ModuleCode } from "./arena.ts";
import { checkData, checkElements, putData, putElements } from "./bulk_ops.ts";
import { evaluateInto } from "./constants.ts";
import type { Folded } from "./constants.ts";
import { Fault } from "./fault.ts";
import { InstanceState } from "./instance_state.ts";

/** Work of each part of making an instance, in units of fuel: about 500 a microsecond, as measured. */
const WORK = {
  /** Without the comparison of its type. */
  import: 200,
  page: 32,
  table: 500,
  elementSegment: 50,
  /** One of the instance's own functions in its own table, which needs no object. */
  ownElement: 1,
  element: 50,
  /** Mostly for touching a new page. */
  dataSegment: 2_000,
  dataByte: 0.5,
  /** Of a constant expression. */
  expressionByte: 2,
};
/** Elements, and bytes of data, that are copied without a pause: a millisecond or less. */
const ELEMENT_PART = 1 << 13;
const DATA_PART = 1 << 20;

/**
 * Makes an instance without running its start function. It yields a promise whenever the event loop must turn, which a
 * small module's instance never needs.
 *
 * @throws {LinkError} if an import is missing or has another type
 * @throws {LimitError} if memory or a table would start larger than its limit
 * @throws {Trap} if an active segment does not fit
 */
export function* createInstance(
  engine: Engine,
  code: ModuleCode,
  imports: Imports,
  limits: Required<RunLimits>,
  wrap: Wrap,
): Making {
  const { record } = code;
  const instance = new InstanceState(engine, code, limits, wrap);
  yield* linkImports(instance, imports);
  const { memoryPages, tableElements } = limits;
  const room = { limit: tableElements, left: tableElements };
  for (const { limits: { minimum, maximum } } of record.memories.slice(record.importedMemories)) {
    instance.memory = new Memory({ initial: minimum, maximum }, memoryPages);
    instance.memory.claim(engine.name);
    const turn = spend(minimum * WORK.page);
    if (turn !== undefined) yield turn;
  }
  for (const { element, limits: { minimum, maximum } } of record.tables.slice(record.importedTables)) {
    const type = valueTypeName(element) as "funcref" | "externref";
    const table = new Table({ element: type, initial: minimum, maximum }, null, room, instance);
    table.claim(engine.name);
    instance.tables.push(table);
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

/** Evaluates the globals that depend on imports. The others are in the cells from the start. */
function* setGlobals({ cells, code: { record, constants } }: InstanceState): Generator<Promise<void>, void> {
  const { open } = constants.globals;
  let turn = spend(cells.length);
  if (turn !== undefined) yield turn;
  for (let place = open.indexOf(1); place >= 0; place = open.indexOf(1, place + 1)) {
    const range = record.globalInits[place];
    evaluateInto(record, range, cells, placeOf(record.importedGlobals + place));
    turn = spend(exprWork(range));
    if (turn !== undefined) yield turn;
  }
}

function exprWork({ start, end }: ByteRange): number {
  return (end - start) * WORK.expressionByte;
}

const OFFSET = new Int32Array(wordsOf(1));

/** The offset of an active segment. */
function offsetOf(
  { cells, code: { record } }: InstanceState,
  { words, open }: Folded,
  index: number,
  range: ByteRange,
): number {
  if (open[index] === 0) return words[placeOf(index)] >>> 0;
  evaluateInto(record, range, cells, 0, OFFSET);
  return OFFSET[0] >>> 0;
}

function* putAllElements(instance: InstanceState): Generator<Promise<void>, void> {
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

function* putAllData(instance: InstanceState): Generator<Promise<void>, void> {
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

function* linkImports(instance: InstanceState, imports: Imports): Generator<Promise<void>, void> {
  let functions = 0;
  let globals = 0;
  const { engine: { name }, code: { record } } = instance;
  for (const entry of record.imports) {
    const value = lookUp(imports, entry, record);
    let work = WORK.import;
    switch (entry.type.kind) {
      case "function": {
        const type = record.types[entry.type.typeIndex];
        instance.setFunc(functions++, linkFunction(type, entry, value));
        work += type.params.length + type.results.length;
        break;
      }
      case "memory":
        instance.memory = linkMemory(entry.type.type, entry, value, name);
        break;
      case "table":
        instance.tables.push(linkTable(entry.type.type, entry, value, name));
        break;
      case "global":
        instance.setGlobal(globals++, linkGlobal(entry, value, name));
    }
    const turn = spend(work);
    if (turn !== undefined) yield turn;
  }
}
