/**
 * The metered module: its names and indices, and what can't be rewritten.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Cursor } from "../../../src/vm/binary/cursor.ts";
import { decodeModule } from "../../../src/vm/binary/decode.ts";
import { validateModule } from "../../../src/vm/binary/validate.ts";
import { compileSync } from "../../../src/vm/choose.ts";
import { meterRecord } from "../../../src/vm/native/rewriter.ts";
import { newIndex, oldIndex } from "../../../src/vm/native/layout.ts";
import { EngineError } from "../../../src/vm/mod.ts";
import { body, functions, funcType, oneFunction, repeat } from "../../../tools/binary.ts";
import { wat } from "../../../tools/wat.ts";
import { isNative } from "../_native.ts";

/** A validated record of a module's metered form. */
function metered(bytes: Uint8Array) {
  const record = decodeModule(bytes);
  validateModule(record);
  const result = meterRecord(record);
  const rewritten = decodeModule(result.bytes);
  validateModule(rewritten);
  return { record, rewritten, ...result };
}

const TEXT = `(module $guest
  (import "a" "f" (func $f (param i32))) (import "a" "g" (global $g i32)) (import "b" "t" (table 2 5 funcref))
  (import "a" "h" (func $h (result i32 i64))) (memory (export "m") 1 7) (global $n (mut i32) (i32.const 3))
  (global $r funcref (ref.func $own)) (elem (i32.const 0) $f $own) (elem $e funcref (ref.func $h) (ref.null func))
  (func $own (export "own") (param i32) (call $f (local.get 0)) (global.set $n (local.get 0)))
  (func $last (export "last")) (export "f" (func $f)) (start $last))`;

Deno.test("a metered module is valid, keeps the guest's exports in their order, and shifts functions only", () => {
  const { record, rewritten, layout } = metered(wat(TEXT));
  assertEquals(rewritten.exports.slice(0, record.exports.length).map(({ name, kind }) => [name, kind]), [
    ["m", "memory"],
    ["own", "function"],
    ["last", "function"],
    ["f", "function"],
  ]);
  const { importedFunctions } = record;
  for (const [at, { kind, index }] of record.exports.entries()) {
    const expected = kind === "function" ? newIndex(layout, importedFunctions, index) : index;
    assertEquals(rewritten.exports[at].index, expected);
  }
  for (let index = 0; index < record.functions.length; index++) {
    assertEquals(oldIndex(layout, importedFunctions, newIndex(layout, importedFunctions, index)), index);
    const [type, other] = [record, rewritten].map(({ types, functions }, side) =>
      types[functions[side === 0 ? index : newIndex(layout, importedFunctions, index)]]
    );
    assertEquals(other, type);
  }
  assertEquals(rewritten.globals.slice(0, record.globals.length), record.globals);
  assertEquals(rewritten.start, undefined);
  assertEquals(rewritten.imports[0], { module: "g", name: "0", type: { kind: "function", typeIndex: 0 } });
});

Deno.test("functions keep their names in a metered module", () => {
  const { record, rewritten, layout } = metered(wat(TEXT));
  for (const [index, name] of ["f", "h", "own", "last"].entries()) {
    assertEquals(record.names.functionName(index), name);
    const place = index < record.importedFunctions ? index : newIndex(layout, record.importedFunctions, index);
    assertEquals(rewritten.names.functionName(place), name);
  }
});

Deno.test("bodies are where the metered module says", () => {
  const { rewritten, bodies } = metered(wat(TEXT));
  assertEquals([...bodies], rewritten.bodies.map(({ start }) => start));
});

Deno.test("the branch of each check is hinted at, where it is after the function was compacted", () => {
  // A long run has checks in it, and joins whose payments are cut out come before and between them.
  const work = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(200);
  const text = `(module (memory 1) (func $leaf (param i32) (result i32) (local.get 0)) (func (export "run") (param i32)
    (if (local.get 0) (then nop) (else nop)) (loop $again (block (br_if 0 (local.get 0)) ${work}
    (drop (call $leaf (local.get 0)))) (br_if $again (local.get 0)))))`;
  const { rewritten, layout } = metered(wat(text));
  const section = rewritten.customSections.find(({ name }) => name === "metadata.code.branch_hint")!;
  const cursor = new Cursor(rewritten.bytes, section.contents.start, section.contents.end);
  let hints = 0;
  for (let functions = cursor.u32(); functions > 0; functions--) {
    const { start } = rewritten.bodies[cursor.u32() - rewritten.importedFunctions];
    for (let count = cursor.u32(); count > 0; count--, hints++) {
      const at = start + cursor.u32();
      assertEquals([cursor.u32(), cursor.u32()], [1, 0]);
      // `i32.lt_s`, `if`, without a result, `call`.
      assertEquals([...rewritten.bytes.subarray(at - 1, at + 3)], [0x48, 0x04, 0x40, 0x10]);
    }
  }
  assertEquals([cursor.offset, hints > 2, layout.shift > 0], [cursor.end, true, true]);
});

Deno.test("no export of the guest begins with our prefix, whatever it is", () => {
  const names = ["r:", "rr:", "r:fuel", "rrr:setFuel", "r"];
  const { layout, rewritten } = metered(wat(`(module ${names.map((name) => `(func (export "${name}"))`).join("")})`));
  assert(names.every((name) => !name.startsWith(layout.prefix)));
  for (const name of ["fuel", "setFuel", "charge", "pending"]) {
    assert(rewritten.exportsByName.has(layout.prefix + name), name);
  }
});

/** A chain of conditional branches, each of which pays another amount. */
const BRANCHES = oneFunction([0x02, 0x40, ...repeat([0x41, 0, 0x0d, 0], 200_000), 0x0b]);
Deno.test("what metering makes too large is refused by the rewriter, and interpreted", () => {
  assertThrows(() => metered(BRANCHES), RangeError, "bytes with metering");
  const { engine } = compileSync(BRANCHES);
  assertEquals(engine.name, "interpreter");
  if (!isNative) return;
  assert(engine.reason.includes("bytes with metering"), engine.reason);
  assertThrows(() => compileSync(BRANCHES, { engine: "native" }), EngineError, "bytes with metering");
});

Deno.test("indices, counts and types in more bytes than necessary are read right", () => {
  const long = (value: number) => [value | 0x80, 0x80, 0x00];
  const code = [
    ...[0x02, 0x40, 0x0c, ...long(0), 0x0b],
    ...[0x10, ...long(1), 0x1a],
    ...[0x41, 0x01, 0x04, 0x7f, 0x41, 0x01, 0x05, 0x41, 0x02, 0x0b, 0x1a],
    ...[0x41, 1, 0x41, 1, 0x41, 1, 0x1c, 0x81, 0x00, 0x7f, 0x1a],
    ...[0x41, 1, 0x41, 1, 0x41, 0, 0xfc, 0x8b, 0x80, 0x00, 0x00],
    ...[0x02, 0x40, 0x41, 0, 0x0e, ...long(1), ...long(0), ...long(1), 0x0b],
  ];
  const { record, rewritten } = metered(functions({
    types: [funcType([]), funcType([], [0x7f])],
    bodies: [[0, body(code, [...long(1), ...long(3), 0x7e])], [1, body([0x41, 7])]],
    before: [Uint8Array.of(5, 3, 1, 0, 1)],
  }));
  assertEquals(rewritten.bodies.length > record.bodies.length, true);
});
