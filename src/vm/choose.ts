/**
 * Compiles modules for either engine: natively where the host may compile and can suspend, and else for the interpreter.
 * compile.ts knows only the interpreter.
 *
 * @module
 */

import { checkChoice, checkNames, checkSignal } from "../base/options.ts";
import { spend } from "../base/schedule.ts";
import type { ModuleVisitor } from "./binary/decode.ts";
import { decodeModule } from "./binary/decode.ts";
import type { ModuleRecord } from "./binary/types.ts";
import { ModuleValidator } from "./binary/validate.ts";
import { bytesOf, COMPILE_OPTIONS, readModule, WORK_PER_BYTE } from "./compile.ts";
import type { CompileOptions, Source } from "./compile.ts";
import { ENGINE_CHOICES } from "./engine.ts";
import type { EngineInstance, EngineModule, EngineOption } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { admit, interpret } from "./interpreter/mod.ts";
import { Module } from "./module.ts";
import {
  areMemoriesDear,
  compileNow,
  compileSupport,
  hostCompile,
  isHostModule,
  isRoomForInstance,
  meterOptions,
  ModuleRewriter,
  nativeModule,
  stampFault,
  suspendSupport,
} from "./native/mod.ts";
import type { Metered, MeterOptions, PrecompiledModule } from "./native/mod.ts";
export type { PrecompiledModule } from "./native/mod.ts";

/** Options of {@linkcode compile}. */
export interface EngineCompileOptions extends CompileOptions, EngineOption {
  /** The bytes that a precompiled module was made from. `integrity` is then theirs. */
  readonly bytes?: Source | PromiseLike<Source>;
}

type Wanted = NonNullable<EngineOption["engine"]>;

/** Work of decoding, validating and rewriting a byte, in units of fuel. */
const REWRITE_WORK = WORK_PER_BYTE * 3;
const ASKED_FOR = "asked for";
const SUPPORTED = "this runtime compiles WebAssembly and can suspend it";
const PRECOMPILED = "it was compiled ahead of time";

/** @throws {TypeError} if it is not an engine */
function checkEngine(engine: Wanted = "auto"): Wanted {
  checkChoice("engine", engine, ENGINE_CHOICES);
  return engine;
}

/**
 * Compiles a module. The bytes of a response or stream are decoded and validated while they arrive, and rewritten for the
 * native engine, if that is to run them.
 *
 * @param source a response (its status must be ok), a buffer, a stream of chunks, or a promise of one of these; or a
 * `WebAssembly.Module` of what {@linkcode meter} wrote, with the option `bytes`
 * @throws {CompileError} with the offset, if the bytes are not a module that this library can run
 * @throws {IntegrityError} if the bytes have another hash than `integrity`
 * @throws {EngineError} if `engine` is `"native"`, and that engine can't run the module, or if a precompiled module was
 * made from other bytes or by another version
 * @throws {TypeError} if the response is not ok, the source is something else, or an option is unknown or has another
 * format
 *
 * @example
 * ```ts
 * import { compile } from "@rivulet/rivulet";
 *
 * const empty = await compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
 * console.log(empty.engine); // { name: "native", reason: "this runtime compiles WebAssembly and can suspend it" }
 * ```
 */
export async function compile(
  source: Source | PrecompiledModule | PromiseLike<Source>,
  options: EngineCompileOptions = {},
): Promise<Module> {
  checkNames("compile option", options, [...COMPILE_OPTIONS, "engine", "bytes"]);
  const { engine, bytes, ...others } = options;
  const wanted = checkEngine(engine);
  checkSignal(options.signal);
  if (isHostModule(source)) return await adopt(source, wanted, bytes, others);
  if (bytes !== undefined) throw new TypeError("the option `bytes` is for precompiled modules");
  const refusal = wanted === "interpreter" ? ASKED_FOR : refusalOf(compileSupport(), wanted);
  if (refusal !== undefined) {
    return new Module(interpret(await readModule(source, others, new ModuleValidator(admit)), refusal));
  }
  const rewriting = new Rewriting(meterOptions());
  const record = await readModule(source, others, rewriting, REWRITE_WORK);
  const { metered, reason } = rewriting.finish();
  if (metered === undefined) return instead(record, wanted, reason);
  const turn = spend(record.bytes.length * WORK_PER_BYTE / 10);
  if (turn !== undefined) await turn;
  let compiled: PrecompiledModule;
  try {
    compiled = await hostCompile(metered.bytes);
  } catch (cause) {
    return instead(record, wanted, hostRefusal(cause), cause);
  }
  options.signal?.throwIfAborted();
  return nativeOf(record, compiled, wanted, metered);
}

