/**
 * The opcode table in the dense form that the validator of bodies reads for each instruction. Signatures are numbers.
 *
 * @module
 */

import { DENSE_OPCODES, denseOpcode, OPCODES } from "./opcodes.ts";
import type { Immediates } from "./opcodes.ts";
import { F32, F64, I32, I64 } from "./types.ts";
import type { ValueType } from "./types.ts";

/** Marks an opcode that has its own rule. */
export const SPECIAL = -1;
/** Operand types from the last to the first in the low three bytes, the result's in the high one; 0 is none. */
export const SIGNATURES: Int32Array = new Int32Array(DENSE_OPCODES);
/** The immediates of each opcode; undefined if the opcode does not exist. */
export const IMMEDIATES: (Immediates | undefined)[] = Array.from({ length: DENSE_OPCODES });

const LETTERS: Readonly<Record<string, ValueType>> = { i: I32, I: I64, f: F32, F: F64 };

for (const [code, , immediates, signature] of OPCODES) {
  const dense = denseOpcode(code);
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
