/**
 * The bytes of a module, from what a user passes, for the workers to compile.
 *
 * @module
 */

import { isPromiseLike } from "../base/callbacks.ts";
import { shown } from "../base/options.ts";
import { readManifest } from "../plugin/manifest/manifest.ts";
import type { Manifest } from "../plugin/mod.ts";
import { copySections, findCustomSections } from "../vm/binary/custom.ts";
import { checkIntegrity } from "../vm/integrity.ts";
import type { ExpectedHash } from "../vm/integrity.ts";
import type { Module, Source } from "../vm/mod.ts";

/** Bytes that may still arrive, and the module's name if it is known. */
export interface ModuleBytes {
  /** A rejection means that no worker can start. */
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
  readonly name: string | undefined;
  /** The module's manifest. It is read here, and nothing is compiled. It rejects as the bytes do, or if it is not valid. */
  readonly manifest: Promise<Manifest | undefined>;
}

/**
 * Begins to read a source, and then checks the hash of its bytes. A buffer is copied at once: later changes to it have no
 * effect.
 *
 * @throws {TypeError} if it is nothing of the kind. If it is a promise of that, the bytes reject
 * @throws {ManifestError} if it is a module that has a manifest which is not valid
 */
export function moduleBytes(
  source: Module | Source | PromiseLike<Module | Source>,
  integrity: ExpectedHash | undefined,
): ModuleBytes {
  const module = isModule(source) ? source : undefined;
  if (module === undefined && !isPromiseLike(source)) checkSource(source);
  const given = module !== undefined ? module.bytes() : isBuffer(source) ? copyOf(source) : source;
  const bytes = read(given, integrity);
  // Each call that needs them gets the error.
  bytes.catch(() => {});
  if (module === undefined) return { bytes, name: undefined, manifest: manifestIn(bytes) };
  const manifest = readManifest(module);
  return { bytes, name: manifest?.name ?? module.name, manifest: Promise.resolve(manifest) };
}

async function manifestIn(given: Promise<Uint8Array<ArrayBuffer>>): Promise<Manifest | undefined> {
  const bytes = await given;
  return readManifest({
    customSections: (name, { maxBytes = Infinity } = {}) =>
      copySections(bytes, findCustomSections(bytes, name), name, maxBytes),
  });
}

/** Not by its class: whoever only passes bytes needs no interpreter on this side. */
function isModule(source: unknown): source is Module {
  return typeof source === "object" && source !== null && "customSections" in source && "bytes" in source;
}

function checkSource(given: unknown): void {
  if (isBuffer(given) || given instanceof Response || given instanceof ReadableStream) return;
  const what = "the source of a module must be a Module, a Response, a buffer or a ReadableStream";
  throw new TypeError(`${what}, not ${shown(given)}`);
}

async function read(
  source: Module | Source | PromiseLike<Module | Source>,
  integrity: ExpectedHash | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const given = await source;
  const bytes = given === source && isBuffer(given) ? given as Uint8Array<ArrayBuffer> : await bytesOf(given);
  if (integrity !== undefined) await checkIntegrity(bytes, integrity);
  return bytes;
}

async function bytesOf(given: Module | Source): Promise<Uint8Array<ArrayBuffer>> {
  if (isModule(given)) return given.bytes();
  checkSource(given);
  if (isBuffer(given)) return copyOf(given);
  const isResponse = given instanceof Response;
  if (isResponse && !given.ok) throw new TypeError(`the response for the module has status ${given.status}`);
  return new Uint8Array(await (isResponse ? given : new Response(given)).arrayBuffer());
}

function isBuffer(source: unknown): source is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return source instanceof ArrayBuffer || ArrayBuffer.isView(source);
}

function copyOf(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}
