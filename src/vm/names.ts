/**
 * Decodes the name section: the module's name and its functions' names. Names of locals and of everything else are passed
 * over; nothing here can make a module invalid.
 *
 * @see https://webassembly.github.io/spec/core/appendix/custom.html#name-section
 * @module
 */

import { Cursor } from "./_cursor.ts";
import { CompileError } from "./errors.ts";
import type { ModuleRecord, Names } from "./types.ts";

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;
const NO_NAMES: Names = { module: undefined, functions: new Map() };

/** What the first name section says; no names if there is none or it is malformed. */
export function decodeNames(record: ModuleRecord): Names {
  const section = record.customSections.find(({ name }) => name === "name");
  if (section === undefined) return NO_NAMES;
  try {
    return readNames(new Cursor(record.bytes, section.contents.start, section.contents.end), record.functions.length);
  } catch (error) {
    if (error instanceof CompileError) return NO_NAMES;
    throw error;
  }
}

function readNames(cursor: Cursor, functionCount: number): Names {
  let module: string | undefined;
  const functions = new Map<number, string>();
  while (cursor.offset < cursor.end) {
    const id = cursor.u8();
    const size = cursor.count();
    const end = cursor.offset + size;
    const subsection = new Cursor(cursor.bytes, cursor.offset, end);
    if (id === MODULE_NAME) module = subsection.name();
    else if (id === FUNCTION_NAMES) {
      let next = 0;
      for (let count = subsection.count(); count > 0; count--) {
        const index = subsection.u32();
        // In ascending order, so there are no more of them than functions.
        if (index < next || index >= functionCount) break;
        functions.set(index, subsection.name());
        next = index + 1;
      }
    }
    cursor.offset = end;
  }
  return { module, functions };
}
