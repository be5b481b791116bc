/**
 * Random bytes.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ECANCELED, EFAULT, SUCCESS } from "../../src/wasi/abi.ts";
import { fakeContext, functionsOf, isSettled, MEMORY_BYTES, turn } from "./_guest.ts";

Deno.test("random_get fills exactly the range", () => {
  const context = fakeContext();
  assertEquals(functionsOf(context).random_get(100, 10), SUCCESS);
  assertEquals([...context.memory.bytes.subarray(98, 112)], [0, 0, ...Array(10).fill(0xaa), 0, 0]);
  assertEquals(context.charged, 10);
});

Deno.test("random_get of no bytes succeeds, up to the end of memory", () => {
  const context = fakeContext({ random: () => assert(false) });
  assertEquals(functionsOf(context).random_get(MEMORY_BYTES, 0), SUCCESS);
  assertEquals(functionsOf(context).random_get(MEMORY_BYTES + 1, 0), EFAULT);
});

Deno.test("random_get asks for at most 65,536 bytes at a time", async () => {
  const sizes: number[] = [];
  const context = fakeContext({ memoryBytes: 3 << 20, random: (bytes) => void sizes.push(bytes.length) });
  assertEquals(await functionsOf(context).random_get(1, 200_000), SUCCESS);
  assertEquals(sizes, [65_536, 65_536, 65_536, 200_000 - 3 * 65_536]);
});

Deno.test("a random_get of megabytes lets the event loop turn, and stops when the process ends", async () => {
  let filled = 0;
  const context = fakeContext({ memoryBytes: 64 << 20, random: (bytes) => void (filled += bytes.length) });
  const answer = functionsOf(context).random_get(0, 64 << 20);
  assert(answer instanceof Promise);
  assertEquals(filled, 65_536);
  assert(!await isSettled(answer));
  context.end.abort();
  assertEquals(await answer, ECANCELED);
  assert(filled < 64 << 20);
});

Deno.test("a random_get of megabytes fills the whole range", async () => {
  const context = fakeContext({ memoryBytes: 5 << 20 });
  assertEquals(await functionsOf(context).random_get(3, (5 << 20) - 4), SUCCESS);
  const { bytes } = context.memory;
  assertEquals([bytes[2], bytes[3], bytes[bytes.length - 2], bytes[bytes.length - 1]], [0, 0xaa, 0xaa, 0]);
  assertEquals(bytes.indexOf(0, 3), bytes.length - 1);
});

Deno.test("random_get waits for an asynchronous source, which never sees the guest's memory", async () => {
  const context = fakeContext({
    random: async (bytes) => {
      await turn();
      bytes.fill(0xbb);
      assert(bytes.buffer !== context.memory.bytes.buffer);
    },
  });
  const answer = functionsOf(context).random_get(100, 10);
  assert(answer instanceof Promise);
  assertEquals(context.memory.bytes[100], 0);
  assertEquals(await answer, SUCCESS);
  assertEquals([...context.memory.bytes.subarray(98, 112)], [0, 0, ...Array(10).fill(0xbb), 0, 0]);
});

Deno.test("random_get writes nothing if the process ends while it waits for the source", async () => {
  const source = Promise.withResolvers<void>();
  const context = fakeContext({ random: (bytes) => (bytes.fill(0xbb), source.promise) });
  const answer = functionsOf(context).random_get(100, 10);
  context.end.abort();
  source.resolve();
  await answer;
  assertEquals(context.memory.bytes[100], 0);
});

Deno.test("random_get throws the error that its source throws", () => {
  const context = fakeContext({
    random: () => {
      throw new Error("no entropy");
    },
  });
  assertThrows(() => functionsOf(context).random_get(0, 1), Error, "no entropy");
});
