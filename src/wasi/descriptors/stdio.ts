/**
 * The descriptors of standard streams: a byte queue, whose other end the host holds, and the null device. To a guest, both
 * are terminals.
 *
 * @module
 */

import type { ByteQueue } from "../../base/streams.ts";
import { lazily } from "../../base/why.ts";
import { EAGAIN, EINVAL, EIO, EPERM, EPIPE, ESPIPE, FILETYPE_CHARACTER_DEVICE, RIGHTS, SUCCESS } from "../abi.ts";
import type { Errno } from "../abi.ts";
import type { Access, Buffers, Descriptor, FileStat, Readiness } from "./descriptor.ts";

/**
 * Opens a descriptor that reads from a queue or writes to it. Closing an output ends the queue, so its reader still gets
 * what is queued. Closing an input breaks the queue, so its writer gets a broken pipe.
 */
export function openQueue(access: Access, queue: ByteQueue): Descriptor {
  return new QueueDescriptor(access, queue);
}

/** Opens the null device, which is at its end for reading and takes everything that is written. */
export function openNull(access: Access): Descriptor {
  return new NullDescriptor(access);
}

const NO_FILE: FileStat = { device: 0n, inode: 0n, links: 1, size: 0n, accessed: 0n, modified: 0n, changed: 0n };

/** Without the rights to seek and tell: that is how `isatty` recognises a terminal. */
const TERMINAL_RIGHTS = RIGHTS.fd_fdstat_set_flags | RIGHTS.fd_filestat_get | RIGHTS.poll_fd_readwrite;

/** What a terminal says of itself, and returns for operations that need a position or a file. */
class Terminal {
  readonly type = FILETYPE_CHARACTER_DEVICE;
  readonly rights: number;
  flags = 0;

  constructor(access: Access) {
    this.rights = TERMINAL_RIGHTS | (access === "read" ? RIGHTS.fd_read : RIGHTS.fd_write);
  }

  stat(): FileStat {
    return NO_FILE;
  }

  readAt(): Errno {
    return ESPIPE;
  }

  writeAt(): Errno {
    return ESPIPE;
  }

  seek(): Errno {
    return ESPIPE;
  }

  tell(): Errno {
    return ESPIPE;
  }

  advise(): Errno {
    return ESPIPE;
  }

  allocate(): Errno {
    return ESPIPE;
  }

  setSize(): Errno {
    return EINVAL;
  }

  setTimes(): Errno {
    return EPERM;
  }

  sync(): Errno {
    return EINVAL;
  }

  syncData(): Errno {
    return EINVAL;
  }
}

class NullDescriptor extends Terminal implements Descriptor {
  read(): Errno {
    return SUCCESS;
  }

  write(buffers: Buffers): Errno {
    buffers.moved = buffers.total;
    return SUCCESS;
  }

  close(): Errno {
    return SUCCESS;
  }

  readiness(access: Access): Readiness {
    return { bytes: 0, isHungUp: access === "read" };
  }

  watch(): () => void {
    return () => {};
  }
}

class QueueDescriptor extends Terminal implements Descriptor {
  readonly #access: Access;
  readonly #queue: ByteQueue;
  readonly #wakers = new Set<() => void>();
  #isWatched = false;

  constructor(access: Access, queue: ByteQueue) {
    super(access);
    this.#access = access;
    this.#queue = queue;
  }

  read(buffers: Buffers): Errno {
    const queue = this.#queue;
    if (buffers.total === 0) return SUCCESS;
    if (queue.state === "broken") return EIO;
    if (queue.state === "open" && queue.size === 0) return EAGAIN;
    buffers.transfer((buffer) => queue.pull(buffer));
    return SUCCESS;
  }

  write(buffers: Buffers): Errno {
    const queue = this.#queue;
    if (buffers.total === 0) return SUCCESS;
    if (queue.state !== "open") return EPIPE;
    if (queue.room === 0) return EAGAIN;
    buffers.transfer((buffer) => queue.push(buffer));
    return SUCCESS;
  }

  close(): Errno {
    if (this.#access === "write") this.#queue.end();
    else this.#queue.breakFor(lazily(() => new Error("broken pipe: the guest no longer reads its standard input")));
    return SUCCESS;
  }

  readiness(access: Access): Readiness | undefined {
    const queue = this.#queue;
    const bytes = access === "read" ? queue.size : queue.room;
    const isHungUp = queue.state !== "open";
    return isHungUp || bytes > 0 ? { bytes, isHungUp } : undefined;
  }

  watch(wake: () => void): () => void {
    this.#wakers.add(wake);
    // One reaction at a time: a guest that polls with a timeout for years must not leave one each time.
    if (!this.#isWatched) this.#queue.changed().then(() => this.#wakeAll());
    this.#isWatched = true;
    return () => this.#wakers.delete(wake);
  }

  #wakeAll(): void {
    this.#isWatched = false;
    const woken = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of woken) wake();
  }
}
