/** Tests of src/rpc/values/encode.ts: what is sent for a value, and what is refused. */

import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { type Encoded, type EncodeOptions, encodeValue } from "../../../src/rpc/values/encode.ts";
import type { Accepted } from "../../../src/rpc/values/kinds.ts";

const ALL: readonly Accepted[] = ["bytes", "streams"];

function options(accepts: readonly Accepted[], root = "params"): EncodeOptions {
  let id = 0;
  return { root, accepts: new Set(accepts), nextId: () => id++ };
}

/** What the value is sent as, without promises. */
function encode(value: unknown, accepts: readonly Accepted[] = ALL): unknown {
  const encoded = encodeValue(value, options(accepts));
  return (encoded as Encoded).value;
}

function text(value: unknown, accepts: readonly Accepted[] = ALL): string {
  return JSON.stringify(encode(value, accepts));
}

const PLAIN: readonly unknown[] = [
  ...[undefined, null, true, 0, -1.5, "", "text"],
  ...[[], {}, [[]], [{}], { a: {} }, { a: [{ b: null }], c: "d" }, Object.create(null), [undefined, 1]],
  ...[{ $bytes: "AAAA", more: 1 }, { $byte: "AAAA" }, { $: 1 }, { "0": 1 }, new Date(0), { at: new Date(NaN) }],
  ...[Object("boxed"), Object(5), Object(false)],
];

Deno.test("plain JSON is not copied, whatever the other side accepts", () => {
  for (const value of PLAIN) {
    for (const accepts of [[], ALL]) assertStrictEquals(encode(value, accepts), value);
  }
});

Deno.test("typed arrays, views and buffers become $bytes where they are", () => {
  const { buffer } = new Uint8Array([0, 1, 2, 3]);
  assertEquals(text(new Uint8Array([104, 105])), '{"$bytes":"aGk="}');
  assertEquals(text({ image: new Uint8Array(buffer, 1, 2), n: 1 }), '{"image":{"$bytes":"AQI="},"n":1}');
  assertEquals(text([1, [new Uint16Array([258])]]), '[1,[{"$bytes":"AgE="}]]');
  assertEquals(text([buffer, new DataView(buffer, 3)]), '[{"$bytes":"AAECAw=="},{"$bytes":"Aw=="}]');
  assertEquals(text(new Uint8ClampedArray(0)), '{"$bytes":""}');
});

Deno.test("blobs become $bytes when they have been read", async () => {
  const value = { file: new Blob(["hi"]), others: [new Blob([])], kept: 1 };
  const promise = encodeValue(value, options(["bytes"]));
  assertInstanceOf(promise, Promise);
  const encoded = await promise;
  assertEquals(encoded.value, { file: { $bytes: "aGk=" }, others: [{ $bytes: "" }], kept: 1 });
});

Deno.test("streams become tags with the ids of this side, and are listed", () => {
  const readable = new ReadableStream();
  const writable = new WritableStream();
  const encoded = encodeValue({ in: readable, out: [writable] }, options(["streams"])) as Encoded;
  assertEquals(encoded.value, { in: { $readable: 0 }, out: [{ $writable: 1 }] });
  assertEquals(encoded.streams, [
    { kind: "readable", id: 0, stream: readable },
    { kind: "writable", id: 1, stream: writable },
  ]);
  assertEquals([readable.locked, writable.locked], [false, false]);
});

Deno.test("encoding does not change the value that it is given", () => {
  const image = new Uint8Array([1]);
  const value = { list: [{ image }], rest: { a: 1 } };
  const encoded = encode(value) as typeof value;
  assertStrictEquals(value.list[0]!.image, image);
  assertStrictEquals(encoded.rest, value.rest);
});

Deno.test("an object that looks like a tag is sent as $literal, and only where tags are read", () => {
  for (const name of ["$bytes", "$readable", "$writable", "$literal"]) {
    assertEquals(encode({ [name]: 1 }), { $literal: { [name]: 1 } });
    assertEquals(encode([{ [name]: "x" }], ["bytes"]), [{ $literal: { [name]: "x" } }]);
    assertEquals(encode({ [name]: 1 }, []), { [name]: 1 });
    // JSON leaves out members without a JSON form.
    assertEquals(text({ [name]: 1, absent: undefined, method() {} }), `{"$literal":{"${name}":1}}`);
  }
  assertEquals(text({ $literal: { $bytes: "AAAA" } }), '{"$literal":{"$literal":{"$literal":{"$bytes":"AAAA"}}}}');
  assertEquals(text({ $bytes: new Uint8Array(1) }), '{"$literal":{"$bytes":{"$bytes":"AA=="}}}');
});

