/**
 * Puts a manifest into a module of any language, in place of the one that it has:
 *
 * `node examples/guests/add_manifest.mts plugin.wasm manifest.json`
 *
 * It runs in Deno and Bun too, wherever `@rivulet/rivulet` is installed. A linker can do the same for C, Zig and Rust: see the page of this folder.
 *
 * @module
 */

import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compile, manifestOf } from "@rivulet/rivulet";

/** The name of the section. */
const NAME: Uint8Array = new TextEncoder().encode("rivulet");
/** Bytes before the first section: the magic number and the version. */
const HEADER_BYTES = 8;

/** A number as modules have it: seven bits a byte, the lowest first. */
function leb128(value: number): number[] {
  return value < 128 ? [value] : [value % 128 | 128, ...leb128(Math.floor(value / 128))];
}

/** The number that begins at an offset, and the offset after it. */
function readLeb128(bytes: Uint8Array, at: number): [value: number, end: number] {
  const byte = bytes[at]!;
  if (byte < 128) return [byte, at + 1];
  const [rest, end] = readLeb128(bytes, at + 1);
  return [byte % 128 + 128 * rest, end];
}

/** Whether a section is a manifest: a custom section, whose number is 0, of this name. */
function isManifest(bytes: Uint8Array, id: number, contents: number): boolean {
  return id === 0 && bytes[contents] === NAME.length && NAME.every((byte, at) => bytes[contents + 1 + at] === byte);
}

/**
 * A module with a manifest, in place of the one that it has.
 *
 * @param bytes a module
 * @param manifest JSON
 * @throws {CompileError} if the bytes are not a module
 * @throws {ManifestError} if the manifest is not valid
 */
export async function addManifest(
  bytes: Uint8Array<ArrayBuffer>,
  manifest: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  await compile(bytes);
  const parts: Uint8Array<ArrayBuffer>[] = [bytes.subarray(0, HEADER_BYTES)];
  for (let start = HEADER_BYTES, end; start < bytes.length; start = end) {
    const [size, contents] = readLeb128(bytes, start + 1);
    end = contents + size;
    if (!isManifest(bytes, bytes[start]!, contents)) parts.push(bytes.subarray(start, end));
  }
  const length = 1 + NAME.length + manifest.length;
  parts.push(Uint8Array.of(0, ...leb128(length), NAME.length, ...NAME), manifest);
  const whole = new Uint8Array(await new Blob(parts).arrayBuffer());
  manifestOf(await compile(whole));
  return whole;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, manifest] = process.argv.slice(2);
  if (path === undefined || manifest === undefined) {
    throw new Error("usage: add_manifest.mts plugin.wasm manifest.json");
  }
  const [module, json] = await Promise.all([readFile(path), readFile(manifest)]);
  const whole = await addManifest(new Uint8Array(module), new Uint8Array(json));
  await writeFile(path, whole);
  // What the host will read: members that it does not know are not there.
  console.log(path, manifestOf(await compile(whole)));
}
