/**
 * Linear memory: bytes that can grow up to a maximum, and never shrink. The interpreter's dispatch loop and bulk
 * operations access it on their own. For the native engine, it is the host's memory.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances
 * @module
 */

import { limitError } from "../../base/limits.ts";
import { MAX_PAGES, MAX_SPARE_MEMORIES, MAX_SPARE_MEMORY_BYTES, MAX_SPEC_PAGES, PAGE_BYTES } from "../limits.ts";

/** The size of a memory, in pages of 64 KiB. */
export interface MemoryDescriptor {
  /** Its initial size. */
  readonly initial: number;
  /** Its maximum size. */
  readonly maximum?: number;
}

/** A memory of the host. */
export interface HostMemory {
  /** Growing replaces it and leaves the one before empty. */
  readonly buffer: ArrayBuffer;
  grow(delta: number): number;
}

/** Who makes memories of the host. */
export interface MemoryMaker {
  make(initial: number, maximum: number): HostMemory;
  /** Takes back a memory that nobody uses any more. */
  release(memory: HostMemory, initial: number, maximum: number): void;
}

/**
 * A linear memory, which guests may import and instances may export.
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
  /** @ignore the maximum of its type; its limit may be lower */
  readonly declaredMaximum: number | undefined;
  readonly #initial: number;
  readonly #maximum: number;
  #view!: DataView<ArrayBuffer>;
  #bytes!: Uint8Array<ArrayBuffer>;
  /** The larger copy that is being made, which takes about a millisecond a mebibyte. */
  #growth: { readonly grown: Uint8Array<ArrayBuffer>; readonly pages: number; copied: number } | undefined;
  #maker: MemoryMaker | undefined;
  #host: HostMemory | undefined;
  #engine: string | undefined;

  /**
   * A memory of zeros.
   *
   * @param descriptor sizes in pages
   * @param limit the pages that it may have, even if its type allows more
   * @param maker makes a memory of the host behind it; only instances pass it
   * @throws {LimitError} if it starts larger than the limit, or the runtime can't allocate it
   */
  constructor(descriptor: MemoryDescriptor, limit: number = MAX_PAGES, maker?: MemoryMaker) {
    const { initial, maximum } = descriptor;
    for (const pages of [initial, maximum ?? initial]) {
      if (!Number.isInteger(pages) || pages < 0 || pages > MAX_SPEC_PAGES) {
        throw new RangeError(`a memory must have 0 to ${MAX_SPEC_PAGES} pages, not ${pages}`);
      }
    }
    if (maximum !== undefined && maximum < initial) {
      throw new RangeError(`a memory of ${initial} pages can't have a maximum of ${maximum}`);
    }
    this.declaredMaximum = maximum;
    this.#initial = initial;
    this.#maximum = Math.min(maximum ?? MAX_PAGES, limit, MAX_PAGES);
    if (initial > this.#maximum) {
      throw limitError("memoryPages", this.#maximum, `it starts with ${initial}`);
    }
    try {
      if (maker === undefined) this.#show(zeros(initial * PAGE_BYTES), initial);
      else this.#setHost(maker, maker.make(initial, this.#maximum));
    } catch (cause) {
      const text = `the runtime can't allocate the ${initial} that it starts with`;
      throw limitError("memoryPages", this.#maximum, text, { cause });
    }
  }

  /** The whole memory. Read it again after the guest has run: growing replaces it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#update();
    return this.#bytes;
  }

  /** The whole memory. Read it again after the guest has run: growing replaces it. */
  get view(): DataView<ArrayBuffer> {
    this.#update();
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
      throw new RangeError(`the memory can't grow by ${delta}: it has ${this.pages} of ${this.#maximum} pages`);
    }
    if (this.#growth !== undefined) this.#finishGrowth();
    return before;
  }

  /**
   * @ignore as `grow`, but returns -1 if it can't grow. It leaves the copying to `continueGrowth`, or to the next access
   * from JavaScript.
   */
  beginGrowth(delta: number): number {
    const before = this.pages;
    if (!(Number.isInteger(delta) && delta >= 0 && delta <= this.#maximum - before)) return -1;
    const after = before + delta;
    const { buffer } = this.#bytes;
    try {
      if (this.#host !== undefined) {
        this.#host.grow(delta);
        this.#showHost();
        return before;
      }
      if (after * PAGE_BYTES <= buffer.byteLength) this.#show(buffer, after);
      else {
        // Guests often grow page by page. Allocating a quarter more makes copies rare.
        const room = Math.min(Math.max(after, before + (before >> 2)), this.#maximum);
        this.#growth = { grown: new Uint8Array(room * PAGE_BYTES), pages: after, copied: 0 };
      }
    } catch {
      return -1;
    }
    return before;
  }

  /** @ignore whether there is more to copy */
  get isGrowing(): boolean {
    return this.#growth !== undefined;
  }

  /** @ignore copies that many bytes more */
  continueGrowth(bytes: number): void {
    const growth = this.#growth;
    if (growth === undefined) return;
    const until = Math.min(growth.copied + bytes, this.#bytes.length);
    growth.grown.set(this.#bytes.subarray(growth.copied, until), growth.copied);
    growth.copied = until;
    if (until < this.#bytes.length) return;
    this.#growth = undefined;
    this.#show(growth.grown.buffer, growth.pages);
  }

  #finishGrowth(): void {
    this.continueGrowth(Infinity);
  }

  /** Before an access from JavaScript. */
  #update(): void {
    if (this.#growth !== undefined) this.#finishGrowth();
    // The guest may have grown it.
    if (this.#host !== undefined && this.#bytes.length === 0) this.#showHost();
  }

  /** @ignore notes that an engine uses it; returns false if another one does */
  claim(engine: string): boolean {
    this.#engine ??= engine;
    return this.#engine === engine;
  }

  /** @ignore the memory of the host; the first time, one is made, and the bytes are copied to it */
  hostMemory(maker: MemoryMaker): HostMemory {
    if (this.#host === undefined) {
      const { bytes } = this;
      const host = maker.make(this.pages, this.#maximum);
      new Uint8Array(host.buffer).set(bytes);
      this.#setHost(maker, host);
    }
    return this.#host!;
  }

  #setHost(maker: MemoryMaker, host: HostMemory): void {
    this.#maker = maker;
    this.#host = host;
    this.#showHost();
  }

  #showHost(): void {
    const { buffer } = this.#host!;
    this.#show(buffer, buffer.byteLength / PAGE_BYTES);
  }

  /**
   * @ignore ends the memory: its buffer is zeroed and kept for reuse. Nobody may use it or a view of it afterwards.
   */
  release(): void {
    const host = this.#host;
    const { buffer } = this.#bytes;
    this.#host = undefined;
    this.#show(new ArrayBuffer(0), 0);
    if (host !== undefined) {
      this.#maker!.release(host, this.#initial, this.#maximum);
      return;
    }
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

/** Zeroed buffers for reuse. Allocating and touching 384 KiB takes 50 µs, zeroing them 2 µs. */
const SPARE: ArrayBuffer[] = [];

/** A zeroed buffer of that many bytes, or up to twice as many: a guest that grew once will grow again. */
function zeros(bytes: number): ArrayBuffer {
  const fits = SPARE.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * 2);
  return fits < 0 ? new ArrayBuffer(bytes) : SPARE.splice(fits, 1)[0]!;
}
