/**
 * The `fd_*` functions: they decode a call, pass it to the descriptor, and write its result to the guest's memory. What a
 * descriptor does is up to its kind, in descriptors/.
 *
 * @module
 */

import { EAGAIN, EBADF, ECANCELED, EINVAL, FDFLAG_NONBLOCK, FDFLAGS, SIZES, SUCCESS } from "./abi.ts";
import type { Answer, Errno, GuestMemory, Layout } from "./abi.ts";
import { readBuffers } from "./buffers.ts";
import type { Context } from "./context.ts";
import { isOpenFor } from "./descriptors/descriptor.ts";
import type { Access, Buffers, Descriptor, FileStat } from "./descriptors/descriptor.ts";
import { waitForChange } from "./wait.ts";

/** Operations that take numbers and return no more than an errno. */
type PlainOperation = "advise" | "allocate" | "setSize" | "setTimes" | "sync" | "syncData";

/** Makes a handler that passes its arguments to an operation of the descriptor. */
export function operation<Name extends PlainOperation>(
  name: Name,
): (context: Context, fd: number, ...args: Parameters<Descriptor[Name]>) => Answer {
  return ({ descriptors }, fd, ...args) => {
    const descriptor = descriptors.get(fd) as Record<Name, (...args: unknown[]) => Answer> | undefined;
    return descriptor === undefined ? EBADF : descriptor[name](...args);
  };
}

/** `fd_read`: reads what is available. Waits for at least one byte. A read of 0 bytes is the end of file. */
export function fdRead(context: Context, fd: number, pointer: number, count: number, size: number): Answer {
  return transfer(context, fd, "read", pointer, count, size);
}

/** `fd_write`: writes as much as fits. Waits for room for at least one byte. */
export function fdWrite(context: Context, fd: number, pointer: number, count: number, size: number): Answer {
  return transfer(context, fd, "write", pointer, count, size);
}

function transfer(
  context: Context,
  fd: number,
  access: Access,
  pointer: number,
  count: number,
  size: number,
): Answer {
  const descriptor = context.descriptors.get(fd);
  if (descriptor === undefined || !isOpenFor(descriptor, access)) return EBADF;
  const buffers = readBuffers(context, pointer, count);
  if (typeof buffers === "number") return buffers;
  const answer = descriptor[access](buffers);
  const mayWait = answer === EAGAIN && (descriptor.flags & FDFLAG_NONBLOCK) === 0;
  return mayWait ? whenReady(context, descriptor, access, buffers, size) : finish(context, buffers, size, answer);
}

async function whenReady(
  context: Context,
  descriptor: Descriptor,
  access: Access,
  buffers: Buffers,
  size: number,
): Promise<Errno> {
  for (;;) {
    await waitForChange(context, [descriptor]);
    if (context.isOver()) return ECANCELED;
    const answer = descriptor[access](buffers);
    if (answer !== EAGAIN) return finish(context, buffers, size, answer);
  }
}

/** `fd_pread`: reads from a position. */
export function fdPread(
  context: Context,
  fd: number,
  pointer: number,
  count: number,
  offset: bigint,
  size: number,
): Answer {
  return transferAt(context, fd, "readAt", pointer, count, offset, size);
}

/** `fd_pwrite`: writes at a position. */
export function fdPwrite(
  context: Context,
  fd: number,
  pointer: number,
  count: number,
  offset: bigint,
  size: number,
): Answer {
  return transferAt(context, fd, "writeAt", pointer, count, offset, size);
}

function transferAt(
  context: Context,
  fd: number,
  method: "readAt" | "writeAt",
  pointer: number,
  count: number,
  offset: bigint,
  size: number,
): Answer {
  const descriptor = context.descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  const buffers = readBuffers(context, pointer, count);
  if (typeof buffers === "number") return buffers;
  return finish(context, buffers, size, descriptor[method](buffers, offset));
}

/** Writes how many bytes a read or a write has moved. */
function finish(context: Context, buffers: Buffers, size: number, answer: Answer): Answer {
  if (typeof answer !== "number") return afterwards(context, answer, (errno) => finish(context, buffers, size, errno));
  if (answer !== SUCCESS) return answer;
  context.charge(buffers.moved);
  context.memory.view.setUint32(size, buffers.moved, true);
  return SUCCESS;
}

