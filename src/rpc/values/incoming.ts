/**
 * The sink's end of a stream: chunks from the other side wait here until they are taken. The other side may send only
 * as much as this end has granted, and nothing is granted before the first chunk is wanted.
 *
 * @module
 */

import { Fifo } from "../../base/fifo.ts";
import type { LimitError } from "../../base/limits.ts";
import type { RpcProtocolError } from "../errors.ts";
import { streamError } from "./stream_messages.ts";

/** What an end needs from its connection. */
export interface IncomingPort {
  /** Bytes that the other side may send before it waits. */
  readonly window: number;
  /** Tells the other side that it may send so many bytes more. If it returns false, `replenish` is to be called later. */
  grant(bytes: number): boolean;
  /** Counts the memory of waiting chunks. A positive number may be refused, and then does not count. */
  hold(bytes: number): LimitError | undefined;
  /** Called once, when this side wants no more. The other side is to be told. */
  cancelled(reason: unknown): void;
}

/** How a stream has ended: by itself, or for a reason. */
export type End = { readonly reason: unknown } | "done";

/** Memory of a stream that has ended, for as long as its chunks wait. Measured in V8: 2,300 bytes. */
const ENDED_MEMORY = 3_000;

interface Chunk {
  readonly value: unknown;
  readonly size: number;
  readonly memory: number;
}

/** One end. Its chunks have one taker, who takes them one after the other. */
export class Incoming {
  readonly #port: IncomingPort;
  readonly #chunks = new Fifo<Chunk>();
  /** Memory of the waiting chunks. */
  #held = 0;
  /** Bytes that the other side may still send. One message may take it below zero. */
  #credit = 0;
  /** Bytes that are to be granted. */
  #owed: number;
  #isWanted = false;
  #end: End | undefined;
  #taker: PromiseWithResolvers<IteratorResult<unknown, undefined>> | undefined;

  constructor(port: IncomingPort) {
    this.#port = port;
    this.#owed = port.window;
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Whether the other side waits until this one takes more: it has no credit, or chunks wait here. */
  get isAwaited(): boolean {
    return this.#end === undefined && (this.#credit <= 0 || this.#chunks.size > 0);
  }

  /**
   * Takes a chunk of the other side.
   *
   * @param size bytes of its message
   * @param memory what it uses while it waits
   * @returns what is wrong, if the other side may not send it. The stream is then cancelled
   */
  receive(value: unknown, size: number, memory: number): RpcProtocolError | LimitError | undefined {
    const fault = this.#credit > 0 ? undefined : streamError("message is a chunk without credit");
    this.#credit -= size;
    if (fault === undefined && this.#taker !== undefined) {
      this.#taker.resolve({ done: false, value });
      this.#taker = undefined;
      this.#consume(size);
      return undefined;
    }
    const error = fault ?? this.#port.hold(memory);
    if (error !== undefined) {
      this.cancel(error);
      return error;
    }
    this.#held += memory;
    this.#chunks.push({ value, size, memory });
    return undefined;
  }

  /** The next chunk. @throws the reason for which the stream has ended, after the last chunk */
  async next(): Promise<IteratorResult<unknown, undefined>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#free(this.#chunks.size === 0 ? this.#held : chunk.memory);
      this.#consume(chunk.size);
      return { done: false, value: chunk.value };
    }
    if (this.#end === "done") return { done: true, value: undefined };
    if (this.#end !== undefined) throw this.#end.reason;
    this.#taker = Promise.withResolvers();
    const { promise } = this.#taker;
    if (!this.#isWanted) {
      this.#isWanted = true;
      this.replenish();
    }
    return await promise;
  }

  /** Ends the stream after the chunks that wait. They still count: the other side may open the next stream. */
  finish(end: End): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (this.#chunks.size > 0 && this.#port.hold(ENDED_MEMORY) === undefined) this.#held += ENDED_MEMORY;
    if (end === "done") this.#taker?.resolve({ done: true, value: undefined });
    else this.#taker?.reject(end.reason);
    this.#taker = undefined;
  }

  /** Says that this side wants no more. Chunks that wait are dropped. */
  cancel(reason: unknown): void {
    this.#chunks.takeAll();
    this.#free(this.#held);
    if (this.#end !== undefined) return;
    this.finish({ reason });
    this.#port.cancelled(reason);
  }

  /** Grants what is owed. */
  replenish(): void {
    const bytes = this.#owed;
    if (this.#end !== undefined || !this.#isWanted || bytes < this.#port.window / 2) return;
    if (!this.#port.grant(bytes)) return;
    this.#owed = 0;
    this.#credit += bytes;
  }

  #consume(size: number): void {
    this.#owed += size;
    this.replenish();
  }

  #free(memory: number): void {
    this.#held -= memory;
    this.#port.hold(-memory);
  }
}

/** An end as a stream to read. */
export function readableOf(incoming: Incoming): ReadableStream<unknown> {
  // Without a queue of its own, it asks for a chunk only if somebody reads.
  return new ReadableStream<unknown>({
    async pull(controller) {
      const { done, value } = await incoming.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => incoming.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Writes all chunks to a writer, as fast as it takes them, and then closes or aborts it. Never rejects. */
export async function pumpTo(writer: WritableStreamDefaultWriter<unknown>, incoming: Incoming): Promise<void> {
  writer.closed.catch((reason) => incoming.cancel(reason));
  try {
    for (;;) {
      await writer.ready;
      const { done, value } = await incoming.next();
      if (done) return await writer.close();
      // The writer is ready again when it has taken the chunk, or some more.
      writer.write(value).catch((reason) => incoming.cancel(reason));
    }
  } catch (reason) {
    incoming.cancel(reason);
    writer.abort(reason).catch(() => {});
  }
}
