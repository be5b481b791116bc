/**
 * The binary interface of WASI preview 1: the numbers and layouts that handlers use. All numbers are little-endian. What no
 * handler needs is left out.
 *
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 * @module
 */

/** The result of a WASI function: 0, or the reason for its failure. */
export type Errno = number;

/** What a handler returns. The guest waits for a promise. */
export type Answer = Errno | Promise<Errno>;

/** The function succeeded. */
export const SUCCESS = 0;
/** The descriptor is non-blocking and would have to wait. */
export const EAGAIN = 6;
/** The descriptor is not open, or not open for this. */
export const EBADF = 8;
/** The process has ended meanwhile. No guest sees it. */
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
/** The stream no longer has a reader. */
export const EPIPE = 64;
/** The descriptor has no position. */
export const ESPIPE = 70;

/** The clock that says what time it is. */
export const CLOCK_REALTIME = 0;
/** The clock that never goes back. */
export const CLOCK_MONOTONIC = 1;

/** File type of a terminal. The C libraries of guests buffer its output by line. */
export const FILETYPE_CHARACTER_DEVICE = 2;

/** Descriptor flag: reads and writes answer `EAGAIN` rather than wait. */
export const FDFLAG_NONBLOCK: number = 1 << 2;
/** All descriptor flags. */
export const FDFLAGS = 0b11111;

/** Rights of a descriptor, as bits. WASI has 30, so they fit in an int32. */
export const RIGHTS: Readonly<
  Record<"fd_read" | "fd_fdstat_set_flags" | "fd_write" | "fd_filestat_get" | "poll_fd_readwrite", number>
> = {
  fd_read: 1 << 1,
  fd_fdstat_set_flags: 1 << 3,
  fd_write: 1 << 6,
  fd_filestat_get: 1 << 21,
  poll_fd_readwrite: 1 << 27,
};

/** Where a seek counts from, as `wasi_snapshot_preview1` numbers it. */
export const WHENCE = { start: 0, current: 1, end: 2 } as const;

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

/** What differs between `wasi_unstable` and `wasi_snapshot_preview1`. Offsets are in bytes. */
export interface Layout {
  /** The last 32 bytes of a `filestat` are the size and three times. */
  readonly filestat: { readonly size: number; readonly nlink: number };
  /** The values of {@linkcode WHENCE} that the snapshot's numbers from 0 stand for. */
  readonly whence: readonly number[];
  /** The fields of a clock subscription. Those that all subscriptions share are at 0, 8 and 16. */
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
  whence: [WHENCE.start, WHENCE.current, WHENCE.end],
  subscription: { size: 48, clock: 16, timeout: 24, flags: 40 },
};

/**
 * Layouts of `wasi_unstable`, the previous snapshot: `nlink` has 4 bytes, a clock subscription begins with an identifier,
 * and `whence` has other numbers.
 */
export const UNSTABLE: Layout = {
  filestat: { size: 56, nlink: 20 },
  whence: [WHENCE.current, WHENCE.end, WHENCE.start],
  subscription: { size: 56, clock: 24, timeout: 32, flags: 48 },
};

/** A guest's memory. Growth replaces both views, so handlers read them anew after anything that may run a guest. */
export interface GuestMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
}

/** The memory of a module that exports none: every pointer is out of its bounds. */
export const NO_MEMORY: GuestMemory = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

/** Whether a range lies in the memory. Pointers and lengths are u32 or products of few, so their sum is exact. */
export function isInside({ bytes }: GuestMemory, pointer: number, length: number): boolean {
  return pointer + length <= bytes.length;
}
