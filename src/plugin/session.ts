/**
 * One instance of a plugin, from its start to its end: a process, a peer and a log.
 *
 * @module
 */

import { onRejection } from "../base/callbacks.ts";
import { limitError, limitsOf } from "../base/limits.ts";
import { spend } from "../base/schedule.ts";
import { readLines } from "../base/streams.ts";
import { Peer, RpcClosedError, RpcError } from "../rpc/mod.ts";
import type { Handlers, PeerLimits } from "../rpc/mod.ts";
import type { Module } from "../vm/mod.ts";
import { spawn } from "../wasi/mod.ts";
import type { Process, ProcessLimits, ProcessStatus } from "../wasi/mod.ts";
import { causeOf, detailsOf, PluginError, stopCauseOf } from "./errors.ts";
import type { Cause, FailureDetails } from "./errors.ts";
import type { CheckedOptions, PluginCallOptions, PluginLimits, PluginOptions } from "./options.ts";

/** Lines of the log in an error. */
const ERROR_LOG_LINES = 10;
/** Units of fuel for the error of a call, with its stack: 20 µs. */
const ERROR_WORK = 10_000;

/** How an instance ended, for the errors of its calls. */
interface End extends Omit<Cause, "what"> {
  readonly details: FailureDetails;
}

/** One instance of a plugin, with its peer and its log. */
export class Session<Guest extends object, Host extends object> {
  /** Resolves when the guest and its log have ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #plugin: string;
  readonly #limits: Required<PluginLimits>;
  readonly #process: Process;
  readonly #peer: Peer;
  readonly #logs: string[] = [];
  readonly #logged: Promise<void>;
  /** Why this side stopped the guest, if it did. */
  #stopped: { readonly reason: unknown } | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** How the instance ended. Set by the first call that fails for it. */
  #end: Promise<End> | undefined;

  constructor(plugin: string, module: Module, options: CheckedOptions<Guest, Host>) {
    const { args = [plugin.replaceAll("\0", "")], env, clock, random, methods, limits } = options;
    const { onLog, onError, protocol, framing, schemas } = options;
    this.#plugin = plugin;
    this.#limits = limits;
    // A deadline is for one call, and a process may serve many: `call` enforces it.
    const processLimits = { ...limitsOf<ProcessLimits>("spawn", limits), deadlineMs: Infinity };
    this.#process = spawn(module, { args, env, clock, random, limits: processLimits });
    try {
      this.#peer = new Peer(this.#process, {
        methods: methods as Handlers | undefined,
        ...{ protocol, framing, schemas },
        limits: limitsOf<PeerLimits>("Peer", limits),
        onInvalid: (error) => this.stop(error),
        onError,
      });
    } catch (error) {
      // Nothing else can stop the process.
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

  /** Stops the guest. Pending calls reject, with the reason as their error's cause. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#process.kill(reason);
    this.#peer.close(reason).catch(() => {});
  }

  /** Ends the guest after its last answer. It reads the end of its input, and has a grace period to exit by itself. */
  finish(): void {
    this.#peer.close().catch(() => {});
    this.#grace = setTimeout(() => this.#process.kill(), this.#limits.graceMs);
    this.ended.then(() => clearTimeout(this.#grace));
  }

  async #readLog(onLog: PluginOptions["onLog"]): Promise<void> {
    const { logBytes, logLineBytes } = this.#limits;
    let rejected: { readonly error: unknown } | undefined;
    const log = (line: string) => {
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
          log(line);
        },
      );
      if (dropped > 0) log(`(${dropped} bytes of log were dropped: the limit is ${logBytes})`);
    } catch (error) {
      this.stop(error);
    }
  }

  /** Whether an error means that the guest has ended, by itself or because this side stopped it. */
  async #isEnd(error: unknown): Promise<boolean> {
    // The reason of a stop may itself be an RpcError, for example from a logger's own call.
    if (this.#stopped !== undefined && error === this.#stopped.reason) return true;
    if (error instanceof RpcError) return false;
    if (error instanceof RpcClosedError) return true;
    // A failing guest breaks its input with the reason. A write may fail for it before the end of the output is read.
    const moment = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 0));
    const status = await Promise.race([this.#process.status, moment]);
    return status?.error !== undefined && status.error === error;
  }

  /** The error of a call without an answer. */
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
    return { reason, error, details: detailsOf(what, { exitCode, fuelUsed: status.fuelUsed, logs: [...this.#logs] }) };
  }

  /** How the guest ended. If it has closed its output but still runs, it is stopped after the grace period. */
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
