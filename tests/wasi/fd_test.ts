/**
 * Reading, writing and closing descriptors, and reading their attributes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { EAGAIN, EBADF, ECANCELED, EFAULT, EINVAL, EIO, EPIPE, FDFLAG_NONBLOCK, SUCCESS } from "../../src/wasi/abi.ts";
import { MAX_BUFFERS } from "../../src/wasi/buffers.ts";
import { openNull } from "../../src/wasi/descriptors/stdio.ts";
import {
  bytesOf,
  fakeContext,
  functionsOf,
  isSettled,
  MEMORY_BYTES,
  putText,
  putVectors,
  textAt,
  textOf,
  u32At,
} from "./_guest.ts";

Deno.test("fd_read returns the available bytes, across buffers", () => {
  const context = fakeContext();
  context.stdin.push(bytesOf("hello world"));
  const vectors = putVectors(context, 0, [100, 4], [200, 0], [300, 3]);
  assertEquals(functionsOf(context).fd_read(0, vectors, 3, 64), SUCCESS);
  assertEquals([u32At(context, 64), textAt(context, 100, 4), textAt(context, 300, 3)], [7, "hell", "o w"]);
  assertEquals(functionsOf(context).fd_read(0, vectors, 3, 64), SUCCESS);
  assertEquals([u32At(context, 64), textAt(context, 100, 5)], [4, "orld\0"]);
});

Deno.test("fd_read waits until standard input has bytes", async () => {
  const context = fakeContext();
  const answer = functionsOf(context).fd_read(0, putVectors(context, 0, [100, 10]), 1, 64);
  assert(answer instanceof Promise);
  assert(!await isSettled(answer));
  context.stdin.push(bytesOf("late"));
  assertEquals(await answer, SUCCESS);
  assertEquals([u32At(context, 64), textAt(context, 100, 4)], [4, "late"]);
});

Deno.test("fd_read returns the queued bytes, and then 0 bytes at the end, repeatedly", async () => {
  const context = fakeContext();
  context.stdin.push(bytesOf("x"));
  context.stdin.end();
  const vectors = putVectors(context, 0, [100, 10]);
  for (const size of [1, 0, 0]) {
    assertEquals(await functionsOf(context).fd_read(0, vectors, 1, 64), SUCCESS);
    assertEquals(u32At(context, 64), size);
  }
});

Deno.test("a waiting fd_read sees the end", async () => {
  const context = fakeContext();
  context.memory.view.setUint32(64, 99, true);
  const answer = functionsOf(context).fd_read(0, putVectors(context, 0, [100, 10]), 1, 64);
  context.stdin.end();
  assertEquals([await answer, u32At(context, 64)], [SUCCESS, 0]);
});

Deno.test("fd_read answers EIO when standard input failed, waiting or not", async () => {
  const context = fakeContext();
  const vectors = putVectors(context, 0, [100, 10]);
  const answer = functionsOf(context).fd_read(0, vectors, 1, 64);
  context.stdin.break(new Error("aborted"));
  assertEquals(await answer, EIO);
  assertEquals(functionsOf(context).fd_read(0, vectors, 1, 64), EIO);
});

Deno.test("fd_read of no bytes returns 0 at once", () => {
  const context = fakeContext();
  assertEquals(functionsOf(context).fd_read(0, putVectors(context, 0, [100, 0], [200, 0]), 2, 64), SUCCESS);
  assertEquals(functionsOf(context).fd_read(0, 0, 0, 64), SUCCESS);
  assertEquals(u32At(context, 64), 0);
});

Deno.test("a non-blocking fd_read answers EAGAIN instead of waiting", () => {
  const context = fakeContext();
  const { fd_fdstat_set_flags, fd_read } = functionsOf(context);
  assertEquals(fd_fdstat_set_flags(0, FDFLAG_NONBLOCK), SUCCESS);
  const vectors = putVectors(context, 0, [100, 10]);
  assertEquals(fd_read(0, vectors, 1, 64), EAGAIN);
  context.stdin.push(bytesOf("x"));
  assertEquals(fd_read(0, vectors, 1, 64), SUCCESS);
});

Deno.test("fd_read changes neither memory nor the queue when the process ends while it waits", async () => {
  const context = fakeContext();
  const vectors = putVectors(context, 0, [100, 10]);
  const answer = functionsOf(context).fd_read(0, vectors, 1, 64);
  const before = context.memory.bytes.slice();
  context.end.abort();
  context.stdin.push(bytesOf("x"));
  assertEquals(await answer, ECANCELED);
  assertEquals([context.memory.bytes, context.stdin.size], [before, 1]);
});

Deno.test("fd_read uses the buffers that it was called with", async () => {
  const context = fakeContext();
  const answer = functionsOf(context).fd_read(0, putVectors(context, 0, [100, 4]), 1, 64);
  putVectors(context, 0, [MEMORY_BYTES - 1, 1000]);
  context.stdin.push(bytesOf("safe"));
  assertEquals([await answer, textAt(context, 100, 4)], [SUCCESS, "safe"]);
});

for (const pointer of [MEMORY_BYTES - 1, MEMORY_BYTES, 0x7fff_ffff, 0xffff_fffc, 0xffff_ffff]) {
  Deno.test(`fd_read and fd_write answer EFAULT to a second buffer at ${pointer}, with no effect`, () => {
    for (const [name, fd] of [["fd_read", 0], ["fd_write", 1]] as const) {
      const context = fakeContext();
      context.stdin.push(bytesOf("input"));
      const vectors = putVectors(context, 0, [100, 3], [pointer, 3]);
      const before = context.memory.bytes.slice();
      assertEquals(functionsOf(context)[name](fd, vectors, 2, 64), EFAULT);
      assertEquals([context.memory.bytes, context.stdin.size, context.stdout.size], [before, 5, 0]);
    }
  });
}

for (const length of [MEMORY_BYTES - 99, 0x7fff_ffff, 0xffff_ff9c, 0xffff_ffff]) {
  Deno.test(`fd_read and fd_write answer EFAULT to a buffer of ${length} bytes, without wrapping around`, () => {
    for (const [name, fd] of [["fd_read", 0], ["fd_write", 1]] as const) {
      const context = fakeContext();
      context.stdin.push(bytesOf("input"));
      assertEquals(functionsOf(context)[name](fd, putVectors(context, 0, [100, length]), 1, 64), EFAULT);
      assertEquals([context.stdin.size, context.stdout.size], [5, 0]);
    }
  });
}

Deno.test("fd_read and fd_write take 1,024 buffers and answer EINVAL to more", () => {
  for (const [name, fd] of [["fd_read", 0], ["fd_write", 1]] as const) {
    const context = fakeContext();
    context.stdin.push(bytesOf("input"));
    assertEquals(functionsOf(context)[name](fd, 1024, MAX_BUFFERS, 64), SUCCESS);
    assertEquals(functionsOf(context)[name](fd, 1024, MAX_BUFFERS + 1, 64), EINVAL);
  }
});

Deno.test("fd_read and fd_write answer EINVAL when the buffers' total is not a u32", () => {
  const context = fakeContext({ memoryBytes: 8 << 20 });
  const vectors = Array.from({ length: 1024 }, (): [number, number] => [0, 8 << 20]);
  assertEquals(functionsOf(context).fd_read(0, putVectors(context, 0, ...vectors), 1024, 0), EINVAL);
  assertEquals(functionsOf(context).fd_write(1, 0, 1024, 0), EINVAL);
});

Deno.test("fd_write writes across buffers", () => {
  const context = fakeContext();
  putText(context, 100, "hello world");
  const vectors = putVectors(context, 0, [100, 5], [50, 0], [105, 6]);
  assertEquals(functionsOf(context).fd_write(1, vectors, 3, 64), SUCCESS);
  assertEquals([u32At(context, 64), textOf(context.stdout.take())], [11, "hello world"]);
  assertEquals(functionsOf(context).fd_write(2, vectors, 1, 64), SUCCESS);
  assertEquals([u32At(context, 64), textOf(context.stderr.take())], [5, "hello"]);
});

Deno.test("fd_write writes as much as there is room for, then waits for room", async () => {
  const context = fakeContext({ highWaterMark: 8 });
  putText(context, 100, "0123456789abcdef");
  const { fd_write } = functionsOf(context);
  assertEquals(fd_write(1, putVectors(context, 0, [100, 5], [105, 11]), 2, 64), SUCCESS);
  assertEquals(u32At(context, 64), 8);
  const answer = fd_write(1, putVectors(context, 0, [108, 8]), 1, 64);
  assert(!await isSettled(answer as Promise<number>));
  context.stdout.pull(new Uint8Array(3));
  assertEquals([await answer, u32At(context, 64)], [SUCCESS, 3]);
  assertEquals(textOf(context.stdout.take()), "3456789a");
});

Deno.test("fd_write answers EPIPE when the reader is gone, waiting or not", async () => {
  const context = fakeContext({ highWaterMark: 1 });
  const { fd_write } = functionsOf(context);
  const vectors = putVectors(context, 0, [100, 2]);
  assertEquals(fd_write(1, vectors, 1, 64), SUCCESS);
  const answer = fd_write(1, vectors, 1, 64);
  context.stdout.break("cancelled");
  assertEquals(await answer, EPIPE);
  assertEquals(fd_write(1, vectors, 1, 64), EPIPE);
});

Deno.test("fd_write of no bytes returns 0 at once, even when the stream is full", () => {
  const context = fakeContext({ highWaterMark: 1 });
  context.stdout.push(bytesOf("x"));
  assertEquals(functionsOf(context).fd_write(1, putVectors(context, 0, [100, 0]), 1, 64), SUCCESS);
});

Deno.test("a non-blocking fd_write answers EAGAIN instead of waiting", () => {
  const context = fakeContext({ highWaterMark: 1 });
  const { fd_fdstat_set_flags, fd_write } = functionsOf(context);
  fd_fdstat_set_flags(1, FDFLAG_NONBLOCK);
  const vectors = putVectors(context, 0, [100, 2]);
  assertEquals(fd_write(1, vectors, 1, 64), SUCCESS);
  assertEquals(fd_write(1, vectors, 1, 64), EAGAIN);
});

Deno.test("fd_read and fd_write answer EBADF to a descriptor of the other kind, or one that does not exist", () => {
  const context = fakeContext();
  const { fd_read, fd_write } = functionsOf(context);
  const vectors = putVectors(context, 0, [100, 2]);
  for (const fd of [1, 2, 3, -1]) assertEquals(fd_read(fd, vectors, 1, 64), EBADF);
  for (const fd of [0, 3, -1]) assertEquals(fd_write(fd, vectors, 1, 64), EBADF);
});

Deno.test("the null device is at its end when read, and accepts all writes", () => {
  const context = fakeContext();
  context.descriptors.set(0, openNull("read")).set(1, openNull("write"));
  const { fd_read, fd_write } = functionsOf(context);
  assertEquals([fd_read(0, putVectors(context, 0, [100, 9]), 1, 64), u32At(context, 64)], [SUCCESS, 0]);
  assertEquals([fd_write(1, putVectors(context, 0, [100, 50_000]), 1, 64), u32At(context, 64)], [SUCCESS, 50_000]);
});

Deno.test("fd_read and fd_write charge one unit for each byte moved, and four for each buffer", () => {
  const context = fakeContext();
  putText(context, 100, "hello");
  functionsOf(context).fd_write(1, putVectors(context, 0, [100, 5], [100, 2]), 2, 64);
  assertEquals(context.charged, 15);
});

Deno.test("fd_close closes the stream, once", () => {
  const context = fakeContext();
  const { fd_close } = functionsOf(context);
  for (const fd of [0, 1, 2]) {
    assertEquals(fd_close(fd), SUCCESS);
    assertEquals(fd_close(fd), EBADF);
  }
  assertEquals([context.stdin.state, context.stdout.state, context.stderr.state], ["broken", "ended", "ended"]);
  assertEquals(functionsOf(context).fd_write(1, putVectors(context, 0, [100, 1]), 1, 64), EBADF);
});

Deno.test("fd_renumber closes the target and moves the descriptor there", () => {
  const context = fakeContext();
  const { fd_renumber, fd_write } = functionsOf(context);
  assertEquals([fd_renumber(1, 3), fd_renumber(3, 1), fd_renumber(-1, 0)], [EBADF, EBADF, EBADF]);
  assertEquals(fd_renumber(1, 1), SUCCESS);
  assertEquals(fd_renumber(2, 1), SUCCESS);
  assertEquals([context.stdout.state, context.stderr.state], ["ended", "open"]);
  const vectors = putVectors(context, 0, [100, 1]);
  assertEquals([fd_write(1, vectors, 1, 64), context.stderr.size, fd_write(2, vectors, 1, 64)], [SUCCESS, 1, EBADF]);
});

Deno.test("fd_fdstat_get returns a terminal, flags and rights", () => {
  const context = fakeContext();
  const { fd_fdstat_get, fd_fdstat_set_flags } = functionsOf(context);
  context.memory.bytes.fill(0xff);
  fd_fdstat_set_flags(1, 0b101);
  const { view } = context.memory;
  for (const [fd, flags, rights] of [[0, 0, 1n << 1n], [1, 0b101, 1n << 6n], [2, 0, 1n << 6n]] as const) {
    assertEquals(fd_fdstat_get(fd, 8), SUCCESS);
    const has = view.getBigUint64(16, true);
    assertEquals([view.getUint8(8), view.getUint16(10, true), has & 0b1000010n], [2, flags, rights]);
    assertEquals(has & (1n << 2n | 1n << 5n), 0n, "isatty expects a terminal that can't seek");
    assertEquals([view.getUint8(9), view.getUint32(12, true), view.getBigUint64(24, true), view.getUint8(32)], [
      0,
      0,
      0n,
      0xff,
    ]);
  }
  assertEquals(fd_fdstat_get(3, 8), EBADF);
});

Deno.test("fd_fdstat_set_flags answers EINVAL to unknown flags", () => {
  const { fd_fdstat_set_flags } = functionsOf(fakeContext());
  assertEquals([fd_fdstat_set_flags(0, 1 << 5), fd_fdstat_set_flags(0, -1), fd_fdstat_set_flags(3, 0)], [
    EINVAL,
    EINVAL,
    EBADF,
  ]);
});

for (const [snapshot, size, nlink] of [["wasi_snapshot_preview1", 64, 24], ["wasi_unstable", 56, 20]] as const) {
  Deno.test(`${snapshot}.fd_filestat_get writes ${size} bytes: a terminal with one link`, () => {
    const context = fakeContext();
    const { fd_filestat_get } = functionsOf(context, snapshot);
    const { bytes, view } = context.memory;
    bytes.fill(0xff);
    assertEquals(fd_filestat_get(0, 8), SUCCESS);
    assertEquals([view.getUint8(24), view.getUint32(8 + nlink, true), bytes[8 + size - 1], bytes[8 + size]], [
      2,
      1,
      0,
      0xff,
    ]);
    assertEquals(bytes.subarray(8, 8 + size).reduce((sum, byte) => sum + byte), 3);
    assertEquals(fd_filestat_get(0, MEMORY_BYTES - size), SUCCESS);
    assertEquals([fd_filestat_get(0, MEMORY_BYTES - size + 1), fd_filestat_get(9, 0)], [EFAULT, EBADF]);
  });
}
