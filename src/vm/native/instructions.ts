/**
 * What the rewriter does at each instruction, as dense tables: skip it, or act.
 *
 * @module
 */

import { byRow, denseOpcode, isPrefix, opcodeOf } from "../binary/opcodes.ts";
import type { Immediates, OpcodeRow } from "../binary/opcodes.ts";

/** Immediates: how many numbers, and how many other bytes after them. */
type Form = readonly [numbers: number, bytes: number];

/** As a number of numbers: as many as the first one says, or one more than that. */
const LIST = 0xfe;
const TABLE = 0xff;

const FORMS: Readonly<Record<Immediates, Form>> = {
  "": [0, 0],
  block: [1, 0],
  label: [1, 0],
  br_table: [TABLE, 0],
  func: [1, 0],
  call_indirect: [2, 0],
  select_types: [LIST, 0],
  ref_type: [1, 0],
  local: [1, 0],
  global: [1, 0],
  table: [1, 0],
  memory: [1, 0],
  data: [1, 0],
  elem: [1, 0],
  data_memory: [2, 0],
  memory_memory: [2, 0],
  elem_table: [2, 0],
  table_table: [2, 0],
  memarg0: [2, 0],
  memarg1: [2, 0],
  memarg2: [2, 0],
  memarg3: [2, 0],
  memarg4: [2, 0],
  memarg0_lane: [2, 1],
  memarg1_lane: [2, 1],
  memarg2_lane: [2, 1],
  memarg3_lane: [2, 1],
  i32: [1, 0],
  i64: [1, 0],
  f32: [0, 4],
  f64: [0, 8],
  lane16: [0, 1],
  lane8: [0, 1],
  lane4: [0, 1],
  lane2: [0, 1],
  shuffle: [0, 16],
  v128: [0, 16],
};

function table(of: (row: OpcodeRow) => number): Uint8Array {
  return Uint8Array.from(byRow(of), (value) => value ?? 0);
}

/** How many numbers the immediates of each opcode are. */
export const NUMBERS: Uint8Array = table(([, , immediates]) => FORMS[immediates][0]);
/** How many bytes follow those. */
export const BYTES: Uint8Array = table(([, , immediates]) => FORMS[immediates][1]);

/** Whether a number of numbers says that the first is a number of others, and how many more than that there are. */
export function listed(numbers: number): number {
  return numbers < LIST ? -1 : numbers - LIST;
}

/** An instruction that is skipped. */
export const PLAIN = 0;
/** One that may trap, and is skipped too. The run that it is in must have been paid for. */
export const MAY_TRAP = 1;

// Actions: what is more than to skip the instruction.

export const BLOCK = 2;
export const LOOP = 3;
export const IF = 4;
export const ELSE = 5;
export const END = 6;
export const BR = 7;
export const BR_IF = 8;
export const BR_TABLE = 9;
export const RETURN = 10;
export const CALL = 11;
export const CALL_INDIRECT = 12;
export const RETURN_CALL = 13;
export const RETURN_CALL_INDIRECT = 14;
export const UNREACHABLE = 15;
export const REF_FUNC = 16;
/** An instruction that a helper replaces. */
export const HELPED = 17;
/** An instruction whose immediates are a list. */
export const LISTING = 18;
/** A prefix: the rest of the opcode follows. */
export const PREFIX = 19;

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
  "select_t": LISTING,
};

/** Whether an action opens a block. */
export function isOpening(what: number): boolean {
  return what === BLOCK || what === LOOP || what === IF;
}

/** Whether an instruction may trap: accesses, divisions, conversions to integers. */
function mayTrap([, name, immediates]: OpcodeRow): boolean {
  return immediates.startsWith("memarg") || /^i\d\d\.(div|rem)_|^i\d\d\.trunc_f|^table\.[gs]et$/.test(name);
}

/** Whether an instruction is skipped, whether it may trap, or its action. */
export const WHAT: Uint8Array = table((row) => mayTrap(row) ? MAY_TRAP : PLAIN);
for (const [name, action] of Object.entries(ACTIONS)) WHAT[denseOpcode(opcodeOf(name))] = action;
for (let byte = 0; byte < 0x100; byte++) if (isPrefix(byte)) WHAT[byte] = PREFIX;
