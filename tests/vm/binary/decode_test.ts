/**
 * Decoding: headers, sections, chunks, limits, and the messages for bytes that this library can't run.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeModule, ModuleDecoder } from "../../../src/vm/binary/decode.ts";
import type { ModuleVisitor } from "../../../src/vm/binary/decode.ts";
import { CompileError } from "../../../src/vm/errors.ts";
import type { ModuleRecord } from "../../../src/vm/binary/types.ts";
import {
  binary,
  body,
  functionSections,
  HEADER,
  join,
  joinAll,
  name,
  section,
  u32,
  vector,
} from "../../../tools/binary.ts";
import type { Part } from "../../../tools/binary.ts";
import { wat } from "../../../tools/wat.ts";

const EXAMPLE = wat(`(module $example
  (type $binary (func (param i32 i32) (result i32)))
  (import "host" "log" (func $log (param i64)))
  (import "host" "size" (global $size i32))
  (table $table 2 10 funcref)
  (table 1 externref)
  (memory 1 2)
  (global $counter (mut i64) (i64.const -5))
  (export "add" (func $add))
  (export "counter" (global $counter))
  (start $main)
  (elem (i32.add (global.get $size) (i32.const 1)) func $add $main)
  (elem externref (ref.null extern))
  (elem declare func $main)
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $main (local f64 f64 i32) (call $log (i64.const 1)) (data.drop $text))
  (data (i32.const 16) "active")
  (data $text "passive"))`);

/** A record without the parts that depend on how it was decoded: the getter of names and the buffer of bytes. */
function plain(record: ModuleRecord): unknown {
  return { ...record, bytes: [...record.bytes] };
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeModule(bytes);
  } catch (error) {
    assert(error instanceof CompileError, String(error));
    return error.message;
  }
  return "accepted";
}

Deno.test("decodeModule fills a record with every section", () => {
  const record = decodeModule(EXAMPLE);
  assertEquals(record.types.length, 3);
  assertEquals(record.types[0], { params: [0x7f, 0x7f], results: [0x7f] });
  assertEquals(record.imports.map(({ module, name, type }) => [module, name, type.kind]), [
    ["host", "log", "function"],
    ["host", "size", "global"],
  ]);
  assertEquals([record.importedFunctions, record.importedGlobals, record.importedTables], [1, 1, 0]);
  assertEquals(record.functions, [1, 0, 2]);
  assertEquals(record.tables, [
    { element: 0x70, limits: { minimum: 2, maximum: 10 } },
    { element: 0x6f, limits: { minimum: 1, maximum: undefined } },
  ]);
  assertEquals(record.memories, [{ limits: { minimum: 1, maximum: 2 } }]);
  assertEquals(record.globals[1], { value: 0x7e, mutable: true });
  assertEquals(record.exports, [{ name: "add", kind: "function", index: 1 }, {
    name: "counter",
    kind: "global",
    index: 1,
  }]);
  assertEquals(record.start, 2);
  assertEquals(record.elements.map(({ mode, type, length }) => [mode, type, length]), [
    ["active", 0x70, 2],
    ["passive", 0x6f, 1],
    ["declarative", 0x70, 1],
  ]);
  assertEquals(record.data.map(({ mode, start, end }) => [mode, end - start]), [
    ["active", 6],
    ["passive", 7],
  ]);
  assertEquals(record.dataCount, 2);
  const { start, end } = record.bodies[0];
  assertEquals([...record.bytes.subarray(start, end)], [0, 0x20, 0, 0x20, 1, 0x6a, 0x0b]);
  assertEquals([...record.sections.keys()].at(-1), "data");
  assertEquals(record.names.module, "example");
  assertEquals([0, 1, 2].map(record.names.functionName), ["log", "add", "main"]);
});

Deno.test("decodeModule keeps a copy of the bytes", () => {
  const bytes = EXAMPLE.slice();
  const record = decodeModule(bytes);
  bytes.fill(0);
  assertEquals(record.bytes, EXAMPLE);
});

Deno.test("ModuleDecoder makes the same record from chunks of every size", () => {
  const whole = plain(decodeModule(EXAMPLE));
  for (const size of [1, 2, 3, 7, 64, EXAMPLE.length]) {
    const decoder = new ModuleDecoder();
    for (let at = 0; at < EXAMPLE.length; at += size) {
      decoder.push(EXAMPLE.subarray(at, at + size));
      decoder.push(new Uint8Array(0));
    }
    assertEquals(plain(decoder.finish()), whole);
  }
});

Deno.test("ModuleDecoder reports declarations and bodies to its visitor as soon as their bytes have arrived", () => {
  const events: string[] = [];
  const visitor: ModuleVisitor = {
    declarations: (record) => events.push(`declarations of ${record.functions.length}`),
    body: (record, index) => events.push(`body ${index} of ${record.bodies.length}`),
    end: () => events.push("end"),
  };
  const decoder = new ModuleDecoder(visitor);
  const { bodies } = decodeModule(EXAMPLE);
  decoder.push(EXAMPLE.subarray(0, bodies[0].end - 1));
  assertEquals(events, ["declarations of 3"]);
  decoder.push(EXAMPLE.subarray(bodies[0].end - 1, bodies[0].end));
  assertEquals(events.slice(1), ["body 0 of 1"]);
  decoder.push(EXAMPLE.subarray(bodies[0].end));
  assertEquals(events.slice(2), ["body 1 of 2"]);
  decoder.finish();
  assertEquals(events.slice(3), ["end"]);
  events.length = 0;
  decodeModule(binary(), visitor);
  assertEquals(events, ["declarations of 0", "end"]);
});

