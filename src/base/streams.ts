/**
 * Bytes between a producer and a consumer: a queue counted in bytes, its end as a web stream, and the bytes or the lines
 * of a stream. It knows nothing of messages. Passing chunks and lines on is work, and ends turns.
 *
 * @module
 */

import { spend } from "./schedule.ts";
import { printable } from "./text.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Units of fuel for a chunk through a web stream, which takes 3 to 10 µs, beside its bytes. */
export const CHUNK_WORK = 5_000;
/** For a byte that is copied. */
const BYTE_WORK = 1 / 4;
/** For a line of text beside its bytes: a microsecond or two to split and decode it, and to call whoever gets it. */
const LINE_WORK = 1_000;
/** For a byte of such a line: decoding takes a nanosecond at most, making unprintable text printable up to 20. */
const TEXT_BYTE_WORK = 10;

/**
 * A first-in, first-out buffer of bytes between one producer and one consumer, filled up to a high-water mark. Neither
 * side ever blocks: a producer that finds no room and a consumer that finds no bytes await `changed()` and look again.
 */
export class ByteQueue {
  /** Bytes that the queue holds at most. */
  readonly highWaterMark: number;
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #state: "open" | "ended" | "broken" = "open";
  #reason: unknown;
  #change: PromiseWithResolvers<void> | undefined;

  constructor(highWaterMark: number) {
    this.highWaterMark = highWaterMark;
  }

  /** Bytes in the queue. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Bytes that `push` would take now; 0 once the queue is no longer open. */
  get room(): number {
    return this.#state === "open" ? this.highWaterMark - this.size : 0;
  }

  /** `open`; `ended`: what is queued is the last of it; `broken`: either side gave up, and nothing is queued. */
  get state(): "open" | "ended" | "broken" {
    return this.#state;
  }

  /** Why the queue broke: what `break` was given. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Copies as much of `source` as there is room for to the end of the queue, and returns how many bytes that was. */
  push(source: Uint8Array): number {
    const count = Math.min(source.length, this.room);
    if (count === 0) return 0;
    this.#reserve(count);
    this.#buffer.set(count === source.length ? source : source.subarray(0, count), this.#end);
    this.#end += count;
    this.#changed();
    return count;
  }

  /** Moves bytes from the front of the queue into `target`, as many as fit, and returns how many bytes that was. */
  pull(target: Uint8Array): number {
    const count = Math.min(target.length, this.size);
    if (count === 0) return 0;
    target.set(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    this.#changed();
    return count;
  }

  /** Empties the queue into an array of the caller's own. */
  take(): Uint8Array<ArrayBuffer> {
    // A buffer that is mostly full is given away, so that large data are not copied again.
    const given = this.size * 2 >= this.#buffer.length;
    const taken = given ? this.#buffer.subarray(this.#start, this.#end) : this.#buffer.slice(this.#start, this.#end);
    if (given) this.#buffer = new Uint8Array(0);
    this.#start = this.#end = 0;
    if (taken.length > 0) this.#changed();
    return taken;
  }

  /** The producer is done: the consumer gets what is queued, then the end. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#changed();
  }

  /** Either side gives up: what is queued is dropped, and the other side finds the reason. */
  break(reason: unknown): void {
    if (this.#state === "broken") return;
    this.#state = "broken";
    this.#reason = reason;
    this.#buffer = new Uint8Array(0);
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
    // Half the buffer passes between two moves within it, and it doubles when it grows: each byte moves O(1) times.
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

/**
 * The consuming end of a queue as a stream. Cancelling the stream breaks the queue; a broken queue errors the stream.
 */
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
 * @param maxBytes when there are more, `onFull` is called, the stream is cancelled, and the first of them returned
 */
export async function readBytes(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  onFull: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new Uint8Array(0);
  let size = 0;
  // With a reader, since WebKit 2.50 has no iterable streams.
  const reader = stream.getReader();
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
      await reader.cancel();
      break;
    }
  }
  reader.releaseLock();
  return size === buffer.length ? buffer : buffer.slice(0, size);
}

/** One line, without its end (`\n` or `\r\n`). */
export interface Line {
  /** Valid until the next line is asked for: part of the chunk or of the splitter's buffer. */
  readonly bytes: Uint8Array;
  /** The line is longer than allowed: these are its first bytes, and the rest of it is skipped. */
  readonly cut: boolean;
  /** Where in the chunk what follows the line begins. */
  readonly end: number;
}

/** Splits chunks into lines, buffering at most `maxBytes` of an unfinished one. */
export class LineSplitter {
  readonly #unfinished: ByteQueue;
  readonly #skipsEmpty: boolean;
  #skipping = false;

  /**
   * @param maxBytes bytes that a line may have before its `\n`
   * @param skipsEmpty whether empty lines are passed over, at a nanosecond each; an empty one that chunks have cut is not
   */
  constructor(maxBytes: number, skipsEmpty = false) {
    this.#unfinished = new ByteQueue(maxBytes);
    this.#skipsEmpty = skipsEmpty;
  }

  /** The lines that end in this chunk, and a line that the chunk makes too long. */
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

  /** The last line, if the stream ended without its `\n`. */
  *end(): Generator<Line, void, undefined> {
    if (this.#unfinished.size > 0) yield { bytes: withoutCarriageReturn(this.#unfinished.take()), cut: false, end: 0 };
  }
}

/** Where the empty lines end that begin at a place. */
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

/** What `readLines` hands over at most. */
export interface LineLimits {
  /** Bytes of one line; what is longer is cut, and ends in `...`. */
  readonly lineBytes: number;
  /** Bytes of all lines together, each with its `\n`; what comes after is read and dropped. */
  readonly totalBytes: number;
}

/**
 * Reads a stream to its end, and hands over its lines as printable text; ill-formed UTF-8 becomes U+FFFD. The stream is
 * always drained, whatever the limits, so that its producer never waits for long.
 *
 * @returns the bytes dropped for `totalBytes`; rejects when the stream errors or `onLine` throws, then cancels the
 * stream
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  limits: LineLimits,
  onLine: (line: string) => void,
): Promise<number> {
  const splitter = new LineSplitter(limits.lineBytes);
  const decoder = new TextDecoder();
  let left = limits.totalBytes;
  let dropped = 0;
  const hand = ({ bytes, cut }: Line): Promise<void> | undefined => {
    onLine(printable(decoder.decode(bytes)) + (cut ? "..." : ""));
    return spend(LINE_WORK + bytes.length * TEXT_BYTE_WORK);
  };
  const reader = stream.getReader();
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
        turn = hand(line);
        if (turn !== undefined) await turn;
      }
    }
    for (const line of dropped > 0 ? [] : splitter.end()) {
      if (line.bytes.length > left) dropped = line.bytes.length;
      else await hand(line);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
  return dropped;
}
