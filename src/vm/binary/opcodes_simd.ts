/**
 * The rows of the instruction set with the prefix 0xFD: SIMD on vectors of 128 bits, and relaxed SIMD. They are part of
 * the table in opcodes.ts. Instructions with consecutive opcodes, the same immediates and the same types share a line.
 *
 * @see https://webassembly.github.io/spec/core/binary/instructions.html#vector-instructions
 * @module
 */

/**
 * The immediates that only these opcodes have. `memargN_lane` is an access of 2^N bytes and the index of a lane of that
 * size, `laneN` the index of one of N lanes, `shuffle` 16 indices of the lanes of two vectors, and `v128` 16 bytes.
 */
export type SimdImmediates =
  | "memarg4"
  | "memarg0_lane"
  | "memarg1_lane"
  | "memarg2_lane"
  | "memarg3_lane"
  | "lane16"
  | "lane8"
  | "lane4"
  | "lane2"
  | "shuffle"
  | "v128";

/** The parts of such immediates: an access of 2^align bytes unless it is negative, then `count` bytes below `lanes`. */
export interface SimdParts {
  readonly align: number;
  readonly lanes: number;
  readonly count: number;
}

const parts = (align: number, lanes = 0, count = lanes === 0 ? 0 : 1): SimdParts => ({ align, lanes, count });

/** The parts of the immediates. */
export const SIMD_PARTS: Readonly<Record<SimdImmediates, SimdParts>> = {
  memarg4: parts(4),
  memarg0_lane: parts(0, 16),
  memarg1_lane: parts(1, 8),
  memarg2_lane: parts(2, 4),
  memarg3_lane: parts(3, 2),
  lane16: parts(-1, 16),
  lane8: parts(-1, 8),
  lane4: parts(-1, 4),
  lane2: parts(-1, 2),
  shuffle: parts(-1, 32, 16),
  v128: parts(-1, 256, 16),
};

type Form = "" | "memarg0" | "memarg1" | "memarg2" | "memarg3" | SimdImmediates;

/** The number of the first opcode, the immediates, the signature, the part of the names before the dot, their other parts. */
type Group = readonly [first: number, immediates: Form, signature: string, shape: string, names: string];

