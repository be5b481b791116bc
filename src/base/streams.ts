/**
 * Bytes between a producer and a consumer: a queue with a limit in bytes, a web stream that reads from it, and readers
 * of all bytes or lines of a stream. Passing on chunks and lines counts as work, and ends turns.
 *
 * @module
 */

import { readerOf } from "./ends.ts";
import type { ReadableEnd } from "./ends.ts";
import { spend } from "./schedule.ts";
import { printable } from "./text.ts";
import type { Why } from "./why.ts";

const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Units of fuel for a chunk through a web stream, without its bytes: 3 to 10 µs. */
export const CHUNK_WORK = 5_000;
/** For a copied byte. */
export const BYTE_WORK: number = 1 / 4;
/** For a line of text, without its bytes: a microsecond or two to split and decode it, and to call the receiver. */
const LINE_WORK = 1_000;
/** For a byte of a line: decoding takes up to 1 ns, making unprintable text printable up to 20. */
const TEXT_BYTE_WORK = 10;

/**
 * A first-in, first-out buffer between one producer and one consumer, with a high-water mark. Neither side blocks: a
 * producer without room, or a consumer without bytes, awaits `changed()` and tries again.
 */
export class ByteQueue {
  /** The most bytes that the queue holds. */
  readonly highWaterMark: number;
  #buffer: Uint8Array<ArrayBuffer> = NO_BYTES;
  #start = 0;
  #end = 0;
  #pulled = 0;
  #state: "open" | "ended" | "broken" = "open";
  #why: Why | undefined;
  #change: PromiseWithResolvers<void> | undefined;

  constructor(highWaterMark: number) {
    this.highWaterMark = highWaterMark;
  }

  /** Bytes in the queue. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Bytes that `pull` has moved so far. */
  get pulled(): number {
    return this.#pulled;
  }

  /** Bytes that `push` would take now; 0 if the queue is not open. */
  get room(): number {
    return this.#state === "open" ? this.highWaterMark - this.size : 0;
  }

  /** `open`; `ended`: no more bytes will be added; `broken`: one side gave up, and the queue is empty. */
  get state(): "open" | "ended" | "broken" {
    return this.#state;
  }

  /** Why the queue broke, if it did. */
  get reason(): unknown {
    return this.#why?.();
  }

  /** Copies the bytes that fit from `source` to the end of the queue, and returns their number. */
  push(source: Uint8Array): number {
    const count = Math.min(source.length, this.room);
    if (count === 0) return 0;
    this.#reserve(count);
    this.#buffer.set(count === source.length ? source : source.subarray(0, count), this.#end);
    this.#end += count;
    this.#changed();
    return count;
  }

  /** Moves the bytes that fit from the front of the queue into `target`, and returns their number. */
  pull(target: Uint8Array): number {
    const count = Math.min(target.length, this.size);
    if (count === 0) return 0;
    target.set(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    this.#pulled += count;
    this.#changed();
    return count;
  }

  /** Empties the queue, and returns its bytes in an array that the caller owns. */
  take(): Uint8Array<ArrayBuffer> {
    // The caller gets the buffer itself if it is mostly full: large data are not copied again.
    const isBuffer = this.size * 2 >= this.#buffer.length;
    const taken = isBuffer ? this.#buffer.subarray(this.#start, this.#end) : this.#buffer.slice(this.#start, this.#end);
    if (isBuffer) this.#buffer = NO_BYTES;
    this.#start = this.#end = 0;
    if (taken.length > 0) this.#changed();
    return taken;
  }

  /** Ends the queue for the producer: the consumer reads what is queued, and then the end. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#changed();
  }

  /** Breaks the queue for either side: what is queued is dropped, and the other side gets the reason. */
  break(reason: unknown): void {
    this.breakFor(() => reason);
  }

  /** The same, with a reason that may still have to be made. */
  breakFor(why: Why): void {
    if (this.#state === "broken") return;
    this.#state = "broken";
    this.#why = why;
    this.#buffer = NO_BYTES;
    this.#start = this.#end = 0;
    this.#changed();
  }

  /** Resolves when bytes are next added or removed, or the state changes. */
  changed(): Promise<void> {
    this.#change ??= Promise.withResolvers();
    return this.#change.promise;
  }

  #changed(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#buffer.length) return;
    const size = this.size;
    // A buffer moves its bytes only after half of it was read, and doubles when it grows: each byte moves O(1) times.
    if (2 * (size + count) <= this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = new Uint8Array(size === 0 ? count : 2 * (size + count));
      grown.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = grown;
    }
    this.#start = 0;
    this.#end = size;
  }
}

/** A stream that reads from a queue. Cancelling the stream breaks the queue; a broken queue errors the stream. */
export function readableFrom(queue: ByteQueue): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (queue.size === 0 && queue.state === "open") await queue.changed();
      if (queue.size > 0) {
        const chunk = queue.take();
        controller.enqueue(chunk);
        const turn = spend(CHUNK_WORK + chunk.length * BYTE_WORK);
        if (turn !== undefined) await turn;
      } else if (queue.state === "ended") controller.close();
      else controller.error(queue.reason);
    },
    cancel(reason) {
      queue.break(reason);
    },
  }, { highWaterMark: 0 });
}

/**
 * Reads a stream to its end into one array.
 *
 * @param maxBytes if there are more, `onFull` is called, the stream is cancelled, and the first ones are returned
 */
