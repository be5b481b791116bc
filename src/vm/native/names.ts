/**
 * The name section of a metered module: the module's name, and the names of the guest's functions at their new indices.
 * Other names are left out, and long ones, of which hosts make texts of stacks. A malformed section is cut before the
 * malformed part. A host that shows the module's name in stacks shows a mark behind it, which tells modules apart.
 *
 * @module
 */

import { eachFunctionName, FUNCTION_NAMES, MODULE_NAME } from "../binary/names.ts";
import { MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import type { ModuleRecord } from "../binary/types.ts";
import type { Layout } from "./layout.ts";
import { Writer } from "./writer.ts";

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
  writeFunctionNames(out, record, layout);
  out.close(place);
}

function writeFunctionNames(out: Writer, record: ModuleRecord, layout: Layout): void {
  const names = new Writer(1024);
  let written = 0;
  eachFunctionName(record, (index, start, end) => {
    if (end - start > MAX_SHOWN_NAME_BYTES) return;
    names.u32(index < record.importedFunctions ? index : index + layout.shift);
    names.range(record.bytes, start, end);
    written++;
  });
  if (written === 0) return;
  out.u8(FUNCTION_NAMES);
  const place = out.open();
  out.u32(written);
  out.range(names.bytes, 0, names.at);
  out.close(place);
}
