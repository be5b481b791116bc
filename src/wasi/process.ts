/**
 * A guest as a process: its standard streams, its end, and stopping it. A module that exports `_start` is run once; one that
 * exports only `_initialize` is initialised, and that is all.
 *
 * @module
 */

import { limitError, limitsOf, resolveLimits } from "../_limits.ts";
import { checkNames, checkSignal, checkType, notAModule } from "../_options.ts";
import { readBytes } from "../_streams.ts";
import { instantiate, LimitError, LinkError, Memory, Module, Trap } from "../vm/mod.ts";
import type { Imports, ImportValue, Instance, RunLimits } from "../vm/mod.ts";
import { NO_MEMORY } from "./abi.ts";
import { encodeArgs, encodeEnviron } from "./args.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { Context } from "./context.ts";
import { wasiImports } from "./preview1.ts";
import { ExitError } from "./proc.ts";
import { checkInput, checkOutput, closeFd, openInput, openOutput } from "./stream_fd.ts";
import type { Input, Output } from "./stream_fd.ts";

/**
 * What bounds a process.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { ProcessLimits } from "@rivulet/rivulet";
 *
 * const limits: ProcessLimits = { fuel: 10_000_000, memoryPages: 64, deadlineMs: 1_000, outputBytes: 1 << 20 };
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * const { success } = await spawn(upper, { stdin: "null", limits }).output();
 * console.log(success); // true
 * ```
 */
export interface ProcessLimits extends RunLimits {
  /** Bytes that wait in each standard stream at most: 64 KiB by default. */
  readonly streamBytes?: number;
  /**
   * Bytes of each stream that {@linkcode Process.output} collects before it stops the guest: 64 MiB by default. While it
   * collects, it holds up to three times as many.
   */
  readonly outputBytes?: number;
}

/**
 * How to run a guest.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { SpawnOptions } from "@rivulet/rivulet";
 *
 * const options: SpawnOptions = {
 *   args: ["upper"],
 *   env: { LANG: "C" },
 *   stdin: new Blob(["quiet\n"]).stream(),
 *   stderr: "null",
 * };
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * const { stdout } = await spawn(upper, options).output();
 * console.log(new TextDecoder().decode(stdout)); // QUIET
 * ```
 */
export interface SpawnOptions {
  /** Arguments, the first of which is the program's own name; `["guest"]` by default. */
  readonly args?: readonly string[];
  /** Environment variables; none by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** A stream of the process's own (the default), nothing, or a stream to read, which is cancelled at the end. */
  readonly stdin?: "piped" | "null" | ReadableStream<Uint8Array>;
  /** A stream of the process's own (the default), nowhere, or a stream to write to, which is closed at the end. */
  readonly stdout?: "piped" | "null" | WritableStream<Uint8Array>;
  /** As for `stdout`. */
  readonly stderr?: "piped" | "null" | WritableStream<Uint8Array>;
  /** The guest's time; by default `Date`, `performance` and timers, the monotonic clock starting with the process. */
  readonly clock?: Clock;
  /**
   * Fills an array of at most 65,536 bytes with randomness; the guest waits for a promise. `crypto.getRandomValues` by
   * default.
   */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => void | PromiseLike<void>;
  /** Bounds of the guest. */
  readonly limits?: ProcessLimits;
  /** Stops the guest, as {@linkcode Process.kill} does. */
  readonly signal?: AbortSignal;
  /** What the module imports besides WASI; may also replace functions of WASI. */
  readonly imports?: Imports;
}

/**
 * How a process ended.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { ProcessStatus } from "@rivulet/rivulet";
 *
 * function describe({ success, code, error }: ProcessStatus): string {
 *   return success ? "well" : `code ${code}: ${error ?? "by itself"}`;
 * }
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * console.log(describe(await spawn(upper, { stdin: "null", stdout: "null" }).status)); // well
 * ```
 */
export interface ProcessStatus {
  /** Whether the code is 0. */
  readonly success: boolean;
  /**
   * The exit code; 128 + n after `proc_raise` of signal n; 134 after a trap; 137 when a limit or the host stopped the
   * guest; 127 when it could not be started.
   */
  readonly code: number;
  /** The signal that the guest raised, such as `SIGABRT`. */
  readonly signal: string | null;
  /** Why the guest ended if it did not exit: a `Trap`, `LimitError` or `LinkError`, or the reason it was stopped with. */
  readonly error?: unknown;
  /** Fuel that the guest used. */
  readonly fuelUsed: number;
}

