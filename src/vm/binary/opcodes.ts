/**
 * The WebAssembly instruction set, with one row for each opcode: which opcodes exist, their immediates, and the types
 * of their operands and results. Decoding, validation, translation and the tests all derive from it.
 *
 * A row is `[code, mnemonic, immediates, signature]`.
 *
 * - `code`: the opcode byte, or what {@linkcode prefixedCode} makes of a prefix and the number after it.
 * - `immediates`: the form of the immediates, one of {@linkcode Immediates}.
 * - `signature`: operand types, a colon, result types, with i = i32, I = i64, f = f32, F = f64, V = v128; `*` if the
 *   types depend on the immediates or on the stack. The validator then has a rule for the opcode.
 *
 * The rows of SIMD are in opcodes_simd.ts.
 *
 * @see https://webassembly.github.io/spec/core/appendix/index-instructions.html
 * @module
 */

import { SIMD_ROWS } from "./opcodes_simd.ts";
import type { SimdImmediates } from "./opcodes_simd.ts";

/**
 * The immediates of an opcode. `memargN` is an alignment (at most N) and an offset; two words joined by `_` are two
 * indices in that order; `block` is a block type; `br_table` is a vector of labels and a default label.
 */
export type Immediates =
  | ""
  | "block"
  | "label"
  | "br_table"
  | "func"
  | "call_indirect"
  | "select_types"
  | "ref_type"
  | "local"
  | "global"
  | "table"
  | "memory"
  | "data"
  | "elem"
  | "data_memory"
  | "memory_memory"
  | "elem_table"
  | "table_table"
  | "memarg0"
  | "memarg1"
  | "memarg2"
  | "memarg3"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | SimdImmediates;

/** One row: code, mnemonic, immediates, signature. */
export type OpcodeRow = readonly [code: number, mnemonic: string, immediates: Immediates, signature: string];

/** The prefix byte of saturating conversions and bulk operations. */
const PREFIX = 0xfc;
/** The prefix byte of SIMD. */
const SIMD_PREFIX = 0xfd;

/** The code of an opcode with a prefix: 0xFC0B, or 0xFD113 if the number is above 0xFF. */
export function prefixedCode(prefix: number, number: number): number {
  return prefix * (number > 0xff ? 0x1000 : 0x100) + number;
}

