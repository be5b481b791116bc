/**
 * A plugin: a WebAssembly module whose methods the host calls, and which calls the host's, over JSON-RPC on its standard
 * streams. It puts process and peer together, bounds them, and says what happened when a call fails; running guests is
 * wasi's business, messages are rpc's.
 *
 * @module
 */

import { onRejection } from "./_callbacks.ts";
import { limitError, limitsOf } from "./_limits.ts";
import { checkMethod, notAModule } from "./_options.ts";
import { spend } from "./_schedule.ts";
import { readLines } from "./_streams.ts";
import { printable } from "./_text.ts";
import { checkCallOptions, checkOptions } from "./plugin_options.ts";
import type { CheckedOptions, PluginCallOptions, PluginLimits, PluginOptions } from "./plugin_options.ts";
import { createApi, Peer, RpcClosedError, RpcError, RpcProtocolError } from "./rpc/mod.ts";
import type { Api, ApiCaller, CallArguments, Handlers, MethodName, Methods, PeerLimits, ResultOf } from "./rpc/mod.ts";
import { LimitError, LinkError, Module, Trap } from "./vm/mod.ts";
import { spawn } from "./wasi/mod.ts";
import type { Process, ProcessLimits, ProcessStatus } from "./wasi/mod.ts";

/**
 * Why a call failed otherwise than by the plugin's own error answer: the module could not be started; the guest trapped; exited without an answer;
 * reached a limit; wrote what is no JSON-RPC; or was stopped, by the host's logger or by disposal.
 *
 * @example
 * ```ts
 * import type { PluginFailure } from "@rivulet/rivulet";
 *
 * function isTheGuestsFault(reason: PluginFailure): boolean {
 *   return reason !== "stopped" && reason !== "disposed";
 * }
 * console.log(isTheGuestsFault("trap")); // true
 * ```
 */
export type PluginFailure = "link" | "trap" | "exit" | "limit" | "protocol" | "stopped" | "disposed";

/** What is known of an instance when a call fails: one for all calls that wait then, which may be many, and it long. */
interface FailureDetails {
  /** What the errors say after the call's name. */
  readonly text: string;
  readonly exitCode: number | undefined;
  readonly fuelUsed: number;
  readonly logs: readonly string[];
}

/**
 * A call of a plugin failed. `cause` is the {@linkcode Trap}, the {@linkcode LimitError} or whatever else was behind it.
 *
 * @example
 * ```ts
 * import { compile, Plugin, PluginError } from "@rivulet/rivulet";
 *
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/faulty.wasm"));
 * await using plugin = new Plugin(module);
 * try {
 *   await plugin.call("trap");
 * } catch (error) {
 *   if (!(error instanceof PluginError)) throw error;
 *   console.log(error.reason, error.method, error.fuelUsed > 0); // trap trap true
 * }
 * ```
 */
export class PluginError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "PluginError";
  /** What kind of failure it is. */
  readonly reason: PluginFailure;
  /** The plugin's name. */
  readonly plugin: string;
  /** The method that was called. */
  readonly method: string;
  /** The exit code, if the guest exited. */
  readonly exitCode: number | undefined;
  /** Fuel that the instance had used. */
  readonly fuelUsed: number;
  /** The last lines of its log. */
  readonly logs: readonly string[];

  /** @ignore made by `Plugin` */
  constructor(
    reason: PluginFailure,
    call: { readonly plugin: string; readonly method: string },
    details: FailureDetails,
    options?: ErrorOptions,
  ) {
    super(`${call.plugin}.${call.method}: ${details.text}`, options);
    this.reason = reason;
    this.plugin = call.plugin;
    this.method = call.method;
    this.exitCode = details.exitCode;
    this.fuelUsed = details.fuelUsed;
    this.logs = details.logs;
  }
}

/** UTF-16 units of a module's name that are kept. */
const NAME_LENGTH = 1_000;
/** Lines of the log that an error tells of. */
const ERROR_LOG_LINES = 10;

/** Units of fuel for an error of a call, with its stack: 20 µs. */
const ERROR_WORK = 10_000;

/** The reason with which a disposed plugin stops its instances. */
class Disposed extends Error {}

/**
 * A module as a set of methods.
 *
 * @example
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 *
 * const wasm = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
 * await using plugin = new Plugin<{ ping(): string }>(await compile(wasm), {
 *   methods: { echo: (params) => params },
 *   limits: { fuel: 100_000_000, deadlineMs: 5_000 },
 * });
 * if (await plugin.api.ping() !== "pong") throw new Error("it says pong");
 * ```
 */
export class Plugin<Guest extends object = Methods, Host extends object = Methods> implements AsyncDisposable {
  /** For errors and people. */
  readonly name: string;
  /** The plugin's methods as functions: `api.ping()` for `call("ping")`. */
  readonly api: Api<Guest> = createApi<Guest>(this as unknown as ApiCaller);
  readonly #module: Module;
  readonly #options: CheckedOptions<Guest, Host>;
  readonly #open = new Set<Session<Guest, Host>>();
  #resident: Session<Guest, Host> | undefined;
  #isDisposed = false;

