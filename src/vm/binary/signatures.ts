/**
 * The opcode table in the dense form that the validator of bodies reads for each instruction. Signatures are numbers.
 *
 * @module
 */

import { byRow, DENSE_OPCODES, denseOpcode, OPCODES } from "./opcodes.ts";
import type { Immediates } from "./opcodes.ts";
import { F32, F64, I32, I64, V128 } from "./types.ts";
import type { ValueType } from "./types.ts";

/** Marks an opcode that has its own rule. */
export const SPECIAL = -1;
/** Operand types from the last to the first in the low three bytes, the result's in the high one; 0 is none. */
export const SIGNATURES: Int32Array = new Int32Array(DENSE_OPCODES);
/** The immediates of each opcode; undefined if the opcode does not exist. */
export const IMMEDIATES: readonly (Immediates | undefined)[] = byRow((row) => row[2]);

const LETTERS: Readonly<Record<string, ValueType>> = { i: I32, I: I64, f: F32, F: F64, V: V128 };

for (const [code, , , signature] of OPCODES) {
  SIGNATURES[denseOpcode(code)] = signature === "*" ? SPECIAL : packed(signature);
}

function packed(signature: string): number {
  const colon = signature.indexOf(":");
  let sum = colon + 1 < signature.length ? LETTERS[signature[colon + 1]] << 24 : 0;
  for (let place = 0; place < colon; place++) sum |= LETTERS[signature[place]] << (colon - 1 - place) * 8;
  return sum;
}
