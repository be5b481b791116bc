/**
 * Which messages a guest has begun to read: each has a place in its input, and the process counts the bytes that were
 * read.
 *
 * @module
 */

import type { Framing } from "../../rpc/mod.ts";
import type { InputUse } from "../../wasi/mod.ts";

/** Where a message lies in the input. */
export interface Sent {
  /** Bytes that were written before it, at least. */
  readonly start: number;
  /** Its own bytes; 0 if it was not written at once. */
  readonly bytes: number;
}

/** Counts what is written to one guest. */
export class Delivery {
  readonly #input: InputUse;
  #writtenBytes = 0;
  /** Bytes of messages that may have been taken back before they reached the input. */
  #withdrawnBytes = 0;

  constructor(input: InputUse) {
    this.#input = input;
  }

  /** Bytes of all messages so far. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** The same framing, with its messages counted. */
  counted(framing: Framing): Framing {
    const encode = (text: string): Uint8Array => {
      const bytes = framing.encode(text);
      this.#writtenBytes += bytes.length;
      return bytes;
    };
    return { ...framing, encode, decoder: (maxBytes) => framing.decoder(maxBytes) };
  }

  /** Takes note that a call is given up. If its message has not reached the input, it may have been taken back. */
  withdraw({ start, bytes }: Sent): void {
    if (bytes > 0 && this.#input.bytesWritten >= start + bytes) return;
    this.#withdrawnBytes += bytes > 0 ? bytes : Infinity;
  }

  /** Whether the guest certainly has not read a byte of a message. */
  isUnread({ start }: Sent): boolean {
    return this.#input.bytesRead <= start - this.#withdrawnBytes;
  }
}
