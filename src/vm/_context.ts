/**
 * What the dispatch loop sees of the running instance, and what an error that it lets through means.
 *
 * @module
 */

import { InternalError } from "./errors.ts";
import { CONTEXT } from "./execute.ts";
import type { Instance } from "./instance.ts";

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

/** What this engine says where a `DataView` is accessed out of bounds, so that a host's stack overflow is told apart. */
const OUT_OF_BOUNDS_MESSAGES: ReadonlySet<string> = new Set(
  [() => NO_VIEW.getInt32(0), () => NO_VIEW.setInt32(0, 0)].map((access) => {
    try {
      access();
    } catch (error) {
      return (error as RangeError).message;
    }
    throw new InternalError("an empty view has no bounds");
  }),
);

/** Whether an error is the bounds check of a memory access, and not some other RangeError. */
export function isAccessFault(error: unknown): boolean {
  return error instanceof RangeError && OUT_OF_BOUNDS_MESSAGES.has(error.message);
}
