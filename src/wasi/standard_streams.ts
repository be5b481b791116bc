/**
 * A process's standard streams as web streams: opening each descriptor together with the stream that the host holds. Bytes
 * pass between the two through a queue, whose high-water mark is the backpressure.
 *
 * @module
 */

import { spend } from "../base/schedule.ts";
import { ByteQueue, CHUNK_WORK, readableFrom } from "../base/streams.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";
import { openNull, openQueue } from "./descriptors/stdio.ts";
import { InputMeter } from "./input_use.ts";

/** Units of fuel for adding to a queue, which a guest may empty a byte at a time: 2 µs. */
const REFILL_WORK = 1_000;

/** The host's end of a guest's standard input. */
export interface InputPipe {
  readonly stream: WritableStream<Uint8Array>;
  /** Errors the stream at once unless it is closed. The guest's reads then fail with `EIO`. */
  fail(reason: unknown): void;
}

/**
 * Makes a stream that fills a queue. A write resolves when the queue has copied all of the chunk. Closing the stream is the
 * guest's end of file. Aborting it is an I/O error to the guest, and so is writing what is not a `Uint8Array`. After the
 * guest has closed the queue, writes reject but closing does not.
 */
export function inputPipe(queue: ByteQueue): InputPipe {
  let controller: WritableStreamDefaultController;
  const stream = new WritableStream<Uint8Array>({
    start(started) {
      controller = started;
      // The sink's own `abort` is called only after the pending write, which may wait for the guest.
      const { signal } = started;
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

/**
 * Waits until a queue has taken all of a chunk. Throws if the queue is no longer open. A chunk that is not a `Uint8Array`
 * breaks the queue.
 */
async function fill(queue: ByteQueue, chunk: Uint8Array): Promise<void> {
  if (!(chunk instanceof Uint8Array)) {
    const error = new TypeError("a chunk for a guest's standard input must be a Uint8Array");
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

/** The descriptor of standard output or error. */
export interface Output {
  readonly descriptor: Descriptor;
  /** The stream for the host to read, if the output is piped. */
  readonly stream: ReadableStream<Uint8Array> | undefined;
}

/** Checks the destination of an output, whose option has this name. @throws {TypeError} as `openOutput` does */
export function checkOutput(to: unknown, name: string): void {
  if (to === "piped" || to === "null" || (to instanceof WritableStream && !to.locked)) return;
  throw new TypeError(`${name} must be "piped", "null" or a WritableStream that is not locked`);
}

/** Checks the source of the input. @throws {TypeError} as `openInput` does */
export function checkInput(from: unknown): void {
  if (from === "piped" || from === "null" || (from instanceof ReadableStream && !from.locked)) return;
  throw new TypeError(`stdin must be "piped", "null" or a ReadableStream that is not locked`);
}

/**
 * Opens standard output or error.
 *
 * @param to `piped` for a stream that the host reads; `null` to discard everything; or a stream to write to, which is closed
 * at the end
 * @param name the name of the option, for the error
 * @throws {TypeError} if `to` is something else or is locked
 */
export function openOutput(
  to: "piped" | "null" | WritableStream<Uint8Array>,
  highWaterMark: number,
  name: string,
): Output {
  checkOutput(to, name);
  if (to === "null") return { descriptor: openNull("write"), stream: undefined };
  const queue = new ByteQueue(highWaterMark);
  const descriptor = openQueue("write", queue);
  const stream = readableFrom(queue);
  if (to === "piped") return { descriptor, stream };
  // If `to` fails, the pipe cancels its source, and the guest's writes fail with EPIPE.
  stream.pipeTo(to).catch(() => {});
  return { descriptor, stream: undefined };
}

/** The descriptor of standard input. */
export interface Input {
  readonly descriptor: Descriptor;
  /** The host's end, if the input is piped. */
  readonly pipe: InputPipe | undefined;
  /** Counts what the guest does with it. */
  readonly meter: InputMeter;
}

/**
 * Opens standard input.
 *
 * @param from `piped` for a stream that the host writes to; `null` for an empty input; or a stream to read, which is
 * cancelled at the end
 * @param signal aborts when the process ends
 * @throws {TypeError} if `from` is something else or is locked
 */
export function openInput(
  from: "piped" | "null" | ReadableStream<Uint8Array>,
  highWaterMark: number,
  signal: AbortSignal,
): Input {
  checkInput(from);
  if (from === "null") {
    const descriptor = openNull("read");
    return { descriptor, pipe: undefined, meter: new InputMeter(descriptor) };
  }
  const queue = new ByteQueue(highWaterMark);
  const descriptor = openQueue("read", queue);
  const meter = new InputMeter(descriptor, queue);
  if (from === "piped") return { descriptor, pipe: inputPipe(queue), meter };
  readInto(queue, from, signal);
  return { descriptor, pipe: undefined, meter };
}

/**
 * Copies a stream to a queue until one of them ends or fails, or the signal aborts. If the stream is not at its end then, it
 * is cancelled. This is not `pipeTo`, which in Workers notices an abort only when the next chunk comes.
 */
async function readInto(queue: ByteQueue, from: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  const reader = from.getReader();
  // This ends both waits below: the cancel ends the wait for a chunk, the break the wait for room.
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
