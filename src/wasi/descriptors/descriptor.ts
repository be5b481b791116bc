/**
 * The interface of a file descriptor. The functions of WASI use it alone, so a new kind of descriptor is a new file here
 * that returns such an object.
 *
 * An operation that a kind does not support returns the errno that POSIX has for it. An operation may also return a
 * promise, for which the guest waits. The promise must not reject.
 *
 * @module
 */

import { RIGHTS } from "../abi.ts";
import type { Answer, Errno } from "../abi.ts";

/** What a guest wants to do with a descriptor. */
export type Access = "read" | "write";

/** The result of an operation, or the errno of its failure. */
export type Result<Value extends bigint | object> = Value | Errno | Promise<Value | Errno>;

/** An open descriptor. */
export interface Descriptor {
  /** The file type, as WASI numbers it. */
  readonly type: number;
  /** What the guest may do with the descriptor: `RIGHTS`, as bits. */
  readonly rights: number;
  /** Descriptor flags, as bits. `fd_fdstat_set_flags` sets them. */
  flags: number;

  /**
   * Fills the buffers as far as it can; a success that moves no bytes is the end of file. Returns `EAGAIN`, never a promise
   * of it, when a read has to wait for a change. The caller then waits, unless the descriptor is non-blocking.
   */
  read(buffers: Buffers): Answer;
  /** Writes as much of the buffers as it can. Returns `EAGAIN` as `read` does. */
  write(buffers: Buffers): Answer;
  /** Reads from a position, and leaves the descriptor's own position alone. */
  readAt(buffers: Buffers, offset: bigint): Answer;
  /** Writes at a position, and leaves the descriptor's own position alone. */
  writeAt(buffers: Buffers, offset: bigint): Answer;
  /** Moves the position and returns it. `whence` is one of the `WHENCE` constants, or a number without a meaning. */
  seek(offset: bigint, whence: number): Result<bigint>;
  /** Returns the position. */
  tell(): Result<bigint>;
  /** Takes a hint about the use of a range. */
  advise(offset: bigint, length: bigint, advice: number): Answer;
  /** Makes sure that a range has space. */
  allocate(offset: bigint, length: bigint): Answer;
  /** Returns what is known about the file. */
  stat(): Result<FileStat>;
  /** Cuts the file or extends it with zeros. */
  setSize(size: bigint): Answer;
  /** Sets the times that the flags select. */
  setTimes(accessed: bigint, modified: bigint, flags: number): Answer;
  /** Makes data and metadata durable. */
  sync(): Answer;
  /** Makes data durable. */
  syncData(): Answer;
  /** Releases what the descriptor holds. It is called once, also when the process ends, and no operation follows. */
  close(): Answer;

  /** What a read or a write would find now, or undefined if it would wait. */
  readiness(access: Access): Readiness | undefined;
  /** Calls a function once, when the readiness next changes. Returns a function that stops that. */
  watch(wake: () => void): () => void;
}

/** The buffers of one call, which are ranges of the guest's memory. */
export interface Buffers {
  /** Bytes of all buffers together. */
  readonly total: number;
  /** Bytes that have been moved. `transfer` counts them. An operation that needs no access to the bytes sets this itself. */
  moved: number;
  /**
   * Passes each buffer to a function that returns how many bytes of it were moved. Stops after a buffer that was not moved
   * whole. The function must not keep a buffer, since memory moves when it grows. An operation calls this once at most.
   */
  transfer(move: (buffer: Uint8Array<ArrayBuffer>) => number): void;
}

/** What is known about a file. Times are in nanoseconds since 1970. */
export interface FileStat {
  readonly device: bigint;
  readonly inode: bigint;
  /** The number of hard links. */
  readonly links: number;
  readonly size: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** What poll reports of a descriptor that is ready. */
export interface Readiness {
  /** Bytes that can be read, or room for bytes to write. */
  readonly bytes: number;
  /** The other side is gone. */
  readonly isHungUp: boolean;
}

/** Whether a descriptor is open for reading or for writing. */
export function isOpenFor(descriptor: Descriptor, access: Access): boolean {
  return (descriptor.rights & (access === "read" ? RIGHTS.fd_read : RIGHTS.fd_write)) !== 0;
}