/** Continues with the result of an operation. After a promise, it does so only if the process has not ended meanwhile. */
function afterwards<Result>(
  context: Context,
  result: Result | Promise<Result>,
  next: (result: Result) => Answer,
): Answer {
  if (!(result instanceof Promise)) return next(result);
  return result.then((result) => context.isOver() ? ECANCELED : next(result));
}

/** `fd_seek`: moves the position and writes it. */
export function fdSeek(
  context: Context,
  layout: Layout,
  fd: number,
  offset: bigint,
  whence: number,
  position: number,
): Answer {
  const descriptor = context.descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  const result = descriptor.seek(BigInt.asIntN(64, offset), layout.whence[whence] ?? whence);
  return afterwards(context, result, (result) => writePosition(context.memory, position, result));
}

/** `fd_tell`: writes the position. */
export function fdTell(context: Context, fd: number, position: number): Answer {
  const descriptor = context.descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  return afterwards(context, descriptor.tell(), (result) => writePosition(context.memory, position, result));
}

function writePosition({ view }: GuestMemory, at: number, position: bigint | Errno): Errno {
  if (typeof position === "number") return position;
  view.setBigUint64(at, position, true);
  return SUCCESS;
}

/** `fd_close`: closes the descriptor. Its number is free even if that fails. */
export function fdClose({ descriptors }: Context, fd: number): Answer {
  const descriptor = descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  descriptors.delete(fd);
  return descriptor.close();
}

/** `fd_renumber`: closes `to`, which must be open, and moves `fd` to its number. */
export function fdRenumber({ descriptors }: Context, fd: number, to: number): Answer {
  const descriptor = descriptors.get(fd);
  const replaced = descriptors.get(to);
  if (descriptor === undefined || replaced === undefined) return EBADF;
  if (descriptor === replaced) return SUCCESS;
  descriptors.set(to, descriptor);
  descriptors.delete(fd);
  return replaced.close();
}

/** `fd_fdstat_get`: writes the type of file, the flags and the rights. */
export function fdFdstatGet({ descriptors, memory: { bytes, view } }: Context, fd: number, fdstat: number): Errno {
  const descriptor = descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  bytes.fill(0, fdstat, fdstat + SIZES.fdstat);
  view.setUint8(fdstat, descriptor.type);
  view.setUint16(fdstat + 2, descriptor.flags, true);
  view.setBigUint64(fdstat + 8, BigInt(descriptor.rights), true);
  return SUCCESS;
}

/** `fd_fdstat_set_flags`: sets the flags. Only the non-blocking flag has an effect on all kinds. */
export function fdFdstatSetFlags({ descriptors }: Context, fd: number, flags: number): Errno {
  const descriptor = descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  if ((flags & ~FDFLAGS) !== 0) return EINVAL;
  descriptor.flags = flags;
  return SUCCESS;
}

/** `fd_filestat_get`: writes what is known about the file. */
export function fdFilestatGet(context: Context, layout: Layout, fd: number, filestat: number): Answer {
  const descriptor = context.descriptors.get(fd);
  if (descriptor === undefined) return EBADF;
  return afterwards(context, descriptor.stat(), (stat) => {
    if (typeof stat === "number") return stat;
    writeFileStat(context.memory, layout, filestat, descriptor.type, stat);
    return SUCCESS;
  });
}

function writeFileStat(
  { bytes, view }: GuestMemory,
  { filestat: { size, nlink } }: Layout,
  at: number,
  type: number,
  stat: FileStat,
): void {
  bytes.fill(0, at, at + size);
  view.setBigUint64(at, stat.device, true);
  view.setBigUint64(at + 8, stat.inode, true);
  view.setUint8(at + 16, type);
  view.setUint32(at + nlink, stat.links, true);
  for (const [index, field] of [stat.size, stat.accessed, stat.modified, stat.changed].entries()) {
    view.setBigUint64(at + size - 32 + index * 8, field, true);
  }
}
