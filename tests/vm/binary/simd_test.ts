/**
 * SIMD in the decoder and the validator: the type v128 wherever a type can be, vectors in constant expressions, the
 * names of the instructions, and where a module uses SIMD first. The interpreter refuses such a module there.
 * opcodes_test.ts walks the rows.
 *
 * @module
 */

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Cursor } from "../../../src/vm/binary/cursor.ts";
import { decodeModule } from "../../../src/vm/binary/decode.ts";
import { skipImmediates } from "../../../src/vm/binary/immediates.ts";
import { isPrefix, opcodeRow, OPCODES, prefixedCode } from "../../../src/vm/binary/opcodes.ts";
import type { ModuleRecord } from "../../../src/vm/binary/types.ts";
import { ModuleValidator } from "../../../src/vm/binary/validate.ts";
import { CompileError } from "../../../src/vm/errors.ts";
import { compile, compileSync } from "../../../src/vm/mod.ts";
import { binary, body, section, vector } from "../../../tools/binary.ts";
import { wat } from "../../../tools/wat.ts";

/** The binary of a module that may use SIMD. */
const simd = (text: string) => wat(`(module ${text})`) as Uint8Array<ArrayBuffer>;

const validated = (bytes: Uint8Array): ModuleRecord => decodeModule(bytes, new ModuleValidator());

/** What follows the first of these bytes is the first use of SIMD in the module. */
const USES: readonly (readonly [text: string, before: readonly number[], found: string])[] = [
  ["(func (param v128))", [0x60, 1], "type 0x7b"],
  ["(type (func (param i32 i64) (result f32 v128)))", [0x60, 2, 0x7f, 0x7e, 2, 0x7d], "type 0x7b"],
  ['(import "m" "g" (global v128))', [1, 0x67, 3], "type 0x7b"],
  ["(global (mut v128) (v128.const i64x2 1 2))", [6, 22, 1], "type 0x7b"],
  ["(func (local i32 v128))", [2, 1, 0x7f, 1], "type 0x7b"],
  ["(func i32.const 0 (block (result v128) unreachable) unreachable)", [0x41, 0, 0x02], "type 0x7b"],
  ["(func unreachable (select (result v128)) drop)", [0x1c, 1], "type 0x7b"],
  ["(func i32.const 7 i8x16.splat drop)", [0x41, 7], "opcode 0xfd"],
  ["(func nop i64.const 7 i64x2.splat i64x2.neg drop)", [0x42, 7], "opcode 0xfd"],
];

function placeAfter(bytes: Uint8Array, before: readonly number[]): number {
  for (let at = 8; at < bytes.length; at++) {
    if (before.every((byte, index) => bytes[at + index] === byte)) return at + before.length;
  }
  throw new RangeError("the bytes are not there");
}

Deno.test("modules with SIMD are valid, and the record says where the first use is", () => {
  for (const [text, before] of USES) {
    const bytes = simd(text);
    assertEquals(validated(bytes).simdAt, placeAfter(bytes, before), text);
  }
  assertEquals(validated(simd("(func i32.const 0x7b drop)")).simdAt, undefined);
});

Deno.test("the interpreter refuses a module with SIMD at its first use", () => {
  for (const [text, before, found] of USES) {
    const bytes = simd(text);
    const error = assertThrows(() => compileSync(bytes), CompileError);
    assertEquals(error.offset, placeAfter(bytes, before), text);
    assertMatch(error.message, new RegExp(`^SIMD is not supported: ${found}: build without it`));
  }
});

Deno.test("a stream is refused at its first use of SIMD, before it ends", async () => {
  for (const [text] of USES) {
    const bytes = simd(`${text} (func nop) (func nop)`);
    const at = validated(bytes).simdAt!;
    // The part of the module's sections or of its code that the use is in, and then nothing more.
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, -4)) });
    const error = await assertRejects(() => compile(stream), CompileError);
    assertEquals(error.offset, at, text);
  }
});

