/**
 * Memories, tables, globals and host functions as JavaScript sees them, and linking.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { funcTypeName, valueTypeCode } from "../../../src/vm/binary/types.ts";
import { refuseVectors } from "../../../src/vm/objects/values.ts";
import { Global, hostFunction, LimitError, LinkError, Memory, Table, Trap } from "../../../src/vm/mod.ts";
import type { Imports } from "../../../src/vm/mod.ts";
import { functionOf, instanceOf } from "../../../tools/wat.ts";

Deno.test("Memory grows to its maximum, keeps its bytes, and throws above the maximum", () => {
  const memory = new Memory({ initial: 1, maximum: 3 });
  memory.bytes[65535] = 7;
  assertEquals(memory.grow(1), 1);
  assertThrows(() => memory.grow(2), RangeError, "it has 2 of 3 pages");
  for (const delta of [-1, 0.5, NaN]) assertThrows(() => memory.grow(delta), RangeError);
  assertEquals([memory.grow(1), memory.grow(0)], [2, 3]);
  assertEquals([memory.pages, memory.bytes.length, memory.view.byteLength, memory.bytes[65535]], [
    3,
    196608,
    196608,
    7,
  ]);
});

Deno.test("memory.grow returns -1 at the host's limit, even if the module allows more", async () => {
  const text = `(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;
  const grow = functionOf(await instanceOf(text, {}, { limits: { memoryPages: 4 } }), "grow");
  assertEquals([grow(65535), grow(-1), grow(3), grow(1), grow(0)], [-1, -1, 1, -1, 4]);
  const error = await assertRejects(() => instanceOf(text, {}, { limits: { memoryPages: 0 } }), LimitError);
  assertEquals(error.limit, "memoryPages");
});

Deno.test("an out-of-bounds access traps at every width, and changes nothing", async () => {
  const stores = [["i32.store8", 1], ["i32.store16", 2], ["i32.store", 4], ["i64.store", 8]] as const;
  for (const [store, width] of stores) {
    const type = store.slice(0, 3);
    const instance = await instanceOf(`(module (memory (export "memory") 1)
      (func (export "at") (param i32) (${store} (local.get 0) (${type}.const -1)))
      (func (export "beyond") (param i32) (${store} offset=0xffffffff (local.get 0) (${type}.const -1)))
      (func (export "offset") (param i32) (${store} offset=8 (local.get 0) (${type}.const -1))))`);
    const memory = instance.exports.memory as Memory;
    const [at, beyond, offset] = ["at", "beyond", "offset"].map((name) => functionOf(instance, name));
    for (const address of [65536 - width + 1, 65535 + width, 65536, 0x7fffffff, -1, -4, -8, -0x80000000]) {
      if (width > 1 || address !== 65536 - width) assertThrows(() => at(address), Trap, "out of bounds memory access");
      assertThrows(() => offset(address - 8), Trap, "out of bounds memory access");
      assertThrows(() => beyond(address), Trap, "out of bounds memory access");
    }
    assertThrows(() => beyond(1), Trap);
    assertEquals(memory.bytes.indexOf(255), -1);
    at(65536 - width);
    assertEquals(memory.bytes.indexOf(255), 65536 - width);
  }
});

Deno.test("Table holds host values and functions, and refuses indices that do not exist", async () => {
  const externs = new Table({ element: "externref", initial: 2, maximum: 3 });
  externs.set(1, "text");
  assertEquals([externs.get(0), externs.get(1), externs.grow(1), externs.length], [null, "text", 2, 3]);
  assertThrows(() => externs.get(3), RangeError);
  assertThrows(() => externs.grow(1), RangeError);
  const functions = new Table({ element: "funcref", initial: 1 });
  assertThrows(() => functions.set(0, () => {}), TypeError);
  const { exports } = await instanceOf(`(module (func (export "f")))`);
  functions.set(0, exports.f);
  assertStrictEquals(functions.get(0), exports.f);
});

Deno.test("call_indirect reaches the instance's own, another instance's and the host's functions", async () => {
  const table = new Table({ element: "funcref", initial: 3 });
  const other = await instanceOf(
    `(module (global $g i32 (i32.const 40)) (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (global.get $g))))`,
  );
  const text = (imported: boolean) =>
    `(module (type $t (func (param i32) (result i32)))
      (import "host" "double" (func $double (type $t))) (import "other" "f" (func $f (type $t)))
      (table ${imported ? `(import "host" "table")` : ""} 4 funcref)
      (elem (i32.const 0) $own $f $double)
      (func $own (type $t) (i32.add (local.get 0) (i32.const 1)))
      (func (export "run") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 1) (local.get 0)))
      (func (export "wrong") (param i32) (result i64) (call_indirect (result i64) (local.get 0))))`;
  table.grow(1);
  for (const imported of [true, false]) {
    const imports = { host: { double: (n: number) => n * 2, table }, other: other.exports } as Imports;
    const instance = await instanceOf(text(imported), imports);
    const run = functionOf(instance, "run");
    for (let round = 0; round < 3; round++) assertEquals([run(0, 5), run(1, 5), run(2, 5)], [6, 45, 10]);
    assertThrows(() => run(3, 5), Trap, "uninitialized element");
    assertThrows(() => run(4, 5), Trap, "undefined element");
    assertThrows(() => run(-1, 5), Trap, "undefined element");
    assertThrows(() => functionOf(instance, "wrong")(0), Trap, "indirect call type mismatch");
  }
});

Deno.test("Global shares its value with the instances that import it", async () => {
  const global = new Global({ value: "i64", mutable: true }, 5n);
  const text = `(module (import "m" "g" (global $g (mut i64)))
    (func (export "add") (param i64) (result i64)
      (global.set $g (i64.add (global.get $g) (local.get 0))) (global.get $g)))`;
  const [a, b] = await Promise.all([1, 2].map(() => instanceOf(text, { m: { g: global } })));
  assertEquals([functionOf(a, "add")(2n), functionOf(b, "add")(-10n), global.value], [7n, -3n, -3n]);
  assertThrows(() => new Global({ value: "i32" }, 1).value = 2, TypeError);
  assertThrows(() => new Global({ value: "v128" }), TypeError, "no value for a global of type v128");
});

Deno.test("functions and globals with vectors do not cross the border", () => {
  const [i32, v128] = [valueTypeCode("i32"), valueTypeCode("v128")];
  refuseVectors({ params: [i32], results: [] });
  for (const type of [{ params: [i32, v128], results: [] }, { params: [], results: [v128] }]) {
    assertThrows(() => refuseVectors(type), TypeError, `${funcTypeName(type)}: it has no v128`);
  }
  const global = new Global({ value: v128, mutable: true });
  assertThrows(() => global.value, TypeError, "no value for a global of type v128");
  assertThrows(() => global.value = 1, TypeError, "no value for a global of type v128");
});

Deno.test("an exported global is a view of the instance's own", async () => {
  const instance = await instanceOf(`(module (global $g (export "g") (mut f64) (f64.const 1.5))
    (func (export "twice") (global.set $g (f64.mul (global.get $g) (f64.const 2)))))`);
  const global = instance.exports.g as Global;
  functionOf(instance, "twice")();
  assertEquals(global.value, 3);
  global.value = 10;
  functionOf(instance, "twice")();
  assertEquals(global.value, 20);
  assertStrictEquals(instance.exports.g, global);
});

Deno.test("references keep their identity across calls and instances", async () => {
  const value = { some: "thing" };
  const echo = await instanceOf(`(module (func (export "echo") (param externref) (result externref) (local.get 0)))`);
  const user = await instanceOf(
    `(module (import "e" "echo" (func $echo (param externref) (result externref)))
      (func (export "via") (param externref externref) (result externref externref)
        (call $echo (local.get 1)) (call $echo (local.get 0))))`,
    { e: echo.exports as never },
  );
  functionOf(user, "via")("filler", "another");
  assertEquals(functionOf(user, "via")(value, null), [null, value]);
  assertStrictEquals(functionOf(echo, "echo")(value), value);
  assertEquals(functionOf(echo, "echo")(undefined), undefined);
});

Deno.test("values convert between the guest and the host as in the JavaScript API", async () => {
  const instance = await instanceOf(`(module
    (func (export "i32") (param i32) (result i32) (local.get 0)) (func (export "i64") (param i64) (result i64) (local.get 0))
    (func (export "f32") (param f32) (result f32) (local.get 0)) (func (export "f64") (param f64) (result f64) (local.get 0)))`);
  const call = (name: string, ...args: unknown[]) => functionOf(instance, name)(...args);
  assertEquals([call("i32", 2 ** 32 - 1), call("i32", "7"), call("i32"), call("i32", 2.9)], [-1, 7, 0, 2]);
  assertEquals([call("i64", 2n ** 64n - 1n), call("i64", -(2n ** 63n))], [-1n, -(2n ** 63n)]);
  assertEquals([call("f32", 0.1), call("f64", 0.1), call("f64")], [Math.fround(0.1), 0.1, NaN]);
  assertThrows(() => call("i64", 1), TypeError);
  assertThrows(() => call("i32", 1n), TypeError);
});

Deno.test("the LinkError of instantiate names the missing or wrong import", async () => {
  const text = `(module (import "env" "f" (func (param i32))))`;
  await assertRejects(() => instanceOf(text), LinkError, `unknown import: nothing was given for "env"."f"`);
  await assertRejects(() => instanceOf(text, { env: { f: 1 } } as never), LinkError, "incompatible import type");
  await assertRejects(() => instanceOf(text, Object.create({ env: { f() {} } })), LinkError, "unknown import");
  const typed = hostFunction({ params: ["i64"], results: [] }, () => {});
  const message = "must be a function of type (i32) -> (), not one of type (i64) -> ()";
  await assertRejects(() => instanceOf(text, { env: { f: typed } }), LinkError, message);
  const memory = `(module (import "env" "m" (memory 2 3)))`;
  for (const descriptor of [{ initial: 1, maximum: 3 }, { initial: 2, maximum: 4 }, { initial: 2 }]) {
    await assertRejects(() => instanceOf(memory, { env: { m: new Memory(descriptor) } }), LinkError);
  }
});

Deno.test("a limit that is not a number is rejected, because it would limit nothing", async () => {
  const text = `(module (memory 1) (func (export "f")))`;
  for (const name of ["fuel", "sliceFuel", "memoryPages", "tableElements", "deadlineMs"]) {
    for (const value of [NaN, -1]) {
      await assertRejects(
        () => instanceOf(text, {}, { limits: { [name]: value } }),
        RangeError,
        `limits.${name} must be`,
      );
    }
  }
  const instance = await instanceOf(text);
  await assertRejects(
    () => instance.call("f", [], { deadlineMs: NaN }),
    RangeError,
    "deadlineMs must be a number from 0",
  );
});

Deno.test("later memories of any size see nothing of a memory that has ended", () => {
  for (const pages of [1, 2, 3, 4]) {
    const ended = new Memory({ initial: pages });
    ended.bytes.fill(7);
    ended.release();
    assertEquals([ended.pages, ended.bytes.length], [0, 0]);
  }
  for (const pages of [1, 1, 2, 2, 3, 4]) {
    const memory = new Memory({ initial: pages, maximum: 8 });
    assertEquals([memory.pages, memory.grow(4), memory.pages], [pages, pages, pages + 4]);
    assertEquals(memory.bytes.some((byte) => byte !== 0), false);
  }
});

Deno.test("instantiate traps on a segment that does not fit, and runs the start function", async () => {
  await assertRejects(
    () => instanceOf(`(module (memory 1) (data (i32.const 65536) "x"))`),
    Trap,
    "out of bounds memory",
  );
  await assertRejects(() => instanceOf(`(module (table 1 funcref) (elem (i32.const 1) $f) (func $f))`), Trap);
  const seen: number[] = [];
  const text =
    `(module (import "m" "see" (func $see (param i32))) (start $main) (func $main (call $see (i32.const 3))))`;
  await instanceOf(text, { m: { see: async (n: number) => void seen.push(await n) } });
  assertEquals(seen, [3]);
});

Deno.test("a host function with several results must return an array of that length", async () => {
  const text =
    `(module (import "m" "two" (func $two (result i32 i32))) (func (export "sub") (result i32) (call $two) i32.sub))`;
  assertEquals(functionOf(await instanceOf(text, { m: { two: () => [9, 4] } }), "sub")(), 5);
  for (const result of [7, [1], [1, 2, 3], undefined]) {
    const instance = await instanceOf(text, { m: { two: () => result } });
    assertThrows(() => functionOf(instance, "sub")(), Trap, "host function failed");
  }
});