/**
 * As `compile`, but synchronously. The event loop does not turn meanwhile, and browsers refuse large modules.
 *
 * @throws {CompileError} with the offset, if the bytes are not a module that this library can run
 * @throws {EngineError} if `engine` is `"native"`, and that engine can't run the module
 */
export function compileSync(bytes: ArrayBuffer | ArrayBufferView<ArrayBuffer>, options: EngineOption = {}): Module {
  checkNames("compile option", options, ["engine"]);
  const wanted = checkEngine(options.engine);
  const refusal = wanted === "interpreter" ? ASKED_FOR : refusalOf(compileSupport(), wanted);
  if (refusal !== undefined) {
    return new Module(interpret(decodeModule(bytesOf(bytes), new ModuleValidator(admit)), refusal));
  }
  const rewriting = new Rewriting(meterOptions());
  const record = decodeModule(bytesOf(bytes), rewriting);
  const { metered, reason } = rewriting.finish();
  if (metered === undefined) return instead(record, wanted, reason);
  let compiled: PrecompiledModule;
  try {
    compiled = compileNow(metered.bytes);
  } catch (cause) {
    return instead(record, wanted, hostRefusal(cause), cause);
  }
  return nativeOf(record, compiled, wanted, metered);
}

/**
 * Rewrites a module for the native engine ahead of time: for a runtime that runs WebAssembly, but compiles none while it
 * serves, such as Cloudflare's Workers. Deploy both files, and pass them to {@linkcode compile}.
 *
 * @param source as for `compile`
 * @returns a module of WebAssembly that only this version of the library can run
 * @throws {CompileError} with the offset, if the bytes are not a module that this library can run
 * @throws {EngineError} if the native engine can't run the module
 * @throws {TypeError} if the source or an option is something else
 *
 * @example
 * ```ts
 * import { compile, meter } from "@rivulet/rivulet";
 *
 * const bytes = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
 * const metered = await meter(bytes); // when you build: write it beside the bytes
 *
 * // In a Worker: import precompiled from "./c_plugin.metered.wasm"; import bytes from "./c_plugin.bin";
 * const precompiled = new WebAssembly.Module(metered);
 * const module = await compile(precompiled, { bytes });
 * console.log(module.engine.reason); // it was compiled ahead of time
 * ```
 */
export async function meter(
  source: Source | PromiseLike<Source>,
  options: CompileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkNames("compile option", options, COMPILE_OPTIONS);
  const rewriting = new Rewriting({ stamp: true });
  await readModule(source, options, rewriting, REWRITE_WORK);
  const { metered, reason } = rewriting.finish();
  if (metered === undefined) throw new EngineError(reason);
  return metered.bytes.slice();
}

/** A module that was compiled ahead of time. */
async function adopt(
  compiled: PrecompiledModule,
  wanted: Wanted,
  bytes: EngineCompileOptions["bytes"],
  options: CompileOptions,
): Promise<Module> {
  if (bytes === undefined) throw new TypeError("a precompiled module needs the option `bytes`: what it was made from");
  const record = await readModule(bytes, options, new ModuleValidator());
  const refusal = wanted === "interpreter" ? ASKED_FOR : refusalOf(suspendSupport(), wanted);
  if (refusal !== undefined) return new Module(interpret(record, refusal));
  const fault = stampFault(compiled, record.bytes);
  if (fault !== undefined) throw new EngineError(fault);
  return nativeOf(record, compiled, wanted, undefined);
}

/** Why a host can't run modules natively. @throws {EngineError} if it must */
function refusalOf(
  support: { readonly reason?: string; readonly cause?: unknown },
  wanted: Wanted,
): string | undefined {
  const { reason, cause } = support;
  if (reason === undefined || wanted === "auto") return reason;
  throw new EngineError(reason, { cause });
}