Deno.test("the name __proto__ is a member like others", () => {
  const value = JSON.parse('{"__proto__":{"a":[0]},"b":0}');
  value.b = new Uint8Array(1);
  Object.getOwnPropertyDescriptor(value, "__proto__")!.value.a[0] = new Uint8Array(1);
  assertEquals(text(value), '{"__proto__":{"a":[{"$bytes":"AA=="}]},"b":{"$bytes":"AA=="}}');
});

Deno.test("toJSON is called once, with the name, and what it returns is encoded", () => {
  const names: string[] = [];
  class Picture {
    toJSON(name: string): unknown {
      names.push(name);
      return { data: new Uint8Array(1) };
    }
  }
  const own = { toJSON: () => [new Uint8Array(1)], hidden: new Map() };
  assertEquals(text({ one: new Picture(), own }), '{"one":{"data":{"$bytes":"AA=="}},"own":[{"$bytes":"AA=="}]}');
  assertEquals(names, ["one"]);
  const itself: object = { a: 1, toJSON: () => itself };
  assertEquals(text([itself]), '[{"a":1}]');
  assertEquals(text({ a: { toJSON: () => "text" }, b: { toJSON: () => undefined } }), '{"a":"text"}');
});

Deno.test("a class with a JSON form may extend a map, and a class without one has its own members", () => {
  class Table extends Map<string, unknown> {
    toJSON(): unknown {
      return [...this];
    }
  }
  class Point {
    x = 1;
    bytes = new Uint8Array(1);
    get y(): number {
      return 2;
    }
  }
  assertEquals(text(new Table([["a", new Uint8Array(1)]])), '[["a",{"$bytes":"AA=="}]]');
  assertEquals(text({ point: new Point() }), '{"point":{"x":1,"bytes":{"$bytes":"AA=="}}}');
});

const REFUSED: readonly [value: () => unknown, message: string][] = [
  [
    () => ({ image: new Uint8Array(3) }),
    'params.image is a Uint8Array: the other side has not agreed to bytes; pass `accepts: ["bytes"]` if it reads them, or encode it yourself',
  ],
  [() => new ArrayBuffer(1), "params is an ArrayBuffer: the other side has not agreed to bytes"],
  [() => [1, { "a b": new Float64Array(1) }], 'params[1]["a b"] is a Float64Array: the other side'],
  [() => [new Blob([])], "params[0] is a Blob: the other side has not agreed to bytes"],
  [
    () => [[new ReadableStream()]],
    'params[0][0] is a ReadableStream: the other side has not agreed to streams; pass `accepts: ["streams"]` if it reads them',
  ],
  [() => ({ out: new WritableStream() }), "params.out is a WritableStream: the other side has not agreed to streams"],
];

Deno.test("without agreement, bytes and streams are refused with their path", () => {
  for (const [value, message] of REFUSED) assertThrows(() => encode(value(), []), TypeError, message);
});

