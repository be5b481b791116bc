/**
 * Standard streams, from the host's side.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ByteQueue } from "../../src/base/streams.ts";
import { EIO, EPIPE } from "../../src/wasi/abi.ts";
import type { Answer } from "../../src/wasi/abi.ts";
import type { Descriptor } from "../../src/wasi/descriptors/descriptor.ts";
import { openQueue } from "../../src/wasi/descriptors/stdio.ts";
import { InputPipe } from "../../src/wasi/pipes.ts";
import { openInput, openOutput } from "../../src/wasi/standard_streams.ts";
import { buffersOf, bytesOf, isSettled, textOf, turn } from "./_guest.ts";

const never = new AbortController().signal;

/** Writes text to a descriptor, as far as it fits, and returns the errno. */
function write(descriptor: Descriptor, text: string): Answer {
  return descriptor.write(buffersOf(bytesOf(text)));
}

/** Reads at most 1,024 bytes of text from a descriptor. */
function read(descriptor: Descriptor): string {
  const bytes = new Uint8Array(1024);
  const buffers = buffersOf(bytes);
  assertEquals(descriptor.read(buffers), 0);
  return textOf(bytes.subarray(0, buffers.moved));
}

Deno.test("standard input takes writes up to the high-water mark, and then makes the writer wait", async () => {
  const queue = new ByteQueue(4);
  const writer = new InputPipe(queue).stream.getWriter();
  await writer.write(bytesOf("abcd"));
  const waiting = writer.write(bytesOf("efghij"));
  assert(!await isSettled(waiting));
  assertEquals([queue.size, writer.desiredSize], [4, 0]);
  queue.pull(new Uint8Array(4));
  assert(!await isSettled(waiting));
  assertEquals(textOf(queue.take()), "efgh");
  await waiting;
  assertEquals(textOf(queue.take()), "ij");
});

Deno.test("standard input copies chunks before their write is done", async () => {
  const queue = new ByteQueue(16);
  const chunk = bytesOf("abc");
  await new InputPipe(queue).stream.getWriter().write(chunk);
  chunk.fill(0);
  assertEquals(textOf(queue.take()), "abc");
});

Deno.test("standard input passes over empty chunks", async () => {
  const queue = new ByteQueue(1);
  queue.push(bytesOf("x"));
  await new InputPipe(queue).stream.getWriter().write(new Uint8Array(0));
});

Deno.test("standard input takes subarrays", async () => {
  const queue = new ByteQueue(16);
  await new InputPipe(queue).stream.getWriter().write(bytesOf("0123456789").subarray(3, 6));
  assertEquals(textOf(queue.take()), "345");
});

Deno.test("standard input takes bytes of a shared buffer", async () => {
  const queue = new ByteQueue(16);
  await new InputPipe(queue).stream.getWriter().write(new Uint8Array(new SharedArrayBuffer(1)));
  assertEquals(textOf(queue.take()), "\0");
});

for (
  const chunk of ["text", new ArrayBuffer(4), new Float64Array(2), new DataView(new ArrayBuffer(2)), [1, 2], null, {
    length: 2,
    subarray: () => [],
  }]
) {
  Deno.test(`standard input rejects ${Object.prototype.toString.call(chunk)}, and fails`, async () => {
    const queue = new ByteQueue(16);
    const writer = new InputPipe(queue).stream.getWriter();
    await assertRejects(() => writer.write(chunk as unknown as Uint8Array), TypeError, "Uint8Array");
    await assertRejects(() => writer.closed, TypeError);
    assertEquals(queue.state, "broken");
  });
}

Deno.test("closing standard input ends the queue after the written bytes", async () => {
  const queue = new ByteQueue(2);
  const writer = new InputPipe(queue).stream.getWriter();
  const written = writer.write(bytesOf("abc"));
  const closed = writer.close();
  assert(!await isSettled(closed));
  assertEquals([textOf(queue.take()), queue.state], ["ab", "open"]);
  await Promise.all([written, closed]);
  assertEquals([textOf(queue.take()), queue.state], ["c", "ended"]);
});

Deno.test("aborting standard input breaks the queue at once, even if a write waits", async () => {
  const queue = new ByteQueue(1);
  const { stream } = new InputPipe(queue);
  const writer = stream.getWriter();
  const written = writer.write(bytesOf("abc"));
  await turn();
  const reason = new Error("enough");
  const aborted = writer.abort(reason);
  assertStrictEquals(await written.catch((error) => error), reason);
  await aborted;
  assertEquals([queue.state, queue.size], ["broken", 0]);
  assertStrictEquals(queue.reason, reason);
});

Deno.test("after the guest has closed standard input, writes reject and closing does not reject", async () => {
  const queue = new ByteQueue(4);
  const descriptor = openQueue("read", queue);
  const waiting = new InputPipe(queue).stream.getWriter();
  const written = waiting.write(bytesOf("abcdef"));
  await turn();
  descriptor.close();
  await assertRejects(() => written, Error, "broken pipe");
  const idle = new InputPipe(queue).stream.getWriter();
  await idle.close();
});