/** A module that the native engine can't run. @throws {EngineError} if it must */
function instead(record: ModuleRecord, wanted: Wanted, reason: string, cause?: unknown): Module {
  if (wanted === "native") throw new EngineError(reason, cause === undefined ? undefined : { cause });
  return new Module(interpret(record, reason));
}

function hostRefusal(cause: unknown): string {
  return `this runtime refuses the module: ${(cause as { readonly message?: unknown } | null)?.message}`;
}

function nativeOf(
  record: ModuleRecord,
  compiled: PrecompiledModule,
  wanted: Wanted,
  metered: Metered | undefined,
): Module {
  const reason = metered === undefined ? PRECOMPILED : wanted === "native" ? ASKED_FOR : SUPPORTED;
  const module = nativeModule(record, compiled, reason, metered);
  // The interpreter runs no SIMD, and links no objects of native instances.
  const hasOther = record.simdAt === undefined && record.imports.every(({ type }) => type.kind === "function");
  return new Module(wanted === "native" || !hasOther ? module : orInterpreted(module));
}

/**
 * A module whose instances are native, unless the interpreter serves better: beyond the host's limits, and for guests that
 * do little and grow their memory on a host where that is dear.
 */
function orInterpreted(module: EngineModule): EngineModule {
  const { record, engine } = module;
  let other: EngineModule | undefined;
  const usual = areMemoriesDear() ? new UsualGuest(record) : undefined;
  return {
    ...module,
    *makeInstance(...given) {
      if (isRoomForInstance() && usual?.isShort !== true) {
        try {
          return yield* module.makeInstance(...given);
        } catch (error) {
          // Maybe the host has just shown that it has room for fewer.
          if (isRoomForInstance()) throw error;
        }
      }
      other ??= interpret(record, engine.reason);
      return yield* other.makeInstance(...given);
    },
    ended: usual === undefined ? undefined : (instance) => usual.note(instance),
  };
}

/** Fuel that the interpreter burns in some milliseconds: as long as such a host takes for a memory that grew. */
const SHORT_FUEL = 500_000;
/** The share of the latest guest in the mean. */
const LATEST = 0.25;

/** What a module's guests usually do, as those that have ended have shown. */
class UsualGuest {
  readonly #pages: number;
  #fuel = Infinity;
  #grows = false;

  constructor({ memories }: ModuleRecord) {
    this.#pages = memories[0]?.limits.minimum ?? 0;
  }

  get isShort(): boolean {
    return this.#grows && this.#fuel < SHORT_FUEL;
  }

  note({ memory, fuelUsed }: EngineInstance): void {
    this.#grows = (memory?.pages ?? 0) > this.#pages;
    this.#fuel = this.#fuel === Infinity ? fuelUsed : this.#fuel * (1 - LATEST) + fuelUsed * LATEST;
  }
}

/** Validates and rewrites each body. If the module is too large for the native engine, it is only validated. */
class Rewriting implements ModuleVisitor {
  readonly #validator = new ModuleValidator();
  readonly #rewriter: ModuleRewriter;
  /** Whether the body is valid, and is being rewritten. */
  #isValid = false;

  constructor(options: MeterOptions) {
    this.#rewriter = new ModuleRewriter(options);
  }

  declarations(record: ModuleRecord): void {
    this.#validator.declarations(record);
    this.#rewriter.declarations(record);
  }

  body(record: ModuleRecord, index: number): boolean {
    this.#isValid ||= this.#validator.body(record, index);
    if (!this.#isValid || !this.#rewriter.body(record, index)) return false;
    this.#isValid = false;
    return true;
  }

  end(record: ModuleRecord): void {
    this.#validator.end(record);
    this.#rewriter.end(record);
  }

  /** @returns the metered module, or why there is none */
  finish(): Rewritten {
    const { refusal } = this.#rewriter;
    return refusal === undefined ? { metered: this.#rewriter.finish() } : { reason: refusal };
  }
}

type Rewritten =
  | { readonly metered: Metered; readonly reason?: undefined }
  | { readonly metered?: undefined; readonly reason: string };
