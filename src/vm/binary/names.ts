/**
 * Names for people: the module's and its functions', from the name section, or else from exports. Each is decoded at
 * its first use. All other names are skipped. A bad name section does not make a module invalid: names before a
 * malformed part are used, and malformed UTF-8 is shown as a replacement character.
 *
 * @see https://webassembly.github.io/spec/core/appendix/custom.html#name-section
 * @module
 */

import { Cursor } from "./cursor.ts";
import { CompileError } from "../errors.ts";
import type { StackFrame } from "../errors.ts";
import { printable } from "../../base/text.ts";
import { MAX_NAME_BYTES, MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import type { ModuleRecord, Names } from "./types.ts";

/** The number of the subsection with the module's name. */
export const MODULE_NAME = 0;
/** The number of the subsection with the functions' names. */
export const FUNCTION_NAMES = 1;
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

/** A frame of a stack, with names for people. */
export function stackFrame(names: Names, functionIndex: number): StackFrame {
  const functionName = printable(names.functionName(functionIndex) ?? `func[${functionIndex}]`);
  const { shownModule } = names;
  return { functionIndex, functionName, moduleName: shownModule === undefined ? undefined : printable(shownModule) };
}

/** Makes a function that calls `find` once and keeps its result. */
function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => (found ??= { value: find() }).value;
}

/** A subsection of the first name section. Each comes at most once, in the order of their numbers, so few are skipped. */
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
 * The offset of each function's name in the module (a length and bytes), or 0. One pass takes about 10 ms for a million
 * names, the most that a module can have.
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
  eachFunctionName(record, (index, at) => void (places[index] = at));
  return places;
}

/**
 * Visits the functions' names in the name section, by ascending index, up to a malformed part.
 *
 * @param visit gets the range of a name: its length and its bytes
 */
export function eachFunctionName(
  record: ModuleRecord,
  visit: (index: number, start: number, end: number) => void,
): void {
  const names = subsection(record, FUNCTION_NAMES);
  if (names === undefined) return;
  whatIsThere(() => {
    let next = 0;
    for (let count = names.count(); count > 0; count--) {
      const index = names.u32();
      // Indices must ascend, so there are at most as many names as functions.
      if (index < next || index >= record.functions.length) break;
      const at = names.offset;
      names.skip(names.count());
      visit(index, at, names.offset);
      next = index + 1;
    }
  });
}

/** What a reader returns, or undefined if it finds a malformed part. */
function whatIsThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

/** The name at an offset, or undefined at 0. A long one is cut to at most `most` bytes, between characters. */
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
