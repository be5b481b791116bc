/**
 * Arithmetic that JavaScript lacks, on numbers and on 64-bit integers as bigint: rounding to even, trapping and
 * saturating conversions. All are pure functions.
 *
 * @see https://webassembly.github.io/spec/core/exec/numerics.html
 * @module
 */

import { Fault } from "./fault.ts";

/** Rounds to the nearest integer, ties to even; keeps the sign of zero. */
export function nearest(x: number): number {
  // Adding and subtracting 2^52 rounds as IEEE 754 does; larger numbers are integers already.
  const magic = 4503599627370496;
  if (!(Math.abs(x) < magic) || x === 0) return x;
  const rounded = x > 0 ? x + magic - magic : x - magic + magic;
  return rounded === 0 ? Math.sign(x) * 0 : rounded;
}

/** The range of an integer type: least and greatest value. */
export interface IntegerRange {
  readonly least: number;
  /** The first float above the range. */
  readonly above: number;
}

/** Ranges by the letters of an instruction's name, such as `i32_u`. */
export const RANGES: Readonly<Record<"i32_s" | "i32_u" | "i64_s" | "i64_u", IntegerRange>> = {
  i32_s: { least: -(2 ** 31), above: 2 ** 31 },
  i32_u: { least: 0, above: 2 ** 32 },
  i64_s: { least: -(2 ** 63), above: 2 ** 63 },
  i64_u: { least: 0, above: 2 ** 64 },
};

/** Cuts off the fraction; traps if the result is not in range. */
export function truncate(x: number, range: IntegerRange): number {
  if (Number.isNaN(x)) throw new Fault("invalid conversion to integer");
  const integer = Math.trunc(x);
  if (integer < range.least || integer >= range.above) throw new Fault("integer overflow");
  return integer;
}

/** Whether a saturating conversion returns the range's least or greatest value, or zero for NaN. */
export function saturation(x: number, range: IntegerRange): "least" | "greatest" | "zero" | undefined {
  if (Number.isNaN(x)) return "zero";
  const integer = Math.trunc(x);
  if (integer < range.least) return "least";
  return integer >= range.above ? "greatest" : undefined;
}

/** The f32 nearest to a 64-bit integer, rounded once. */
export function bigintToF32(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  if (magnitude < 1n << 53n) return Math.fround(Number(x));
  // More than 53 bits: keep the upper ones, and set the lowest of them if any bit below is set.
  const sticky = (magnitude & 0x7ffn) === 0n ? 0n : 0x800n;
  const rounded = Math.fround(Number((magnitude & ~0x7ffn) | sticky));
  return x < 0n ? -rounded : rounded;
}