Deno.test("ModuleDecoder refuses a wrong header at its eighth byte, and throws the same error from then on", () => {
  const decoder = new ModuleDecoder();
  decoder.push(Uint8Array.from([0, 0x61, 0x73, 0x6d, 2, 0, 0]));
  let first: unknown;
  try {
    decoder.push(Uint8Array.of(0));
  } catch (error) {
    first = error;
  }
  assert(first instanceof CompileError);
  for (const again of [() => decoder.push(Uint8Array.of(0)), () => decoder.finish()]) {
    try {
      again();
      assert(false, "it continues");
    } catch (error) {
      assertStrictEquals(error, first);
    }
  }
});

Deno.test("every prefix of a module is a module, or is refused with an offset inside the prefix", () => {
  for (let length = 0; length < EXAMPLE.length; length++) {
    try {
      decodeModule(EXAMPLE.subarray(0, length));
    } catch (error) {
      assert(error instanceof CompileError, String(error));
      assert(error.offset <= length, error.message);
    }
  }
});

Deno.test("the error for bytes that are not a module names what they seem to be", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [new Uint8Array(0), "unexpected end: the module is empty (at offset 0x0)"],
    [Uint8Array.of(0, 0x61), "unexpected end of the module's header (at offset 0x2)"],
    [Uint8Array.from(HEADER.slice(0, 7)), "unexpected end of the module's header (at offset 0x7)"],
    [Uint8Array.of(0, 0x61, 0x73, 0x6e, 1, 0, 0, 0), "magic header not detected (at offset 0x3)"],
    [text("(module)"), "magic header not detected: this looks like WebAssembly text"],
    [text("\ufeff\n;; text"), "magic header not detected: this looks like WebAssembly text"],
    [text("<!DOCTYPE html>"), "magic header not detected: this looks like HTML"],
    [text('{"error": 404}'), "magic header not detected: this looks like JSON"],
    [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0), "magic header not detected: this looks like gzip"],
    [Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), "magic header not detected: this looks like an ELF binary"],
    [Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), "unknown binary version: 0x00000002 (at offset 0x4)"],
    [
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
      "unknown binary version: this is a component (WASI 0.2 or later): build a program with `main` for wasm32-wasip1, " +
      "not for wasm32-wasip2 (at offset 0x4)",
    ],
  ];
  for (const [bytes, message] of cases) assertEquals(refusal(bytes).slice(0, message.length), message);
});

