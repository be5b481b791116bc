/**
 * Memories, tables, globals and functions between native instances, JavaScript, and interpreted instances.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { compileSync } from "../../../src/vm/choose.ts";
import { Global, instantiate, LimitError, LinkError, Memory, Table } from "../../../src/vm/mod.ts";
import type { Imports, Instance } from "../../../src/vm/mod.ts";
import { wat } from "../../../tools/wat.ts";
import { functionOf, instanceOf, nativeTest } from "../_native.ts";

function interpreted(text: string, imports?: Imports): Promise<Instance> {
  return instantiate(compileSync(wat(text) as Uint8Array<ArrayBuffer>, { engine: "interpreter" }), imports);
}

const USES_MEMORY = `(module (import "host" "memory" (memory 1))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;

nativeTest(
  "a memory that JavaScript made is shared with native instances, keeps its bytes, and grows for all",
  async () => {
    const memory = new Memory({ initial: 1, maximum: 4 });
    memory.bytes[8] = 42;
    const instances = [
      await instanceOf(USES_MEMORY, { host: { memory } }),
      await instanceOf(USES_MEMORY, { host: { memory } }),
    ];
    const before = memory.bytes;
    for (const instance of instances) assertEquals(await instance.call("load", [8]), 42);
    memory.view.setInt32(12, -5, true);
    assertEquals(await instances[1].call("load", [12]), -5);
    assertEquals(await instances[0].call("grow", [2]), 1);
    assertEquals([memory.pages, memory.bytes.length, memory.bytes[8]], [3, 3 << 16, 42]);
    assertEquals(memory.grow(1), 3);
    assertThrows(() => memory.grow(1), RangeError);
    assertEquals(await instances[1].call("grow", [1]), -1);
    assertEquals(await instances[1].call("load", [(4 << 16) - 4]), 0);
    assert(before !== memory.bytes);
  },
);

nativeTest("an exported memory is seen from JavaScript after the guest has grown it, within its limit", async () => {
  const instance = await instanceOf(
    `(module (memory (export "memory") 1 9)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "size") (result i32) memory.size))`,
    {},
    { limits: { memoryPages: 3 } },
  );
  const memory = instance.exports.memory as Memory;
  assertStrictEquals(instance.export("memory"), memory);
  memory.bytes[0] = 7;
  assertEquals([await instance.call("grow", [2]), await instance.call("grow", [1])], [1, -1]);
  assertEquals([memory.pages, memory.bytes[0], await instance.call("size")], [3, 7, 3]);
  const tooLarge = instanceOf(`(module (memory 4))`, {}, { limits: { memoryPages: 3 } });
  assertEquals((await assertRejects(() => tooLarge, LimitError)).limit, "memoryPages");
});

nativeTest("a table passes functions between native instances and JavaScript, and its growth is limited", async () => {
  const table = new Table({ element: "funcref", initial: 4, maximum: 10 });
  const one = await instanceOf(
    `(module (import "host" "table" (table 4 funcref))
    (func $one (export "one") (result i32) (i32.const 1)) (func $hidden (result i32) (i32.const 2))
    (elem (i32.const 0) $one $hidden))`,
    { host: { table } },
  );
  const two = await instanceOf(
    `(module (import "host" "table" (table 4 10 funcref))
    (func (export "callIt") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
    (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
    (func (export "size") (result i32) table.size 0))`,
    { host: { table } },
  );
  assertEquals([await two.call("callIt", [0]), await two.call("callIt", [1])], [1, 2]);
  assertStrictEquals(table.get(0), one.exports.one);
  assertEquals((table.get(1) as () => unknown)(), 2);
  assertStrictEquals(table.get(1), table.get(1));
  table.set(2, table.get(1));
  assertEquals([table.get(3), await two.call("callIt", [2])], [null, 2]);
  assertEquals([await two.call("grow", [3]), await two.call("grow", [4]), table.length], [4, -1, 7]);
  assertEquals(table.grow(3, one.exports.one), 7);
  assertThrows(() => table.grow(1), RangeError);
  assertEquals([await two.call("callIt", [9]), await two.call("size")], [1, 10]);
  assertThrows(() => table.get(10), RangeError);
  assertThrows(() => table.set(0, () => 1), TypeError);
});

nativeTest("the tables of an instance have a limit together", async () => {
  const text = `(module (table (export "a") 2 funcref) (table (export "b") 3 externref)
    (func (export "growA") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0)))
    (func (export "growB") (param i32) (result i32) (table.grow 1 (ref.null extern) (local.get 0))))`;
  const limits = { tableElements: 10 };
  const instance = await instanceOf(text, {}, { limits });
  assertEquals([await instance.call("growA", [4]), await instance.call("growB", [2])], [2, -1]);
  const b = instance.exports.b as Table;
  assertEquals([b.grow(1, "x"), await instance.call("growA", [1])], [3, -1]);
  assertEquals(b.get(3), "x");
  const error = await assertRejects(() => instanceOf(text, {}, { limits: { tableElements: 4 } }), LimitError);
  assertEquals(error.limit, "tableElements");
});

nativeTest("globals are shared if they are mutable, and copied if not", async () => {
  const text = `(module
    (import "host" "m" (global $m (mut i64))) (import "host" "i" (global $i f64))
    (import "host" "e" (global $e (mut externref)))
    (global $own (export "own") (mut i32) (i32.const 5)) (global (export "fixed") f32 (f32.const 0.5))
    (func $f (export "f")) (global (export "func") funcref (ref.func $f))
    (export "m" (global $m))
    (func (export "step") (result f64)
      (global.set $m (i64.add (global.get $m) (i64.const 1))) (global.set $own (i32.const -1)) (global.get $i))
    (func (export "e") (result externref) (global.get $e)))`;
  const m = new Global({ value: "i64", mutable: true }, 41n);
  const i = new Global({ value: "f64" }, 1.5);
  const e = new Global({ value: "externref", mutable: true }, "text");
  const instance = await instanceOf(text, { host: { m, i, e } });
  assertEquals(await instance.call("step"), 1.5);
  assertEquals(m.value, 42n);
  assertStrictEquals(instance.exports.m, m);
  const own = instance.exports.own as Global;
  assertEquals([own.value, (instance.exports.fixed as Global).value], [-1, 0.5]);
  own.value = 9;
  assertEquals((instance.export("own") as Global).value, 9);
  assertThrows(() => ((instance.exports.fixed as Global).value = 1), TypeError);
  e.value = instance;
  assertStrictEquals(await instance.call("e"), instance);
  assertStrictEquals((instance.exports.func as Global).value, instance.exports.f);
});

nativeTest(
  "instances of both engines call each other's functions, and share immutable globals, but nothing else",
  async () => {
    const text = `(module (import "other" "ask" (func $ask (param i32) (result i32)))
    (global (export "g") i32 (i32.const 3)) (memory (export "memory") 1) (table (export "table") 1 funcref)
    (global (export "m") (mut i32) (i32.const 3))
    (func (export "ask") (param i32) (result i32) (i32.mul (call $ask (local.get 0)) (i32.const 2))))`;
    const plain = { other: { ask: (n: number) => n + 1 } };
    const makers = [interpreted, instanceOf];
    for (const [at, make] of makers.entries()) {
      const other = makers[1 - at]!;
      const first = await make(text, plain);
      const second = await other(text, { other: first.exports as never });
      assertEquals([await second.call("ask", [4]), functionOf(second, "ask")(4)], [20, 20]);
      await other(`(module (import "first" "g" (global i32)))`, { first: first.exports as never });
      for (
        const [name, type] of [["memory", "memory 1"], ["table", "table 1 funcref"], ["m", "global (mut i32)"]] as const
      ) {
        const uses = `(module (import "first" "${name}" (${type})))`;
        await make(uses, { first: first.exports as never });
        const error = await assertRejects(() => other(uses, { first: first.exports as never }), LinkError);
        assert(error.message.includes("another engine"), error.message);
      }
    }
  },
);

nativeTest("a function of the other engine or of the host is a reference that native guests can call", async () => {
  const text = `(module (table (export "table") 2 funcref)
    (func (export "callIt") (param funcref) (result i32)
      (table.set (i32.const 0) (local.get 0)) (call_indirect (result i32) (i32.const 0))))`;
  const native = await instanceOf(text);
  const other = await interpreted(
    `(module (import "host" "seven" (func $seven (result i32))) (export "seven" (func $seven))
    (func (export "eight") (result i32) (i32.const 8)))`,
    { host: { seven: () => 7 } },
  );
  assertEquals(await native.call("callIt", [other.exports.eight]), 8);
  assertEquals(await native.call("callIt", [other.exports.seven]), 7);
  assertStrictEquals((native.exports.table as Table).get(0), other.exports.seven);
  assertEquals(
    await (await interpreted(text)).call("callIt", [native.exports.callIt]).catch(() => "mismatch"),
    "mismatch",
  );
});

nativeTest("an active segment that does not fit is a trap, as in the interpreter", async () => {
  for (
    const text of [
      `(module (memory 1) (data (i32.const 65536) "x"))`,
      `(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))`,
    ]
  ) {
    const [native, other] = await Promise.all(
      [instanceOf, interpreted].map((make) => make(text).catch((error: unknown) => error)),
    ) as Error[];
    assertEquals([native!.constructor, native!.message], [other!.constructor, other!.message]);
  }
});
