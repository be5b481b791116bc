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
  return {
    ...terminal(access),
    read: (buffers) => readQueue(queue, buffers),
    write: (buffers) => writeQueue(queue, buffers),
    close() {
      if (access === "write") queue.end();
      else queue.breakFor(lazily(() => new Error("broken pipe: the guest no longer reads its standard input")));
      return SUCCESS;
    },
    readiness: (access) => readinessOf(queue, access),
    watch: watcherOf(queue),
  };
}

/** Opens the null device, which is at its end for reading and takes everything that is written. */
export function openNull(access: Access): Descriptor {
  return {
    ...terminal(access),
    read: () => SUCCESS,
    write(buffers) {
      buffers.moved = buffers.total;
      return SUCCESS;
    },
    close: () => SUCCESS,
    readiness: (access) => ({ bytes: 0, isHungUp: access === "read" }),
    watch: () => () => {},
  };
}

type Terminal = Omit<Descriptor, "read" | "write" | "close" | "readiness" | "watch">;

const NO_FILE: FileStat = { device: 0n, inode: 0n, links: 1, size: 0n, accessed: 0n, modified: 0n, changed: 0n };

/** What a terminal returns for operations that need a position or a file. */
const UNSUPPORTED = {
  readAt: () => ESPIPE,
  writeAt: () => ESPIPE,
  seek: () => ESPIPE,
  tell: () => ESPIPE,
  advise: () => ESPIPE,
  allocate: () => ESPIPE,
  setSize: () => EINVAL,
  setTimes: () => EPERM,
  sync: () => EINVAL,
  syncData: () => EINVAL,
} as const;

/** Without the rights to seek and tell: that is how `isatty` recognises a terminal. */
const TERMINAL_RIGHTS = RIGHTS.fd_fdstat_set_flags | RIGHTS.fd_filestat_get | RIGHTS.poll_fd_readwrite;

function terminal(access: Access): Terminal {
  return {
    type: FILETYPE_CHARACTER_DEVICE,
    rights: TERMINAL_RIGHTS | (access === "read" ? RIGHTS.fd_read : RIGHTS.fd_write),
    flags: 0,
    stat: () => NO_FILE,
    ...UNSUPPORTED,
  };
}

function readQueue(queue: ByteQueue, buffers: Buffers): Errno {
  if (buffers.total === 0) return SUCCESS;
  if (queue.state === "broken") return EIO;
  if (queue.state === "open" && queue.size === 0) return EAGAIN;
  buffers.transfer((buffer) => queue.pull(buffer));
  return SUCCESS;
}

function writeQueue(queue: ByteQueue, buffers: Buffers): Errno {
  if (buffers.total === 0) return SUCCESS;
  if (queue.state !== "open") return EPIPE;
  if (queue.room === 0) return EAGAIN;
  buffers.transfer((buffer) => queue.push(buffer));
  return SUCCESS;
}

function readinessOf(queue: ByteQueue, access: Access): Readiness | undefined {
  const bytes = access === "read" ? queue.size : queue.room;
  const isHungUp = queue.state !== "open";
  return isHungUp || bytes > 0 ? { bytes, isHungUp } : undefined;
}

function watcherOf(queue: ByteQueue): Descriptor["watch"] {
  const wakers = new Set<() => void>();
  let isWatched = false;
  const changed = () => {
    isWatched = false;
    const woken = [...wakers];
    wakers.clear();
    for (const wake of woken) wake();
  };
  return (wake) => {
    wakers.add(wake);
    // One reaction at a time: a guest that polls with a timeout for years must not leave one each time.
    if (!isWatched) queue.changed().then(changed);
    isWatched = true;
    return () => wakers.delete(wake);
  };
}
