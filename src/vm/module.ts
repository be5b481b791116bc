/**
 * A compiled module as users hold it, and the functions that compile one from a response, a stream or a buffer.
 * Compiling decodes and validates all bytes. A function is translated to register code at its first call.
 *
 * @module
 */

import { checkNames, checkSignal, shown } from "../base/options.ts";
import { spend } from "../base/schedule.ts";
import { CHUNK_WORK } from "../base/streams.ts";
import { copySections } from "./binary/custom.ts";
import { decodeModule, ModuleDecoder } from "./binary/decode.ts";
import type { Engine, EngineModule } from "./engine.ts";
import { InternalError } from "./errors.ts";
import { checkIntegrity, expectedHash } from "./integrity.ts";
import { interpreter } from "./interpreter/mod.ts";
import type { FuncTypeDescriptor } from "./objects/function.ts";
import { valueTypeName } from "./binary/types.ts";
import type { Export, ExternKind, FuncType, ModuleRecord, ValueType } from "./binary/types.ts";
import { ModuleValidator } from "./binary/validate.ts";

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

const COMPILE_OPTIONS: readonly (keyof CompileOptions)[] = ["signal", "integrity"];

/** Options of {@linkcode Module.customSections}. */
export interface CustomSectionOptions {
  /** The most bytes to copy, of all sections with the name. By default there is no limit but the module's own size. */
  readonly maxBytes?: number;
}

/** An import that a module declares. */
export interface ImportDescriptor {
  /** The first of its two names, the module's. */
  readonly module: string;
  /** The second, its own. */
  readonly name: string;
  /** The kind of value that it must be. */
  readonly kind: ExternKind;
  /** The type, if it is a function. */
  readonly type?: FuncTypeDescriptor;
}

/** An export of a module. */
export interface ExportDescriptor {
  /** Its name. */
  readonly name: string;
  /** The kind of value that it is. */
  readonly kind: ExternKind;
  /** The type, if it is a function. */
  readonly type?: FuncTypeDescriptor;
}

/** Bytes that are decoded and validated before the event loop may turn. */
const PART_BYTES = 32_768;
/** Work of decoding and validating a byte, in units of fuel: 10 ns in common code, up to twenty times that in the worst. */
const WORK_PER_BYTE = 5;

/** The engine that runs modules. */
const ENGINE: Engine = interpreter;

const PREPARED = new WeakMap<Module, EngineModule>();
/** The descriptors made so far; all functions of a type share one. */
const DESCRIPTORS = new WeakMap<FuncType, FuncTypeDescriptor>();

/** The module as its engine has prepared it. */
export function preparedOf(module: Module): EngineModule {
  const prepared = PREPARED.get(module);
  if (prepared === undefined) throw new InternalError("the module was not compiled by this library");
  return prepared;
}

/**
 * A decoded and validated module, made by {@linkcode compile}. It is immutable, and any number of instances may share
 * it.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { Module } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=");
 * const module: Module = await compile(bytes);
 * console.log(module.exports.map(({ name }) => name)); // [ "add" ]
 * const [one, other] = await Promise.all([instantiate(module), instantiate(module)]);
 * console.log(await one.call("add", [1, 2]), await other.call("add", [3, 4])); // 3 7
 * ```
 */
export class Module {
  #imports: readonly ImportDescriptor[] | undefined;
  #exports: readonly ExportDescriptor[] | undefined;

  /** @ignore made by `compile` */
  constructor(record: ModuleRecord) {
    PREPARED.set(this, ENGINE.prepare(record));
  }

  /** Its name, if the name section has one. */
  get name(): string | undefined {
    return preparedOf(this).record.names.module;
  }