/** Every opcode that this library knows: WebAssembly 2.0, tail calls and relaxed SIMD. */
export const OPCODES: readonly OpcodeRow[] = [
  [0x00, "unreachable", "", "*"],
  [0x01, "nop", "", ":"],
  [0x02, "block", "block", "*"],
  [0x03, "loop", "block", "*"],
  [0x04, "if", "block", "*"],
  [0x05, "else", "", "*"],
  [0x0b, "end", "", "*"],
  [0x0c, "br", "label", "*"],
  [0x0d, "br_if", "label", "*"],
  [0x0e, "br_table", "br_table", "*"],
  [0x0f, "return", "", "*"],
  [0x10, "call", "func", "*"],
  [0x11, "call_indirect", "call_indirect", "*"],
  [0x12, "return_call", "func", "*"],
  [0x13, "return_call_indirect", "call_indirect", "*"],
  [0x1a, "drop", "", "*"],
  [0x1b, "select", "", "*"],
  [0x1c, "select_t", "select_types", "*"],
  [0x20, "local.get", "local", "*"],
  [0x21, "local.set", "local", "*"],
  [0x22, "local.tee", "local", "*"],
  [0x23, "global.get", "global", "*"],
  [0x24, "global.set", "global", "*"],
  [0x25, "table.get", "table", "*"],
  [0x26, "table.set", "table", "*"],
  [0x28, "i32.load", "memarg2", "i:i"],
  [0x29, "i64.load", "memarg3", "i:I"],
  [0x2a, "f32.load", "memarg2", "i:f"],
  [0x2b, "f64.load", "memarg3", "i:F"],
  [0x2c, "i32.load8_s", "memarg0", "i:i"],
  [0x2d, "i32.load8_u", "memarg0", "i:i"],
  [0x2e, "i32.load16_s", "memarg1", "i:i"],
  [0x2f, "i32.load16_u", "memarg1", "i:i"],
  [0x30, "i64.load8_s", "memarg0", "i:I"],
  [0x31, "i64.load8_u", "memarg0", "i:I"],
  [0x32, "i64.load16_s", "memarg1", "i:I"],
  [0x33, "i64.load16_u", "memarg1", "i:I"],
  [0x34, "i64.load32_s", "memarg2", "i:I"],
  [0x35, "i64.load32_u", "memarg2", "i:I"],
  [0x36, "i32.store", "memarg2", "ii:"],
  [0x37, "i64.store", "memarg3", "iI:"],
  [0x38, "f32.store", "memarg2", "if:"],
  [0x39, "f64.store", "memarg3", "iF:"],
  [0x3a, "i32.store8", "memarg0", "ii:"],
  [0x3b, "i32.store16", "memarg1", "ii:"],
  [0x3c, "i64.store8", "memarg0", "iI:"],
  [0x3d, "i64.store16", "memarg1", "iI:"],
  [0x3e, "i64.store32", "memarg2", "iI:"],
  [0x3f, "memory.size", "memory", ":i"],
  [0x40, "memory.grow", "memory", "i:i"],
  [0x41, "i32.const", "i32", ":i"],
  [0x42, "i64.const", "i64", ":I"],
  [0x43, "f32.const", "f32", ":f"],
  [0x44, "f64.const", "f64", ":F"],
  [0x45, "i32.eqz", "", "i:i"],
  [0x46, "i32.eq", "", "ii:i"],
  [0x47, "i32.ne", "", "ii:i"],
  [0x48, "i32.lt_s", "", "ii:i"],
  [0x49, "i32.lt_u", "", "ii:i"],
  [0x4a, "i32.gt_s", "", "ii:i"],
  [0x4b, "i32.gt_u", "", "ii:i"],
  [0x4c, "i32.le_s", "", "ii:i"],
  [0x4d, "i32.le_u", "", "ii:i"],
  [0x4e, "i32.ge_s", "", "ii:i"],
  [0x4f, "i32.ge_u", "", "ii:i"],
  [0x50, "i64.eqz", "", "I:i"],
  [0x51, "i64.eq", "", "II:i"],
  [0x52, "i64.ne", "", "II:i"],
  [0x53, "i64.lt_s", "", "II:i"],
  [0x54, "i64.lt_u", "", "II:i"],
  [0x55, "i64.gt_s", "", "II:i"],
  [0x56, "i64.gt_u", "", "II:i"],
  [0x57, "i64.le_s", "", "II:i"],
  [0x58, "i64.le_u", "", "II:i"],
  [0x59, "i64.ge_s", "", "II:i"],
  [0x5a, "i64.ge_u", "", "II:i"],
  [0x5b, "f32.eq", "", "ff:i"],
  [0x5c, "f32.ne", "", "ff:i"],
  [0x5d, "f32.lt", "", "ff:i"],
  [0x5e, "f32.gt", "", "ff:i"],
  [0x5f, "f32.le", "", "ff:i"],
  [0x60, "f32.ge", "", "ff:i"],
  [0x61, "f64.eq", "", "FF:i"],
  [0x62, "f64.ne", "", "FF:i"],
  [0x63, "f64.lt", "", "FF:i"],
  [0x64, "f64.gt", "", "FF:i"],
  [0x65, "f64.le", "", "FF:i"],
  [0x66, "f64.ge", "", "FF:i"],
  [0x67, "i32.clz", "", "i:i"],
  [0x68, "i32.ctz", "", "i:i"],
  [0x69, "i32.popcnt", "", "i:i"],
  [0x6a, "i32.add", "", "ii:i"],
  [0x6b, "i32.sub", "", "ii:i"],
  [0x6c, "i32.mul", "", "ii:i"],
  [0x6d, "i32.div_s", "", "ii:i"],
  [0x6e, "i32.div_u", "", "ii:i"],
  [0x6f, "i32.rem_s", "", "ii:i"],
  [0x70, "i32.rem_u", "", "ii:i"],
  [0x71, "i32.and", "", "ii:i"],
  [0x72, "i32.or", "", "ii:i"],
  [0x73, "i32.xor", "", "ii:i"],
  [0x74, "i32.shl", "", "ii:i"],
  [0x75, "i32.shr_s", "", "ii:i"],
  [0x76, "i32.shr_u", "", "ii:i"],
  [0x77, "i32.rotl", "", "ii:i"],
  [0x78, "i32.rotr", "", "ii:i"],
  [0x79, "i64.clz", "", "I:I"],
  [0x7a, "i64.ctz", "", "I:I"],
  [0x7b, "i64.popcnt", "", "I:I"],
  [0x7c, "i64.add", "", "II:I"],
  [0x7d, "i64.sub", "", "II:I"],
  [0x7e, "i64.mul", "", "II:I"],
  [0x7f, "i64.div_s", "", "II:I"],
  [0x80, "i64.div_u", "", "II:I"],
  [0x81, "i64.rem_s", "", "II:I"],
  [0x82, "i64.rem_u", "", "II:I"],
  [0x83, "i64.and", "", "II:I"],
  [0x84, "i64.or", "", "II:I"],
  [0x85, "i64.xor", "", "II:I"],
  [0x86, "i64.shl", "", "II:I"],
  [0x87, "i64.shr_s", "", "II:I"],
  [0x88, "i64.shr_u", "", "II:I"],
  [0x89, "i64.rotl", "", "II:I"],
  [0x8a, "i64.rotr", "", "II:I"],
  [0x8b, "f32.abs", "", "f:f"],
  [0x8c, "f32.neg", "", "f:f"],
  [0x8d, "f32.ceil", "", "f:f"],
  [0x8e, "f32.floor", "", "f:f"],
  [0x8f, "f32.trunc", "", "f:f"],
  [0x90, "f32.nearest", "", "f:f"],
  [0x91, "f32.sqrt", "", "f:f"],
  [0x92, "f32.add", "", "ff:f"],
  [0x93, "f32.sub", "", "ff:f"],
  [0x94, "f32.mul", "", "ff:f"],
  [0x95, "f32.div", "", "ff:f"],
  [0x96, "f32.min", "", "ff:f"],
  [0x97, "f32.max", "", "ff:f"],
  [0x98, "f32.copysign", "", "ff:f"],
  [0x99, "f64.abs", "", "F:F"],
  [0x9a, "f64.neg", "", "F:F"],
  [0x9b, "f64.ceil", "", "F:F"],
  [0x9c, "f64.floor", "", "F:F"],
  [0x9d, "f64.trunc", "", "F:F"],
  [0x9e, "f64.nearest", "", "F:F"],
  [0x9f, "f64.sqrt", "", "F:F"],
  [0xa0, "f64.add", "", "FF:F"],
  [0xa1, "f64.sub", "", "FF:F"],
  [0xa2, "f64.mul", "", "FF:F"],
  [0xa3, "f64.div", "", "FF:F"],
  [0xa4, "f64.min", "", "FF:F"],
  [0xa5, "f64.max", "", "FF:F"],
  [0xa6, "f64.copysign", "", "FF:F"],
  [0xa7, "i32.wrap_i64", "", "I:i"],
  [0xa8, "i32.trunc_f32_s", "", "f:i"],
  [0xa9, "i32.trunc_f32_u", "", "f:i"],
  [0xaa, "i32.trunc_f64_s", "", "F:i"],
  [0xab, "i32.trunc_f64_u", "", "F:i"],
  [0xac, "i64.extend_i32_s", "", "i:I"],
  [0xad, "i64.extend_i32_u", "", "i:I"],
  [0xae, "i64.trunc_f32_s", "", "f:I"],
  [0xaf, "i64.trunc_f32_u", "", "f:I"],
  [0xb0, "i64.trunc_f64_s", "", "F:I"],
  [0xb1, "i64.trunc_f64_u", "", "F:I"],
  [0xb2, "f32.convert_i32_s", "", "i:f"],
  [0xb3, "f32.convert_i32_u", "", "i:f"],
  [0xb4, "f32.convert_i64_s", "", "I:f"],
  [0xb5, "f32.convert_i64_u", "", "I:f"],
  [0xb6, "f32.demote_f64", "", "F:f"],
  [0xb7, "f64.convert_i32_s", "", "i:F"],
  [0xb8, "f64.convert_i32_u", "", "i:F"],
  [0xb9, "f64.convert_i64_s", "", "I:F"],
  [0xba, "f64.convert_i64_u", "", "I:F"],
  [0xbb, "f64.promote_f32", "", "f:F"],
  [0xbc, "i32.reinterpret_f32", "", "f:i"],
  [0xbd, "i64.reinterpret_f64", "", "F:I"],
  [0xbe, "f32.reinterpret_i32", "", "i:f"],
  [0xbf, "f64.reinterpret_i64", "", "I:F"],
  [0xc0, "i32.extend8_s", "", "i:i"],
  [0xc1, "i32.extend16_s", "", "i:i"],
  [0xc2, "i64.extend8_s", "", "I:I"],
  [0xc3, "i64.extend16_s", "", "I:I"],
  [0xc4, "i64.extend32_s", "", "I:I"],
  [0xd0, "ref.null", "ref_type", "*"],
  [0xd1, "ref.is_null", "", "*"],
  [0xd2, "ref.func", "func", "*"],
  [0xfc00, "i32.trunc_sat_f32_s", "", "f:i"],
  [0xfc01, "i32.trunc_sat_f32_u", "", "f:i"],
  [0xfc02, "i32.trunc_sat_f64_s", "", "F:i"],
  [0xfc03, "i32.trunc_sat_f64_u", "", "F:i"],
  [0xfc04, "i64.trunc_sat_f32_s", "", "f:I"],
  [0xfc05, "i64.trunc_sat_f32_u", "", "f:I"],
  [0xfc06, "i64.trunc_sat_f64_s", "", "F:I"],
  [0xfc07, "i64.trunc_sat_f64_u", "", "F:I"],
  [0xfc08, "memory.init", "data_memory", "iii:"],
  [0xfc09, "data.drop", "data", ":"],
  [0xfc0a, "memory.copy", "memory_memory", "iii:"],
  [0xfc0b, "memory.fill", "memory", "iii:"],
  [0xfc0c, "table.init", "elem_table", "iii:"],
  [0xfc0d, "elem.drop", "elem", ":"],
  [0xfc0e, "table.copy", "table_table", "iii:"],
  [0xfc0f, "table.grow", "table", "*"],
  [0xfc10, "table.size", "table", ":i"],
  [0xfc11, "table.fill", "table", "*"],
  ...SIMD_ROWS.map((row): OpcodeRow => [prefixedCode(SIMD_PREFIX, row[0]), row[1], row[2], row[3]]),
];

