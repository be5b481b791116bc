/**
 * Linear memory: bytes that only grow, and never beyond a maximum. Access by guests is the dispatch loop's and the bulk
 * operations' own.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances
 * @module
 */

import { limitError } from "../../base/limits.ts";
import { MAX_PAGES, MAX_SPARE_MEMORIES, MAX_SPARE_MEMORY_BYTES, MAX_SPEC_PAGES, PAGE_BYTES } from "../limits.ts";

/** How large a memory is, in pages of 64 KiB. */
export interface MemoryDescriptor {
  /** What it starts with. */
  readonly initial: number;
  /** What it may have. */
  readonly maximum?: number;
}

/**
 * A linear memory, to be imported by guests or found among an instance's exports.
 *
 * @example
 * ```ts
 * import { Memory } from "@rivulet/rivulet/vm";
 *
 * const memory = new Memory({ initial: 1, maximum: 2 });
 * memory.bytes[0] = 42;
 * memory.grow(1); // returns 1, the size before
 * ```
 */
export class Memory {
  /** @ignore what the type says; the memory may be held to less */
  readonly declaredMaximum: number | undefined;
  readonly #maximum: number;
  #view!: DataView<ArrayBuffer>;
  #bytes!: Uint8Array<ArrayBuffer>;
  /** Where the memory is being copied to, which takes about a millisecond a mebibyte. */
  #growth: { readonly grown: Uint8Array<ArrayBuffer>; readonly pages: number; copied: number } | undefined;

  /**
   * A memory of zeros.
   *
   * @param descriptor sizes in pages
   * @param limit pages that this memory may really have, whatever its type says
   * @throws {LimitError} if it starts larger than the limit, or than the runtime has room for
   */
  constructor(descriptor: MemoryDescriptor, limit: number = MAX_PAGES) {
    const { initial, maximum } = descriptor;
    for (const pages of [initial, maximum ?? initial]) {
      if (!Number.isInteger(pages) || pages < 0 || pages > MAX_SPEC_PAGES) {
        throw new RangeError(`a memory has 0 to ${MAX_SPEC_PAGES} pages, not ${pages}`);
      }
    }
    if (maximum !== undefined && maximum < initial) {
      throw new RangeError(`a memory of ${initial} pages can't have a maximum of ${maximum}`);
    }
    this.declaredMaximum = maximum;
    this.#maximum = Math.min(maximum ?? MAX_PAGES, limit, MAX_PAGES);
    if (initial > this.#maximum) {
      throw limitError("memoryPages", this.#maximum, `it starts with ${initial}`);
    }
    try {
      this.#show(zeros(initial * PAGE_BYTES), initial);
    } catch (cause) {
      const text = `the runtime has no room for the ${initial} that it starts with`;
      throw limitError("memoryPages", this.#maximum, text, { cause });
    }
  }

  /** The whole memory. Read it again after the guest has run: growing replaces it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#growth !== undefined) this.#finishGrowth();
    return this.#bytes;
  }

  /** The whole memory. Read it again after the guest has run: growing replaces it. */
  get view(): DataView<ArrayBuffer> {
    if (this.#growth !== undefined) this.#finishGrowth();
    return this.#view;
  }

  /** Its size in pages of 64 KiB. */
  get pages(): number {
    return this.bytes.length / PAGE_BYTES;
  }

  /**
   * Adds pages of zeros; returns the size before.
   *
   * @throws {RangeError} if the maximum or the runtime does not allow it
   */
  grow(delta: number): number {
    const before = this.beginGrowth(delta);
    if (before < 0) {
      throw new RangeError(`the memory can't grow by ${delta} beyond ${this.pages} of ${this.#maximum} pages`);
    }
    if (this.#growth !== undefined) this.#finishGrowth();
    return before;
  }

  /**
   * @ignore does what `grow` does, but returns -1 where it may not, and leaves copying what there is to `continueGrowth`,
   * or to whoever looks at the memory next
   */
  beginGrowth(delta: number): number {
    const before = this.pages;
    if (!(Number.isInteger(delta) && delta >= 0 && delta <= this.#maximum - before)) return -1;
    const after = before + delta;
    const { buffer } = this.#bytes;
    try {
      if (after * PAGE_BYTES <= buffer.byteLength) this.#show(buffer, after);
      else {
        // Guests often grow page by page: room for a quarter more makes the copies few.
        const room = Math.min(Math.max(after, before + (before >> 2)), this.#maximum);
        this.#growth = { grown: new Uint8Array(room * PAGE_BYTES), pages: after, copied: 0 };
      }
    } catch {
      return -1;
    }
    return before;
  }

  /** @ignore copies so many bytes more; says whether that was all */
  continueGrowth(bytes: number): boolean {
    const growth = this.#growth;
    if (growth === undefined) return true;
    const until = Math.min(growth.copied + bytes, this.#bytes.length);
    growth.grown.set(this.#bytes.subarray(growth.copied, until), growth.copied);
    growth.copied = until;
    if (until < this.#bytes.length) return false;
    this.#growth = undefined;
    this.#show(growth.grown.buffer, growth.pages);
    return true;
  }

  #finishGrowth(): void {
    this.continueGrowth(Infinity);
  }

  /**
   * @ignore ends the memory: its bytes are zeroed and become a later one's. Nobody may hold a view of it, nor use it again.
   */
  release(): void {
    const { buffer } = this.#bytes;
    this.#show(new ArrayBuffer(0), 0);
    if (buffer.byteLength > MAX_SPARE_MEMORY_BYTES) return;
    new Uint8Array(buffer).fill(0);
    if (SPARE.length === MAX_SPARE_MEMORIES) SPARE.shift();
    SPARE.push(buffer);
  }

  #show(buffer: ArrayBuffer, pages: number): void {
    const length = pages * PAGE_BYTES;
    this.#view = new DataView(buffer, 0, length);
    this.#bytes = new Uint8Array(buffer, 0, length);
  }
}

/** Buffers of memories that have ended, all zeros. To make and touch 384 KiB anew takes 50 µs, to zero them 2 µs. */
const SPARE: ArrayBuffer[] = [];

/** A buffer of zeros that has so many bytes, or up to twice as many: a guest that grew once will grow again. */
function zeros(bytes: number): ArrayBuffer {
  const fits = SPARE.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * 2);
  return fits < 0 ? new ArrayBuffer(bytes) : SPARE.splice(fits, 1)[0]!;
}
