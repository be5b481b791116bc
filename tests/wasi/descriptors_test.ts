/**
 * The interface of descriptors: the functions of WASI work with kinds that they don't know. The kind here is a file in
 * memory. Its operations return at once or with promises.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { EAGAIN, EBADF, ECANCELED, EINVAL, EIO, FDFLAG_NONBLOCK, RIGHTS, SUCCESS, WHENCE } from "../../src/wasi/abi.ts";
import type { Answer } from "../../src/wasi/abi.ts";
import type { Buffers, Descriptor } from "../../src/wasi/descriptors/descriptor.ts";
import { bytesOf, fakeContext, functionsOf, isSettled, putText, putVectors, textAt, u32At } from "./_guest.ts";
import type { FakeContext } from "./_guest.ts";

const FILE = 4;
const VECTORS = 0;
const SIZE = 64;

/** Returns the result of an operation, at once or with a promise. */
type When = <Value>(value: () => Value) => Value | Promise<Value>;
const atOnce: When = (value) => value();
const later: When = (value) => Promise.resolve().then(value);

interface MemoryFile extends Descriptor {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly calls: unknown[][];
}

/** A file of ten bytes. It records the calls of operations that have no effect. */
function memoryFile(when: When, rights = RIGHTS.fd_read | RIGHTS.fd_write): MemoryFile {
  const bytes = bytesOf("0123456789");
  const calls: unknown[][] = [];
  let position = 0;
  const copyFrom = (buffers: Buffers, start: number): Answer =>
    when(() => {
      let at = start;
      buffers.transfer((buffer) => {
        const part = bytes.subarray(at, at + buffer.length);
        buffer.set(part);
        at += part.length;
        return part.length;
      });
      return SUCCESS;
    });
  const copyTo = (buffers: Buffers, start: number): Answer =>
    when(() => {
      let at = start;
      buffers.transfer((buffer) => {
        const part = buffer.subarray(0, bytes.length - at);
        bytes.set(part, at);
        at += part.length;
        return part.length;
      });
      return SUCCESS;
    });
  const noted = (name: string) => (...args: unknown[]) => {
    calls.push([name, ...args]);
    return when(() => SUCCESS);
  };
  const advance = (buffers: Buffers, answer: Answer): Answer => {
    if (answer instanceof Promise) return answer.then((errno) => advance(buffers, errno));
    position += buffers.moved;
    return answer;
  };
  return {
    bytes,
    calls,
    type: 4,
    rights,
    flags: 0,
    read: (buffers) => advance(buffers, copyFrom(buffers, position)),
    write: (buffers) => advance(buffers, copyTo(buffers, position)),
    readAt: (buffers, offset) => copyFrom(buffers, Number(offset)),
    writeAt: (buffers, offset) => copyTo(buffers, Number(offset)),
    seek: (offset, whence) =>
      when(() => {
        const start = [0, position, bytes.length][whence];
        if (start === undefined) return EINVAL;
        return BigInt(position = start + Number(offset));
      }),
    tell: () => when(() => BigInt(position)),
    stat: () => when(() => ({ device: 1n, inode: 2n, links: 3, size: 10n, accessed: 5n, modified: 6n, changed: 7n })),
    advise: noted("advise"),
    allocate: noted("allocate"),
    setSize: noted("setSize"),
    setTimes: noted("setTimes"),
    sync: noted("sync"),
    syncData: noted("syncData"),
    close: noted("close"),
    readiness: () => ({ bytes: 10 - position, isHungUp: false }),
    watch: () => () => {},
  };
}

function contextWith(file: Descriptor): FakeContext {
  const context = fakeContext();
  context.descriptors.set(FILE, file);
  return context;
}

