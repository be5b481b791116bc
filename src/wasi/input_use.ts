/**
 * How a guest uses its standard input: how much it has read, and how long it has waited for more. Whoever sends messages
 * to a guest learns from it which of them it has not begun to read, and whether it does anything but wait for the next.
 *
 * @module
 */

import type { ByteQueue } from "../base/streams.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";

/** How a guest has used its standard input so far. */
export interface InputUse {
  /** Bytes that the guest has read. */
  readonly bytesRead: number;
  /** Bytes that it has read, and those that lie ready for it. */
  readonly bytesWritten: number;
  /** Why writes fail, if the guest has closed its input or has ended. */
  readonly closedBy: unknown;
  /** Whether the guest waits for input now, and for nothing else: no time, and no other stream. */
  readonly isAwaited: boolean;
  /** Milliseconds that the guest has spent in such waits. */
  readonly waitedMs: number;
  /** Resolves when the guest first reads or polls its input. */
  readonly begun: Promise<void>;
}

/** Counts the use of one descriptor. */
export class InputMeter implements InputUse {
  #hasBegun = false;
  /** Made when somebody waits for it. */
  #begun: PromiseWithResolvers<void> | undefined;
  readonly #descriptor: Descriptor;
  readonly #queue: ByteQueue | undefined;
  #waitedMs = 0;
  /** When the present wait began. */
  #since: number | undefined;
  /** Called when the guest begins to wait for input alone. */
  onWait: (() => void) | undefined;

  /** @param queue what the descriptor reads from, if it is a queue */
  constructor(descriptor: Descriptor, queue?: ByteQueue) {
    this.#queue = queue;
    this.#descriptor = descriptor;
    const { read } = descriptor;
    descriptor.read = (buffers) => {
      this.#begin();
      return read.call(descriptor, buffers);
    };
  }

  get begun(): Promise<void> {
    this.#begun ??= Promise.withResolvers();
    if (this.#hasBegun) this.#begun.resolve();
    return this.#begun.promise;
  }

  get bytesRead(): number {
    return this.#queue?.pulled ?? 0;
  }

  get bytesWritten(): number {
    return this.#queue === undefined ? 0 : this.#queue.pulled + this.#queue.size;
  }

  get closedBy(): unknown {
    return this.#queue?.reason;
  }

  get isAwaited(): boolean {
    return this.#since !== undefined;
  }

  get waitedMs(): number {
    return this.#waitedMs + (this.#since === undefined ? 0 : performance.now() - this.#since);
  }

  /** A wait for these descriptors begins. It counts if the input is the only one. */
  beginWait(descriptors: Iterable<Descriptor>): void {
    for (const descriptor of descriptors) if (descriptor !== this.#descriptor) return;
    this.#begin();
    this.#since = performance.now();
    this.onWait?.();
  }

  /** The wait has ended. */
  endWait(): void {
    this.#waitedMs = this.waitedMs;
    this.#since = undefined;
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#begun?.resolve();
  }
}
