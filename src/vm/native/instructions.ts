/**
 * What the rewriter does at each instruction, as dense tables: skip it, or act. scanner.ts has the first of these
 * numbers as they are, since engines make a jump table of those.
 *
 * @module
 */

import { byRow, denseOpcode, opcodeOf } from "../binary/opcodes.ts";
import type { Immediates, OpcodeRow } from "../binary/opcodes.ts";

// How an instruction is skipped: what its immediates are.

const NOTHING = 0;
const ONE_NUMBER = 1;
/** Two numbers. */
export const TWO_NUMBERS = 2;
const FOUR_BYTES = 3;
const EIGHT_BYTES = 4;
const SIXTEEN_BYTES = 5;
const TWO_NUMBERS_AND_BYTE = 6;
/** Nothing, and it costs nothing. */
const FREE = 7;
const LIST = 8;
const TABLE = 9;

// Instructions that may trap, skipped in the first ways. The run that they are in must have been paid for.

export const FIRST_TRAPPING = 9;
const TRAPPING: Readonly<Record<number, number>> = {
  [NOTHING]: 9,
  [ONE_NUMBER]: 10,
  [TWO_NUMBERS]: 11,
  [TWO_NUMBERS_AND_BYTE]: 12,
};

const SKIPS: Readonly<Record<Immediates, number>> = {
  "": NOTHING,
  block: ONE_NUMBER,
  label: ONE_NUMBER,
  br_table: TABLE,
  func: ONE_NUMBER,
  call_indirect: TWO_NUMBERS,
  select_types: LIST,
  ref_type: ONE_NUMBER,
  local: ONE_NUMBER,
  global: ONE_NUMBER,
  table: ONE_NUMBER,
  memory: ONE_NUMBER,
  data: ONE_NUMBER,
  elem: ONE_NUMBER,
  data_memory: TWO_NUMBERS,
  memory_memory: TWO_NUMBERS,
  elem_table: TWO_NUMBERS,
  table_table: TWO_NUMBERS,
  memarg0: TWO_NUMBERS,
  memarg1: TWO_NUMBERS,
  memarg2: TWO_NUMBERS,
  memarg3: TWO_NUMBERS,
  i32: ONE_NUMBER,
  i64: ONE_NUMBER,
  f32: FOUR_BYTES,
  f64: EIGHT_BYTES,
  memarg4: TWO_NUMBERS,
  memarg0_lane: TWO_NUMBERS_AND_BYTE,
  memarg1_lane: TWO_NUMBERS_AND_BYTE,
  memarg2_lane: TWO_NUMBERS_AND_BYTE,
  memarg3_lane: TWO_NUMBERS_AND_BYTE,
  // A lane is less than 128.
  lane16: ONE_NUMBER,
  lane8: ONE_NUMBER,
  lane4: ONE_NUMBER,
  lane2: ONE_NUMBER,
  shuffle: SIXTEEN_BYTES,
  v128: SIXTEEN_BYTES,
};

/** How each instruction is skipped, by its dense opcode. */
export const SKIP: Uint8Array = Uint8Array.from(
  byRow(([, , immediates]) => SKIPS[immediates]),
  (skip) => skip ?? NOTHING,
);

// Actions: what is more than to skip the instruction.

export const FIRST_ACTION = 13;
export const BLOCK = 13;
export const LOOP = 14;
export const IF = 15;
export const ELSE = 16;
export const END = 17;
export const BR = 18;
export const BR_IF = 19;
export const BR_TABLE = 20;
export const RETURN = 21;
export const CALL = 22;
export const CALL_INDIRECT = 23;
export const RETURN_CALL = 24;
export const RETURN_CALL_INDIRECT = 25;
export const UNREACHABLE = 26;
export const REF_FUNC = 27;
/** An instruction that a helper replaces. */
export const HELPED = 28;
/** An instruction without effects on what is counted, whose immediates are rare. */
export const OTHER = 29;

const ACTIONS: Readonly<Record<string, number>> = {
  "block": BLOCK,
  "loop": LOOP,
  "if": IF,
  "else": ELSE,
  "end": END,
  "br": BR,
  "br_if": BR_IF,
  "br_table": BR_TABLE,
  "return": RETURN,
  "call": CALL,
  "call_indirect": CALL_INDIRECT,
  "return_call": RETURN_CALL,
  "return_call_indirect": RETURN_CALL_INDIRECT,
  "unreachable": UNREACHABLE,
  "ref.func": REF_FUNC,
  "memory.grow": HELPED,
  "memory.fill": HELPED,
  "memory.copy": HELPED,
  "memory.init": HELPED,
  "table.grow": HELPED,
  "table.fill": HELPED,
  "table.copy": HELPED,
  "table.init": HELPED,
  "select_t": OTHER,
};

/** Whether an action opens a block. */
export function isOpening(what: number): boolean {
  return what === BLOCK || what === LOOP || what === IF;
}

/** Whether an instruction may trap: accesses, divisions, conversions to integers. */
function mayTrap([, name, immediates]: OpcodeRow): boolean {
  return immediates.startsWith("memarg") || /^i\d\d\.(div|rem)_|^i\d\d\.trunc_f|^table\.[gs]et$/.test(name);
}

/** How an instruction is skipped, whether it may trap, or its action. */
export const WHAT: Uint8Array = Uint8Array.from(
  byRow((row) => mayTrap(row) ? TRAPPING[SKIPS[row[2]]] : row[1] === "nop" ? FREE : SKIPS[row[2]]),
  (what) => what ?? NOTHING,
);
for (const [name, action] of Object.entries(ACTIONS)) WHAT[denseOpcode(opcodeOf(name))] = action;
