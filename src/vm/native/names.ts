/**
 * The name section of a metered module: the module's name, and the names of the guest's functions at their new indices.
 * Other names are left out, and long ones, of which hosts make texts of stacks. A malformed section is cut before the malformed part. A host that shows the module's name in
 * stacks shows a mark behind it, which tells modules apart.
 *
 * @module
 */

import { Cursor } from "../binary/cursor.ts";
import { CompileError } from "../errors.ts";
import { MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import type { ByteRange, ModuleRecord } from "../binary/types.ts";
import type { Layout } from "./layout.ts";
import { Writer } from "./writer.ts";

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;

/** The mark of a module: likely another one for another module. */
export function markOf({ bytes, functions }: ModuleRecord): string {
  return `#${bytes.length}.${functions.length}`;
}

/** Writes the section. */
export function writeNames(out: Writer, record: ModuleRecord, layout: Layout): void {
  out.u8(0);
  const place = out.open();
  out.name("name");
  out.u8(MODULE_NAME);
  const named = out.open();
  out.name((record.names.shownModule ?? "") + markOf(record));
  out.close(named);
  const section = record.customSections.find(({ name }) => name === "name");
  if (section !== undefined) copyFunctionNames(out, record, layout, section.contents);
  out.close(place);
}

function copyFunctionNames(out: Writer, record: ModuleRecord, layout: Layout, { start, end }: ByteRange): void {
  const { bytes } = record;
  const cursor = new Cursor(bytes, start, end);
  try {
    for (let last = -1; cursor.offset < end;) {
      const id = cursor.u8();
      const size = cursor.count();
      if (id <= last || id > FUNCTION_NAMES) break;
      last = id;
      const next = cursor.offset + size;
      if (id === FUNCTION_NAMES) {
        writeFunctionNames(out, record, layout, new Cursor(bytes, cursor.offset, next));
      }
      cursor.offset = next;
    }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
  }
}

function writeFunctionNames(out: Writer, record: ModuleRecord, layout: Layout, cursor: Cursor): void {
  const names = new Writer(cursor.end - cursor.offset + 1024);
  let written = 0;
  try {
    let next = 0;
    for (let count = cursor.count(); count > 0; count--) {
      const index = cursor.u32();
      if (index < next || index >= record.functions.length) break;
      const at = cursor.offset;
      cursor.skip(cursor.count());
      next = index + 1;
      if (cursor.offset - at > MAX_SHOWN_NAME_BYTES) continue;
      names.u32(index < record.importedFunctions ? index : index + layout.shift);
      names.range(record.bytes, at, cursor.offset);
      written++;
    }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
  }
  out.u8(FUNCTION_NAMES);
  const place = out.open();
  out.u32(written);
  out.range(names.bytes, 0, names.at);
  out.close(place);
}
