/**
 * Constant expressions: their values, evaluated once for a module or for each instance, and their maximum length.
 *
 * @module
 */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CompileError, compileSync, Global, instantiate, Table } from "../../../src/vm/mod.ts";
import type { ExportedFunction } from "../../../src/vm/mod.ts";
import { binary, I32, I64, join, name, repeat, SECTION, section, u32 } from "../../../tools/binary.ts";
import { instanceOf } from "./_interpreted.ts";

const OPERATORS = ["add", "sub", "mul"] as const;

/** Numbers whose halves carry, borrow and wrap, and some arbitrary numbers. */
function numbers(bits: 32 | 64): bigint[] {
  const edges = [0n, 1n, -1n, 0xffffn, 0x1_0000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n];
  const mixed = Array.from({ length: 12 }, (_, index) => 0x9e37_79b9_7f4a_7c15n * BigInt(index * index + 1));
  return [...edges, -edges[5], -edges[7], 1n << 63n, (1n << 63n) - 1n, ...mixed].map((n) => BigInt.asIntN(bits, n));
}

function expected(bits: 32 | 64, operator: typeof OPERATORS[number], a: bigint, b: bigint): number | bigint {
  const result = BigInt.asIntN(bits, operator === "add" ? a + b : operator === "sub" ? a - b : a * b);
  return bits === 32 ? Number(result) : result;
}

for (const bits of [32, 64] as const) {
  Deno.test(`constant arithmetic of i${bits} is integer arithmetic, with or without an instance`, async () => {
    const type = `i${bits}` as const;
    for (const a of numbers(bits)) {
      const cases = numbers(bits).flatMap((b) => OPERATORS.map((operator) => ({ operator, b })));
      const fields = cases.flatMap(({ operator, b }, index) => [
        `(global (export "folded ${index}") ${type} (${type}.${operator} (${type}.const ${a}) (${type}.const ${b})))`,
        `(global (export "open ${index}") ${type} (${type}.${operator} (global.get 0) (${type}.const ${b})))`,
      ]);
      const imported = new Global({ value: type }, bits === 32 ? Number(a) : a);
      const instance = await instanceOf(
        `(module (import "m" "g" (global ${type})) ${fields.join("\n")})`,
        { m: { g: imported } },
      );
      for (const [index, { operator, b }] of cases.entries()) {
        const sum = expected(bits, operator, a, b);
        const values = [`folded ${index}`, `open ${index}`].map((name) => (instance.export(name) as Global).value);
        assertEquals(values, [sum, sum], `${a} ${operator} ${b}`);
      }
    }
  });
}

Deno.test("globals start with their own values in each instance", async () => {
  const text = `(module (import "m" "n" (global i64)) (import "m" "r" (global externref))
    (func $f (export "f")) (global $f64 (export "float") (mut f64) (f64.const -0.1))
    (global (export "f32") f32 (f32.const 1.5)) (global (export "copy") i64 (global.get 0))
    (global (export "host") externref (global.get 1)) (global (export "func") (mut funcref) (ref.func $f))
    (global (export "null") (mut externref) (ref.null extern))
    (func (export "set") (global.set $f64 (f64.const 2)) (global.set 6 (ref.null func)))
    (func (export "is_null") (result i32) (ref.is_null (global.get 6))))`;
  const imports = (n: bigint) => ({
    m: { n: new Global({ value: "i64" }, n), r: new Global({ value: "externref" }, "a host's") },
  });
  const one = await instanceOf(text, imports(-5n));
  const other = await instanceOf(text, imports(7n << 40n));
  const value = (instance: typeof one, name: string) => (instance.export(name) as Global).value;
  await one.call("set");
  assertEquals(["float", "f32", "copy", "host", "func", "null"].map((name) => value(one, name)), [
    2,
    1.5,
    -5n,
    "a host's",
    null,
    null,
  ]);
  assertEquals(["float", "copy", "host"].map((name) => value(other, name)), [-0.1, 7n << 40n, "a host's"]);
  assertStrictEquals(value(other, "func"), other.exports.f);
  assertEquals([await one.call("is_null"), await other.call("is_null")], [1, 0]);
});

Deno.test("elements can be functions, nulls and imported globals, in the instance's tables and in imported ones", async () => {
  const text = (table: string) =>
    `(module ${table} (import "m" "g" (global funcref)) (func $f (export "f"))
      (elem (table 0) (i32.const 1) funcref (ref.func $f) (ref.null func) (global.get 0)))`;
  const { exports: { f: foreign } } = await instanceOf(`(module (func (export "f")))`);
  const g = new Global({ value: "funcref" }, foreign);
  const given = new Table({ element: "funcref", initial: 4 });
  given.set(2, foreign as ExportedFunction);
  const other = await instanceOf(text(`(import "m" "t" (table 4 funcref))`), { m: { t: given, g } });
  const own = await instanceOf(
    `(module (import "m" "g" (global funcref)) (table (export "t") 4 funcref) (func $f (export "f"))
      (elem (i32.const 1) funcref (ref.func $f) (ref.null func) (global.get 0)))`,
    { m: { g } },
  );
  assertEquals([0, 1, 2, 3].map((at) => given.get(at)), [null, other.exports.f, null, foreign]);
  const table = own.export("t") as Table;
  assertEquals([0, 1, 2, 3].map((at) => table.get(at)), [null, own.exports.f, null, foreign]);
});

const global = (type: number, expression: Uint8Array) =>
  binary(section(SECTION.global, [1, type, 0], expression, [0x0b]));
const product = (length: number) => join([0x42, 1], repeat([0x42, 3, 0x7e], (length - 2) / 3));

Deno.test("a constant expression of 4,096 bytes is evaluated, and the error for a longer one names the limit", async () => {
  const bytes = product(4_094);
  const withExport = binary(
    section(SECTION.global, [1, I64, 0], bytes, [0x0b]),
    section(SECTION.export, [1], name("g"), [3, 0]),
  );
  const instance = await instantiate(compileSync(withExport));
  assertEquals((instance.export("g") as Global).value, BigInt.asIntN(64, 3n ** BigInt((bytes.length - 2) / 3)));
  const message = "a constant expression has more than 4096 bytes (at offset 0xe)";
  assertThrows(() => compileSync(global(I64, product(4_100))), CompileError, message);
  compileSync(global(I32, join(repeat([0x41, 1], 1_350), repeat([0x6a], 1_349))));
});

Deno.test("constant expressions of reference types are checked: their types, functions and globals", () => {
  const element = (type: number, ...expression: number[]) =>
    binary(section(SECTION.element, [1, 5, type, 1], expression, [0x0b]));
  const cases = [
    [element(0x70, 0xd0, 0x6f), "type mismatch: an element of externref in a segment of funcref"],
    [element(0x70, 0xd2, 0), "unknown function 0"],
    [element(0x70, 0xd2, ...u32(0xffff_ffff)), "unknown function 4294967295"],
    [element(0x70, 0x23, 0), "unknown global 0"],
    [element(0x70, 0x23, ...u32(0xffff_ffff)), "unknown global 4294967295"],
    [element(0x70, 0x41, 0), "type mismatch: a constant expression of a reference type must be one instruction"],
    [
      element(0x70, 0xd0, 0x70, 0xd0, 0x70),
      "type mismatch: a constant expression of a reference type must be one instruction",
    ],
    [element(0x70, 0xd0, 0x70, 0x6e), "constant expression required: found i32.div_u"],
    [element(0x70), "type mismatch"],
  ] as const;
  for (const [bytes, message] of cases) assertThrows(() => compileSync(bytes), CompileError, message);
});
