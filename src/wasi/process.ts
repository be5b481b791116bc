/**
 * A guest as a process: starting it, its standard streams, stopping it, and how it ended. A module that exports `_start`
 * runs once. A module that exports only `_initialize` is initialised, and then the process ends.
 *
 * @module
 */

import { ENDS } from "../base/ends.ts";
import type { ReadableEnd, WritableEnd } from "../base/ends.ts";
import { limitError, resolveLimits } from "../base/limits.ts";
import { checkNames, checkSignal, checkType, notAModule } from "../base/options.ts";
import { readBytes } from "../base/streams.ts";
import { instantiate, LimitError, Memory, Module, Trap } from "../vm/mod.ts";
import type { Imports, ImportValue, Instance, RunLimits } from "../vm/mod.ts";
import { NO_MEMORY } from "./abi.ts";
import { encodeArgs, encodeEnviron } from "./args.ts";
import type { Context } from "./context.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";
import { wasiImports } from "./preview1.ts";
import { programOf } from "./program.ts";
import type { InputMeter, InputUse } from "./input_use.ts";
import { ExitError } from "./proc.ts";
import { checkInput, checkOutput, openInput, openOutput } from "./standard_streams.ts";
import type { Input, Output } from "./standard_streams.ts";
import { systemClock } from "./system_clock.ts";
import type { Clock } from "./system_clock.ts";

/** The limits of a process. */
export interface ProcessLimits extends RunLimits {
  /** Bytes that each standard stream buffers at most, 64 KiB by default. */
  readonly streamBytes?: number;
  /**
   * Bytes of each stream that {@linkcode Process.output} collects before it stops the guest, 64 MiB by default. It holds up
   * to three times as many while it collects.
   */
  readonly outputBytes?: number;
}

/** The options of {@linkcode spawn}. */
export interface SpawnOptions {
  /** Arguments, `["guest"]` by default. The first is the program's own name. */
  readonly args?: readonly string[];
  /** Environment variables, none by default. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * `"piped"`, the default, for a stream that you write to; `"null"` for an empty input; or a stream to read, which is
   * cancelled at the end.
   */
  readonly stdin?: "piped" | "null" | ReadableStream<Uint8Array>;
  /**
   * `"piped"`, the default, for a stream that you read; `"null"` to discard the output; or a stream to write to, which is
   * closed at the end.
   */
  readonly stdout?: "piped" | "null" | WritableStream<Uint8Array>;
  /** The same choices as for `stdout`. */
  readonly stderr?: "piped" | "null" | WritableStream<Uint8Array>;
  /** The guest's clocks, by default `Date`, `performance` and timers. That monotonic clock starts with the process. */
  readonly clock?: Clock;
  /**
   * Fills an array of at most 65,536 bytes with random bytes, by default `crypto.getRandomValues`. The guest waits for a
   * promise.
   */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => void | PromiseLike<void>;
  /** The limits of the guest. */
  readonly limits?: ProcessLimits;
  /** Stops the guest, as {@linkcode Process.kill} does. */
  readonly signal?: AbortSignal;
  /** What the module imports besides WASI. These imports may also replace functions of WASI. */
  readonly imports?: Imports;
}

/** How a process ended. */
export interface ProcessStatus {
  /** Whether the code is 0. */
  readonly success: boolean;
  /**
   * The exit code. A guest that did not exit has another code: 128 + n after it raised signal n, 134 after a trap, 137 if a
   * limit or the host stopped it, 127 if it could not start.
   */
  readonly code: number;
  /** The signal that the guest raised, such as `SIGABRT`. */
  readonly signal: string | null;
  /** Why the guest did not exit: a `Trap`, a `LimitError`, a `LinkError`, or the reason that `kill` was called with. */
  readonly error?: unknown;
  /** The fuel that the guest used. */
  readonly fuelUsed: number;
}

/** How a process ended, and what it wrote. */
export interface ProcessOutput extends ProcessStatus {
  /** Empty if not piped. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** Empty if not piped. */
  readonly stderr: Uint8Array<ArrayBuffer>;
}

