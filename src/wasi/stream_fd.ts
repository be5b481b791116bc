/**
 * A web stream seen as a file descriptor: bytes pass through a queue between the stream, which the host holds, and the
 * guest's reads and writes, which wait while the queue is empty or full. Positions, files and sockets are left out.
 *
 * @module
 */

import { spend } from "../_schedule.ts";
import { ByteQueue, CHUNK_WORK, readableFrom } from "../_streams.ts";
import type { Context } from "./context.ts";

/** Units of fuel for adding to a queue that a guest may empty by a byte at a time: 2 µs. */
const REFILL_WORK = 1_000;

/** An open descriptor. */
export interface StreamFd {
  readonly access: "read" | "write";
  /** None: the null device, which is at its end for reading and takes everything written. */
  readonly queue: ByteQueue | undefined;
  /** Descriptor flags, as bits. */
  flags: number;
  /** To be called once at the next change of the queue. */
  readonly wakers: Set<() => void>;
  isWatched: boolean;
}

/** Opens a descriptor. */
export function openFd(access: "read" | "write", queue?: ByteQueue): StreamFd {
  return { access, queue, flags: 0, wakers: new Set(), isWatched: false };
}

/** Closes a descriptor: the reader of an output gets what is queued, the writer of an input a broken pipe. */
export function closeFd({ access, queue }: StreamFd): void {
  if (access === "write") queue?.end();
  else queue?.break(new Error("broken pipe: the guest does not read its standard input any more"));
}

/**
 * Waits until one of the descriptors may be ready, a time has passed, or the process has ended. Leaves no timer or
 * listener.
 *
 * @param ms as for {@linkcode Clock.sleep}; not given: no bound
 * @returns whether the time has passed
 */
export async function waitForChange(context: Context, fds: Iterable<StreamFd>, ms?: number): Promise<boolean> {
  const { signal, clock } = context;
  if (signal.aborted) return false;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  // Most waits are for data alone: they take neither a timer nor a controller.
  const sleep = ms === undefined ? undefined : new AbortController();
  const wake = () => resolve(false);
  signal.addEventListener("abort", wake);
  try {
    for (const fd of fds) watch(fd, wake);
    if (sleep !== undefined) clock.sleep(ms!, sleep.signal).then(() => resolve(true), reject);
    return await promise;
  } finally {
    sleep?.abort();
    for (const fd of fds) fd.wakers.delete(wake);
    signal.removeEventListener("abort", wake);
  }
}

function watch(fd: StreamFd, wake: () => void): void {
  fd.wakers.add(wake);
  if (fd.isWatched || fd.queue === undefined) return;
  fd.isWatched = true;
  // One reaction at a time: a guest that polls with a timeout for years must not leave one each time.
  fd.queue.changed().then(() => {
    fd.isWatched = false;
    const wakers = [...fd.wakers];
    fd.wakers.clear();
    for (const wake of wakers) wake();
  });
}

/** The host's end of a guest's standard input. */
export interface InputPipe {
  readonly stream: WritableStream<Uint8Array>;
  /** Errors the stream at once, unless it is closed, and gives the guest an I/O error. */
  fail(reason: unknown): void;
}

/**
 * A stream that fills a queue. A write is done when the queue has taken all of the chunk, so chunks are the writer's again
 * then. Closing is the guest's end of file; aborting, or writing what is no `Uint8Array`, an I/O error. When the guest has
 * closed the queue, writes reject, closing does not.
 */
export function inputPipe(queue: ByteQueue): InputPipe {
  let controller: WritableStreamDefaultController;
  const stream = new WritableStream<Uint8Array>({
    start(given) {
      controller = given;
      // The sink's own `abort` comes only after the write under way, which may wait for the guest.
      const { signal } = given;
      signal.addEventListener("abort", () => queue.break(signal.reason), { once: true });
    },
    write: (chunk) => fill(queue, chunk),
    close: () => queue.end(),
  });
  const fail = (reason: unknown) => {
    queue.break(reason);
    controller.error(reason);
  };
  return { stream, fail };
}