const CODES = new Map<string, number>();
for (const row of OPCODES) CODES.set(row[1], row[0]);

// A dense table has an entry for each byte, then for each number after a prefix.

/** Numbers after the first prefix are below this. */
const PREFIXED_COUNT = 0x20;
/** Numbers after the prefix of SIMD are below this. */
const SIMD_COUNT = 0x114;
const FIRST_PREFIXED = 0x100;
const FIRST_SIMD = FIRST_PREFIXED + PREFIXED_COUNT;

/** The number of entries of a dense table. */
export const DENSE_OPCODES: number = FIRST_SIMD + SIMD_COUNT;

/** Whether a byte is the prefix of opcodes in the table. */
export function isPrefix(byte: number): boolean {
  return byte === PREFIX || byte === SIMD_PREFIX;
}

/** The index, in a dense table, of an opcode with a prefix. It is negative if the number is beyond the table. */
export function densePrefixed(prefix: number, number: number): number {
  if (prefix === PREFIX) return number < PREFIXED_COUNT ? FIRST_PREFIXED + number : -1;
  return number < SIMD_COUNT ? FIRST_SIMD + number : -1;
}

/** Whether an index of a dense table is that of a SIMD instruction. */
export function isSimd(dense: number): boolean {
  return dense >= FIRST_SIMD;
}

