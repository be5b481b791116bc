/**
 * Edge cases of the arithmetic that JavaScript lacks.
 *
 * @module
 */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Fault } from "../../../src/vm/interpreter/fault.ts";
import { bigintToF32, nearest, RANGES, saturation, truncate } from "../../../src/vm/interpreter/numeric.ts";

Deno.test("nearest rounds ties to even and keeps the sign of zero", () => {
  const cases = [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, -0], [-1.5, -2], [-0.2, -0], [0, 0], [-0, -0], [
    4503599627370495.5,
    4503599627370496,
  ]];
  for (const [x, expected] of cases) assertStrictEquals(nearest(x), expected, `${x}`);
  assertStrictEquals(nearest(Infinity), Infinity);
  assertStrictEquals(nearest(NaN), NaN);
});

Deno.test("truncate traps exactly outside the range", () => {
  assertEquals(truncate(2147483647.9, RANGES.i32_s), 2147483647);
  assertEquals(truncate(-2147483648.9, RANGES.i32_s), -2147483648);
  assertStrictEquals(truncate(-0.9, RANGES.i32_u), -0);
  for (
    const [x, range] of [[2147483648, "i32_s"], [-2147483649, "i32_s"], [-1, "i32_u"], [2 ** 64, "i64_u"]] as const
  ) {
    assertEquals((assertThrows(() => truncate(x, RANGES[range])) as unknown as Fault).reason, "integer overflow");
  }
});

Deno.test("saturation returns the end of the range that a number exceeds", () => {
  assertEquals([NaN, -1, 2 ** 32, 7].map((x) => saturation(x, RANGES.i32_u)), ["zero", "least", "greatest", undefined]);
});

Deno.test("bigintToF32 rounds once", () => {
  // Rounding to f64 first would produce a tie, which would then round to the wrong neighbour.
  assertEquals(bigintToF32(0x8000008000000001n), Math.fround(0x8000010000000000));
  assertEquals(bigintToF32(-0x7fffff4000000001n), -Math.fround(0x7fffff8000000000));
  assertEquals(bigintToF32(16777217n), 16777216);
});
