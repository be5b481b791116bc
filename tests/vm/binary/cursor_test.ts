/**
 * Tests of reading bytes, integers, words and names, including edge cases.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { Cursor } from "../../../src/vm/binary/cursor.ts";
import { CompileError } from "../../../src/vm/errors.ts";

/** A cursor over all bytes except the first two, so that an offset differs from the index. */
function over(...bytes: number[]): Cursor {
  return new Cursor(Uint8Array.from([0xaa, 0xbb, ...bytes]), 2, bytes.length + 2);
}

function i64(...bytes: number[]): bigint {
  const cursor = over(...bytes);
  cursor.i64();
  assertEquals(cursor.offset, cursor.end);
  return BigInt(cursor.high) << 32n | BigInt(cursor.low >>> 0);
}

/** The shortest signed LEB128. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (;; value >>= 7n) {
    const low = Number(BigInt.asUintN(7, value));
    if (value === BigInt.asIntN(7, value)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const EDGES = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 127n, 128n, 8191n, 8192n, -8193n];

/** Numbers around each power of two that fits a signed integer of `bits`, and the least and the greatest. */
function samples(bits: number): bigint[] {
  const powers = Array.from({ length: bits - 1 }, (_, exponent) => 1n << BigInt(exponent));
  const near = powers.flatMap((power) => [power - 1n, power, power + 1n, -power, -power - 1n, -power + 1n]);
  return [...EDGES, ...near, -(1n << BigInt(bits - 1))].filter((value) => BigInt.asIntN(bits, value) === value);
}

Deno.test("Cursor.i32, s33 and i64 read every length of LEB128", () => {
  for (const value of samples(32)) assertEquals(BigInt(over(...signed(value)).i32()), value);
  for (const value of samples(33)) assertEquals(BigInt(over(...signed(value)).s33()), value);
  for (const value of samples(64)) assertEquals(i64(...signed(value)), value);
});

Deno.test("Cursor.u32 reads every length of LEB128, including padded ones", () => {
  for (
    const [value, ...bytes] of [
      [0, 0],
      [127, 0x7f],
      [128, 0x80, 0x01],
      [0xffffffff, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x80000000, 0x80, 0x80, 0x80, 0x80, 0x08],
      [5, 0x85, 0x80, 0x80, 0x80, 0x00],
    ]
  ) assertEquals(over(...bytes).u32(), value);
  assertEquals(over(0xff, 0xff, 0xff, 0xff, 0x7f).i32(), -1);
  assertEquals(i64(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), -(1n << 63n));
});

Deno.test("Cursor refuses integers that are too long or too large, at the first wrong byte", () => {
  const long = [0x80, 0x80, 0x80, 0x80, 0x80, 0x00];
  assertThrows(() => over(...long).u32(), CompileError, "integer representation too long (at offset 0x7)");
  assertThrows(() => over(...long).i32(), CompileError, "integer representation too long");
  assertThrows(() => over(...long).s33(), CompileError, "integer representation too long");
  assertThrows(() => over(...Array(10).fill(0x80), 0).i64(), CompileError, "integer representation too long");
  assertThrows(() => over(0x80, 0x80, 0x80, 0x80, 0x10).u32(), CompileError, "integer too large (at offset 0x6)");
  assertThrows(() => over(0x80, 0x80, 0x80, 0x80, 0x08).i32(), CompileError, "integer too large");
  assertThrows(() => over(0xff, 0xff, 0xff, 0xff, 0x77).i32(), CompileError, "integer too large");
  assertThrows(() => over(0x80, 0x80, 0x80, 0x80, 0x10).s33(), CompileError, "integer too large");
  assertThrows(() => over(...Array(9).fill(0x80), 0x01).i64(), CompileError, "integer too large");
  assertThrows(() => over(...Array(9).fill(0xff), 0x7e).i64(), CompileError, "integer too large");
});

Deno.test("Cursor never reads past its end, even if bytes follow", () => {
  const bytes = new Uint8Array(20).fill(0x80);
  const at = (): Cursor => new Cursor(bytes, 4, 6);
  for (const read of ["u8", "u32", "i32", "s33", "i64", "word", "name", "count"] as const) {
    const cursor = at();
    if (read === "u8") cursor.skip(2);
    assertThrows(() => cursor[read](), CompileError, "unexpected end of section or function (at offset 0x6)");
  }
  assertThrows(() => at().skip(3), CompileError, "unexpected end");
  at().skip(2);
});

Deno.test("Cursor.word reads little-endian int32", () => {
  assertEquals(over(0x78, 0x56, 0x34, 0x92).word(), 0x92345678 | 0);
});

Deno.test("Cursor.count refuses a count that exceeds the bytes left", () => {
  assertEquals(over(2, 0, 0).count(), 2);
  assertThrows(
    () => over(3, 0, 0).count(),
    CompileError,
    "length out of bounds: 3, but only 2 bytes are left (at offset 0x2)",
  );
  assertThrows(() => over(0xff, 0xff, 0xff, 0xff, 0x0f).count(), CompileError, "length out of bounds");
});

Deno.test("Cursor.name takes only UTF-8, and keeps a byte order mark", () => {
  assertEquals(over(3, 0xe2, 0x82, 0xac).name(), "€");
  assertEquals(over(3, 0xef, 0xbb, 0xbf).name(), "\ufeff");
  const malformed = [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xff]];
  for (const bytes of malformed) {
    assertThrows(
      () => over(bytes.length, ...bytes).name(),
      CompileError,
      "malformed UTF-8 encoding (at offset 0x3)",
    );
  }
  assertThrows(() => over(2, 0x61).name(), CompileError, "length out of bounds");
});

Deno.test("Cursor.name enforces the limit of names", () => {
  const bytes = new Uint8Array(200_000);
  bytes.set([0xa1, 0x8d, 0x06]);
  assertThrows(
    () => new Cursor(bytes, 0, bytes.length).name(),
    CompileError,
    "a name has 100001 bytes, the limit is 100000",
  );
});
