/**
 * A process's standard streams: opening each descriptor together with the end that the host holds. Bytes pass between the
 * two through a queue, whose high-water mark is the backpressure.
 *
 * @module
 */

import { spend } from "../base/schedule.ts";
import { ByteQueue, CHUNK_WORK, readableFrom } from "../base/streams.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";
import { openNull, openQueue } from "./descriptors/stdio.ts";
import { InputMeter } from "./input_use.ts";
import { fill, InputPipe, OutputPipe } from "./pipes.ts";

/** The descriptor of standard output or error. */
export interface Output {
  readonly descriptor: Descriptor;
  /** The host's end, if the output is piped. */
  readonly pipe: OutputPipe | undefined;
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
  if (to === "null") return { descriptor: openNull("write"), pipe: undefined };
  const queue = new ByteQueue(highWaterMark);
  const descriptor = openQueue("write", queue);
  if (to === "piped") return { descriptor, pipe: new OutputPipe(queue) };
  // If `to` fails, its source is cancelled, and the guest's writes fail with EPIPE.
  readableFrom(queue).pipeTo(to).catch(() => {});
  return { descriptor, pipe: undefined };
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
  if (from === "piped") return { descriptor, pipe: new InputPipe(queue), meter };
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
