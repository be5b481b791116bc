/**
 * The writing half of a connection. Messages are written whole and in order, as fast as the stream takes them; several
 * of one tick go into one chunk.
 *
 * @module
 */

import type { ByteWriter, WritableEnd } from "../base/ends.ts";
import { spend } from "../base/schedule.ts";
import { lazily, type Why } from "../base/why.ts";
import { ANSWER_BYTES, WORK } from "./costs.ts";
import type { Framing } from "./framing/types.ts";

/** Bytes after which no message is added to a chunk. */
const CHUNK_BYTES = 65_536;

interface Entry {
  readonly bytes: Uint8Array;
  readonly isAnswer: boolean;
  /** Called once the stream has taken the message. */
  readonly written: (() => void) | undefined;
  /** Called if the stream fails or closes first, with the reason. */
  readonly failed: ((reason: unknown) => void) | undefined;
  /** Whether the stream has received it. */
  isTaken: boolean;
}

/** A message that was queued. */
export interface Sent {
  /** Its bytes, with its framing. */
  readonly bytes: number;
  /** Withdraws the message while it waits for the stream, and tells whether it did. */
  readonly withdraw: () => boolean;
}

/** Queues messages for one writable stream. No method throws or rejects. */
export class Outbox {
  readonly #writer: ByteWriter;
  readonly #encode: Framing["encode"];
  readonly #onProgress: () => void;
  /** Waiting messages in order. Any of them may be withdrawn. */
  readonly #entries = new Set<Entry>();
  /** Messages that the stream has received, and not taken yet. */
  readonly #writing = new Set<Entry>();
  #answerBytes = 0;
  #isFlushing = false;
  /** Why nothing can be sent; set when the stream has failed or was closed. */
  #broken: Why | undefined;

  /**
   * @param encode makes a message of its text. If it throws, the stream is aborted: what is sent must be whole
   * @param onProgress called after every chunk that the stream has taken
   */
  constructor(writable: WritableEnd, encode: Framing["encode"], onProgress: () => void) {
    this.#encode = encode;
    this.#writer = writable.getWriter();
    this.#onProgress = onProgress;
    this.#writer.closed.catch((reason) => this.#break(reason));
  }

  /** Memory of answers that the stream has not taken, in bytes. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Queues an answer. It is dropped if the stream has failed or closed. */
  answer(text: string): void {
    this.#add(text, true);
  }

  /**
   * Queues any other message. One of the two functions is called, unless the message is withdrawn.
   */
  send(text: string, written?: () => void, failed?: (reason: unknown) => void): Sent {
    const entry = this.#add(text, false, written, failed);
    const withdraw = (): boolean => {
      if (entry === undefined || this.#broken !== undefined || (this.#writer.desiredSize ?? 0) > 0) return false;
      this.#entries.delete(entry);
      return !entry.isTaken;
    };
    return { bytes: entry?.bytes.length ?? 0, withdraw };
  }

  /** Writes what is queued, whether or not the stream is ready, and then closes the stream. */
  async close(): Promise<void> {
    const isOpen = this.#broken === undefined;
    if (isOpen && this.#entries.size > 0) this.#write(this.#take(Infinity));
    this.#broken ??= lazily(() => new TypeError("the stream was closed"));
    const closed = isOpen ? this.#writer.close().catch(() => {}) : undefined;
    this.#writer.releaseLock();
    await closed;
  }

  /** Drops what is queued, and aborts the stream. */
  abort(reason: unknown): void {
    const isOpen = this.#broken === undefined;
    this.#break(reason, [...this.#writing]);
    if (isOpen) this.#writer.abort(reason).catch(() => {});
    this.#writer.releaseLock();
  }

  #add(
    text: string,
    isAnswer: boolean,
    written?: () => void,
    failed?: (reason: unknown) => void,
  ): Entry | undefined {
    const bytes = this.#bytesOf(text);
    if (bytes === undefined) {
      failed?.(this.#broken?.());
      return undefined;
    }
    const entry: Entry = { bytes, isAnswer, written, failed, isTaken: false };
    this.#answerBytes += answerBytes(entry);
    this.#entries.add(entry);
    if (!this.#isFlushing) this.#flush();
    return entry;
  }

  /** A message's bytes, unless the stream is broken, or now breaks because the framing fails. */
  #bytesOf(text: string): Uint8Array | undefined {
    if (this.#broken !== undefined) return undefined;
    try {
      return this.#encode(text);
    } catch (reason) {
      this.abort(reason);
      return undefined;
    }
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    try {
      while (this.#entries.size > 0) {
        await this.#writer.ready;
        if (this.#broken !== undefined) break;
        const entries = this.#take(CHUNK_BYTES);
        if (entries.length === 0) break;
        this.#write(entries);
        const turn = spend(entries.length * WORK.answer);
        if (turn !== undefined) await turn;
      }
    } catch (reason) {
      this.#break(reason);
    }
    this.#isFlushing = false;
  }

  /** Takes the first entries, up to the one that reaches so many bytes. */
  #take(most: number): Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries) {
      this.#entries.delete(entry);
      entry.isTaken = true;
      entries.push(entry);
      bytes += entry.bytes.length;
      if (bytes >= most) break;
    }
    return entries;
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) this.#writing.add(entry);
    try {
      await this.#writer.write(concat(entries));
    } catch (reason) {
      this.#break(reason, entries);
      return;
    }
    for (const entry of entries) {
      // A stream that was aborted may take it in the end.
      if (!this.#writing.delete(entry)) continue;
      this.#answerBytes -= answerBytes(entry);
      entry.written?.();
    }
    this.#onProgress();
  }

  /** @param entries what the stream has failed to take */
  #break(reason: unknown, entries: readonly Entry[] = []): void {
    // A stream that is aborted may be stuck with what it has received. One that was closed takes it.
    const lost = this.#broken === undefined ? this.#writing : entries;
    this.#broken ??= () => reason;
    for (const entry of [...lost].filter((entry) => this.#writing.delete(entry)).concat(this.#take(Infinity))) {
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