/** The index in a dense table of an opcode that is in the table. */
export function denseOpcode(code: number): number {
  if (code <= 0xff) return code;
  return code > 0xffff ? densePrefixed(code >> 12, code & 0xfff) : densePrefixed(code >> 8, code & 0xff);
}

/** The code at an index of a dense table, even if there is no such opcode. */
export function codeOfDense(dense: number): number {
  if (dense < FIRST_PREFIXED) return dense;
  return isSimd(dense) ? prefixedCode(SIMD_PREFIX, dense - FIRST_SIMD) : prefixedCode(PREFIX, dense - FIRST_PREFIXED);
}

/** The opcode of a mnemonic that is in the table. */
export function opcodeOf(mnemonic: string): number {
  const code = CODES.get(mnemonic);
  if (code === undefined) throw new TypeError(`no opcode is named ${mnemonic}`);
  return code;
}

/** Makes a dense table of rules by mnemonic; missing ones are undefined. @throws {TypeError} if a mnemonic is unknown */
export function byOpcode<T>(rules: Readonly<Record<string, T>>): readonly (T | undefined)[] {
  const table = Array.from<T | undefined>({ length: DENSE_OPCODES });
  for (const [mnemonic, rule] of Object.entries(rules)) table[denseOpcode(opcodeOf(mnemonic))] = rule;
  return table;
}

/** Makes a dense table from the rows; entries without an opcode are undefined. */
export function byRow<T>(of: (row: OpcodeRow) => T): T[] {
  const table = Array.from<T>({ length: DENSE_OPCODES });
  for (const row of OPCODES) table[denseOpcode(row[0])] = of(row);
  return table;
}

/** The row of an opcode, or undefined if this library does not know it. */
export function opcodeRow(code: number): OpcodeRow | undefined {
  return OPCODES.find((row) => row[0] === code);
}

/** The proposals of unsupported opcodes and prefixes, for errors. */
export const UNSUPPORTED_OPCODES: readonly (readonly [first: number, last: number, proposal: string])[] = [
  [0x06, 0x0a, "exception handling"],
  [0x14, 0x15, "typed function references"],
  [0x18, 0x19, "exception handling"],
  [0x1f, 0x1f, "exception handling"],
  [0xd3, 0xd6, "typed function references and garbage collection"],
  [0xe0, 0xe6, "stack switching"],
  [0xfb, 0xfb, "garbage collection"],
  [0xfe, 0xfe, "threads"],
  [0xfc13, 0xfc16, "wide arithmetic"],
];