Deno.test("fail errors standard input at once, even when locked and idle", async () => {
  const queue = new ByteQueue(4);
  const pipe = new InputPipe(queue);
  const writer = pipe.stream.getWriter();
  const reason = new Error("killed");
  pipe.fail(reason);
  assertStrictEquals(await writer.closed.catch((error) => error), reason);
  pipe.fail(new Error("again"));
  assertStrictEquals(queue.reason, reason);
});

Deno.test("openInput reads a stream up to the high-water mark and one more chunk", async () => {
  let pulled = 0;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(bytesOf("abcd"));
    },
  }, { highWaterMark: 0 });
  const end = new AbortController();
  const { descriptor, pipe } = openInput(source, 8, end.signal);
  await turn();
  await turn();
  assertEquals([pipe, descriptor.readiness("read")?.bytes, pulled <= 4], [undefined, 8, true]);
  end.abort();
  await turn();
});

Deno.test("openInput cancels its stream at once when the process ends", async () => {
  let cancelled: unknown;
  const source = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
  const end = new AbortController();
  openInput(source, 8, end.signal);
  await turn();
  end.abort("over");
  await turn();
  assertEquals([cancelled, source.locked], ["over", false]);
});

Deno.test("openInput ends or fails with its stream", async () => {
  const ended = openInput(new Response("abc").body!, 8, never);
  await turn(5);
  assertEquals([read(ended.descriptor), read(ended.descriptor)], ["abc", ""]);
  const failing = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytesOf("abc")),
    pull: () => Promise.reject(new Error("network")),
  });
  const failed = openInput(failing, 8, never);
  await turn();
  await turn();
  assertEquals(failed.descriptor.read(buffersOf(new Uint8Array(1))), EIO);
  assert(!failing.locked);
});

Deno.test("openInput cancels its stream when the guest has closed the descriptor", async () => {
  let cancelled: unknown;
  let given!: ReadableStreamDefaultController<Uint8Array>;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => void (given = controller),
    cancel: (reason) => void (cancelled = reason),
  });
  const { descriptor } = openInput(source, 8, never);
  descriptor.close();
  given.enqueue(bytesOf("abc"));
  await turn();
  assertInstanceOf(cancelled, Error);
  assertMatch(cancelled.message, /^broken pipe/);
  assert(!source.locked);
});

Deno.test("openInput and openOutput reject a value that is not a stream, and a locked stream", () => {
  const locked = new ReadableStream<Uint8Array>();
  locked.getReader();
  const lockedTarget = new WritableStream<Uint8Array>();
  lockedTarget.getWriter();
  for (const from of [locked, "inherit", {}, null]) {
    assertThrows(() => openInput(from as "piped", 8, never), TypeError, "stdin");
  }
  for (const to of [lockedTarget, "inherit", {}, null]) {
    assertThrows(() => openOutput(to as "piped", 8, "stderr"), TypeError, "stderr");
  }
});

Deno.test("standard output collects what the guest writes while nobody reads", async () => {
  const { descriptor, pipe } = openOutput("piped", 16, "stdout");
  for (const text of ["a", "bc", "def"]) write(descriptor, text);
  const reader = pipe!.stream.getReader();
  assertEquals(textOf((await reader.read()).value!), "abcdef");
  const next = reader.read();
  assert(!await isSettled(next));
  write(descriptor, "prompt");
  assertEquals(textOf((await next).value!), "prompt");
});

Deno.test("a closed standard output can still be read", async () => {
  const { descriptor, pipe } = openOutput("piped", 16, "stdout");
  write(descriptor, "last words");
  descriptor.close();
  assertEquals(await new Response(pipe!.stream).text(), "last words");
});

Deno.test("cancelling standard output breaks the pipe", async () => {
  const { descriptor, pipe } = openOutput("piped", 16, "stdout");
  write(descriptor, "unread");
  await pipe!.stream.cancel("not interested");
  assertEquals(write(descriptor, "x"), EPIPE);
});

Deno.test("openOutput writes to a stream with its backpressure, and closes it", async () => {
  const chunks: string[] = [];
  let closed = false;
  const gate = Promise.withResolvers<void>();
  const target = new WritableStream<Uint8Array>({
    write: async (chunk) => {
      await gate.promise;
      chunks.push(textOf(chunk));
    },
    close: () => void (closed = true),
  });
  const { descriptor, pipe } = openOutput(target, 4, "stdout");
  assertEquals(pipe, undefined);
  for (const text of ["abcd", "efgh", "ijkl"]) {
    write(descriptor, text);
    await turn();
  }
  assertEquals(descriptor.readiness("write"), undefined);
  descriptor.close();
  gate.resolve();
  await turn(5);
  assertEquals([chunks.join("").slice(0, 8), closed], ["abcdefgh", true]);
});

Deno.test("openOutput breaks the pipe when its stream fails", async () => {
  const target = new WritableStream<Uint8Array>({
    write: () => Promise.reject(new Error("disk full")),
  });
  const { descriptor } = openOutput(target, 4, "stdout");
  write(descriptor, "ab");
  await turn(5);
  assertEquals(write(descriptor, "x"), EPIPE);
});