/** Waits until a queue has taken all of a chunk; throws if it is broken before, or by a chunk that is no `Uint8Array`. */
async function fill(queue: ByteQueue, chunk: Uint8Array): Promise<void> {
  if (!(chunk instanceof Uint8Array)) {
    const error = new TypeError("a chunk for a guest's standard input is a Uint8Array");
    queue.break(error);
    throw error;
  }
  for (let rest = chunk; rest.length > 0;) {
    if (queue.state !== "open") throw queue.reason;
    rest = rest.subarray(queue.push(rest));
    if (rest.length === 0) return;
    await queue.changed();
    const turn = spend(REFILL_WORK);
    if (turn !== undefined) await turn;
  }
}

/** A process's end of one standard stream, and the stream that the host holds unless it gave its own. */
export interface Output {
  readonly fd: StreamFd;
  readonly stream: ReadableStream<Uint8Array> | undefined;
}

/** Checks where an output goes to, by the name that it has for people. @throws {TypeError} as `openOutput` does */
export function checkOutput(to: unknown, name: string): void {
  if (to === "piped" || to === "null" || (to instanceof WritableStream && !to.locked)) return;
  throw new TypeError(`${name} is "piped", "null" or a WritableStream that is not locked`);
}

/** Checks where the input comes from. @throws {TypeError} as `openInput` does */
export function checkInput(from: unknown): void {
  if (from === "piped" || from === "null" || (from instanceof ReadableStream && !from.locked)) return;
  throw new TypeError(`stdin is "piped", "null" or a ReadableStream that is not locked`);
}

/**
 * Opens standard output or error.
 *
 * @param to `piped` to a stream for the host to read; `null`, where everything vanishes; or a stream that is written to, and
 * closed at the end
 * @param name for the error
 * @throws {TypeError} if `to` is something else, or locked
 */
export function openOutput(
  to: "piped" | "null" | WritableStream<Uint8Array>,
  highWaterMark: number,
  name: string,
): Output {
  checkOutput(to, name);
  if (to === "null") return { fd: openFd("write"), stream: undefined };
  const queue = new ByteQueue(highWaterMark);
  const fd = openFd("write", queue);
  const stream = readableFrom(queue);
  if (to === "piped") return { fd, stream };
  // A stream that fails cancels the pipe's source, which is the guest's EPIPE.
  stream.pipeTo(to).catch(() => {});
  return { fd, stream: undefined };
}

/** A process's standard input, and the stream that the host holds unless it gave its own. */
export interface Input {
  readonly fd: StreamFd;
  readonly pipe: InputPipe | undefined;
}

/**
 * Opens standard input.
 *
 * @param from `piped` for a stream that the host writes to; `null`, which is at its end; or a stream that is read, and
 * cancelled at the end
 * @param signal aborts when the process ends
 * @throws {TypeError} if `from` is something else, or locked
 */
export function openInput(
  from: "piped" | "null" | ReadableStream<Uint8Array>,
  highWaterMark: number,
  signal: AbortSignal,
): Input {
  checkInput(from);
  if (from === "null") return { fd: openFd("read"), pipe: undefined };
  const queue = new ByteQueue(highWaterMark);
  const fd = openFd("read", queue);
  if (from === "piped") return { fd, pipe: inputPipe(queue) };
  readInto(queue, from, signal);
  return { fd, pipe: undefined };
}

/**
 * Passes a stream on to a queue until one of them ends or fails, or the signal aborts; the stream is cancelled if it isn't
 * at its end then. By hand, since `pipeTo` in Workers notices an abort only when the next chunk comes.
 */
async function readInto(queue: ByteQueue, from: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  const reader = from.getReader();
  // Either wait below is over then: for a chunk, by its end; for room, by the queue's.
  const stop = () => {
    queue.break(signal.reason);
    reader.cancel(signal.reason).catch(() => {});
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) stop();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      await fill(queue, next.value);
      const turn = spend(CHUNK_WORK);
      if (turn !== undefined) await turn;
    }
    queue.end();
  } catch (error) {
    queue.break(error);
    reader.cancel(error).catch(() => {});
  } finally {
    signal.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}
