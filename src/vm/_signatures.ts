/**
 * The opcode table as the validator of bodies reads it, once an instruction: dense, with signatures as numbers.
 *
 * @module
 */

import { OPCODES } from "./opcodes.ts";
import type { Immediates } from "./opcodes.ts";
import { F32, F64, I32, I64 } from "./types.ts";
import type { ValueType } from "./types.ts";

/** The prefix of opcodes that are a number after it; they are in the table from `PREFIXED` on. */
export const PREFIX = 0xfc;
/** Where prefixed opcodes begin. */
export const PREFIXED = 0x100;
/** How many of them there may be. */
export const PREFIXED_COUNT = 0x20;

/** Marks an opcode with a rule of its own. */
export const SPECIAL = -1;
/** Operand types from the last to the first in the low three bytes, the result's in the high one; 0 is none. */
export const SIGNATURES: Int32Array = new Int32Array(PREFIXED + PREFIXED_COUNT);
/** What follows the opcode; undefined if there is no such opcode. */
export const IMMEDIATES: (Immediates | undefined)[] = Array.from({ length: PREFIXED + PREFIXED_COUNT });

const LETTERS: Readonly<Record<string, ValueType>> = { i: I32, I: I64, f: F32, F: F64 };

for (const [code, , immediates, signature] of OPCODES) {
  const dense = code > 0xff ? PREFIXED + (code & 0xff) : code;
  IMMEDIATES[dense] = immediates;
  SIGNATURES[dense] = signature === "*" ? SPECIAL : packed(signature);
}

function packed(signature: string): number {
  const [operands, result] = signature.split(":");
  const last = operands.length - 1;
  return [...operands].reduce(
    (sum, letter, place) => sum | LETTERS[letter] << (last - place) * 8,
    result === "" ? 0 : LETTERS[result] << 24,
  );
}