  /**
   * Starts nothing yet: instances are made by calls.
   *
   * @param module what `compile` gave; plugins may share it
   * @param options host methods, logs, limits
   * @throws {TypeError} if the module is not one, or an option or a limit is unknown or of the wrong type
   * @throws {RangeError} if a limit is not in its range
   */
  constructor(module: Module, options: PluginOptions<Guest, Host> = {}) {
    if (!(module instanceof Module)) throw notAModule(module);
    this.#options = checkOptions(options);
    this.#module = module;
    this.name = this.#options.name ?? printable(module.name ?? "plugin", NAME_LENGTH);
  }

  /**
   * Calls a method of the plugin.
   *
   * @returns the answer, as the plugin sent it: its type is a promise of the interface, not checked
   * @throws {RpcError} if the plugin answers with an error
   * @throws {PluginError} if it does not answer
   * @throws {LimitError} if too many calls of its instance wait for their answers
   * @throws {TypeError} if an option is unknown or of the wrong type, or the params have no JSON form
   * @throws {RangeError} if the deadline is not in its range
   */
  async call<K extends MethodName<Guest>>(
    method: K,
    ...args: CallArguments<Guest, K> | [params: CallArguments<Guest, K>[0], options?: PluginCallOptions]
  ): Promise<ResultOf<Guest, K>> {
    const [params, options = {}] = args as readonly [unknown, PluginCallOptions?];
    checkMethod(method);
    checkCallOptions(options);
    options.signal?.throwIfAborted();
    if (this.#isDisposed) throw this.#disposedError(method);
    const isOwn = this.#options.lifetime !== "plugin";
    const session = isOwn ? this.#openSession() : this.#residentSession();
    try {
      return await session.call(method, params, options, isOwn) as ResultOf<Guest, K>;
    } finally {
      if (isOwn) session.finish();
    }
  }

  /** Stops all instances; their calls reject, and later ones too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const sessions = [...this.#open];
    for (const session of sessions) session.stop(new Disposed("the plugin was disposed"));
    await Promise.all(sessions.map((session) => session.ended));
  }

  #residentSession(): Session<Guest, Host> {
    // One that was stopped may take a moment to end: a new call is not to share its fate.
    if (this.#resident === undefined || this.#resident.isStopped) this.#resident = this.#openSession();
    return this.#resident;
  }

  #openSession(): Session<Guest, Host> {
    const session = new Session(this.name, this.#module, this.#options);
    this.#open.add(session);
    session.ended.then(() => {
      this.#open.delete(session);
      if (this.#resident === session) this.#resident = undefined;
    });
    return session;
  }

  #disposedError(method: string): PluginError {
    const details = detailsOf("the plugin was disposed", { exitCode: undefined, fuelUsed: 0, logs: [] });
    return new PluginError("disposed", { plugin: this.name, method }, details);
  }
}

/** One instance of a plugin, with its peer and its log. */
class Session<Guest extends object, Host extends object> {
  /** Settles, never rejecting, when the guest and its log have ended. */
  readonly ended: Promise<void>;
  readonly #plugin: string;
  readonly #limits: Required<PluginLimits>;
  readonly #process: Process;
  readonly #peer: Peer;
  readonly #logs: string[] = [];
  readonly #logged: Promise<void>;
  /** Why this side stopped the guest. */
  #stopped: { readonly reason: unknown } | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** What there is to say to those who get no answer. */
  #end: Promise<End> | undefined;

  constructor(plugin: string, module: Module, options: CheckedOptions<Guest, Host>) {
    const { args = [plugin.replaceAll("\0", "")], env, clock, random, methods, framing, limits } = options;
    const { onLog, onError } = options;
    this.#plugin = plugin;
    this.#limits = limits;
    // The deadline is that of a call, which this class keeps; a process may live for many.
    const processLimits = { ...limitsOf<ProcessLimits>("spawn", limits), deadlineMs: Infinity };
    this.#process = spawn(module, { args, env, clock, random, limits: processLimits });
    try {
      this.#peer = new Peer(this.#process, {
        methods: methods as Handlers<Methods, Methods> | undefined,
        framing,
        limits: limitsOf<PeerLimits>("Peer", limits),
        onInvalid: (error) => this.stop(error),
        onError,
      });
    } catch (error) {
      // Nobody else knows of the process.
      this.#process.kill(error);
      throw error;
    }
    this.#peer.closed.catch(() => {});
    this.#logged = this.#readLog(onLog);
    this.ended = this.#process.status.then(() => this.#logged).then(() => clearTimeout(this.#grace));
  }

