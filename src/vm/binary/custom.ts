/**
 * Custom sections: copies of their contents, and finding them in bytes that nobody has decoded.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#custom-section
 * @module
 */

import { LimitError } from "../../base/limits.ts";
import { quoted } from "../../base/text.ts";
import { MAX_CUSTOM_SECTIONS, MAX_SHOWN_NAME_BYTES } from "../limits.ts";
import { Cursor } from "./cursor.ts";
import { checkHeader, HEADER_BYTES } from "./header.ts";
import type { ByteRange } from "./types.ts";

const CUSTOM = 0;
/** More than there are kinds of sections beside custom ones: each may be there once. */
const OTHER_SECTIONS = 100;

/**
 * Copies of parts of a module.
 *
 * @param name of the sections, for an error
 * @throws {LimitError} if they have more bytes together; then nothing is copied
 */
export function copySections(
  bytes: Uint8Array,
  ranges: readonly ByteRange[],
  name: string,
  maxBytes: number,
): Uint8Array<ArrayBuffer>[] {
  const length = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  if (length > maxBytes) {
    const what = `the module's custom sections ${quoted(name, MAX_SHOWN_NAME_BYTES)} have ${length} bytes`;
    throw new LimitError("maxBytes", maxBytes, `${what}, and at most ${maxBytes} were asked for`);
  }
  return ranges.map(({ start, end }) => bytes.slice(start, end));
}

/**
 * Finds the contents of the custom sections with a name. All other sections are skipped, so it tells little about
 * whether the bytes are a module, and takes little time.
 *
 * @throws {CompileError} if the bytes are not a row of sections
 */
export function findCustomSections(bytes: Uint8Array, name: string): ByteRange[] {
  checkHeader(bytes.subarray(0, HEADER_BYTES));
  const wanted = new TextEncoder().encode(name);
  const cursor = new Cursor(bytes, HEADER_BYTES, bytes.length);
  const found: ByteRange[] = [];
  for (let count = 0; cursor.offset < cursor.end; count++) {
    if (count === MAX_CUSTOM_SECTIONS + OTHER_SECTIONS) throw cursor.error("too many sections");
    const id = cursor.u8();
    const size = cursor.u32();
    const start = cursor.offset;
    cursor.skip(size);
    if (id !== CUSTOM) continue;
    const section = new Cursor(bytes, start, cursor.offset);
    const length = section.count();
    const contents = section.offset + length;
    if (length !== wanted.length || wanted.some((byte, index) => bytes[section.offset + index] !== byte)) continue;
    found.push({ start: contents, end: cursor.offset });
  }
  return found;
}