export async function readBytes(
  stream: ReadableEnd | ReadableStream<Uint8Array>,
  maxBytes: number,
  onFull: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new Uint8Array(0);
  let size = 0;
  // It uses a reader, since WebKit 2.50 can't iterate over streams.
  const reader = readerOf(stream);
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const part = next.value.subarray(0, maxBytes - size);
    if (size + part.length > buffer.length) {
      const grown = new Uint8Array(Math.max(size + part.length, Math.min(2 * buffer.length, maxBytes)));
      grown.set(buffer);
      buffer = grown;
      const turn = spend(size * BYTE_WORK);
      if (turn !== undefined) await turn;
    }
    buffer.set(part, size);
    size += part.length;
    if (part.length < next.value.length) {
      onFull();
      await reader.cancel(() => undefined);
      break;
    }
  }
  reader.releaseLock();
  return size === buffer.length ? buffer : buffer.slice(0, size);
}

/** One line, without its end (`\n` or `\r\n`). */
export interface Line {
  /** Valid until the next line is requested: a part of the chunk or of the splitter's buffer. */
  readonly bytes: Uint8Array;
  /** Whether the line is too long: then these are its first bytes, and the rest is skipped. */
  readonly cut: boolean;
  /** The position in the chunk after the line. */
  readonly end: number;
}

/** Splits chunks into lines. It buffers at most `maxBytes` of an unfinished line. */
export class LineSplitter {
  readonly #unfinished: ByteQueue;
  readonly #skipsEmpty: boolean;
  #skipping = false;

  /**
   * @param maxBytes the most bytes of a line before its `\n`
   * @param skipsEmpty whether to skip empty lines, at a nanosecond each; one that two chunks split is not skipped
   */
  constructor(maxBytes: number, skipsEmpty = false) {
    this.#unfinished = new ByteQueue(maxBytes);
    this.#skipsEmpty = skipsEmpty;
  }

  /** The lines that end in this chunk, or become too long in it. */
  *push(chunk: Uint8Array): Generator<Line, void, undefined> {
    const unfinished = this.#unfinished;
    for (let start = 0, end = 0; start < chunk.length; start = end) {
      if (this.#skipsEmpty && !this.#skipping && unfinished.size === 0) start = afterEmptyLines(chunk, start);
      const lineFeed = chunk.indexOf(LINE_FEED, start);
      const complete = lineFeed >= 0;
      const part = chunk.subarray(start, complete ? lineFeed : chunk.length);
      end = complete ? lineFeed + 1 : chunk.length;
      if (this.#skipping) {
        this.#skipping = !complete;
      } else if (complete && unfinished.size === 0 && part.length <= unfinished.highWaterMark) {
        yield { bytes: withoutCarriageReturn(part), cut: false, end };
      } else if (unfinished.push(part) < part.length) {
        this.#skipping = !complete;
        yield { bytes: unfinished.take(), cut: true, end };
      } else if (complete) {
        yield { bytes: withoutCarriageReturn(unfinished.take()), cut: false, end };
      }
    }
  }

  /** The last line, if the stream ended without a `\n`. */
  *end(): Generator<Line, void, undefined> {
    if (this.#unfinished.size > 0) yield { bytes: withoutCarriageReturn(this.#unfinished.take()), cut: false, end: 0 };
  }
}

/** The position after the empty lines that begin at `start`. */
function afterEmptyLines(chunk: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    if (chunk[at] === LINE_FEED) at++;
    else if (chunk[at] === CARRIAGE_RETURN && chunk[at + 1] === LINE_FEED) at += 2;
    else return at;
  }
}

function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** Limits of `readLines`. */
export interface LineLimits {
  /** Bytes of one line; a longer line is cut, and ends in `...`. */
  readonly lineBytes: number;
  /** Bytes of all lines together, each with its `\n`; the rest is read and dropped. */
  readonly totalBytes: number;
}

/**
 * Reads a stream to its end, and passes on its lines as printable text, with U+FFFD for invalid UTF-8. The stream is
 * drained beyond the limits too, so its producer never waits for long.
 *
 * @returns the number of bytes dropped for `totalBytes`. Rejects if the stream errors or `onLine` throws, and cancels
 * the stream
 */
export async function readLines(
  stream: ReadableEnd | ReadableStream<Uint8Array>,
  limits: LineLimits,
  onLine: (line: string) => void,
): Promise<number> {
  const splitter = new LineSplitter(limits.lineBytes);
  const decoder = new TextDecoder();
  let left = limits.totalBytes;
  let dropped = 0;
  const passOn = ({ bytes, cut }: Line): Promise<void> | undefined => {
    onLine(printable(decoder.decode(bytes)) + (cut ? "..." : ""));
    return spend(LINE_WORK + bytes.length * TEXT_BYTE_WORK);
  };
  const reader = readerOf(stream);
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value;
      let turn = spend(chunk.length * BYTE_WORK);
      if (turn !== undefined) await turn;
      if (dropped > 0) {
        dropped += chunk.length;
        continue;
      }
      for (const line of splitter.push(chunk)) {
        left -= line.bytes.length + 1;
        if (left < 0) {
          dropped = line.bytes.length + 1 + chunk.length - line.end;
          break;
        }
        turn = passOn(line);
        if (turn !== undefined) await turn;
      }
    }
    for (const line of dropped > 0 ? [] : splitter.end()) {
      if (line.bytes.length > left) dropped = line.bytes.length;
      else await passOn(line);
    }
  } catch (error) {
    reader.cancel(() => error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
  return dropped;
}
