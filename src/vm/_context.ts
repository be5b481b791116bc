/**
 * What the dispatch loop sees of the running instance, and what an error that it lets through means.
 *
 * @module
 */

import { CODE } from "./code.ts";
import { CONTEXT, REGISTERS, STATE } from "./execute.ts";
import type { Instance } from "./instance.ts";
import { OP } from "./ops.ts";

/** Lets the dispatch loop use an instance. */
export function useInstance(instance: Instance): void {
  const { memory, tables, code } = instance;
  CONTEXT.view = memory === undefined ? NO_VIEW : memory.view;
  CONTEXT.bytes = memory === undefined ? NO_BYTES : memory.bytes;
  CONTEXT.globals = instance.cells;
  CONTEXT.table = tables.length === 0 || !tables[0].isOwnedBy(instance) ? NO_TABLE : tables[0].codes;
  CONTEXT.entries = code.entries;
  CONTEXT.types = code.functionTypes;
}

const NO_VIEW = new DataView(new ArrayBuffer(0));
const NO_BYTES = new Uint8Array(0);
const NO_TABLE = new Int32Array(0);

/** Whether an error is the bounds check of the memory op at the program counter, and not some other RangeError. */
export function isAccessFault(error: unknown): boolean {
  if (!(error instanceof RangeError)) return false;
  const pc = STATE[0];
  const address = REGISTERS[STATE[1] + CODE[pc + 1]] >>> 0;
  return CODE[pc] >= OP.load32 && CODE[pc] < OP.memory_size &&
    address + CODE[pc + 2] + 8 > CONTEXT.bytes.length;
}