  /** Its imports, in the module's order. The list is made once and frozen. */
  get imports(): readonly ImportDescriptor[] {
    const { imports, types } = preparedOf(this).record;
    return this.#imports ??= Object.freeze(imports.map(({ module, name, type }) =>
      Object.freeze(
        type.kind === "function"
          ? { module, name, kind: type.kind, type: describe(types[type.typeIndex]) }
          : { module, name, kind: type.kind },
      )
    ));
  }

  /** Its exports, in the module's order. The list is made once and frozen. */
  get exports(): readonly ExportDescriptor[] {
    const { record } = preparedOf(this);
    return this.#exports ??= Object.freeze(record.exports.map((entry) => describeExport(record, entry)));
  }

  /** The export with a name, if it exists. The lookup takes constant time. */
  export(name: string): ExportDescriptor | undefined {
    const { record } = preparedOf(this);
    const entry = record.exportsByName.get(name);
    return entry === undefined ? undefined : describeExport(record, entry);
  }

  /** A copy of the bytes that it was compiled from. */
  bytes(): Uint8Array<ArrayBuffer> {
    return preparedOf(this).record.bytes.slice();
  }

  /**
   * The contents of all custom sections with a name, in the module's order. Each is a copy in a buffer of its own, as
   * `WebAssembly.Module.customSections` returns them. A module keeps all its bytes, and so all its custom sections.
   *
   * @throws {LimitError} if they have more bytes together than `maxBytes`; then nothing is copied
   * @throws {TypeError} if the name is not a string, or an option is unknown or of the wrong type
   */
  customSections(name: string, options: CustomSectionOptions = {}): Uint8Array<ArrayBuffer>[] {
    if (typeof name !== "string") throw new TypeError(`a section's name must be a string, not ${shown(name)}`);
    checkNames("custom section option", options, ["maxBytes"]);
    const { maxBytes = Infinity } = options;
    if (typeof maxBytes !== "number" || Number.isNaN(maxBytes)) {
      throw new TypeError(`maxBytes must be a number, not ${shown(maxBytes)}`);
    }
    const { customSections, bytes } = preparedOf(this).record;
    const found = customSections.filter((section) => section.name === name).map(({ contents }) => contents);
    return copySections(bytes, found, name, maxBytes);
  }
}

function describeExport({ functions, types }: ModuleRecord, { name, kind, index }: Export): ExportDescriptor {
  return Object.freeze(kind === "function" ? { name, kind, type: describe(types[functions[index]]) } : { name, kind });
}

function describe(type: FuncType): FuncTypeDescriptor {
  let descriptor = DESCRIPTORS.get(type);
  if (descriptor === undefined) {
    const names = (types: readonly ValueType[]) => Object.freeze(types.map(valueTypeName));
    descriptor = Object.freeze({ params: names(type.params), results: names(type.results) });
    DESCRIPTORS.set(type, descriptor);
  }
  return descriptor;
}

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
    const decoder = new ModuleDecoder(new ModuleValidator(), bytes.length);
    await decodeInParts(decoder, bytes, signal);
    return new Module(decoder.finish());
  }
  const stream = given instanceof ReadableStream ? given : bodyOf(given);
  const decoder = new ModuleDecoder(new ModuleValidator());
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
      await decodeInParts(decoder, value, signal);
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
  return new Module(record);
}

/** Decodes and validates bytes in parts. The event loop turns between parts. */
async function decodeInParts(
  decoder: ModuleDecoder,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    const part = bytes.subarray(at, at + PART_BYTES);
    decoder.push(part);
    let work = part.length * WORK_PER_BYTE;
    for (;;) {
      const turn = spend(work);
      if (turn !== undefined) {
        await turn;
        signal?.throwIfAborted();
      }
      if (!decoder.isBehind) break;
      // A complete body is validated in parts of the same size.
      decoder.goOn();
      work = PART_BYTES * WORK_PER_BYTE;
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
  return new Module(decodeModule(bytesOf(bytes), new ModuleValidator()));
}

function isBuffer(source: unknown): source is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return source instanceof ArrayBuffer || ArrayBuffer.isView(source);
}

function bytesOf(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
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