  /** Whether this side has stopped the guest. */
  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  async call(method: string, params: unknown, options: PluginCallOptions, isOwn: boolean): Promise<unknown> {
    const { signal, deadlineMs = this.#limits.deadlineMs } = options;
    const onAbort = () => this.stop(signal!.reason);
    if (isOwn) signal?.addEventListener("abort", onAbort);
    const late = () => this.stop(limitError("deadlineMs", deadlineMs));
    const timer = deadlineMs === Infinity ? undefined : setTimeout(late, deadlineMs);
    try {
      return await this.#peer.call(method, params, { signal });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw await this.#isEnd(error) ? await this.#failure(method, error) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Stops the guest. Calls that wait reject; what made it stop is their error's cause. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#process.kill(reason);
    this.#peer.close(reason).catch(() => {});
  }

  /** After the last answer: the guest sees the end of its input, and may end by itself for a while. */
  finish(): void {
    this.#peer.close().catch(() => {});
    this.#grace = setTimeout(() => this.#process.kill(), this.#limits.graceMs);
    this.ended.then(() => clearTimeout(this.#grace));
  }

  async #readLog(onLog: PluginOptions["onLog"]): Promise<void> {
    const { logBytes, logLineBytes } = this.#limits;
    let rejected: { readonly error: unknown } | undefined;
    const tell = (line: string) => {
      if (rejected !== undefined) throw rejected.error;
      onRejection(onLog?.(line), (error) => {
        rejected = { error };
        this.stop(error);
      });
    };
    try {
      const dropped = await readLines(
        this.#process.stderr,
        { lineBytes: logLineBytes, totalBytes: logBytes },
        (line) => {
          this.#logs.push(line);
          if (this.#logs.length > ERROR_LOG_LINES) this.#logs.shift();
          tell(line);
        },
      );
      if (dropped > 0) tell(`(${dropped} bytes of log were dropped, the limit is ${logBytes})`);
    } catch (error) {
      this.stop(error);
    }
  }

  /** Whether an error means that the guest gives no more answers, by its own end or this side's. */
  async #isEnd(error: unknown): Promise<boolean> {
    // What this side stopped the guest for may be an RpcError too: that of a logger's own call, say.
    if (this.#stopped !== undefined && error === this.#stopped.reason) return true;
    if (error instanceof RpcError) return false;
    if (error instanceof RpcClosedError) return true;
    // A guest that fails breaks its input with the reason, and a write may meet that before the end of its output is read.
    const moment = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 0));
    const status = await Promise.race([this.#process.status, moment]);
    return status?.error !== undefined && status.error === error;
  }

  /** The error of a call that will have no answer. */
  async #failure(method: string, cause: unknown): Promise<PluginError> {
    const { reason, error = cause, details } = await (this.#end ??= this.#findEnd());
    const turn = spend(ERROR_WORK);
    if (turn !== undefined) await turn;
    return new PluginError(reason, { plugin: this.#plugin, method }, details, { cause: error });
  }

  async #findEnd(): Promise<End> {
    const status = await this.#statusSoon();
    const stopped = this.#stopped?.reason;
    const { reason, what, error } = stopped === undefined ? causeOf(status) : stopCauseOf(stopped);
    const exitCode = reason === "exit" ? status.code : undefined;
    return { reason, error, details: detailsOf(what, { exitCode, fuelUsed: status.fuelUsed, logs: this.#logs }) };
  }

  /** How the guest ended. If it has closed its output but goes on, it is stopped after a while. */
  async #statusSoon(): Promise<ProcessStatus> {
    const timer = setTimeout(() => this.#process.kill(), this.#limits.graceMs);
    try {
      const status = await this.#process.status;
      await this.#logged;
      return status;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What is behind a failed call. */
interface Cause {
  readonly reason: PluginFailure;
  readonly what: string;
  readonly error?: unknown;
}

/** How an instance ended, for its calls. */
interface End extends Omit<Cause, "what"> {
  readonly details: FailureDetails;
}

function detailsOf(what: string, known: Omit<FailureDetails, "text">): FailureDetails {
  const [headline, ...rest] = what.split("\n");
  const lines = [...rest, ...known.logs.map((line) => `    log: ${line}`)].map((line) => `\n${line}`).join("");
  return { ...known, text: `${headline} (fuel used: ${known.fuelUsed})${lines}` };
}

function causeOf({ code, error }: ProcessStatus): Cause {
  if (error instanceof Trap) return { reason: "trap", what: `the guest trapped: ${error.message}`, error };
  if (error instanceof LimitError) return { reason: "limit", what: error.message, error };
  if (error instanceof LinkError) {
    return { reason: "link", what: `the plugin can't be started: ${error.message}`, error };
  }
  if (error !== undefined) return { reason: "stopped", what: `the guest was stopped: ${messageOf(error)}`, error };
  return { reason: "exit", what: `the guest exited with code ${code} and gave no answer` };
}

function stopCauseOf(error: unknown): Cause {
  if (error instanceof LimitError) return { reason: "limit", what: error.message, error };
  if (error instanceof RpcProtocolError) {
    return { reason: "protocol", what: `the guest wrote what is no message: ${error.message}`, error };
  }
  if (error instanceof Disposed) return { reason: "disposed", what: error.message };
  return { reason: "stopped", what: `the guest was stopped: ${messageOf(error)}`, error };
}

/** The host's reasons may be any value, also one that can't be text. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "for a reason that can't be shown";
  }
}
