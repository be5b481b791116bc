/**
 * The binary interface of WASI preview 1: the numbers and layouts that handlers use, and reading and writing them in a
 * guest's memory. Little-endian throughout; what no handler needs is left out.
 *
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 * @module
 */

/** What a WASI function answers: 0, or why it failed. */
export type Errno = number;

/** Done. */
export const SUCCESS = 0;
/** The descriptor is non-blocking and would have to wait. */
export const EAGAIN = 6;
/** No such descriptor, or not open for this. */
export const EBADF = 8;
/** The process has ended meanwhile; no guest sees it. */
export const ECANCELED = 11;
/** A pointer or an array leaves the memory. */
export const EFAULT = 21;
/** An argument has no meaning. */
export const EINVAL = 28;
/** The stream failed. */
export const EIO = 29;
/** Not a directory. */
export const ENOTDIR = 54;
/** Not a socket. */
export const ENOTSOCK = 57;
/** Not supported. */
export const ENOTSUP = 58;
/** Not permitted. */
export const EPERM = 63;
/** Nobody reads the stream any more. */
export const EPIPE = 64;
/** A stream has no position. */
export const ESPIPE = 70;

/** The clock that says what time it is. */
export const CLOCK_REALTIME = 0;
/** The clock that never goes back. */
export const CLOCK_MONOTONIC = 1;

/** File type of a terminal; guests' C libraries buffer its output by line. */
export const FILETYPE_CHARACTER_DEVICE = 2;

/** Descriptor flag: reads and writes answer `EAGAIN` rather than wait. */
export const FDFLAG_NONBLOCK: number = 1 << 2;
/** All descriptor flags that there are. */
export const FDFLAGS = 0b11111;

/** Rights of a descriptor, as bits. Those to seek and tell are absent, which makes it a terminal for `isatty`. */
export const RIGHTS: Readonly<
  Record<"fd_read" | "fd_fdstat_set_flags" | "fd_write" | "fd_filestat_get" | "poll_fd_readwrite", bigint>
> = {
  fd_read: 1n << 1n,
  fd_fdstat_set_flags: 1n << 3n,
  fd_write: 1n << 6n,
  fd_filestat_get: 1n << 21n,
  poll_fd_readwrite: 1n << 27n,
};

/** A time has come. */
export const EVENT_CLOCK = 0;
/** A descriptor has bytes to read. */
export const EVENT_FD_READ = 1;
/** A descriptor has room to write. */
export const EVENT_FD_WRITE = 2;
/** Event flag: the other side is gone. */
export const EVENT_HANGUP = 1;
/** Clock subscription flag: the timeout is a point in time. */
export const CLOCK_ABSTIME = 1;

/** Bytes of the structures that have one layout. */
export const SIZES = { byte: 1, u16: 2, fd: 4, size: 4, u64: 8, iovec: 8, prestat: 8, fdstat: 24, event: 32 } as const;

/** Layouts that `wasi_unstable` and `wasi_snapshot_preview1` have in common by name only; offsets in bytes. */
export interface Layout {
  readonly filestat: { readonly size: number; readonly nlink: number };
  /** The fields of a clock subscription; what it has in common with the others is at 0, 8 and 16. */
  readonly subscription: {
    readonly size: number;
    readonly clock: number;
    readonly timeout: number;
    readonly flags: number;
  };
}

/** Layouts of `wasi_snapshot_preview1`. */
export const PREVIEW1: Layout = {
  filestat: { size: 64, nlink: 24 },
  subscription: { size: 48, clock: 16, timeout: 24, flags: 40 },
};

/**
 * Layouts of `wasi_unstable`, the snapshot before: `nlink` has 4 bytes, a clock subscription begins with an identifier.
 * Its `whence` constants are numbered otherwise as well, which no stream can show.
 */
export const UNSTABLE: Layout = {
  filestat: { size: 56, nlink: 20 },
  subscription: { size: 56, clock: 24, timeout: 32, flags: 48 },
};

/** A guest's memory. Growing replaces both, so they are read anew after anything that may run a guest. */
export interface GuestMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
}

/** What a module has that exports no memory: every pointer is out of its bounds. */
export const NO_MEMORY: GuestMemory = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

/** Whether a range lies in the memory; a pointer and a length are each below 2^53, so that their sum is exact. */
export function isInside({ bytes }: GuestMemory, pointer: number, length: number): boolean {
  return pointer + length <= bytes.length;
}

/** Buffers that one call reads or writes, in order. */
export interface Vectors {
  readonly items: readonly { readonly pointer: number; readonly length: number }[];
  /** Bytes of all together. */
  readonly total: number;
}

/** Buffers of one call at most, as Linux has it. */
export const MAX_VECTORS = 1024;

/**
 * Reads an array of (pointer, length) that lies in the memory.
 *
 * @returns `EINVAL` if there are too many or their total is no u32, `EFAULT` if a buffer leaves the memory
 */
export function readVectors(memory: GuestMemory, pointer: number, count: number): Vectors | Errno {
  if (count > MAX_VECTORS) return EINVAL;
  const items: { pointer: number; length: number }[] = [];
  let total = 0;
  for (let at = pointer; at < pointer + count * SIZES.iovec; at += SIZES.iovec) {
    const item = { pointer: memory.view.getUint32(at, true), length: memory.view.getUint32(at + 4, true) };
    if (!isInside(memory, item.pointer, item.length)) return EFAULT;
    total += item.length;
    items.push(item);
  }
  return total > 0xffff_ffff ? EINVAL : { items, total };
}
