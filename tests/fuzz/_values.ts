/**
 * Types as letters, and edge values of arithmetic for constants in generated code and for arguments.
 *
 * @module
 */

import { pick } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";

/** i32, i64, f32, f64, v128, funcref, externref: as in the signatures of opcodes.ts, and `r` and `e` for references. */
export type Letter = "i" | "I" | "f" | "F" | "V" | "r" | "e";

/** The byte of each type in the binary format. */
export const TYPE_CODES: Readonly<Record<string, number>> = {
  i: 0x7f,
  I: 0x7e,
  f: 0x7d,
  F: 0x7c,
  V: 0x7b,
  r: 0x70,
  e: 0x6f,
};

/** Edge values of i32. */
export const I32_EDGES: readonly number[] = [
  ...[0, 1, -1, 2, -2, 3, 7, 8, 10, 31, 32, 33, 63, 64, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536],
  ...[-32768, -65536, 0x7fffffff, -0x80000000, -0x7fffffff, 0x7ffffffe, 0x55555555, 0x12345678, 1 << 30, 1 << 24],
];

/** Edge values of i64: those of i32, sign-extended and zero-extended, and those around its own bounds. */
export const I64_EDGES: readonly bigint[] = [
  ...I32_EDGES.map(BigInt),
  ...[-0x80000000, -1, -2, -65536].map((value) => BigInt(value >>> 0)),
  ...[1n << 32n, (1n << 32n) + 1n, -(1n << 32n), -(1n << 32n) - 1n, 1n << 33n, (1n << 53n) + 1n, (1n << 53n) - 1n],
  ...[(1n << 63n) - 1n, -(1n << 63n), 1n - (1n << 63n), (1n << 63n) - 513n, (1n << 62n) + 1n, 0x0123456789abcdefn],
  ...[-(1n << 31n) - 1n, 1n << 31n, -(1n << 53n) - 1n, 0x7fffff4000000001n, 0x5555555555555555n, -0x100000001n],
];

/** Edge values of f64. */
export const F64_EDGES: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, -0.9999999999999999, 3.14159, 1e10, -1e-10],
  ...[Infinity, -Infinity, NaN, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, 2.2250738585072014e-308],
  ...[2147483647, 2147483647.9, 2147483648, -2147483648, -2147483648.9, -2147483649, 4294967295, 4294967295.5],
  ...[4294967296, 2 ** 53, 2 ** 53 + 2, 2 ** 52 + 0.5, 2 ** 63, -(2 ** 63), -(2 ** 63) - 2048, 2 ** 63 - 1024],
  ...[2 ** 64, 2 ** 64 - 2048, 3.4028234663852886e38, 3.4028235677973366e38, 1.401298464324817e-45, 7e-46, 16777217],
];

/** Edge values of f32. */
export const F32_EDGES: readonly number[] = [
  ...new Set([...F64_EDGES.map(Math.fround), 1.1754943508222875e-38, -1.1754942106924411e-38, 8388608.5, 16777215]),
  ...[2147483520, -2147483904, 9223371487098961920, 18446742974197923840].map(Math.fround),
];

/** Bits of NaNs: canonical and not, both signs, quiet and signalling. */
export const F32_NANS: readonly number[] = [0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fa00000, 0xff800001, 0x7fffffff];
/** Same, for f64. */
export const F64_NANS: readonly bigint[] = [
  ...[0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff8000000000001n, 0x7ff4000000000000n],
  ...[0xfff0000000000001n, 0x7fffffffffffffffn, 0x7ff80000deadbeefn],
];

function randomI64(random: Random): bigint {
  return BigInt.asIntN(64, BigInt(random(2 ** 32)) << 32n | BigInt(random(2 ** 32)));
}

/** A number of the type in its JavaScript form, mostly an edge value. */
export function randomNumber(random: Random, type: string): number | bigint {
  switch (type) {
    case "i":
      return random(4) === 0 ? random(2 ** 32) | 0 : pick(random, I32_EDGES);
    case "I":
      return random(4) === 0 ? randomI64(random) : pick(random, I64_EDGES);
    case "f":
      return random(4) === 0 ? Math.fround((random(2 ** 32) - 2 ** 31) / 1024) : pick(random, F32_EDGES);
    default:
      return random(4) === 0 ? (random(2 ** 32) - 2 ** 31) / 1024 : pick(random, F64_EDGES);
  }
}
