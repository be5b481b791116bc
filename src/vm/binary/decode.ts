/**
 * Decodes a module's bytes, whole or in chunks as they arrive, to a module record. It decodes a section once it is
 * complete, and reports a function body as soon as that is complete. It checks the binary format and the limits; a
 * visitor, such as the validator, checks the rest meanwhile. Bodies remain ranges of bytes.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 * @module
 */

import { Cursor } from "./cursor.ts";
import { checkHeader, HEADER_BYTES } from "./header.ts";
import { findSection, ModuleDraft } from "./sections.ts";
import { CompileError } from "../errors.ts";
import { MAX_BODY_BYTES, MAX_MODULE_BYTES } from "../limits.ts";
import type { ModuleRecord } from "./types.ts";

/** Receives the progress of decoding. The decoder rethrows what it throws. */
export interface ModuleVisitor {
  /** Everything before the code section is decoded. Called once, before any `body`, even for a module without code. */
  declarations(record: ModuleRecord): void;
  /** The body of the defined function `index` is complete. If it returns false, it is called again after a possible turn. */
  body(record: ModuleRecord, index: number): unknown;
  /** The whole module is decoded. */
  end(record: ModuleRecord): void;
}

/** The longest LEB128 of 32 bits. */
const MAX_U32_BYTES = 5;
const MINIMUM_CAPACITY = 4096;

/** Decodes one module from chunks: `push` them in order, then `finish`. After an error, every later call throws it again. */
export class ModuleDecoder {
  readonly #visitor: ModuleVisitor | undefined;
  readonly #draft = new ModuleDraft();
  readonly #decoding: Generator<number, void, void>;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** Decoding waits until this many bytes have arrived, or the module ends. */
  #awaited = 0;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param visitor called from within `push` and `finish`
   * @param capacity the bytes to allocate, if the module's length is known and trusted
   */
  constructor(visitor?: ModuleVisitor, capacity: number = 0) {
    if (capacity > MAX_MODULE_BYTES) throw tooLarge();
    this.#visitor = visitor;
    this.#bytes = new Uint8Array(capacity);
    this.#draft.bytes = this.#bytes;
    this.#decoding = this.#decode();
    this.#advance();
  }

  /** Copies and decodes the next bytes of the module. */
  push(chunk: Uint8Array): void {
    this.#throwFailure();
    this.#append(chunk);
    this.goOn();
  }

  /** Whether the visitor can resume with the bytes that have arrived. `finish` does so if nobody else does. */
  get isBehind(): boolean {
    return this.#length >= this.#awaited;
  }

  /** Lets the visitor do its next part. */
  goOn(): void {
    this.#throwFailure();
    if (this.isBehind) this.#advance();
  }