Deno.test("sections must come once, in order and with their exact sizes", () => {
  const types = section(1, vector([[0x60, 0, 0]]));
  const memory = section(5, vector([[0, 1]]));
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ["accepted", binary(section(0, name("first")), types, section(0, [...name("x"), 1, 2]), memory)],
    [
      "unexpected content after last section: type section is repeated or out of order (at offset 0xe)",
      binary(types, types),
    ],
    ["unexpected content after last section: type section is repeated or out of order", binary(memory, types)],
    ["malformed section id: 14 (at offset 0x8)", binary(section(14, []))],
    ["exception handling is not supported: tag section", binary(section(13, vector([[0, 0]])))],
    [
      "section size mismatch: type section has 1 bytes too many (at offset 0xe)",
      binary(section(1, [1, 0x60, 0, 0, 9])),
    ],
    ["length out of bounds: type section has 9 bytes, but only 1 are left", binary([1, 9, 0])],
    ["length out of bounds: custom section of 4294967295 bytes", binary([0, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ["length out of bounds: 5, but only 2 bytes are left", binary(section(0, [5, 0x61, 0x62]))],
    ["unexpected end of section or function (at offset 0x9)", binary([1])],
    [
      "function and code section have inconsistent lengths: 1 functions, 0 bodies",
      binary(types, section(3, vector([[0]]))),
    ],
    [
      "function and code section have inconsistent lengths: 0 functions, 1 bodies",
      binary(types, section(10, vector([body([])]))),
    ],
    [
      "data count and data section have inconsistent lengths: 2 and 1",
      binary(section(12, [2]), section(11, vector([[1, 0]]))),
    ],
  ];
  for (const [message, bytes] of cases) assertEquals(refusal(bytes).slice(0, message.length), message);
});

Deno.test("the error of a limit names the limit and the item that exceeds it", () => {
  const many = (count: number) => Array<number>(count).fill(0x7f);
  const cases: readonly (readonly [string, Uint8Array])[] = [
    [
      "type section: function type 1 has 1200 parameters, the limit is 1000 (at offset 0x10)",
      binary(section(1, vector([[0x60, 0, 0], [0x60, ...u32(1200), ...many(1200), 0]]))),
    ],
    [
      "type section: function type 0 has 1001 results, the limit is 1000",
      binary(section(1, vector([[0x60, 0, ...u32(1001), ...many(1001)]]))),
    ],
    ["multiple memories: the limit is 1, multi-memory is not supported", binary(section(5, vector([[0, 1], [0, 1]])))],
    ["too many data segments: 100001, the limit is 100000", binary(section(12, u32(100_001)))],
  ];
  for (const [message, bytes] of cases) assertEquals(refusal(bytes).slice(0, message.length), message);
});

Deno.test("features of proposals are refused with the proposal's name", () => {
  const global = (...bytes: number[]) => binary(section(6, [1, ...bytes]));
  const memory = (...bytes: number[]) => binary(section(5, [1, ...bytes]));
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ["threads is not supported: limits with flags 0x03", memory(3, 1, 1)],
    ["memory64 is not supported: limits with flags 0x04", memory(4, 1)],
    ["custom page sizes is not supported: limits with flags 0x08", memory(8, 1, 0)],
    ["typed function references is not supported: type 0x63", global(0x63, 0x70, 0, 0xd0)],
    ["garbage collection is not supported: type 0x6e", global(0x6e, 0, 0xd0)],
    ["garbage collection is not supported: type 0x5f", binary(section(1, [1, 0x5f, 0]))],
    ["garbage collection is not supported: opcode 0xfb", global(0x7f, 0, 0xfb)],
    ["exception handling is not supported: import of a tag", binary(section(2, [1, 0, 0, 4, 0, 0]))],
    ["typed function references is not supported: table with an", binary(section(4, [1, 0x40, 0, 0x70, 0, 1]))],
    ["malformed value type 0x05", global(0x05, 0)],
    ["malformed limits flags 0x10", memory(0x10, 1)],
    ["constant expression required: found i32.div_u (at offset 0xd)", global(0x7f, 0, 0x6e, 0x0b)],
    ["constant expression required: found memory.copy", global(0x7f, 0, 0xfc, 0x0a, 0, 0)],
  ];
  for (const [message, bytes] of cases) assertEquals(refusal(bytes).slice(0, message.length), message);
});

Deno.test("counts and sizes that exceed the bytes left are refused at once, and no memory is allocated for them", () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
  const bombs: readonly Part[] = [
    ...[1, 2, 3, 4, 5, 6, 7, 9, 11].map((id) => section(id, huge)),
    ...[1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 0].map((id) => [id, ...huge]),
    section(1, [1, 0x60, ...huge]),
    section(9, [1, 1, 0, ...huge]),
    section(9, [1, 5, 0x70, ...huge]),
    section(11, [1, 1, ...huge]),
    join(joinAll(functionSections([])).slice(0, -3), huge),
  ];
  const started = performance.now();
  for (const bomb of bombs) assertThrows(() => decodeModule(binary(bomb)), CompileError);
  assertLess(performance.now() - started, 100);
});

Deno.test("names are read from the name section up to its first fault", () => {
  const named = (...contents: number[]) => {
    const { names } = decodeModule(binary(...functionSections([]), section(0, [...name("name"), ...contents])));
    return [names.module, names.functionName(0)];
  };
  const functionNames = (...contents: number[]) => section(1, contents);
  assertEquals(named(...section(0, name("m"))), ["m", undefined]);
  assertEquals(named(...functionNames(2, 0, ...name("f"), 7, ...name("none"))), [undefined, "f"]);
  assertEquals(named(...section(0, name("m")), ...functionNames(1, 0, ...name("f"))), ["m", "f"]);
  assertEquals(named(...section(0, [1, 0xff]), ...functionNames(1, 0, 1, 0xff)), ["\ufffd", "\ufffd"]);
  for (const malformed of [[0], [0, 5, 1], [1], [1, 3, 9, 0, 0], functionNames(...u32(2 ** 32 - 1))]) {
    assertEquals(named(...section(0, name("m")), ...malformed), ["m", undefined]);
  }
  for (const malformed of [[0], [0, 1, 5], functionNames(1, 0, 5, 0)]) {
    assertEquals(named(...malformed), [undefined, undefined]);
  }
});

Deno.test("parts of the name section must come once and in order: a part out of order is skipped", () => {
  const { names } = decodeModule(
    binary(section(0, [...name("name"), ...section(2, [1, 2, 3]), ...section(0, name("later"))])),
  );
  assertEquals(names.module, undefined);
});

Deno.test("a long function name is cut between letters, and the module's name is not cut", () => {
  const long = "ü".repeat(1_000);
  const { names } = decodeModule(binary(
    ...functionSections([]),
    section(0, [...name("name"), ...section(0, name(`m${long}`)), ...section(1, [1, 0, ...name(`f${long}`)])]),
  ));
  assertEquals(names.module, `m${long}`);
  assertEquals(names.shownModule, `m${"ü".repeat(127)}…`);
  assertEquals(names.functionName(0), `f${"ü".repeat(127)}…`);
});
