/**
 * Descriptors: reading, writing, closing, and what they say of themselves. A process has at most three, 0 to 2, and each
 * is a stream. What a stream can't do has no handler here, but an errno in preview1.ts.
 *
 * @module
 */

import {
  EAGAIN,
  EBADF,
  ECANCELED,
  EINVAL,
  EIO,
  EPIPE,
  FDFLAG_NONBLOCK,
  FDFLAGS,
  FILETYPE_CHARACTER_DEVICE,
  MAX_VECTORS,
  readVectors,
  RIGHTS,
  SIZES,
  SUCCESS,
} from "./abi.ts";
import type { Errno, Layout, Vectors } from "./abi.ts";
import type { Answer, Context } from "./context.ts";
import { closeFd, waitForChange } from "./stream_fd.ts";
import type { StreamFd } from "./stream_fd.ts";

/** Fuel of reading one buffer's place from memory: about 40 ns. */
const VECTOR_FUEL = 4;

/** `fd_read`: reads what is there, at least one byte; waits for it; 0 bytes are the end. */
export function fdRead(context: Context, fd: number, vectors: number, count: number, size: number): Answer {
  return transfer(context, context.fds.get(fd), "read", vectors, count, size);
}

/** `fd_write`: writes as much as there is room for, at least one byte; waits for room. */
export function fdWrite(context: Context, fd: number, vectors: number, count: number, size: number): Answer {
  return transfer(context, context.fds.get(fd), "write", vectors, count, size);
}

function transfer(
  context: Context,
  file: StreamFd | undefined,
  access: StreamFd["access"],
  pointer: number,
  count: number,
  size: number,
): Answer {
  if (file?.access !== access) return EBADF;
  // Before they are read: the last of them may be bad.
  context.charge(Math.min(count, MAX_VECTORS) * VECTOR_FUEL);
  const vectors = readVectors(context.memory, pointer, count);
  if (typeof vectors === "number") return vectors;
  const attempt = () => (access === "read" ? read : write)(context, file, vectors, size);
  const errno = attempt();
  return errno === EAGAIN && (file.flags & FDFLAG_NONBLOCK) === 0 ? whenReady(context, file, attempt) : errno;
}

async function whenReady(context: Context, file: StreamFd, attempt: () => Errno): Promise<Errno> {
  for (;;) {
    await waitForChange(context, [file]);
    if (context.isOver()) return ECANCELED;
    const errno = attempt();
    if (errno !== EAGAIN) return errno;
  }
}

function read(context: Context, { queue }: StreamFd, { items, total }: Vectors, size: number): Errno {
  const { bytes } = context.memory;
  let count = 0;
  if (queue !== undefined && total > 0) {
    if (queue.state === "broken") return EIO;
    if (queue.state === "open" && queue.size === 0) return EAGAIN;
    for (const { pointer, length } of items) {
      count += queue.pull(bytes.subarray(pointer, pointer + length));
      if (queue.size === 0) break;
    }
  }
  return finish(context, count, size);
}

function write(context: Context, { queue }: StreamFd, { items, total }: Vectors, size: number): Errno {
  const { bytes } = context.memory;
  let count = 0;
  if (queue === undefined) count = total;
  else if (total > 0) {
    if (queue.state !== "open") return EPIPE;
    if (queue.room === 0) return EAGAIN;
    for (const { pointer, length } of items) {
      count += queue.push(bytes.subarray(pointer, pointer + length));
      if (queue.room === 0) break;
    }
  }
  return finish(context, count, size);
}

function finish(context: Context, count: number, size: number): Errno {
  context.charge(count);
  context.memory.view.setUint32(size, count, true);
  return SUCCESS;
}

/** `fd_close`: closes the stream. */
export function fdClose({ fds }: Context, fd: number): Errno {
  const file = fds.get(fd);
  if (file === undefined) return EBADF;
  fds.delete(fd);
  closeFd(file);
  return SUCCESS;
}

/** `fd_renumber`: closes `to`, which must be open, and gives its number to `fd`. */
export function fdRenumber({ fds }: Context, fd: number, to: number): Errno {
  const file = fds.get(fd);
  const replaced = fds.get(to);
  if (file === undefined || replaced === undefined) return EBADF;
  if (file === replaced) return SUCCESS;
  closeFd(replaced);
  fds.set(to, file);
  fds.delete(fd);
  return SUCCESS;
}

const COMMON_RIGHTS = RIGHTS.fd_fdstat_set_flags | RIGHTS.fd_filestat_get | RIGHTS.poll_fd_readwrite;

/** `fd_fdstat_get`: a terminal, its flags and rights. */
export function fdFdstatGet({ fds, memory: { bytes, view } }: Context, fd: number, fdstat: number): Errno {
  const file = fds.get(fd);
  if (file === undefined) return EBADF;
  bytes.fill(0, fdstat, fdstat + SIZES.fdstat);
  view.setUint8(fdstat, FILETYPE_CHARACTER_DEVICE);
  view.setUint16(fdstat + 2, file.flags, true);
  view.setBigUint64(fdstat + 8, COMMON_RIGHTS | (file.access === "read" ? RIGHTS.fd_read : RIGHTS.fd_write), true);
  return SUCCESS;
}

/** `fd_fdstat_set_flags`: sets the flags, of which only the non-blocking one has an effect. */
export function fdFdstatSetFlags({ fds }: Context, fd: number, flags: number): Errno {
  const file = fds.get(fd);
  if (file === undefined) return EBADF;
  if ((flags & ~FDFLAGS) !== 0) return EINVAL;
  file.flags = flags;
  return SUCCESS;
}

/** `fd_filestat_get`: a terminal with one link, without size or times. */
export function fdFilestatGet(
  { fds, memory: { bytes, view } }: Context,
  layout: Layout,
  fd: number,
  at: number,
): Errno {
  if (!fds.has(fd)) return EBADF;
  const { size, nlink } = layout.filestat;
  bytes.fill(0, at, at + size);
  view.setUint8(at + 16, FILETYPE_CHARACTER_DEVICE);
  view.setUint32(at + nlink, 1, true);
  return SUCCESS;
}
