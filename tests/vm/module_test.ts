/**
 * Compiling from every kind of source, and the properties of modules.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { compile } from "@rivulet/rivulet";
import { CompileError, instantiate, LimitError } from "../../src/vm/mod.ts";
import { binary, name, SECTION, section } from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";
import { compileSync } from "../../tools/compile.ts";
import { wat } from "../../tools/wat.ts";

const BYTES = wat(`(module $adder (import "m" "f" (func (param i64) (result f32))) (memory (export "memory") 1)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`) as Uint8Array<
  ArrayBuffer
>;

/** A stream of chunks of this size. */
function stream(bytes: Uint8Array<ArrayBuffer>, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, at += size));
    },
  });
}

Deno.test("compile takes a response, a promise of one, a buffer, a view and a stream", async () => {
  const padded = new Uint8Array(BYTES.length + 20);
  padded.set(BYTES, 10);
  const sources = [
    new Response(BYTES),
    Promise.resolve(new Response(BYTES)),
    BYTES,
    BYTES.slice().buffer,
    new DataView(padded.buffer, 10, BYTES.length),
    stream(BYTES, 1),
    stream(BYTES, 7),
    Promise.resolve(BYTES),
  ];
  for (const source of sources) {
    const module = await compile(source);
    const { exports } = await instantiate(module, { m: { f: () => 0 } });
    assertEquals((exports.add as (a: number, b: number) => number)(2, 3), 5);
  }
});

Deno.test("Module has its name, imports, exports and custom sections", () => {
  const module = compileSync(BYTES);
  assertEquals(module.name, "adder");
  assertEquals(module.imports, [
    { module: "m", name: "f", kind: "function", type: { params: ["i64"], results: ["f32"] } },
  ]);
  assertEquals(module.exports, [
    { name: "memory", kind: "memory" },
    { name: "add", kind: "function", type: { params: ["i32", "i32"], results: ["i32"] } },
  ]);
  assertEquals(module.customSections("name").length, 1);
  assertEquals(module.customSections("none"), []);
});

/** A module with custom sections of these names and contents. */
function withSections(...sections: readonly (readonly [name: string, contents: Part])[]): Uint8Array<ArrayBuffer> {
  return binary(...sections.map(([title, contents]) => section(SECTION.custom, name(title), contents)));
}

Deno.test("Module.customSections returns copies of all sections with a name, in the module's order", async () => {
  const bytes = withSections(["a", [1, 2]], ["b", [3]], ["a", []], ["", [4]], ["a", [5]]);
  for (const module of [compileSync(bytes), await compile(bytes), await compile(stream(bytes, 1))]) {
    const [first, ...others] = module.customSections("a");
    assertEquals([first, ...others], [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(5)]);
    assertEquals(first!.buffer.byteLength, 2);
    first!.fill(9);
    assertEquals(module.customSections("a")[0], Uint8Array.of(1, 2));
    assertEquals(module.customSections(""), [Uint8Array.of(4)]);
    assertEquals(module.customSections("c"), []);
  }
});

Deno.test("Module.customSections copies nothing if the sections have more bytes together than asked for", () => {
  const module = compileSync(withSections(["a", [1, 2]], ["b", [3]], ["a", [4]]));
  assertEquals(module.customSections("a", { maxBytes: 3 }).length, 2);
  const error = assertThrows(() => module.customSections("a", { maxBytes: 2 }), LimitError, '"a" have 3 bytes');
  assertEquals([error.limit, error.value], ["maxBytes", 2]);
  assertThrows(() => module.customSections("a", { most: 2 } as never), TypeError, "unknown custom section option");
  for (const maxBytes of [NaN, "2", null]) {
    assertThrows(() => module.customSections("a", { maxBytes } as never), TypeError, "maxBytes must be a number");
  }
  assertThrows(() => module.customSections(5 as never), TypeError, "must be a string, not 5");
});

Deno.test("compile keeps its own copy of a buffer", async () => {
  const bytes = BYTES.slice();
  const module = await compile(bytes);
  bytes.fill(0);
  const { exports } = await instantiate(module, { m: { f: () => 0 } });
  assertEquals((exports.add as (a: number, b: number) => number)(2, 3), 5);
});

Deno.test("compile rejects every prefix of a module with a CompileError with an offset, as a whole or in chunks", async () => {
  for (let length = 0; length < BYTES.length; length++) {
    const prefix = BYTES.slice(0, length);
    let whole: unknown;
    try {
      compileSync(prefix);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      whole = error.offset;
    }
    const chunked = await compile(stream(prefix, 3)).then(() => undefined, (error) => error.offset);
    assertEquals(chunked, whole, `prefix of ${length} bytes`);
  }
});

Deno.test("compile cancels a stream as soon as its bytes are not a module", async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("<!doctype html> no module")),
    cancel: () => void (cancelled = true),
  });
  await assertRejects(() => compile(endless), CompileError);
  assertEquals(cancelled, true);
});

Deno.test("compile rejects responses that are not ok, and sources of other types, with a TypeError", async () => {
  await assertRejects(() => compile(new Response("", { status: 404 })), TypeError, "status 404");
  await assertRejects(() => compile("text" as never), TypeError);
  const texts = new ReadableStream({ start: (controller) => controller.enqueue("text") });
  await assertRejects(() => compile(texts), TypeError, "must be Uint8Arrays");
});

Deno.test("compile stops with the signal's reason", async () => {
  const reason = new Error("stop");
  const hanging = new ReadableStream<Uint8Array>({});
  const controller = new AbortController();
  const compiling = assertRejects(() => compile(hanging, { signal: controller.signal }));
  controller.abort(reason);
  assertStrictEquals(await compiling, reason);
  assertStrictEquals(await assertRejects(() => compile(BYTES, { signal: controller.signal })), reason);
});

Deno.test("compile names the type of a file that is not a module", () => {
  const cases = [
    [`(module)`, "text"],
    ["\0asm\x0d\0\x01\0", "component"],
    ["\x7fELF....", "magic header not detected"],
  ] as const;
  for (const [text, expected] of cases) {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const error = assertThrows(() => compileSync(bytes), CompileError);
    assertEquals(error.message.includes(expected), true, error.message);
  }
});
