/**
 * Sets what the dispatch loop sees of the running instance, and interprets the errors that the loop throws.
 *
 * @module
 */

import { CONTEXT } from "./execute.ts";
import type { InstanceState } from "./instance_state.ts";

/** Makes an instance the one that the dispatch loop uses. */
export function useInstance(instance: InstanceState): void {
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

/**
 * Whether an error of the loop is the bounds check of a memory access. The only other RangeError is that of a full host
 * stack, which V8 and JavaScriptCore both call so. Their texts of bounds errors vary by method and tier.
 */
export function isAccessFault(error: unknown): boolean {
  return error instanceof RangeError && !/call stack/.test(error.message);
}
