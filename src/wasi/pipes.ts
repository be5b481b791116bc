/**
 * The host's ends of standard streams. Each is a web stream, which is made when somebody asks for it. What only writes all
 * input, or reads all output, does so at the queue behind it.
 *
 * @module
 */

import { readerOf } from "../base/ends.ts";
import type { ByteReader, ByteWriter, ReadableEnd, WritableEnd } from "../base/ends.ts";
import { count, spend } from "../base/schedule.ts";
import { BYTE_WORK, readableFrom } from "../base/streams.ts";
import type { ByteQueue } from "../base/streams.ts";
import type { Why } from "../base/why.ts";

/** Units of fuel for adding to a queue, which a guest may empty a byte at a time: 2 µs. */
const REFILL_WORK = 1_000;
/** For taking what is in a queue, without its bytes: 2 µs. */
const TAKE_WORK = 1_000;

const DONE: Promise<undefined> = Promise.resolve(undefined);

/** The host's end of standard output or error. */
export class OutputPipe implements ReadableEnd {
  readonly #queue: ByteQueue;
  #stream: ReadableStream<Uint8Array> | undefined;
  #reader: QueueReader | undefined;

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  /** The stream. While the queue is read without it, it is locked. */
  get stream(): ReadableStream<Uint8Array> {
    if (this.#stream === undefined) {
      this.#stream = readableFrom(this.#queue);
      this.#reader?.lock(this.#stream);
    }
    return this.#stream;
  }

  get locked(): boolean {
    return this.#stream?.locked ?? this.#reader?.isReleased === false;
  }

  openReader(): ByteReader {
    if (this.#stream !== undefined || this.#reader !== undefined) return readerOf(this.stream);
    return this.#reader = new QueueReader(this.#queue);
  }
}

/** Reads a queue as the reader of its stream would. */
class QueueReader implements ByteReader {
  readonly #queue: ByteQueue;
  /** The reader of the stream, if that was made since. */
  #twin: ByteReader | undefined;
  #isCancelled = false;
  #isReleased = false;

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    const queue = this.#queue;
    while (queue.size === 0 && queue.state === "open") await queue.changed();
    if (queue.size > 0) {
      const value = queue.take();
      count(TAKE_WORK + value.length * BYTE_WORK);
      return { done: false, value };
    }
    if (queue.state === "broken" && !this.#isCancelled) throw queue.reason;
    return { done: true, value: undefined };
  }

  cancel(why: Why): Promise<void> {
    this.#isCancelled = true;
    this.#queue.breakFor(why);
    return this.#twin?.cancel(why) ?? DONE;
  }

  releaseLock(): void {
    this.#isReleased = true;
    this.#twin?.releaseLock();
  }

  /** Does to a stream what was done without it, and what will be. */
  lock(stream: ReadableStream<Uint8Array>): void {
    const twin = readerOf(stream);
    if (this.#isCancelled) twin.cancel(() => this.#queue.reason).catch(() => {});
    if (this.#isReleased) twin.releaseLock();
    else this.#twin = twin;
  }
}

/**
 * The host's end of standard input. A write resolves when the queue has copied all of the chunk. Closing it is the guest's
 * end of file. Aborting it is an I/O error to the guest, and so is writing what is not a `Uint8Array`. After the guest has
 * closed the queue, writes reject but closing does not.
 */
export class InputPipe implements WritableEnd {
  readonly #queue: ByteQueue;
  #stream: WritableStream<Uint8Array> | undefined;
  #controller: WritableStreamDefaultController | undefined;
  #writer: QueueWriter | undefined;
  #failure: { readonly reason: unknown } | undefined;

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  /** The stream. It is not for whoever writes without it. */
  get stream(): WritableStream<Uint8Array> {
    if (this.#stream === undefined) {
      this.#stream = this.#open();
      if (this.#failure !== undefined) this.#controller!.error(this.#failure.reason);
    }
    return this.#stream;
  }

  get locked(): boolean {
    return this.#stream?.locked ?? this.#writer !== undefined;
  }

  getWriter(): ByteWriter {
    if (this.#stream !== undefined || this.#failure !== undefined) return this.stream.getWriter();
    if (this.#writer !== undefined) throw new TypeError("standard input is locked");
    return this.#writer = new QueueWriter(this.#queue);
  }

  /** Errors it at once unless it is closed. The guest's reads then fail with `EIO`. */
  fail(reason: unknown): void {
    this.#queue.break(reason);
    this.#failure ??= { reason };
    this.#controller?.error(reason);
    this.#writer?.fail(reason);
  }

  #open(): WritableStream<Uint8Array> {
    const queue = this.#queue;
    let isWatched = false;
    return new WritableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      write(chunk, { signal }) {
        // The sink's own `abort` is called only after the pending write, which may wait for the guest.
        if (!isWatched && chunk?.length > queue.room) {
          isWatched = true;
          signal.addEventListener("abort", () => queue.break(signal.reason), { once: true });
        }
        return fill(queue, chunk);
      },
      close: () => queue.end(),
      abort: (reason) => queue.break(reason),
    });
  }
}

/** Writes to a queue as the writer of its stream would. */
class QueueWriter implements ByteWriter {
  readonly #queue: ByteQueue;
  readonly #closed: PromiseWithResolvers<undefined> = Promise.withResolvers();
  /** The last write, until it is done. */
  #pending: Promise<undefined> | undefined;
  #failure: { readonly reason: unknown } | undefined;

  constructor(queue: ByteQueue) {
    this.#queue = queue;
    this.#closed.promise.catch(() => {});
  }

  get desiredSize(): number | null {
    if (this.#failure !== undefined) return null;
    return this.#pending === undefined && this.#queue.state !== "ended" ? 1 : 0;
  }

  get ready(): Promise<undefined> {
    return this.#failure === undefined ? this.#pending ?? DONE : this.#closed.promise;
  }

  get closed(): Promise<undefined> {
    return this.#closed.promise;
  }

  async write(chunk: Uint8Array): Promise<undefined> {
    const pending = this.#pending = this.#after(this.#pending, chunk);
    try {
      await pending;
    } catch (reason) {
      this.fail(reason);
      throw reason;
    }
    if (this.#pending === pending) this.#pending = undefined;
  }

  async close(): Promise<undefined> {
    if (this.#pending !== undefined) await this.#pending;
    this.#queue.end();
    this.#closed.resolve(undefined);
  }

  abort(reason?: unknown): Promise<undefined> {
    this.#queue.break(reason);
    this.fail(reason);
    return DONE;
  }

  releaseLock(): void {}

  /** Later writes fail. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#closed.reject(this.#failure.reason);
  }

  async #after(before: Promise<undefined> | undefined, chunk: Uint8Array): Promise<undefined> {
    if (before !== undefined) await before;
    if (this.#failure !== undefined) throw this.#failure.reason;
    await fill(this.#queue, chunk);
  }
}

/**
 * Waits until a queue has taken all of a chunk. Throws if the queue is no longer open. A chunk that is not a `Uint8Array`
 * breaks the queue.
 */
export async function fill(queue: ByteQueue, chunk: Uint8Array): Promise<void> {
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