Deno.test("what JSON would lose is refused whatever the other side accepts", () => {
  const refused: readonly [value: unknown, message: string][] = [
    [{ names: new Map() }, "params.names is a Map, which JSON would lose: pass `Object.fromEntries(map)`"],
    [new Set(), "params is a Set, which JSON would lose: pass `[...set]`"],
    [{ a: { b: [new (class extends Set<unknown> {})()] } }, "params.a.b[0] is a Set, which"],
    [[new WeakMap()], "params[0] is a WeakMap, which"],
    [new WeakSet(), "params is a WeakSet, which JSON would lose: nothing can read what is in it"],
    [[new WeakRef({})], "params[0] is a WeakRef, which JSON would lose: pass what `deref()` returns"],
    [{ error: new Error("lost") }, "params.error is an Error, which JSON would lose: pass its `message`, or throw it"],
    [[new (class MyError extends TypeError {})()], "params[0] is an Error, which"],
    [[new DOMException("lost")], "params[0] is a DOMException, which JSON would lose: pass its `message`"],
    [{ a: { re: /x/ } }, "params.a.re is a RegExp, which JSON would lose: pass its `source` and its `flags`"],
    [[Object(Symbol("s"))], "params[0] is a Symbol, which JSON would lose: pass its `description`"],
    [[new Response()], "params[0] is a Response, which JSON would lose: pass the parts"],
    [[new Map().keys(), 1], "params[0] is a Map Iterator, which JSON would lose: pass `[...it]`"],
    [[(function* () {})()], "params[0] is a Generator, which JSON would lose: pass `[...it]`"],
    [
      [(async function* () {})()],
      "params[0] is an AsyncGenerator, which JSON would lose: pass `ReadableStream.from(it)`",
    ],
    [{ later: Promise.resolve(1) }, "params.later is a Promise, which JSON would lose: await it first"],
    [{ both: new TransformStream() }, "params.both is a TransformStream, which JSON would lose: pass its `readable`"],
  ];
  for (const [value, message] of refused) {
    for (const accepts of [[], ALL]) assertThrows(() => encode(value, accepts), TypeError, message);
  }
});

Deno.test("headers, forms and queries are refused where the runtime gives them no JSON form", () => {
  const refused: readonly [value: object, message: string][] = [
    [new Headers(), "params.it is a Headers, which JSON would lose: pass `Object.fromEntries(it)` or `[...it]`"],
    [new FormData(), "params.it is a FormData, which"],
    [new URLSearchParams("a=1"), "params.it is a URLSearchParams, which JSON would lose: pass `String(it)`"],
  ];
  for (const [it, message] of refused) {
    if ("toJSON" in it) text({ it });
    else assertThrows(() => encode({ it }), TypeError, message);
  }
});

Deno.test("an error with a JSON form of its own is sent in that form", () => {
  class Problem extends Error {
    toJSON(): unknown {
      return { title: this.message };
    }
  }
  assertEquals(text([new Problem("no")]), '[{"title":"no"}]');
});

Deno.test("a stream that is locked or passed twice is refused, and no other is locked", () => {
  const free = new ReadableStream();
  const locked = new ReadableStream();
  locked.getReader();
  assertThrows(() => encode({ free, locked }), TypeError, "params.locked is a ReadableStream that is locked");
  assertThrows(() => encode([free, free]), TypeError, "params[1] is a ReadableStream that is passed twice");
  assertEquals(free.locked, false);
});

Deno.test("streams are refused where only values are passed", () => {
  const where = { root: "chunk", accepts: new Set(ALL), nextId: undefined };
  assertThrows(
    () => encodeValue({ a: new ReadableStream() }, where),
    TypeError,
    "chunk.a is a ReadableStream: streams are for params and results",
  );
});

Deno.test("a cycle is refused as JSON.stringify does, and deep values are walked to their end", () => {
  const cycle: Record<string, unknown> = { a: {} };
  (cycle.a as Record<string, unknown>).b = [cycle];
  assertThrows(() => encode(cycle), TypeError);
  let deep: unknown = new Uint8Array(1);
  for (let level = 0; level < 700; level++) deep = level % 2 === 0 ? [deep] : { deep };
  assertEquals(text(deep).includes("$bytes"), true);
  assertThrows(() => encode(deep, []), TypeError, "params.deep[0].deep[0].deep");
});

Deno.test("more bytes than a message takes are refused before they are read", () => {
  const blob = { size: 2 ** 29, [Symbol.toStringTag]: "Blob" };
  const huge = Object.setPrototypeOf(blob, {});
  assertThrows(() => encode({ huge }), RangeError, "params.huge has 536870912 bytes");
});

Deno.test("bytes that were transferred are refused, and empty ones are not", () => {
  const bytes = new Uint8Array(2);
  const { buffer } = bytes;
  structuredClone(buffer, { transfer: [buffer] });
  assertThrows(() => encode([bytes]), TypeError, "params[0] is a Uint8Array whose bytes were transferred");
  assertThrows(() => encode({ buffer }), TypeError, "params.buffer is an ArrayBuffer whose bytes were transferred");
  assertEquals(text([new Uint8Array(0), new ArrayBuffer(0)]), '[{"$bytes":""},{"$bytes":""}]');
});
