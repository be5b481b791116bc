/**
 * Bytes between a producer and a consumer: a queue counted in bytes, its end as a web stream, and the lines of
 * a byte stream. It knows nothing of guests or of messages.
 *
 * @module
 */

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

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
      if (queue.size > 0) controller.enqueue(queue.take());
      else if (queue.state === "ended") controller.close();
      else controller.error(queue.reason);
    },
    cancel(reason) {
      queue.break(reason);
    },
  }, { highWaterMark: 0 });
}

/** One line, without its end (`\n` or `\r\n`). */
export interface Line {
  /** Valid until the next line is asked for: part of the chunk or of the splitter's buffer. */
  readonly bytes: Uint8Array;
  /** The line is longer than allowed: these are its first bytes, and the rest of it is skipped. */
  readonly cut: boolean;
}

/** Splits chunks into lines, buffering at most `maxBytes` of an unfinished one. */
export class LineSplitter {
  readonly #unfinished: ByteQueue;
  #skipping = false;

  /** @param maxBytes bytes that a line may have before its `\n` */
  constructor(maxBytes: number) {
    this.#unfinished = new ByteQueue(maxBytes);
  }

  /** The lines that end in this chunk, and a line that the chunk makes too long. To be iterated to its end. */
  *push(chunk: Uint8Array): Generator<Line, void, undefined> {
    const unfinished = this.#unfinished;
    for (let start = 0, next = 0; start < chunk.length; start = next) {
      const lineFeed = chunk.indexOf(LINE_FEED, start);
      const complete = lineFeed >= 0;
      const part = chunk.subarray(start, complete ? lineFeed : chunk.length);
      next = start + part.length + 1;
      if (this.#skipping) {
        this.#skipping = !complete;
      } else if (complete && unfinished.size === 0 && part.length <= unfinished.highWaterMark) {
        yield { bytes: withoutCarriageReturn(part), cut: false };
      } else if (unfinished.push(part) < part.length) {
        this.#skipping = !complete;
        yield { bytes: unfinished.take(), cut: true };
      } else if (complete) {
        yield { bytes: withoutCarriageReturn(unfinished.take()), cut: false };
      }
    }
  }

  /** The last line, if the stream ended without its `\n`. */
  *end(): Generator<Line, void, undefined> {
    if (this.#unfinished.size > 0) yield { bytes: withoutCarriageReturn(this.#unfinished.take()), cut: false };
  }
}

function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** What `readLines` hands over at most. */
export interface LineLimits {
  /** Bytes of one line; what is longer is cut, and ends in `...`. */
  readonly lineBytes: number;
  /** Bytes of all lines together; what comes after is read and dropped. */
  readonly totalBytes: number;
}

/**
 * Reads a stream to its end, and hands over its lines as text; ill-formed UTF-8 becomes U+FFFD. The stream is always
 * drained, whatever the limits, so that its producer never waits.
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
  const hand = ({ bytes, cut }: Line): void => {
    if (bytes.length > left) {
      left = 0;
      dropped += bytes.length;
    } else {
      left -= bytes.length;
      onLine(decoder.decode(bytes) + (cut ? "..." : ""));
    }
  };
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      for (const line of splitter.push(read.value)) hand(line);
    }
    for (const line of splitter.end()) hand(line);
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
  return dropped;
}