const GROUPS: readonly Group[] = [
  [0x00, "memarg4", "i:V", "v128", "load"],
  [0x01, "memarg3", "i:V", "v128", "load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u"],
  [0x07, "memarg0", "i:V", "v128", "load8_splat"],
  [0x08, "memarg1", "i:V", "v128", "load16_splat"],
  [0x09, "memarg2", "i:V", "v128", "load32_splat"],
  [0x0a, "memarg3", "i:V", "v128", "load64_splat"],
  [0x0b, "memarg4", "iV:", "v128", "store"],
  [0x0c, "v128", ":V", "v128", "const"],
  [0x0d, "shuffle", "VV:V", "i8x16", "shuffle"],
  [0x0e, "", "VV:V", "i8x16", "swizzle"],
  [0x0f, "", "i:V", "i8x16", "splat"],
  [0x10, "", "i:V", "i16x8", "splat"],
  [0x11, "", "i:V", "i32x4", "splat"],
  [0x12, "", "I:V", "i64x2", "splat"],
  [0x13, "", "f:V", "f32x4", "splat"],
  [0x14, "", "F:V", "f64x2", "splat"],
  [0x15, "lane16", "V:i", "i8x16", "extract_lane_s extract_lane_u"],
  [0x17, "lane16", "Vi:V", "i8x16", "replace_lane"],
  [0x18, "lane8", "V:i", "i16x8", "extract_lane_s extract_lane_u"],
  [0x1a, "lane8", "Vi:V", "i16x8", "replace_lane"],
  [0x1b, "lane4", "V:i", "i32x4", "extract_lane"],
  [0x1c, "lane4", "Vi:V", "i32x4", "replace_lane"],
  [0x1d, "lane2", "V:I", "i64x2", "extract_lane"],
  [0x1e, "lane2", "VI:V", "i64x2", "replace_lane"],
  [0x1f, "lane4", "V:f", "f32x4", "extract_lane"],
  [0x20, "lane4", "Vf:V", "f32x4", "replace_lane"],
  [0x21, "lane2", "V:F", "f64x2", "extract_lane"],
  [0x22, "lane2", "VF:V", "f64x2", "replace_lane"],
  [0x23, "", "VV:V", "i8x16", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x2d, "", "VV:V", "i16x8", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x37, "", "VV:V", "i32x4", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x41, "", "VV:V", "f32x4", "eq ne lt gt le ge"],
  [0x47, "", "VV:V", "f64x2", "eq ne lt gt le ge"],
  [0x4d, "", "V:V", "v128", "not"],
  [0x4e, "", "VV:V", "v128", "and andnot or xor"],
  [0x52, "", "VVV:V", "v128", "bitselect"],
  [0x53, "", "V:i", "v128", "any_true"],
  [0x54, "memarg0_lane", "iV:V", "v128", "load8_lane"],
  [0x55, "memarg1_lane", "iV:V", "v128", "load16_lane"],
  [0x56, "memarg2_lane", "iV:V", "v128", "load32_lane"],
  [0x57, "memarg3_lane", "iV:V", "v128", "load64_lane"],
  [0x58, "memarg0_lane", "iV:", "v128", "store8_lane"],
  [0x59, "memarg1_lane", "iV:", "v128", "store16_lane"],
  [0x5a, "memarg2_lane", "iV:", "v128", "store32_lane"],
  [0x5b, "memarg3_lane", "iV:", "v128", "store64_lane"],
  [0x5c, "memarg2", "i:V", "v128", "load32_zero"],
  [0x5d, "memarg3", "i:V", "v128", "load64_zero"],
  [0x5e, "", "V:V", "f32x4", "demote_f64x2_zero"],
  [0x5f, "", "V:V", "f64x2", "promote_low_f32x4"],
  [0x60, "", "V:V", "i8x16", "abs neg popcnt"],
  [0x63, "", "V:i", "i8x16", "all_true bitmask"],
  [0x65, "", "VV:V", "i8x16", "narrow_i16x8_s narrow_i16x8_u"],
  [0x67, "", "V:V", "f32x4", "ceil floor trunc nearest"],
  [0x6b, "", "Vi:V", "i8x16", "shl shr_s shr_u"],
  [0x6e, "", "VV:V", "i8x16", "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u"],
  [0x74, "", "V:V", "f64x2", "ceil floor"],
  [0x76, "", "VV:V", "i8x16", "min_s min_u max_s max_u"],
  [0x7a, "", "V:V", "f64x2", "trunc"],
  [0x7b, "", "VV:V", "i8x16", "avgr_u"],
  [0x7c, "", "V:V", "i16x8", "extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u"],
  [0x7e, "", "V:V", "i32x4", "extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u"],
  [0x80, "", "V:V", "i16x8", "abs neg"],
  [0x82, "", "VV:V", "i16x8", "q15mulr_sat_s"],
  [0x83, "", "V:i", "i16x8", "all_true bitmask"],
  [0x85, "", "VV:V", "i16x8", "narrow_i32x4_s narrow_i32x4_u"],
  [0x87, "", "V:V", "i16x8", "extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u"],
  [0x8b, "", "Vi:V", "i16x8", "shl shr_s shr_u"],
  [0x8e, "", "VV:V", "i16x8", "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u"],
  [0x94, "", "V:V", "f64x2", "nearest"],
  [0x95, "", "VV:V", "i16x8", "mul min_s min_u max_s max_u"],
  [0x9b, "", "VV:V", "i16x8", "avgr_u extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u"],
  [0xa0, "", "V:V", "i32x4", "abs neg"],
  [0xa3, "", "V:i", "i32x4", "all_true bitmask"],
  [0xa7, "", "V:V", "i32x4", "extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u"],
  [0xab, "", "Vi:V", "i32x4", "shl shr_s shr_u"],
  [0xae, "", "VV:V", "i32x4", "add"],
  [0xb1, "", "VV:V", "i32x4", "sub"],
  [0xb5, "", "VV:V", "i32x4", "mul min_s min_u max_s max_u dot_i16x8_s"],
  [0xbc, "", "VV:V", "i32x4", "extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u"],
  [0xc0, "", "V:V", "i64x2", "abs neg"],
  [0xc3, "", "V:i", "i64x2", "all_true bitmask"],
  [0xc7, "", "V:V", "i64x2", "extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u"],
  [0xcb, "", "Vi:V", "i64x2", "shl shr_s shr_u"],
  [0xce, "", "VV:V", "i64x2", "add"],
  [0xd1, "", "VV:V", "i64x2", "sub"],
  [0xd5, "", "VV:V", "i64x2", "mul eq ne lt_s gt_s le_s ge_s"],
  [0xdc, "", "VV:V", "i64x2", "extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u"],
  [0xe0, "", "V:V", "f32x4", "abs neg"],
  [0xe3, "", "V:V", "f32x4", "sqrt"],
  [0xe4, "", "VV:V", "f32x4", "add sub mul div min max pmin pmax"],
  [0xec, "", "V:V", "f64x2", "abs neg"],
  [0xef, "", "V:V", "f64x2", "sqrt"],
  [0xf0, "", "VV:V", "f64x2", "add sub mul div min max pmin pmax"],
  [0xf8, "", "V:V", "i32x4", "trunc_sat_f32x4_s trunc_sat_f32x4_u"],
  [0xfa, "", "V:V", "f32x4", "convert_i32x4_s convert_i32x4_u"],
  [0xfc, "", "V:V", "i32x4", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero"],
  [0xfe, "", "V:V", "f64x2", "convert_low_i32x4_s convert_low_i32x4_u"],
  [0x100, "", "VV:V", "i8x16", "relaxed_swizzle"],
  [0x101, "", "V:V", "i32x4", "relaxed_trunc_f32x4_s relaxed_trunc_f32x4_u"],
  [0x103, "", "V:V", "i32x4", "relaxed_trunc_f64x2_s_zero relaxed_trunc_f64x2_u_zero"],
  [0x105, "", "VVV:V", "f32x4", "relaxed_madd relaxed_nmadd"],
  [0x107, "", "VVV:V", "f64x2", "relaxed_madd relaxed_nmadd"],
  [0x109, "", "VVV:V", "i8x16", "relaxed_laneselect"],
  [0x10a, "", "VVV:V", "i16x8", "relaxed_laneselect"],
  [0x10b, "", "VVV:V", "i32x4", "relaxed_laneselect"],
  [0x10c, "", "VVV:V", "i64x2", "relaxed_laneselect"],
  [0x10d, "", "VV:V", "f32x4", "relaxed_min relaxed_max"],
  [0x10f, "", "VV:V", "f64x2", "relaxed_min relaxed_max"],
  [0x111, "", "VV:V", "i16x8", "relaxed_q15mulr_s relaxed_dot_i8x16_i7x16_s"],
  [0x113, "", "VVV:V", "i32x4", "relaxed_dot_i8x16_i7x16_add_s"],
];

/** The rows, each with the number after the prefix in place of the code. */
export const SIMD_ROWS: readonly (readonly [number: number, mnemonic: string, immediates: Form, signature: string])[] =
  GROUPS.flatMap(([first, immediates, signature, shape, names]) =>
    names.split(" ").map((name, index) => [first + index, `${shape}.${name}`, immediates, signature] as const)
  );
