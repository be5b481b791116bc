/**
 * The ops whose work depends on an operand: filling, copying and initialising ranges of memory and tables. They run in
 * parts, so that a range of gigabytes does not block the event loop. Bounds are checked before the first part, so a
 * trap has no effect.
 *
 * @see https://webassembly.github.io/spec/core/exec/instructions.html
 * @module
 */

import { Fault } from "./fault.ts";
import { MEMORY_PART, TABLE_PART } from "../costs.ts";
import { CODE } from "./arena.ts";
import { REGISTERS } from "./execute.ts";
import type { InstanceState } from "./instance_state.ts";
import { OP } from "./ops.ts";
import type { OpName } from "./ops.ts";

/** The operands: a place, another place or a value, and a number of bytes or elements. */
export type BulkOperands = readonly [a: number, b: number, count: number];

/** One op. Its operand words begin at `at`; the words after the three registers are indices of tables or segments. */
export interface BulkOp {
  /** Bytes or elements of one part: some tenths of a millisecond. Each costs a unit of fuel. */
  readonly part: number;
  /** Work of one byte or element beyond its fuel, in units of fuel. */
  readonly work: number;
  /** @throws {Fault} if a range is out of bounds */
  check(instance: InstanceState, at: number, operands: BulkOperands): void;
  /** Does the part from `done` to `until`. */
  run(instance: InstanceState, at: number, operands: BulkOperands, done: number, until: number): void;
}

const MEMORY_FAULT = "out of bounds memory access";
const TABLE_FAULT = "out of bounds table access";

function check(from: number, count: number, length: number, reason: typeof MEMORY_FAULT | typeof TABLE_FAULT): void {
  if (from + count > length) throw new Fault(reason);
}

const MEMORY = { part: MEMORY_PART, work: 0 };
const TABLE = { part: TABLE_PART, work: 50 };

const IMPLEMENTATIONS: Partial<Record<OpName, BulkOp>> = {
  memory_fill: {
    ...MEMORY,
    check: (instance, _at, [to, , count]) => check(to, count, instance.memory!.bytes.length, MEMORY_FAULT),
    run: (instance, _at, [to, value], done, until) => void instance.memory!.bytes.fill(value, to + done, to + until),
  },
  memory_copy: {
    ...MEMORY,
    check: (instance, _at, [to, from, count]) => {
      check(from, count, instance.memory!.bytes.length, MEMORY_FAULT);
      check(to, count, instance.memory!.bytes.length, MEMORY_FAULT);
    },
    run: (instance, _at, [to, from, count], done, until) => {
      const start = to > from ? count - until : done;
      instance.memory!.bytes.copyWithin(to + start, from + start, from + start + until - done);
    },
  },
  memory_init: {
    ...MEMORY,
    check: (instance, at, [to, from, count]) => checkData(instance, CODE[at + 3], to, from, count),
    run: (instance, at, [to, from], done, until) =>
      putData(instance, CODE[at + 3], to + done, from + done, until - done),
  },
  table_fill: {
    ...TABLE,
    check: (instance, at, [to, , count]) => check(to, count, instance.tables[CODE[at + 3]].length, TABLE_FAULT),
    run: (instance, at, [to, handle], done, until) =>
      instance.tables[CODE[at + 3]].fill(to + done, instance.handles.value(handle), until - done),
  },
  table_copy: {
    ...TABLE,
    check: (instance, at, [to, from, count]) => {
      check(from, count, instance.tables[CODE[at + 4]].length, TABLE_FAULT);
      check(to, count, instance.tables[CODE[at + 3]].length, TABLE_FAULT);
    },
    run: (instance, at, [to, from, count], done, until) => {
      const target = instance.tables[CODE[at + 3]];
      const source = instance.tables[CODE[at + 4]];
      for (let step = done; step < until; step++) {
        const index = to > from ? count - 1 - step : step;
        target.setReference(to + index, source.reference(from + index));
      }
    },
  },
  table_init: {
    ...TABLE,
    check: (instance, at, [to, from, count]) => checkElements(instance, CODE[at + 4], CODE[at + 3], to, from, count),
    run: (instance, at, [to, from], done, until) =>
      putElements(instance, CODE[at + 4], CODE[at + 3], to + done, from + done, until - done),
  },
};

/** The bulk ops by their numbers. */
export const BULK_OPS: readonly (BulkOp | undefined)[] = (() => {
  const ops: (BulkOp | undefined)[] = [];
  for (const [name, op] of Object.entries(IMPLEMENTATIONS)) ops[OP[name as OpName]] = op;
  return ops;
})();

/** The operands of the op whose words begin at `at`, in the frame at `fp`. */
export function bulkOperands(fp: number, at: number): BulkOperands {
  return [REGISTERS[fp + CODE[at]] >>> 0, REGISTERS[fp + CODE[at + 1]] >>> 0, REGISTERS[fp + CODE[at + 2]] >>> 0];
}

/** Checks that a part of an element segment fits into a table. @throws {Fault} if either range is out of bounds */
export function checkElements(
  instance: InstanceState,
  tableIndex: number,
  segmentIndex: number,
  to: number,
  from: number,
  count: number,
): void {
  const { length } = instance.code.record.elements[segmentIndex];
  check(from, count, instance.droppedElements[segmentIndex] ? 0 : length, TABLE_FAULT);
  check(to, count, instance.tables[tableIndex].length, TABLE_FAULT);
}

/** Copies part of an element segment into a table; it must fit. */
export function putElements(
  instance: InstanceState,
  tableIndex: number,
  segmentIndex: number,
  to: number,
  from: number,
  count: number,
): void {
  const { elements, entries, importedFunctions } = instance.code.record;
  const first = elements[segmentIndex].first + from;
  const table = instance.tables[tableIndex];
  const isOwned = table.isOwnedBy(instance);
  for (let index = 0; index < count; index++) {
    const entry = entries[first + index];
    if (isOwned && entry >= importedFunctions) table.setOwnFunction(to + index, entry);
    else table.setReference(to + index, instance.constReference(entry));
  }
}

/** Checks that a part of a data segment fits into memory. @throws {Fault} if either range is out of bounds */
export function checkData(
  instance: InstanceState,
  segmentIndex: number,
  to: number,
  from: number,
  count: number,
): void {
  const { start, end } = instance.code.record.data[segmentIndex];
  check(from, count, instance.droppedData[segmentIndex] ? 0 : end - start, MEMORY_FAULT);
  check(to, count, instance.memory!.bytes.length, MEMORY_FAULT);
}

/** Copies part of a data segment into memory; it must fit. */
export function putData(instance: InstanceState, segmentIndex: number, to: number, from: number, count: number): void {
  const { record } = instance.code;
  const { start } = record.data[segmentIndex];
  instance.memory!.bytes.set(record.bytes.subarray(start + from, start + from + count), to);
}
