/**
 * Compiles modules from a response, a stream or a buffer, for the interpreter. Compiling decodes and validates all bytes.
 * A function is translated to register code at its first call. choose.ts compiles for either engine.
 *
 * @module
 */

import { checkNames, checkSignal, shown } from "../base/options.ts";
import { spend } from "../base/schedule.ts";
import { CHUNK_WORK } from "../base/streams.ts";
import { decodeModule, ModuleDecoder } from "./binary/decode.ts";
import type { ModuleVisitor } from "./binary/decode.ts";
import type { ModuleRecord } from "./binary/types.ts";
import { ModuleValidator } from "./binary/validate.ts";
import { checkIntegrity, expectedHash } from "./integrity.ts";
import { admit, interpret } from "./interpreter/mod.ts";
import { Module } from "./module.ts";

/** The source of a module's bytes. */
export type Source = Response | ArrayBuffer | ArrayBufferView<ArrayBuffer> | ReadableStream<Uint8Array>;

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** Aborts compiling: `compile` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * The hash that the bytes must have, as pages and package managers write it: `sha256-`, `sha384-` or `sha512-`, and
   * the hash in base64. A buffer is checked before it is read, a stream at its end. `crypto.subtle` computes the hash.
   */
  readonly integrity?: string;
}

/** The names of those options. */
export const COMPILE_OPTIONS: readonly (keyof CompileOptions)[] = ["signal", "integrity"];

/** Bytes that are decoded and validated before the event loop may turn. */
const PART_BYTES = 32_768;
/** Work of decoding and validating a byte, in units of fuel: 10 ns in common code, up to twenty times that in the worst. */
export const WORK_PER_BYTE = 5;

/** Why a module of this file is interpreted. */
const REASON = "it was compiled for the interpreter alone";

/**
 * Compiles a module. The bytes of a response or stream are decoded and validated while they arrive.
 *
 * @param source a response (its status must be ok), a buffer, a stream of chunks, or a promise of one of these
 * @throws {CompileError} with the offset, if the bytes are not a module that this library can run
 * @throws {IntegrityError} if the bytes have another hash than `integrity`
 * @throws {TypeError} if the response is not ok, the source is something else, or an option is unknown or has another
 * format
 *
 * @example
 * ```ts
 * import { compile } from "@rivulet/rivulet/vm";
 *
 * const empty = await compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
 * if (empty.exports.length !== 0) throw new Error("it is empty");
 * ```
 */
export async function compile(source: Source | PromiseLike<Source>, options: CompileOptions = {}): Promise<Module> {
  checkNames("compile option", options, COMPILE_OPTIONS);
  return new Module(interpret(await readModule(source, options, new ModuleValidator(admit)), REASON));
}

/**
 * Reads a module from its source.
 *
 * @param visitor validates the module
 * @param workPerByte its work for a byte
 */
export async function readModule(
  source: Source | PromiseLike<Source>,
  options: CompileOptions,
  visitor: ModuleVisitor,
  workPerByte: number = WORK_PER_BYTE,
): Promise<ModuleRecord> {
  const { signal } = options;
  checkSignal(signal);
  const expected = expectedHash(options.integrity);
  signal?.throwIfAborted();
  // As in the JavaScript API, a buffer is copied before anything is awaited: later changes to it have no effect.
  const given = isBuffer(source) ? bytesOf(source).slice() : await source;
  signal?.throwIfAborted();
  if (isBuffer(given)) {
    const bytes = isBuffer(source) ? bytesOf(given) : bytesOf(given).slice();
    if (expected !== undefined) await checkIntegrity(bytes, expected);
    const decoder = new ModuleDecoder(visitor, bytes.length);
    await decodeInParts(decoder, bytes, workPerByte, signal);
    return decoder.finish();
  }
  const stream = given instanceof ReadableStream ? given : bodyOf(given);
  const decoder = new ModuleDecoder(visitor);
  const reader = stream.getReader();
  const onAbort = () => void reader.cancel(signal!.reason).catch(() => {});
  signal?.addEventListener("abort", onAbort);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new TypeError("the chunks of a module's stream must be Uint8Arrays");
      const turn = spend(CHUNK_WORK);
      if (turn !== undefined) await turn;
      await decodeInParts(decoder, value, workPerByte, signal);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reader.releaseLock();
  }
  const record = decoder.finish();
  if (expected !== undefined) await checkIntegrity(record.bytes as Uint8Array<ArrayBuffer>, expected);
  return record;
}

/** Decodes and validates bytes in parts. The event loop turns between parts. */
async function decodeInParts(
  decoder: ModuleDecoder,
  bytes: Uint8Array,
  workPerByte: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    const part = bytes.subarray(at, at + PART_BYTES);
    decoder.push(part);
    let work = part.length * workPerByte;
    for (;;) {
      const turn = spend(work);
      if (turn !== undefined) {
        await turn;
        signal?.throwIfAborted();
      }
      if (!decoder.isBehind) break;
      // A complete body is validated in parts of the same size.
      decoder.goOn();
      work = PART_BYTES * workPerByte;
    }
  }
}

/**
 * Compiles a module synchronously. The event loop does not turn meanwhile.
 *
 * @throws {CompileError} with the offset, if the bytes are not a module that this library can run
 *
 * @example
 * ```ts
 * import { compileSync } from "@rivulet/rivulet/vm";
 *
 * const empty = compileSync(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
 * console.log(empty.exports.length); // 0
 * ```
 */
export function compileSync(bytes: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Module {
  return new Module(interpret(decodeModule(bytesOf(bytes), new ModuleValidator(admit)), REASON));
}

/** Whether a source is a buffer. */
export function isBuffer(source: unknown): source is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return source instanceof ArrayBuffer || ArrayBuffer.isView(source);
}

/** The bytes of a buffer, not copied. */
export function bytesOf(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

function bodyOf(source: unknown): ReadableStream<Uint8Array> {
  if (!(source instanceof Response)) {
    throw new TypeError(
      `the source of a module must be a Response, a buffer or a ReadableStream, not ${shown(source)}`,
    );
  }
  if (!source.ok) throw new TypeError(`the response for the module has status ${source.status}`);
  if (source.body === null) throw new TypeError("the response for the module has no body");
  return source.body;
}
