/**
 * The eight bytes that a module begins with, and hints for bytes that begin otherwise.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#binary-module
 * @module
 */

import { CompileError } from "../errors.ts";
import { COMPONENT } from "./foreign.ts";

/** Bytes of the header: magic number and version. */
export const HEADER_BYTES = 8;

const MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d];
const VERSION: readonly number[] = [0x01, 0x00, 0x00, 0x00];
/** The header of a core module. */
export const HEADER: readonly number[] = [...MAGIC, ...VERSION];
const COMPONENT_LAYER = 1;

/** How other formats begin. Text may follow white space. */
const LOOKALIKES: readonly (readonly [start: string, what: string])[] = [
  ["(", "this looks like WebAssembly text: translate it to binary first"],
  [";;", "this looks like WebAssembly text: translate it to binary first"],
  ["<", "this looks like HTML or XML: was it the answer to a failed request?"],
  ["{", "this looks like JSON: was it the answer to a failed request?"],
  ["\x1f\x8b", "this looks like gzip: decompress it first"],
  ["\x28\xb5\x2f\xfd", "this looks like Zstandard: decompress it first"],
  ["PK\x03\x04", "this looks like a zip archive: unpack it first"],
  ["BC\xc0\xde", "this looks like LLVM bitcode: link it first"],
  ["!<arch>", "this looks like a static library: link it first"],
  ["\x7fELF", "this looks like an ELF binary: build it for a wasm32 target"],
  ["MZ", "this looks like a Windows executable: build it for a wasm32 target"],
  ["\xcf\xfa\xed\xfe", "this looks like a Mach-O binary: build it for a wasm32 target"],
];

const BYTE_ORDER_MARK = "\xef\xbb\xbf";

function lookalike(bytes: Uint8Array): string {
  const binary = String.fromCharCode(...bytes);
  const text = binary.replace(BYTE_ORDER_MARK, "").trimStart();
  const what = LOOKALIKES.find(([start]) => binary.startsWith(start) || text.startsWith(start))?.[1];
  return what === undefined ? "" : `: ${what}`;
}

/**
 * Checks the first eight bytes, or all bytes of a shorter source.
 *
 * @throws {CompileError} if they are not the header of a core module
 */
export function checkHeader(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new CompileError("unexpected end: the module is empty", 0);
  const wrongMagic = MAGIC.findIndex((byte, index) => index < bytes.length && bytes[index] !== byte);
  // For fewer than four bytes, the specification's error is that they are too few.
  if (wrongMagic >= 0 && bytes.length >= MAGIC.length) {
    throw new CompileError(`magic header not detected${lookalike(bytes)}`, wrongMagic);
  }
  if (bytes.length < HEADER_BYTES) throw new CompileError("unexpected end of the module's header", bytes.length);
  const version = bytes.subarray(MAGIC.length);
  const wrongVersion = VERSION.findIndex((byte, index) => version[index] !== byte);
  if (wrongVersion < 0) return;
  const what = version[2] === COMPONENT_LAYER && version[3] === 0
    ? `this is ${COMPONENT.what}: ${COMPONENT.instead}`
    : `0x${[...version].reverse().map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  throw new CompileError(`unknown binary version: ${what}`, MAGIC.length + wrongVersion);
}