/** The host's ends of standard streams. */
interface StandardEnds {
  readonly writable: WritableEnd;
  readonly readable: ReadableEnd;
  readonly stderr: ReadableEnd;
  readonly input: InputMeter;
}

const SPAWN_OPTIONS: readonly (keyof SpawnOptions)[] = [
  ...["args", "env", "stdin", "stdout", "stderr"] as const,
  ...["clock", "random", "limits", "signal", "imports"] as const,
];
/** Why nothing of a guest goes on that ended by itself. All share it: an error keeps the async functions of its stack alive. */
const ENDED = new Error("the guest has ended");
const NO_IMPORTS: Imports = {};
const CANNOT_START = 127;
const TRAPPED = 134;
const STOPPED = 137;

/**
 * Starts a guest. It begins to run after the caller has returned to the event loop.
 *
 * @param module a command (`_start`) or a reactor (`_initialize`)
 * @param options arguments, streams, limits
 * @returns the process, whose `status` reports all later failures
 * @throws {TypeError} if an option or a limit is unknown or has the wrong type, an argument contains a NUL, a stream is locked,
 * or both outputs are one stream
 * @throws {RangeError} if a limit is out of its range
 *
 * @example A guest that says hello
 * ```ts
 * import { compile } from "@rivulet/rivulet/vm";
 * import { spawn } from "@rivulet/rivulet/wasi";
 *
 * // (module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
 * //   (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
 * //   (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
 * const base64 = "AGFzbQEAAAABDAJgBH9/f38Bf2AAAAIjARZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxCGZkX3dyaXRlAAADAgEBBQ" +
 *   "MBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAEKDwENAEEBQQBBAUEQEAAaCwsUAQBBAAsOCAAAAAYAAABoZWxsbwo=";
 * const module = await compile(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
 *
 * const { success, stdout } = await spawn(module, { args: ["hello"], stdin: "null" }).output();
 * if (!success || new TextDecoder().decode(stdout) !== "hello\n") throw new Error("it says hello");
 * ```
 */
export function spawn(module: Module, options: SpawnOptions = {}): Process {
  return new Process(module, options);
}

/**
 * A running guest, shaped like `Deno.ChildProcess`. It is also a pair of streams, so `stream.pipeThrough(process)` filters
 * a stream through the guest.
 *
 * After the guest has ended, its output can still be read. Writes to its standard input then fail as to a broken pipe. If
 * the guest failed or was stopped, that stream is errored at once.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { Process } from "@rivulet/rivulet";
 *
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * await using process: Process = spawn(upper);
 * const text = new Blob(["quiet\n"]).stream().pipeThrough(process).pipeThrough(new TextDecoderStream());
 * for await (const chunk of text) console.log(chunk); // QUIET
 * console.log((await process.status).code); // 0
 * ```
 */
export class Process implements AsyncDisposable {
  /** Resolves with how the process ended, when it has. It never rejects. */
  readonly status: Promise<ProcessStatus>;
  /** Resolves when the module is linked and its instance is made. Rejects with the reason if that fails. */
  readonly started: Promise<void>;
  readonly #start: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #stop = new AbortController();
  readonly #limits: Required<ProcessLimits>;
  readonly #stdin: Input;
  readonly #stdout: Output;
  readonly #stderr: Output;
  #instance: Instance | undefined;
  #memory: Memory | undefined;
  /** The pages of the memory when it was released. */
  #lastPages = 0;

