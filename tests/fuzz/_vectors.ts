/**
 * Generates instructions of SIMD: those that return vectors, those that make numbers of vectors, and stores. Lanes that
 * are NaN after arithmetic become 0, because engines can choose their bits. So all vectors are determined.
 *
 * @module
 */

import { u32 } from "../../tools/binary.ts";
import { OPCODES } from "../../src/vm/binary/opcodes.ts";
import type { OpcodeRow } from "../../src/vm/binary/opcodes.ts";
import { SIMD_PARTS } from "../../src/vm/binary/opcodes_simd.ts";
import type { SimdImmediates } from "../../src/vm/binary/opcodes_simd.ts";
import { opcode, scratch } from "./_draft.ts";
import type { Body, Vectors } from "./_draft.ts";
import { address, memoryArgument, observed } from "./_expressions.ts";
import { pick } from "../../tools/random.ts";

const ROWS = OPCODES.filter((row) => row[3].includes("V") && row[1] !== "v128.const");
const MAKERS = ROWS.filter((row) => row[3].endsWith("V"));
const READERS: Readonly<Record<string, readonly OpcodeRow[]>> = Object.fromEntries(
  Array.from("iIfF", (type) => [type, ROWS.filter((row) => row[3].endsWith(`:${type}`))]),
);
const STORES = ROWS.filter((row) => row[3].endsWith(":"));

/** Instructions whose lanes can be a NaN that the engine chooses, and the comparison of such lanes. */
const MAKES_NAN =
  /^f(32x4|64x2)\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote|promote|relaxed_m|relaxed_n)/;
const F32X4_EQ = [0xfd, 0x41];
const F64X2_EQ = [0xfd, 0x47];
const V128_AND = [0xfd, 0x4e];

/** What a body with vectors writes. */
export const VECTORS: Vectors = {
  value: (body, depth) => instruction(body, pick(body.draft.random, MAKERS), depth),
  number: (body, type, depth) => instruction(body, pick(body.draft.random, READERS[type]), depth),
  store: (body, depth) => instruction(body, pick(body.draft.random, STORES), depth),
};

/** An instruction and its operands. */
function instruction(body: Body, row: OpcodeRow, depth: number): void {
  const [code, mnemonic, immediates, signature] = row;
  const isAccess = immediates.startsWith("memarg");
  for (const [index, type] of Array.from(signature.split(":")[0]).entries()) {
    if (isAccess && index === 0) address(body, depth);
    else observed(body, type, depth - 1);
  }
  body.code.push(...opcode(code));
  if (isAccess) body.code.push(...memoryArgument(body, immediates));
  if (immediates in SIMD_PARTS) {
    const { lanes, count } = SIMD_PARTS[immediates as SimdImmediates];
    for (let lane = 0; lane < count; lane++) body.code.push(body.draft.random(lanes));
  }
  if (!MAKES_NAN.test(mnemonic)) return;
  const local = u32(scratch(body, "V"));
  const equal = mnemonic.startsWith("f32") ? F32X4_EQ : F64X2_EQ;
  body.code.push(0x22, ...local, 0x20, ...local, 0x20, ...local, ...equal, ...V128_AND);
}