Deno.test("v128.const is a constant expression, alone", () => {
  const global = (type: number, ...expression: number[]) =>
    binary(section(6, vector([[type, 0, ...expression, 0x0b]])));
  const constant = [0xfd, 0x0c, ...Array(16).keys()];
  assertEquals(validated(global(0x7b, ...constant)).globals[0].value, 0x7b);
  const imported = section(2, vector([[1, 0x6d, 1, 0x67, 3, 0x7b, 0]]));
  validated(binary(imported, section(6, vector([[0x7b, 0, 0x23, 0, 0x0b]]))));
  const refusals: readonly (readonly [RegExp, Uint8Array])[] = [
    [/^type mismatch: constant expression of i32 has the type \(v128\)/, global(0x7f, ...constant)],
    [/^type mismatch: constant expression of v128 has the type \(i32\)/, global(0x7b, 0x41, 0)],
    [/^type mismatch: constant expression of v128 has the type \(v128, v128\)/, global(0x7b, ...constant, ...constant)],
    [/^unexpected end of section/, binary(section(6, [1, 0x7b, 0, 0xfd, 0x0c, 1, 2, 3]))],
    [/^constant expression required: found i8x16\.splat/, global(0x7b, 0x41, 0, 0xfd, 0x0f)],
    [/^illegal opcode fd9a/, global(0x7b, 0xfd, 0x9a, 0x01)],
    [/^illegal opcode fd114/, global(0x7b, 0xfd, 0x94, 0x02)],
  ];
  for (const [message, bytes] of refusals) {
    assertMatch(assertThrows(() => validated(bytes), CompileError).message, message);
  }
});

/** Immediates in the text format. */
const TEXT: Readonly<Record<string, string>> = {
  v128: " i64x2 0x0b0b0b0b0b0b0b0b 0x0b0b0b0b0b0b0b0b",
  shuffle: " 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31",
  lane2: " 1",
  lane4: " 3",
  lane8: " 7",
  lane16: " 11",
};
const CONSTANTS: Readonly<Record<string, string>> = {
  i: "i32.const 1 ",
  I: "i64.const 1 ",
  f: "f32.const 1 ",
  F: "f64.const 1 ",
  V: `v128.const${TEXT.v128} `,
};

Deno.test("the instructions have the names and immediates of the text format", () => {
  const rows = OPCODES.filter(([code]) => String(prefixOf(code)) === "253");
  for (const [code, mnemonic, immediates, signature] of rows) {
    const [operands, results] = signature.split(":");
    const lane = immediates.endsWith("_lane") ? " offset=300 1" : "";
    const text = [...operands].map((letter) => CONSTANTS[letter]).join("") + mnemonic + (TEXT[immediates] ?? lane);
    const record = validated(simd(`(memory 1) (func ${text}${results === "" ? "" : " drop"})`));
    const { start, end } = record.bodies[0];
    const cursor = new Cursor(record.bytes, start + 1, end);
    const found: number[] = [];
    while (cursor.offset < end) {
      const byte = cursor.u8();
      found.push(isPrefix(byte) ? prefixedCode(byte, cursor.u32()) : byte);
      skipImmediates(cursor, opcodeRow(found.at(-1)!)![2]);
    }
    assertEquals(found.slice(operands.length), results === "" ? [code, 0x0b] : [code, 0x1a, 0x0b], mnemonic);
  }
});

function prefixOf(code: number): number {
  return code > 0xffff ? code >> 12 : code >> 8;
}

Deno.test("instructions of SIMD that access memory need one", () => {
  for (const access of [[0x00, 4, 0], [0x0b, 4, 0], [0x54, 0, 0, 0], [0x5c, 0, 0]]) {
    const module = binary(
      section(1, vector([[0x60, 0, 0]])),
      section(3, vector([[0]])),
      section(10, vector([body([0x00, 0xfd, ...access, 0x1a])])),
    );
    assertMatch(assertThrows(() => validated(module), CompileError).message, /^unknown memory 0/);
  }
});