  /** @ignore use {@linkcode spawn} */
  constructor(module: Module, options: SpawnOptions) {
    if (!(module instanceof Module)) throw notAModule(module);
    checkNames("spawn option", options, SPAWN_OPTIONS);
    const { signal } = options;
    const limits = resolveLimits<ProcessLimits>("spawn", options.limits);
    const { fuel, streamBytes } = limits;
    checkType("clock", options.clock, "object");
    checkType("random", options.random, "function");
    checkSignal(signal);
    const args = encodeArgs(options.args ?? ["guest"]);
    const environ = encodeEnviron(options.env ?? {});
    const [stdin, stdout, stderr] = [options.stdin ?? "piped", options.stdout ?? "piped", options.stderr ?? "piped"];
    // Opening one locks it, so all are checked first.
    checkInput(stdin);
    checkOutput(stdout, "stdout");
    checkOutput(stderr, "stderr");
    if (typeof stdout !== "string" && stdout === stderr) throw new TypeError("stdout and stderr can't be one stream");
    this.#limits = limits;
    this.#stdin = openInput(stdin, streamBytes, this.#stop.signal);
    this.#stdout = openOutput(stdout, streamBytes, "stdout");
    this.#stderr = openOutput(stderr, streamBytes, "stderr");
    const standard = [this.#stdin, this.#stdout, this.#stderr];
    const descriptors = new Map<number, Descriptor>();
    for (let fd = 0; fd < standard.length; fd++) descriptors.set(fd, standard[fd]!.descriptor);
    const context: Context = {
      memory: NO_MEMORY,
      args,
      environ,
      clock: options.clock ?? systemClock(),
      random: options.random ?? ((bytes) => void crypto.getRandomValues(bytes)),
      descriptors,
      input: this.#stdin.meter,
      signal: this.#stop.signal,
      charge: (fuel) => this.#instance?.charge(fuel),
      isOver: () => this.#stop.signal.aborted || this.fuelUsed > fuel,
    };
    this.started = this.#start.promise;
    this.started.catch(() => {});
    this.status = this.#run(module, context, options.imports ?? NO_IMPORTS, signal);
  }

  /** The guest's standard input. @throws {TypeError} if it is not piped */
  get stdin(): WritableStream<Uint8Array> {
    return piped(this.#stdin.pipe, "stdin").stream;
  }

  /** The guest's standard output. A slow reader makes the guest wait. After a cancel, the guest's writes fail. */
  get stdout(): ReadableStream<Uint8Array> {
    return piped(this.#stdout.pipe, "stdout").stream;
  }

  /** The guest's standard error, which behaves like `stdout`. */
  get stderr(): ReadableStream<Uint8Array> {
    return piped(this.#stderr.pipe, "stderr").stream;
  }

  /** How the guest has used its standard input so far: what it has read, and how long it has waited for more. */
  get input(): InputUse {
    return this.#stdin.meter;
  }

  /** `stdin`, for `pipeThrough`. */
  get writable(): WritableStream<Uint8Array> {
    return this.stdin;
  }

  /** `stdout`, for `pipeThrough`. */
  get readable(): ReadableStream<Uint8Array> {
    return this.stdout;
  }

  /** @ignore the ends of its standard streams, for whoever shares them with nobody */
  get [ENDS](): StandardEnds {
    return {
      writable: piped(this.#stdin.pipe, "stdin"),
      readable: piped(this.#stdout.pipe, "stdout"),
      stderr: piped(this.#stderr.pipe, "stderr"),
      input: this.#stdin.meter,
    };
  }

  /** Fuel that the guest has used so far. */
  get fuelUsed(): number {
    return this.#instance?.fuelUsed ?? 0;
  }

  /** The size of the guest's memory in pages of 64 KiB. */
  get memoryPages(): number {
    return this.#memory?.pages ?? this.#lastPages;
  }

  /**
   * Reads both outputs to their ends. It does not touch standard input: close that, or spawn with `stdin: "null"`. If an
   * output has more than `outputBytes`, the guest is stopped, and the first bytes are kept. That is never a success, even
   * if the guest has already ended.
   *
   * @throws {TypeError} if one of the streams is locked
   */
  async output(): Promise<ProcessOutput> {
    const { outputBytes } = this.#limits;
    let error: LimitError | undefined;
    const onFull = () => {
      error ??= limitError("outputBytes", outputBytes);
      this.kill(error);
    };
    const collect = ({ pipe }: Output) => pipe === undefined ? new Uint8Array(0) : readBytes(pipe, outputBytes, onFull);
    const [status, stdout, stderr] = await Promise.all([this.status, collect(this.#stdout), collect(this.#stderr)]);
    const end = error === undefined ? status : { ...status, success: false, code: STOPPED, signal: null, error };
    return { ...end, stdout, stderr };
  }

  /**
   * Stops the guest, at once if it waits, or else within a slice of fuel. The reason becomes `status.error`, and standard
   * input fails with it. It is an `AbortError` by default. Does nothing if the guest has ended.
   */
  kill(reason?: unknown): void {
    this.#stop.abort(reason);
  }

  /** Kills the guest, waits for its end, and errors standard input if it is still open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.status;
    this.#stdin.pipe?.fail(this.#stop.signal.reason);
  }

  async #run(module: Module, context: Context, imports: Imports, signal?: AbortSignal): Promise<ProcessStatus> {
    const onAbort = () => this.kill(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    let end: Omit<ProcessStatus, "success" | "fuelUsed">;
    try {
      // The guest does nothing before the caller has the process.
      await undefined;
      if (signal?.aborted) onAbort();
      await this.#call(module, context, imports);
      end = { code: 0, signal: null };
    } catch (error) {
      end = endOf(error, this.#stop.signal);
      // Without an effect if the guest had started.
      this.#start.reject(error);
    }
    signal?.removeEventListener("abort", onAbort);
    this.#stop.abort(end.error ?? ENDED);
    if (end.error !== undefined) this.#stdin.pipe?.fail(end.error);
    for (const descriptor of context.descriptors.values()) descriptor.close();
    const isIdle = this.#instance?.release() ?? false;
    if (isIdle && Object.keys(imports).length === 0) this.#releaseMemory(context);
    return { success: end.code === 0, ...end, fuelUsed: this.fuelUsed };
  }

  /** Requires that the guest has ended and used only WASI's host functions: nothing else holds its memory. */
  #releaseMemory(context: Context): void {
    context.memory = NO_MEMORY;
    this.#lastPages = this.memoryPages;
    this.#memory?.release();
    this.#memory = undefined;
  }

  async #call(module: Module, context: Context, imports: Imports): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const { entry, wanted } = programOf(module);
    const linked = merge(wasiImports(wanted, context), imports);
    const onInstance = (instance: Instance) => {
      this.#instance = instance;
      const memory = instance.export("memory");
      if (memory instanceof Memory) context.memory = this.#memory = memory;
    };
    const instance = await instantiate(module, linked, { limits: this.#limits, signal, onInstance });
    this.#start.resolve();
    await instance.call(entry, [], { signal });
  }
}

function piped<Pipe>(pipe: Pipe | undefined, name: string): Pipe {
  if (pipe === undefined) throw new TypeError(`${name} is not piped`);
  return pipe;
}

/** Joins the functions of WASI and the caller's imports, which take precedence. */
function merge(wasi: Imports, added: Imports): Imports {
  if (added === NO_IMPORTS) return wasi;
  const merged: Record<string, Readonly<Record<string, ImportValue>>> = Object.assign(Object.create(null), wasi);
  for (const [module, fields] of Object.entries(added)) {
    const known = merged[module];
    merged[module] = known === undefined ? fields : Object.assign(Object.create(null), known, fields);
  }
  return merged;
}

/** How a guest ended whose entry function did not return. */
function endOf(error: unknown, stop: AbortSignal): Pick<ProcessStatus, "code" | "signal" | "error"> {
  // Before anything is asked of it: the host's reason may be any value.
  if (stop.aborted && error === stop.reason) return { code: STOPPED, signal: null, error };
  const cause = error instanceof Trap ? error.cause : undefined;
  if (cause instanceof ExitError) return { code: cause.code, signal: cause.signal };
  const code = error instanceof LimitError ? STOPPED : error instanceof Trap ? TRAPPED : CANNOT_START;
  return { code, signal: null, error };
}
