/**
 * Decodes a module's bytes, whole or in chunks as they arrive, to a module record. A section is decoded once all of it is
 * there, a function body is announced as soon as it is. It checks the binary format and the limits; a visitor, such as the
 * validator, checks the rest while the bytes come in. Bodies stay ranges of bytes.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 * @module
 */

import { Cursor } from "./_cursor.ts";
import { checkHeader, HEADER_BYTES } from "./_header.ts";
import { CUSTOM_SECTION, ModuleDraft, readCustomSection, sectionOrder, SECTIONS } from "./_sections.ts";
import { CompileError, InternalError } from "./errors.ts";
import { MAX_BODY_BYTES, MAX_MODULE_BYTES } from "./limits.ts";
import type { ModuleRecord } from "./types.ts";

/** Is told how far a module has been decoded. What it throws, the decoder throws. */
export interface ModuleVisitor {
  /** Everything before the code section is there; called once, before any `body`, in modules without code too. */
  declarations(record: ModuleRecord): void;
  /** The body of the defined function `index` is there. */
  body(record: ModuleRecord, index: number): void;
  /** All of the module is there. */
  end(record: ModuleRecord): void;
}

/** The longest LEB128 of 32 bits. */
const MAX_LEB_BYTES = 5;
const MINIMUM_CAPACITY = 4096;

/** Decodes one module from chunks: `push` them in order, then `finish`. The first error is thrown by every later call too. */
export class ModuleDecoder {
  readonly #visitor: ModuleVisitor | undefined;
  readonly #draft = new ModuleDraft();
  readonly #decoding: Generator<number, void, void>;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** The decoding waits until this many bytes are there, or until the module ends. */
  #awaited = 0;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param visitor is called from within `push` and `finish`
   * @param capacity bytes to set aside, where the module's length is known and trusted
   */
  constructor(visitor?: ModuleVisitor, capacity: number = 0) {
    if (capacity > MAX_MODULE_BYTES) throw tooLarge();
    this.#visitor = visitor;
    this.#bytes = new Uint8Array(capacity);
    this.#draft.bytes = this.#bytes;
    this.#decoding = this.#decode();
    this.#advance();
  }

  /** Takes the next bytes of the module, which are copied. */
  push(chunk: Uint8Array): void {
    this.#throwFailure();
    this.#append(chunk);
    if (this.#length >= this.#awaited) this.#advance();
  }

  /** Says that all bytes were pushed; returns the record, which is complete. */
  finish(): ModuleRecord {
    this.#throwFailure();
    // With no more bytes to come the decoding ends, well or by an error.
    while (!this.#advance());
    const draft = this.#draft;
    if (this.#bytes.length > this.#length) draft.bytes = this.#bytes = this.#bytes.slice(0, this.#length);
    return draft;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      if (length > MAX_MODULE_BYTES) throw tooLarge();
      const capacity = Math.min(MAX_MODULE_BYTES, Math.max(length, this.#bytes.length * 2, MINIMUM_CAPACITY));
      const bytes = new Uint8Array(capacity);
      bytes.set(this.#bytes.subarray(0, this.#length));
      this.#draft.bytes = this.#bytes = bytes;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** Decodes on; returns whether the module is complete. */
  #advance(): boolean {
    try {
      const { done, value } = this.#decoding.next();
      if (!done) this.#awaited = value;
      return done === true;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** A cursor over what is there of the bytes from `start` to `end`. */
  #cursor(start: number, end: number): Cursor {
    return new Cursor(this.#bytes, start, Math.min(end, this.#length));
  }

  /** Yields how many bytes of the module it needs next; it is resumed when they are there, or when no more will come. */
  *#decode(): Generator<number, void, void> {
    const draft = this.#draft;
    yield HEADER_BYTES;
    checkHeader(this.#bytes.subarray(0, Math.min(this.#length, HEADER_BYTES)));
    let order = -1;
    for (let at = HEADER_BYTES;;) {
      const enough = at + 1 + MAX_LEB_BYTES;
      if (this.#length < enough) yield enough;
      if (this.#length === at) break;
      const header = this.#cursor(at, Infinity);
      const id = header.u8();
      const orderOfId = id === CUSTOM_SECTION ? order : sectionOrder(id, at);
      if (orderOfId < 0 && id !== CUSTOM_SECTION) throw new CompileError(`malformed section id: ${id}`, at);
      const size = header.u32();
      const start = header.offset;
      const end = start + size;
      if (end > MAX_MODULE_BYTES) throw new CompileError(`length out of bounds: a section of ${size} bytes`, at);
      if (id === CUSTOM_SECTION) {
        if (this.#length < end) yield end;
        readCustomSection(this.#whole(start, end), draft);
      } else {
        const { name, read } = SECTIONS[orderOfId];
        if (orderOfId <= order) {
          throw new CompileError(`unexpected content after last section: ${name} section again or too late`, at);
        }
        order = orderOfId;
        draft.sections.set(name, { start, end });
        if (read === undefined) yield* this.#decodeCode(start, end);
        else {
          if (this.#length < end) yield end;
          const cursor = this.#whole(start, end);
          read(cursor, draft);
          if (cursor.offset < end) throw sizeMismatch(`${name} section`, end - cursor.offset, cursor.offset);
        }
      }
      at = end;
    }
    this.#complete();
  }
}