/**
 * How a process ended, and what it wrote.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { ProcessOutput } from "@rivulet/rivulet";
 *
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * const output: ProcessOutput = await spawn(upper, { stdin: new Blob(["quiet\n"]).stream() }).output();
 * console.log(output.code, new TextDecoder().decode(output.stdout)); // 0 QUIET
 * ```
 */
export interface ProcessOutput extends ProcessStatus {
  /** Empty if not piped. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** Empty if not piped. */
  readonly stderr: Uint8Array<ArrayBuffer>;
}

const SPAWN_OPTIONS: readonly (keyof SpawnOptions)[] = [
  ...["args", "env", "stdin", "stdout", "stderr"] as const,
  ...["clock", "random", "limits", "signal", "imports"] as const,
];
const CANNOT_START = 127;
const TRAPPED = 134;
const STOPPED = 137;

/**
 * Starts a guest. It runs when the caller has returned to the event loop, for as long as it has not to wait.
 *
 * @param module a command (`_start`) or a reactor (`_initialize`)
 * @param options arguments, streams, limits
 * @returns the process; what goes wrong later is in its `status`
 * @throws {TypeError} if an option or a limit is unknown or of the wrong type, an argument has a NUL, or a given stream is
 * locked
 * @throws {RangeError} if a limit is not in its range
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
 * A running guest, shaped like `Deno.ChildProcess`. It is also a pair of streams, so that `stream.pipeThrough(process)`
 * filters a stream through the guest.
 *
 * When it has ended, what it wrote can still be read. Writing to its standard input then fails as to a broken pipe; if it
 * failed or was stopped, that stream is errored at once.
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
  /** How the process ended, once it has; never rejects. */
  readonly status: Promise<ProcessStatus>;
  readonly #stop = new AbortController();
  readonly #limits: Required<ProcessLimits>;
  readonly #stdin: Input;
  readonly #stdout: Output;
  readonly #stderr: Output;
  #instance: Instance | undefined;
  #memory: Memory | undefined;
  /** What the memory had when it was given away. */
  #lastPages = 0;

  /** @ignore use {@linkcode spawn} */
  constructor(module: Module, options: SpawnOptions) {
    if (!(module instanceof Module)) throw notAModule(module);
    checkNames("spawn option", options, SPAWN_OPTIONS);
    const { limits: given = {}, signal } = options;
    const limits = resolveLimits<ProcessLimits>("spawn", given);
    const { fuel, streamBytes } = limits;
    checkType("clock", options.clock, "object");
    checkType("random", options.random, "function");
    checkSignal(signal);
    const args = encodeArgs(options.args ?? ["guest"]);
    const environ = encodeEnviron(options.env ?? {});
    const [stdin, stdout, stderr] = [options.stdin ?? "piped", options.stdout ?? "piped", options.stderr ?? "piped"];
    // All of them before one is opened, which locks it.
    checkInput(stdin);
    checkOutput(stdout, "stdout");
    checkOutput(stderr, "stderr");
    if (typeof stdout !== "string" && stdout === stderr) throw new TypeError("stdout and stderr can't be one stream");
    this.#limits = limits;
    this.#stdin = openInput(stdin, streamBytes, this.#stop.signal);
    this.#stdout = openOutput(stdout, streamBytes, "stdout");
    this.#stderr = openOutput(stderr, streamBytes, "stderr");
    const fds = new Map([this.#stdin, this.#stdout, this.#stderr].map(({ fd }, number) => [number, fd]));
    const memory = () => this.#memory ?? NO_MEMORY;
    const context: Context = {
      get memory() {
        return memory();
      },
      args,
      environ,
      clock: options.clock ?? systemClock(),
      random: options.random ?? ((bytes) => void crypto.getRandomValues(bytes)),
      fds,
      signal: this.#stop.signal,
      charge: (fuel) => this.#instance?.charge(fuel),
      isOver: () => this.#stop.signal.aborted || this.fuelUsed > fuel,
    };
    this.status = this.#run(module, context, options.imports ?? {}, signal);
  }

  /** The guest's standard input. @throws {TypeError} if it is not piped */
  get stdin(): WritableStream<Uint8Array> {
    return piped(this.#stdin.pipe?.stream, "stdin");
  }

  /** What the guest writes. A reader that is slow makes the guest wait; cancelling it is the guest's broken pipe. */
  get stdout(): ReadableStream<Uint8Array> {
    return piped(this.#stdout.stream, "stdout");
  }

  /** As `stdout`, for the guest's standard error. */
  get stderr(): ReadableStream<Uint8Array> {
    return piped(this.#stderr.stream, "stderr");
  }

  /** `stdin`, for `pipeThrough`. */
  get writable(): WritableStream<Uint8Array> {
    return this.stdin;
  }

  /** `stdout`, for `pipeThrough`. */
  get readable(): ReadableStream<Uint8Array> {
    return this.stdout;
  }

  /** Fuel that the guest has used so far. */
  get fuelUsed(): number {
    return this.#instance?.fuelUsed ?? 0;
  }

  /** Pages of 64 KiB that the guest's memory has. */
  get memoryPages(): number {
    return this.#memory?.pages ?? this.#lastPages;
  }

  /**
   * Reads both outputs to their ends. Leaves standard input alone: close it, or spawn with `stdin: "null"`. When one of
   * them has more than `outputBytes`, the guest is stopped, and what fits is kept; that is never a success, also when the
   * guest has ended before.
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
    const collect = ({ stream }: Output) =>
      stream === undefined ? new Uint8Array(0) : readBytes(stream, outputBytes, onFull);
    const [status, stdout, stderr] = await Promise.all([this.status, collect(this.#stdout), collect(this.#stderr)]);
    const end = error === undefined ? status : { ...status, success: false, code: STOPPED, signal: null, error };
    return { ...end, stdout, stderr };
  }

  /**
   * Stops the guest, at once if it waits and else within a slice of fuel. The reason is what `status.error` says, and what
   * standard input fails with; an `AbortError` by default. Does nothing when the guest has ended.
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
      // The caller has the process before the guest does anything.
      await undefined;
      if (signal?.aborted) onAbort();
      await this.#call(module, context, imports);
      end = { code: 0, signal: null };
    } catch (error) {
      end = endOf(error, this.#stop.signal);
    }
    signal?.removeEventListener("abort", onAbort);
    this.#stop.abort(end.error ?? new Error("the guest has ended"));
    if (end.error !== undefined) this.#stdin.pipe?.fail(end.error);
    for (const fd of context.fds.values()) closeFd(fd);
    if (end.error === undefined && Object.keys(imports).length === 0) this.#releaseMemory();
    return { success: end.code === 0, ...end, fuelUsed: this.fuelUsed };
  }

  /** For a guest that ended by itself, with no host functions but WASI's: nothing can hold a view of its memory. */
  #releaseMemory(): void {
    this.#lastPages = this.memoryPages;
    this.#memory?.release();
    this.#memory = undefined;
  }

  async #call(module: Module, context: Context, imports: Imports): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const entry = ["_start", "_initialize"].find((name) => module.export(name)?.kind === "func");
    if (entry === undefined) {
      throw new LinkError("the module exports neither _start nor _initialize: it is no WASI program");
    }
    const linked = merge(wasiImports(module.imports, context), imports);
    const onInstance = (instance: Instance) => {
      this.#instance = instance;
      const memory = instance.export("memory");
      if (memory instanceof Memory) this.#memory = memory;
    };
    const limits = limitsOf<RunLimits>("instantiate", this.#limits);
    const instance = await instantiate(module, linked, { limits, signal, onInstance });
    await instance.call(entry, [], { signal });
  }
}

function piped<Stream>(stream: Stream | undefined, name: string): Stream {
  if (stream === undefined) throw new TypeError(`${name} is not piped`);
  return stream;
}

/** WASI and what the caller adds, which comes first. */
function merge(wasi: Imports, added: Imports): Imports {
  const merged: Record<string, Readonly<Record<string, ImportValue>>> = Object.assign(Object.create(null), wasi);
  for (const [module, fields] of Object.entries(added)) {
    const known = merged[module];
    merged[module] = known === undefined ? fields : Object.assign(Object.create(null), known, fields);
  }
  return merged;
}

/** How a guest ended that did not return from its entry. */
function endOf(error: unknown, stop: AbortSignal): Pick<ProcessStatus, "code" | "signal" | "error"> {
  // Before anything is asked of it: the host's reason may be any value.
  if (stop.aborted && error === stop.reason) return { code: STOPPED, signal: null, error };
  const cause = error instanceof Trap ? error.cause : undefined;
  if (cause instanceof ExitError) return { code: cause.code, signal: cause.signal };
  const code = error instanceof LimitError ? STOPPED : error instanceof Trap ? TRAPPED : CANNOT_START;
  return { code, signal: null, error };
}
