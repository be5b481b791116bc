/**
 * What the rewriter does at each instruction, as dense tables: skip its immediates and copy it, or act. Each constant
 * is a number that the tables have.
 *
 * @module
 */

import { byRow, denseOpcode, opcodeOf } from "../binary/opcodes.ts";
import type { Immediates, OpcodeRow } from "../binary/opcodes.ts";

// How an instruction is skipped: what its immediates are.

export const NOTHING = 0;
export const ONE_NUMBER = 1;
export const TWO_NUMBERS = 2;
export const FOUR_BYTES = 3;
export const EIGHT_BYTES = 4;
export const BYTES = 5;
export const TABLE = 6;
export const THREE_NUMBERS = 7;
export const SIXTEEN_BYTES = 8;

const SKIPS: Readonly<Record<Immediates, number>> = {
  "": NOTHING,
  block: ONE_NUMBER,
  label: ONE_NUMBER,
  br_table: TABLE,
  func: ONE_NUMBER,
  call_indirect: TWO_NUMBERS,
  select_types: BYTES,
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
  memarg0_lane: THREE_NUMBERS,
  memarg1_lane: THREE_NUMBERS,
  memarg2_lane: THREE_NUMBERS,
  memarg3_lane: THREE_NUMBERS,
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

// Instructions that may trap, skipped in the same ways. The run that they are in must have been paid for.

export const MAY_TRAP = 9;
export const ONE_NUMBER_MAY_TRAP = 10;
export const TWO_NUMBERS_MAY_TRAP = 11;
export const THREE_NUMBERS_MAY_TRAP = 12;

const TRAPPING: Readonly<Record<number, number>> = {
  [NOTHING]: MAY_TRAP,
  [ONE_NUMBER]: ONE_NUMBER_MAY_TRAP,
  [TWO_NUMBERS]: TWO_NUMBERS_MAY_TRAP,
  [THREE_NUMBERS]: THREE_NUMBERS_MAY_TRAP,
};

/** Whether an instruction may trap: accesses, divisions, conversions to integers. */
function mayTrap([, name, immediates]: OpcodeRow): boolean {
  return immediates.startsWith("memarg") || /^i\d\d\.(div|rem)_|^i\d\d\.trunc_f|^table\.[gs]et$/.test(name);
}

// Actions: what is more than to copy the instruction.

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
export const HELPED = 28;

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
};

/** How an instruction is skipped, whether it may trap, or its action. */
export const WHAT: Uint8Array = Uint8Array.from(
  byRow((row) => mayTrap(row) ? TRAPPING[SKIPS[row[2]]] : SKIPS[row[2]]),
  (what) => what ?? NOTHING,
);
for (const [name, action] of Object.entries(ACTIONS)) WHAT[denseOpcode(opcodeOf(name))] = action;