  /** Ends the module; returns the complete record. */
  finish(): ModuleRecord {
    this.#throwFailure();
    // Without more bytes, decoding completes or throws.
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

  /** Resumes decoding; returns whether the module is complete. */
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

  /** A cursor over the bytes from `start` to `end`, or to the last byte that has arrived. */
  #cursor(start: number, end: number): Cursor {
    return new Cursor(this.#bytes, start, Math.min(end, this.#length));
  }

  /** Yields how many bytes of the module it needs. It resumes when they have arrived, or when the module has ended. */
  *#decode(): Generator<number, void, void> {
    yield HEADER_BYTES;
    checkHeader(this.#bytes.subarray(0, Math.min(this.#length, HEADER_BYTES)));
    const draft = this.#draft;
    let nextOrder = 0;
    for (let at = HEADER_BYTES;;) {
      const wanted = at + 1 + MAX_U32_BYTES;
      if (this.#length < wanted) yield wanted;
      if (this.#length === at) break;
      const header = this.#cursor(at, wanted);
      const { name, read, order } = findSection(header.u8(), at);
      const size = header.u32();
      const start = header.offset;
      const end = start + size;
      if (end > MAX_MODULE_BYTES) throw new CompileError(`length out of bounds: ${name} section of ${size} bytes`, at);
      if (order !== undefined) {
        if (order < nextOrder) {
          throw new CompileError(
            `unexpected content after last section: ${name} section is repeated or out of order`,
            at,
          );
        }
        nextOrder = order + 1;
        draft.sections.set(name, { start, end });
      }
      if (read === undefined) yield* this.#decodeCode(start, end);
      else {
        if (this.#length < end) yield end;
        const cursor = this.#cursor(start, end);
        if (cursor.end < end) throw outOfBounds(`${name} section`, size, cursor);
        read(cursor, draft);
        draft.simdAt ??= cursor.simdAt;
        if (cursor.offset < end) throw sizeMismatch(`${name} section`, cursor);
      }
      at = end;
    }
    this.#complete();
  }

  *#decodeCode(start: number, end: number): Generator<number, void, void> {
    const draft = this.#draft;
    const wanted = Math.min(end, start + MAX_U32_BYTES);
    if (this.#length < wanted) yield wanted;
    const head = this.#cursor(start, end);
    const count = head.u32();
    if (count !== draft.functions.length - draft.importedFunctions) throw inconsistentCode(draft, count, start);
    this.#visitor?.declarations(draft);
    let at = head.offset;
    for (let index = 0; index < count; index++) {
      const wanted = Math.min(end, at + MAX_U32_BYTES);
      if (this.#length < wanted) yield wanted;
      const size = this.#cursor(at, end);
      const length = size.u32();
      const body = { start: size.offset, end: size.offset + length };
      if (length > MAX_BODY_BYTES) {
        throw new CompileError(`code section: body ${index} has ${length} bytes, the limit is ${MAX_BODY_BYTES}`, at);
      }
      if (this.#length < body.end && body.end <= end) yield body.end;
      const whole = this.#cursor(body.start, end);
      if (whole.end < body.end) throw outOfBounds(`body ${index}`, length, whole);
      draft.bodies.push(body);
      while (this.#visitor?.body(draft, index) === false) yield this.#length;
      at = body.end;
    }
    if (at < end) throw sizeMismatch("code section", this.#cursor(at, end));
  }

  /** Checks what is known only at the end. */
  #complete(): void {
    const draft = this.#draft;
    const { dataCount, data } = draft;
    if (!draft.sections.has("code")) {
      if (draft.functions.length > draft.importedFunctions) throw inconsistentCode(draft, 0, this.#length);
      this.#visitor?.declarations(draft);
    }
    if (dataCount !== undefined && dataCount !== data.length) {
      throw new CompileError(
        `data count and data section have inconsistent lengths: ${dataCount} and ${data.length}`,
        draft.sections.get("data count")!.start,
      );
    }
    this.#visitor?.end(draft);
  }
}

function tooLarge(): CompileError {
  return new CompileError(`the module is larger than ${MAX_MODULE_BYTES} bytes`, MAX_MODULE_BYTES);
}

function outOfBounds(what: string, size: number, cursor: Cursor): CompileError {
  const left = cursor.end - cursor.offset;
  return cursor.error(`length out of bounds: ${what} has ${size} bytes, but only ${left} are left`);
}

function sizeMismatch(what: string, cursor: Cursor): CompileError {
  return cursor.error(`section size mismatch: ${what} has ${cursor.end - cursor.offset} bytes too many`);
}

function inconsistentCode(draft: ModuleDraft, bodies: number, offset: number): CompileError {
  const functions = draft.functions.length - draft.importedFunctions;
  return new CompileError(
    `function and code section have inconsistent lengths: ${functions} functions, ${bodies} bodies`,
    offset,
  );
}

/**
 * Decodes a whole module. The record keeps a copy of the bytes.
 *
 * @throws {CompileError} if it is malformed, exceeds a limit, or uses an unsupported feature
 */
export function decodeModule(bytes: Uint8Array, visitor?: ModuleVisitor): ModuleRecord {
  const decoder = new ModuleDecoder(visitor, bytes.length);
  decoder.push(bytes);
  return decoder.finish();
}
