/**
 * Makes a module larger: it repeats the functions until the module has a given size. It assumes that the module is
 * valid, and that it has no more features than a kernel.
 *
 * @module
 */

const HEADER_BYTES = 8;
const FUNCTION_SECTION = 3;
const CODE_SECTION = 10;
const CUSTOM_SECTION = 0;
/** Of a vector's length, in a module with so few functions. */
const COUNT_BYTES = 1;

/** A module of nearly that size: copies of all functions are at the end of its sections. Nothing calls the copies. */
export function grow(module: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  const functions = sections.get(FUNCTION_SECTION)!;
  const code = sections.get(CODE_SECTION)!;
  const copyBytes = functions.length + code.length - 2 * COUNT_BYTES;
  const copies = Math.max(1, Math.round((size - module.length) / copyBytes) + 1);
  sections.set(FUNCTION_SECTION, repeat(functions, copies));
  sections.set(CODE_SECTION, repeat(code, copies));
  const parts = [...sections].flatMap(([id, content]) => [[id, ...leb(content.length)], content]);
  return concat([module.subarray(0, HEADER_BYTES), ...parts]);
}

/** The contents of sections by their ids, without custom sections. */
function sectionsOf(module: Uint8Array): Map<number, Uint8Array> {
  const sections = new Map<number, Uint8Array>();
  for (let at = HEADER_BYTES; at < module.length;) {
    const id = module[at]!;
    const length = readLeb(module, at + 1);
    if (id !== CUSTOM_SECTION) sections.set(id, module.subarray(length.end, length.end + length.value));
    at = length.end + length.value;
  }
  return sections;
}

/** A vector with its elements repeated several times. */
function repeat(vector: Uint8Array, copies: number): Uint8Array {
  const count = readLeb(vector, 0);
  const elements = vector.subarray(count.end);
  return concat([leb(count.value * copies), ...Array.from({ length: copies }, () => elements)]);
}

function readLeb(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at };
  }
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...leb(value >>> 7)];
}

function concat(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
