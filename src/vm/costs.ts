/**
 * What everything costs in fuel. It is one table, so that both engines charge the same. `src/README.md` describes the
 * scheme.
 *
 * @module
 */

import { byRow } from "./binary/opcodes.ts";
import { PAGE_BYTES } from "./limits.ts";

/** Instructions that cost no fuel, because they only structure the code. */
const FREE: ReadonlySet<string> = new Set(["nop", "block", "loop", "else", "end"]);

/** Fuel of each instruction, by its dense opcode. */
export const FUEL: Uint8Array = Uint8Array.from(byRow(([, name]) => FREE.has(name) ? 0 : 1), (fuel) => fuel ?? 0);

/**
 * The most instructions between two checks of fuel, and so of a run. It bounds how far a guest can exceed its budget,
 * and how far fuel can be ahead of execution at a trap. Splitting longer code adds about one op in a hundred.
 */
export const MAX_UNCHECKED = 256;
/** A call costs one unit of fuel for this many zeroed locals, so that large frames are not free. */
export const ZEROED_LOCALS_PER_FUEL = 8;
/** A branch or return costs one more unit of fuel for this many moved values. */
export const MOVES_PER_FUEL = 8;
/** Fuel of calling an imported function, beyond that of the instruction. */
export const HOST_CALL_FUEL = 50;
/** Fuel of growing memory by a page, which is zeroed. */
export const FUEL_PER_PAGE: number = PAGE_BYTES / 64;
/** Bytes of memory that one part of a bulk operation fills or copies: some tenths of a millisecond. Each costs a unit. */
export const MEMORY_PART: number = 1 << 20;
/** Elements of a table that one part of a bulk operation fills or copies. Each costs a unit. */
export const TABLE_PART: number = 1 << 12;