for (const [how, when] of [["at once", atOnce], ["with promises", later]] as const) {
  Deno.test(`a file that answers ${how} is read and written at its position and at others`, async () => {
    const file = memoryFile(when);
    const context = contextWith(file);
    const { fd_read, fd_pread, fd_write, fd_pwrite, fd_tell } = functionsOf(context);
    putVectors(context, VECTORS, [100, 3], [200, 2]);
    assertEquals(await fd_read(FILE, VECTORS, 2, SIZE), SUCCESS);
    assertEquals([u32At(context, SIZE), textAt(context, 100, 3), textAt(context, 200, 2)], [5, "012", "34"]);
    assertEquals(await fd_pread(FILE, VECTORS, 2, 7n, SIZE), SUCCESS);
    assertEquals([u32At(context, SIZE), textAt(context, 100, 3)], [3, "789"]);
    putText(context, 100, "abcdefghij");
    putVectors(context, VECTORS, [100, 1], [101, 1]);
    assertEquals([await fd_write(FILE, VECTORS, 2, SIZE), u32At(context, SIZE)], [SUCCESS, 2]);
    assertEquals([await fd_pwrite(FILE, VECTORS, 1, 9n, SIZE), u32At(context, SIZE)], [SUCCESS, 1]);
    assertEquals(new TextDecoder().decode(file.bytes), "01234ab78a");
    assertEquals([await fd_tell(FILE, 8), context.memory.view.getBigUint64(8, true)], [SUCCESS, 7n]);
    // Four units for a buffer and one for a byte.
    assertEquals(context.charged, 13 + 11 + 10 + 5);
  });

  Deno.test(`a file that answers ${how} can be sought in, with each snapshot's numbers`, async () => {
    for (
      const [snapshot, start, current, end] of [["wasi_snapshot_preview1", 0, 1, 2], [
        "wasi_unstable",
        2,
        0,
        1,
      ]] as const
    ) {
      const context = contextWith(memoryFile(when));
      const { fd_seek } = functionsOf(context, snapshot);
      for (const [offset, whence, position] of [[-4n, end, 6n], [-2n, current, 4n], [1n, start, 1n]] as const) {
        assertEquals(await fd_seek(FILE, offset, whence, 8), SUCCESS);
        assertEquals(context.memory.view.getBigUint64(8, true), position);
      }
      assertEquals(await fd_seek(FILE, 0n, 3, 8), EINVAL);
    }
    assertEquals(WHENCE, { start: 0, current: 1, end: 2 });
  });

  Deno.test(`a file that answers ${how} reports its type and attributes`, async () => {
    for (const [snapshot, nlink, size] of [["wasi_snapshot_preview1", 24, 32], ["wasi_unstable", 20, 24]] as const) {
      const context = contextWith(memoryFile(when));
      const { fd_fdstat_get, fd_filestat_get } = functionsOf(context, snapshot);
      const { view } = context.memory;
      assertEquals(await fd_filestat_get(FILE, 0), SUCCESS);
      const wide = [0, 8, size, size + 8, size + 16, size + 24].map((at) => view.getBigUint64(at, true));
      assertEquals([wide, view.getUint8(16), view.getUint32(nlink, true)], [[1n, 2n, 10n, 5n, 6n, 7n], 4, 3]);
      assertEquals(await fd_fdstat_get(FILE, 0), SUCCESS);
      assertEquals([view.getUint8(0), view.getBigUint64(8, true)], [4, 0b1000010n]);
    }
  });

  Deno.test(`a file that answers ${how} receives the other operations unchanged`, async () => {
    const file = memoryFile(when);
    const functions = functionsOf(contextWith(file));
    assertEquals(await functions.fd_advise(FILE, 1n, 2n, 3), SUCCESS);
    assertEquals(await functions.fd_allocate(FILE, 1n, -1n), SUCCESS);
    assertEquals(await functions.fd_filestat_set_size(FILE, 5n), SUCCESS);
    assertEquals(await functions.fd_filestat_set_times(FILE, 1n, 2n, 3), SUCCESS);
    assertEquals([await functions.fd_sync(FILE), await functions.fd_datasync(FILE)], [SUCCESS, SUCCESS]);
    assertEquals(await functions.fd_renumber(1, FILE), SUCCESS);
    assertEquals(file.calls, [
      ["advise", 1n, 2n, 3],
      ["allocate", 1n, 0xffff_ffff_ffff_ffffn],
      ["setSize", 5n],
      ["setTimes", 1n, 2n, 3],
      ["sync"],
      ["syncData"],
      ["close"],
    ]);
  });
}

