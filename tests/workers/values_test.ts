/**
 * Values between a host and a worker: JSON, bytes and streams, and what is refused.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { KnownErrors } from "../../src/workers/errors.ts";
import { ChannelFault } from "../../src/workers/messages.ts";
import { pack, unpack } from "../../src/workers/values.ts";

const errors = new KnownErrors(false);
const side = { errors, moves: true };
const copying = { errors, moves: false };

function across(value: unknown, bounds = { depth: 20, size: 1_000 }): unknown {
  const { value: packed, transfer } = pack(value, side);
  return unpack(structuredClone(packed, { transfer }), side, bounds);
}

Deno.test("JSON arrives as it is", () => {
  const json = { a: [1, "text", null, true, { b: [] }], ["__proto__"]: { c: 1 }, d: -0.5 };
  const arrived = across(json) as Record<string, unknown>;
  assertEquals(arrived, json);
  assertEquals(Object.keys(arrived), ["a", "__proto__", "d"]);
  assertEquals(Object.getPrototypeOf(arrived), Object.prototype);
});

Deno.test("bytes arrive as bytes; whole buffers move if they may, and others are copied", () => {
  const whole = new Uint8Array([1, 2, 3]);
  const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const { transfer } = pack([whole, part], side);
  assertEquals(transfer, [whole.buffer]);
  assertEquals(pack([whole], copying).transfer, []);
  assertEquals(across({ whole, part }), { whole: new Uint8Array([1, 2, 3]), part: new Uint8Array([2, 3]) });
  assertEquals(whole.length, 0);
});

Deno.test("a buffer that occurs twice moves once", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  assertEquals(across([bytes, bytes]), [new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 3])]);
});

Deno.test("shared memory is copied when it is sent, and refused when it arrives", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  assertEquals(across(shared), new Uint8Array(4));
  for (const value of [shared, shared.buffer]) {
    assertThrows(() => unpack(value, side, { depth: 20, size: 1_000 }), ChannelFault);
  }
});

Deno.test("streams move", async () => {
  const { stream } = across({ stream: new Blob(["text"]).stream() }) as { stream: ReadableStream<Uint8Array> };
  assertEquals(await new Response(stream).text(), "text");
});

Deno.test("the size of a value grows with its text, bytes and members", () => {
  const size = (value: unknown) => pack(value, copying).size;
  assert(size("x".repeat(1_000)) >= 1_000);
  assert(size(new Uint8Array(1_000)) >= 1_000);
  assert(size(Array.from({ length: 1_000 }).fill(0)) >= 1_000);
  assert(size({ ["x".repeat(1_000)]: 0 }) >= 1_000);
});

Deno.test("a value beyond the bounds is a fault", () => {
  const deep = (levels: number): unknown => levels === 0 ? 0 : [deep(levels - 1)];
  assertEquals(across(deep(20)), deep(20));
  const values = [
    ...[deep(22), "x".repeat(1_000), new Uint8Array(1_001), Array.from({ length: 501 }).fill(0)],
    ...[{ ["x".repeat(1_001)]: 0 }, new Array(1_001)],
  ];
  for (const value of values) assertThrows(() => across(value), ChannelFault);
});

Deno.test("what is neither data nor an error is a fault", () => {
  for (const value of [new Date(), /a/, new Map([[1, 2]]), new Set(), new Map(), Object.create({ inherited: 1 })]) {
    assertThrows(() => unpack(value, side, { depth: 20, size: 1_000 }), ChannelFault);
  }
});

Deno.test("packing runs the code of a host's values once, and what they throw is thrown", () => {
  const error = new Error("a getter failed");
  const thrown = assertThrows(() =>
    pack(
      {
        get x() {
          throw error;
        },
      },
      copying,
    )
  );
  assertInstanceOf(thrown, Error);
});
