/**
 * The name section of a metered module: the module's name, and the names of the guest's functions at their new indices.
 * Other names are left out. A malformed section is cut before the malformed part.
 *
 * @module
 */

import { Cursor } from "../binary/cursor.ts";
import { CompileError } from "../errors.ts";
import type { ModuleRecord } from "../binary/types.ts";
import type { Layout } from "./layout.ts";
import { Writer } from "./writer.ts";

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;

/** Writes the section, if the guest has one. */
export function writeNames(out: Writer, record: ModuleRecord, layout: Layout): void {
  const section = record.customSections.find(({ name }) => name === "name");
  if (section === undefined) return;
  const { bytes } = record;
  const { start, end } = section.contents;
  const cursor = new Cursor(bytes, start, end);
  out.u8(0);
  const place = out.open();
  out.name("name");
  try {
    for (let last = -1; cursor.offset < end;) {
      const id = cursor.u8();
      const size = cursor.count();
      if (id <= last || id > FUNCTION_NAMES) break;
      last = id;
      const next = cursor.offset + size;
      if (id === MODULE_NAME) {
        out.u8(id);
        out.u32(size);
        out.range(bytes, cursor.offset, next);
      } else writeFunctionNames(out, record, layout, new Cursor(bytes, cursor.offset, next));
      cursor.offset = next;
    }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
  }
  out.close(place);
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
      names.u32(index < record.importedFunctions ? index : index + layout.shift);
      names.range(record.bytes, at, cursor.offset);
      next = index + 1;
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
