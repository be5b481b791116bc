/**
 * Names for people: the module's own and its functions', from the name section, and from exports where that says nothing.
 * Each is decoded when it is asked for. Names of locals and of everything else are passed over. Nothing here can make a
 * module invalid: what comes before a malformed part counts, and a letter that is malformed is shown as one.
 *
 * @see https://webassembly.github.io/spec/core/appendix/custom.html#name-section
 * @module
 */

import { Cursor } from "./cursor.ts";
import { CompileError } from "../errors.ts";
import { MAX_NAME_BYTES, MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import type { ModuleRecord, Names } from "./types.ts";

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The names of a module. */
export function namesOf(record: ModuleRecord): Names {
  const { bytes } = record;
  const moduleAt = once(() => subsection(record, MODULE_NAME)?.offset ?? 0);
  const functionsAt = once(() => findFunctionNames(record));
  const shownModule = once(() => readName(bytes, moduleAt(), MAX_SHOWN_NAME_BYTES));
  return {
    get module() {
      return readName(bytes, moduleAt(), MAX_NAME_BYTES);
    },
    get shownModule() {
      return shownModule();
    },
    functionName: (index) => readName(bytes, functionsAt()[index] ?? 0, MAX_SHOWN_NAME_BYTES),
  };
}

/** What a function returns at its first call. */
function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => (found ??= { value: find() }).value;
}

/** A part of the first name section. They come in the order of their numbers, each once, so there are few to pass over. */
function subsection({ bytes, customSections }: ModuleRecord, wanted: number): Cursor | undefined {
  const section = customSections.find(({ name }) => name === "name");
  if (section === undefined) return undefined;
  const { start, end } = section.contents;
  const cursor = new Cursor(bytes, start, end);
  return whatIsThere(() => {
    for (let last = -1; cursor.offset < end;) {
      const id = cursor.u8();
      const size = cursor.count();
      if (id <= last) break;
      if (id === wanted) return new Cursor(bytes, cursor.offset, cursor.offset + size);
      cursor.skip(size);
      last = id;
    }
  });
}

/**
 * Where in the module each function's name is, a length and bytes, or 0: one pass, about 10 ms for the million names that
 * there can be at most.
 */
function findFunctionNames(record: ModuleRecord): Uint32Array {
  const { bytes, sections } = record;
  const places = new Uint32Array(record.functions.length);
  const exports = sections.get("export");
  if (exports !== undefined) {
    const cursor = new Cursor(bytes, exports.start, exports.end);
    for (let count = cursor.count(); count > 0; count--) {
      const at = cursor.offset;
      cursor.skip(cursor.count());
      const isFunction = cursor.u8() === 0;
      const index = cursor.u32();
      if (isFunction && places[index] === 0) places[index] = at;
    }
  }
  const names = subsection(record, FUNCTION_NAMES);
  if (names === undefined) return places;
  whatIsThere(() => {
    let next = 0;
    for (let count = names.count(); count > 0; count--) {
      const index = names.u32();
      // In ascending order, so there are no more of them than functions.
      if (index < next || index >= places.length) break;
      const at = names.offset;
      names.skip(names.count());
      places[index] = at;
      next = index + 1;
    }
  });
  return places;
}

/** What a reader returns, or nothing if it meets a malformed part. */
function whatIsThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

/** The name at a place; of a longer one so many bytes, less what is left of a letter. There is none at 0. */
function readName(bytes: Uint8Array, at: number, most: number): string | undefined {
  if (at === 0) return undefined;
  return whatIsThere(() => {
    const cursor = new Cursor(bytes, at, bytes.length);
    const length = cursor.count();
    let end = cursor.offset + Math.min(length, most);
    if (length > most) { while ((bytes[end] & 0xc0) === 0x80 && end > cursor.offset) end--; }
    return UTF8.decode(bytes.subarray(cursor.offset, end)) + (length > most ? "…" : "");
  });
}
