/**
 * A compiled module as users hold it, and the ways to one from bytes: a response, a stream of chunks, a buffer. Decoding
 * and validation happen here, eagerly; translation to register code when a function is first called.
 *
 * @module
 */

import { checkNames } from "../base/options.ts";
import { spend } from "../base/schedule.ts";
import { decodeModule, ModuleDecoder } from "./binary/decode.ts";
import type { Engine, EngineModule } from "./engine.ts";
import { InternalError } from "./errors.ts";
import { interpreter } from "./interpreter/mod.ts";
import type { FuncTypeDescriptor } from "./objects/function.ts";
import { valueTypeName } from "./binary/types.ts";
import type { Export, ExternKind, FuncType, ModuleRecord, ValueType } from "./binary/types.ts";
import { ModuleValidator } from "./binary/validate.ts";

/** Where a module's bytes come from. */
export type Source = Response | ArrayBuffer | ArrayBufferView<ArrayBuffer> | ReadableStream<Uint8Array>;

/** How to compile. */
export interface CompileOptions {
  /** Stops reading; `compile` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An import that a module declares. */
export interface ImportDescriptor {
  /** The first of its two names. */
  readonly module: string;
  /** The second. */
  readonly name: string;
  /** What it is. */
  readonly kind: ExternKind;
  /** The type of a function. */
  readonly type?: FuncTypeDescriptor;
}

/** An export of a module. */
export interface ExportDescriptor {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly kind: ExternKind;
  /** The type of a function. */
  readonly type?: FuncTypeDescriptor;
}

/** Bytes that are decoded and validated before the event loop may turn. */
const PART_BYTES = 32_768;
/** Work of decoding and validating a byte, in units of fuel: 10 ns in common code, up to twenty times that in the worst. */
const WORK_PER_BYTE = 5;

/** Which engine runs modules. */
const ENGINE: Engine = interpreter;

const PREPARED = new WeakMap<Module, EngineModule>();
/** The descriptor of each function type that was asked for: one for all functions of the type. */
const DESCRIPTORS = new WeakMap<FuncType, FuncTypeDescriptor>();

/** What an engine has made of a module. */
export function preparedOf(module: Module): EngineModule {
  const prepared = PREPARED.get(module);
  if (prepared === undefined) throw new InternalError("not a module of this library");
  return prepared;
}

/**
 * A decoded and validated module. Made by {@linkcode compile}; immutable, for any number of instances.
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

  /** Its name, if the name section says one. */
  get name(): string | undefined {
    return preparedOf(this).record.names.module;
  }

  /** What it imports, in its order. The list is made once, and frozen. */
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

  /** What it exports, in its order. The list is made once, and frozen. */
  get exports(): readonly ExportDescriptor[] {
    const { record } = preparedOf(this);
    return this.#exports ??= Object.freeze(record.exports.map((entry) => describeExport(record, entry)));
  }

  /** The export of that name, if there is one: cheap, however many there are. */
  export(name: string): ExportDescriptor | undefined {
    const { record } = preparedOf(this);
    const entry = record.exportsByName.get(name);
    return entry === undefined ? undefined : describeExport(record, entry);
  }

  /** Contents of the custom sections of that name. */
  customSections(name: string): Uint8Array[] {
    const { customSections, bytes } = preparedOf(this).record;
    return customSections.filter((section) => section.name === name)
      .map(({ contents }) => bytes.slice(contents.start, contents.end));
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
 * Compiles a module while its bytes arrive.
 *
 * @param source a response (its status must be ok), a buffer, a stream of chunks, or a promise of one
 * @throws {CompileError} with the offset, if the bytes are no module that this library runs
 * @throws {TypeError} if the response is not ok, the source is something else, or an option is unknown
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
  checkNames("compile option", options, ["signal"]);
  const { signal } = options;
  signal?.throwIfAborted();
  // A buffer is copied before anything is awaited, as the JavaScript API does: what becomes of it later is of no effect.
  const given = isBuffer(source) ? bytesOf(source).slice() : await source;
  signal?.throwIfAborted();
  if (isBuffer(given)) {
    const bytes = isBuffer(source) ? bytesOf(given) : bytesOf(given).slice();
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
      if (!(value instanceof Uint8Array)) throw new TypeError("a module's stream gives chunks of bytes (Uint8Array)");
      await decodeInParts(decoder, value, signal);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reader.releaseLock();
  }
  return new Module(decoder.finish());
}

/** Decodes and validates bytes, of which the code is most, body by body; the event loop turns in between. */
async function decodeInParts(
  decoder: ModuleDecoder,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    const part = bytes.subarray(at, at + PART_BYTES);
    decoder.push(part);
    const turn = spend(part.length * WORK_PER_BYTE);
    if (turn === undefined) continue;
    await turn;
    signal?.throwIfAborted();
  }
}

/**
 * Compiles a module from bytes that are all there, at once.
 *
 * @throws {CompileError} with the offset, if the bytes are no module that this library runs
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
    throw new TypeError("a module comes from a Response, a buffer or a ReadableStream");
  }
  if (!source.ok) throw new TypeError(`the response for the module has status ${source.status}`);
  if (source.body === null) throw new TypeError("the response for the module has no body");
  return source.body;
}