Deno.test("a function returns the errno of a promise", async () => {
  const file = memoryFile(later);
  const context = contextWith(Object.assign(file, {
    read: () => later(() => EIO),
    tell: () => later(() => EIO),
    stat: () => later(() => EIO),
    close: () => later(() => EIO),
  }));
  const { fd_read, fd_tell, fd_filestat_get, fd_close } = functionsOf(context);
  const before = context.memory.bytes.slice();
  const errnos = [fd_read(FILE, VECTORS, 1, SIZE), fd_tell(FILE, 8), fd_filestat_get(FILE, 0), fd_close(FILE)];
  assertEquals(await Promise.all(errnos), [EIO, EIO, EIO, EIO]);
  assertEquals([context.memory.bytes, fd_close(FILE)], [before, EBADF]);
});

Deno.test("an operation that is running when the process ends writes nothing", async () => {
  const context = contextWith(memoryFile(later));
  const { fd_tell, fd_filestat_get, fd_seek } = functionsOf(context);
  const before = context.memory.bytes.slice();
  const answers = [fd_tell(FILE, 8), fd_filestat_get(FILE, 0), fd_seek(FILE, 5n, 0, 8)];
  context.end.abort();
  assertEquals(await Promise.all(answers), [ECANCELED, ECANCELED, ECANCELED]);
  assertEquals(context.memory.bytes, before);
});

Deno.test("a slow read writes to the memory as it is when the read ends", async () => {
  const context = contextWith(memoryFile(later));
  const answer = functionsOf(context).fd_read(FILE, putVectors(context, VECTORS, [100, 4]), 1, SIZE);
  // The guest's memory grows meanwhile.
  const grown = new Uint8Array(2 * 65_536);
  Object.assign(context, { memory: { bytes: grown, view: new DataView(grown.buffer) } });
  assertEquals([await answer, u32At(context, SIZE), textAt(context, 100, 4)], [SUCCESS, 4, "0123"]);
});

Deno.test("the functions wait for any kind that returns EAGAIN, unless it is non-blocking", async () => {
  let wake = () => {};
  let isReady = false;
  const file = memoryFile(atOnce);
  const { read } = file;
  const context = contextWith(Object.assign(file, {
    read: (buffers: Buffers) => isReady ? read(buffers) : EAGAIN,
    watch: (waker: () => void) => {
      wake = waker;
      return () => {};
    },
  }));
  const { fd_read, fd_fdstat_set_flags } = functionsOf(context);
  putVectors(context, VECTORS, [100, 4]);
  const answer = fd_read(FILE, VECTORS, 1, SIZE);
  assert(answer instanceof Promise);
  wake();
  assert(!await isSettled(answer));
  isReady = true;
  wake();
  assertEquals([await answer, u32At(context, SIZE)], [SUCCESS, 4]);
  isReady = false;
  assertEquals([fd_fdstat_set_flags(FILE, FDFLAG_NONBLOCK), fd_read(FILE, VECTORS, 1, SIZE)], [SUCCESS, EAGAIN]);
});

Deno.test("fd_read and fd_write respect the rights of any kind", () => {
  const { fd_read, fd_write } = functionsOf(contextWith(memoryFile(atOnce, 0)));
  assertEquals([fd_read(FILE, VECTORS, 1, SIZE), fd_write(FILE, VECTORS, 1, SIZE)], [EBADF, EBADF]);
});

Deno.test("poll_oneoff finds a file ready to read and to write, without a wait", () => {
  const context = contextWith(memoryFile(atOnce));
  const { view } = context.memory;
  for (const [at, type] of [[1024, 1], [1072, 2]] as const) {
    view.setUint8(at + 8, type);
    view.setUint32(at + 16, FILE, true);
  }
  assertEquals(functionsOf(context).poll_oneoff(1024, 2048, 2, SIZE), SUCCESS);
  assertEquals([u32At(context, SIZE), view.getBigUint64(2048 + 16, true)], [2, 10n]);
});
