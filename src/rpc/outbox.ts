/**
 * The writing half of a connection. Messages are written whole and in order, as fast as the stream takes them; several
 * of one tick go into one chunk.
 *
 * @module
 */

import { spend } from "../base/schedule.ts";
import { Fifo } from "../base/fifo.ts";
import { ANSWER_BYTES, WORK } from "./costs.ts";

/** Bytes after which no message is added to a chunk. */
const CHUNK_BYTES = 65_536;

interface Entry {
  readonly bytes: Uint8Array;
  readonly isAnswer: boolean;
  /** Called once the stream has taken the message. */
  readonly written: (() => void) | undefined;
  /** Called if the stream fails or closes first, with the reason. */
  readonly failed: ((reason: unknown) => void) | undefined;
}

/** Queues messages for one writable stream. No method throws or rejects. */
export class Outbox {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onProgress: () => void;
  readonly #entries = new Fifo<Entry>();
  #answerBytes = 0;
  #isFlushing = false;
  #broken: { readonly reason: unknown } | undefined;

  /** @param onProgress called after every chunk that the stream has taken */
  constructor(writable: WritableStream<Uint8Array>, onProgress: () => void) {
    this.#writer = writable.getWriter();
    this.#onProgress = onProgress;
    this.#writer.closed.catch((reason) => this.#break(reason));
  }

  /** Memory of answers that the stream has not taken, in bytes. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Queues an answer. It is dropped if the stream has failed or closed. */
  answer(bytes: Uint8Array): void {
    this.#add({ bytes, isAnswer: true, written: undefined, failed: undefined });
  }

  /** Queues any other message. One of the two functions is called. */
  send(
    bytes: Uint8Array,
    written: (() => void) | undefined,
    failed: ((reason: unknown) => void) | undefined,
  ): void {
    this.#add({ bytes, isAnswer: false, written, failed });
  }

  /** Writes what is queued, whether or not the stream is ready, and then closes the stream. */
  async close(): Promise<void> {
    const isOpen = this.#broken === undefined;
    if (isOpen && this.#entries.size > 0) this.#write(this.#entries.takeAll());
    this.#broken ??= { reason: new TypeError("the stream was closed") };
    const closed = isOpen ? this.#writer.close().catch(() => {}) : undefined;
    this.#writer.releaseLock();
    await closed;
  }

  /** Drops what is queued, and aborts the stream. */
  abort(reason: unknown): void {
    const isOpen = this.#broken === undefined;
    this.#break(reason);
    if (isOpen) this.#writer.abort(reason).catch(() => {});
    this.#writer.releaseLock();
  }

  #add(entry: Entry): void {
    if (this.#broken !== undefined) {
      entry.failed?.(this.#broken.reason);
      return;
    }
    this.#answerBytes += answerBytes(entry);
    this.#entries.push(entry);
    if (!this.#isFlushing) this.#flush();
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    try {
      while (this.#entries.size > 0) {
        await this.#writer.ready;
        if (this.#broken !== undefined) break;
        const entries = this.#nextEntries();
        this.#write(entries);
        const turn = spend(entries.length * WORK.answer);
        if (turn !== undefined) await turn;
      }
    } catch (reason) {
      this.#break(reason);
    }
    this.#isFlushing = false;
  }

  /** As many entries as make up one chunk. */
  #nextEntries(): Entry[] {
    const entries: Entry[] = [];
    for (let bytes = 0; this.#entries.size > 0 && bytes < CHUNK_BYTES;) {
      const entry = this.#entries.shift()!;
      bytes += entry.bytes.length;
      entries.push(entry);
    }
    return entries;
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#writer.write(concat(entries));
    } catch (reason) {
      this.#break(reason, entries);
      return;
    }
    for (const entry of entries) {
      this.#answerBytes -= answerBytes(entry);
      entry.written?.();
    }
    this.#onProgress();
  }

  #break(reason: unknown, entries: readonly Entry[] = []): void {
    this.#broken ??= { reason };
    for (const entry of [...entries, ...this.#entries.takeAll()]) {
      this.#answerBytes -= answerBytes(entry);
      entry.failed?.(reason);
    }
    this.#onProgress();
  }
}

function answerBytes({ bytes, isAnswer }: Entry): number {
  return isAnswer ? bytes.length + ANSWER_BYTES : 0;
}

function concat(entries: readonly Entry[]): Uint8Array {
  if (entries.length === 1) return entries[0].bytes;
  const chunk = new Uint8Array(entries.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let end = 0;
  for (const { bytes } of entries) {
    chunk.set(bytes, end);
    end += bytes.length;
  }
  return chunk;
}
