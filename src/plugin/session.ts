/**
 * One instance of a plugin, from its start to its end: a process, a peer and a log. How many there are, and which of them
 * serves a call, is up to the lifetimes.
 *
 * @module
 */

import { isPromiseLike } from "../base/callbacks.ts";
import { LimitError, limitError, limitsOf } from "../base/limits.ts";
import type { LimitName } from "../base/limits.ts";
import { quoted } from "../base/text.ts";
import { Peer, RpcClosedError, RpcError } from "../rpc/mod.ts";
import type { Framing, Handler, PeerLimits } from "../rpc/mod.ts";
import type { Module } from "../vm/mod.ts";
import { spawn } from "../wasi/mod.ts";
import type { Process, ProcessLimits, ProcessStatus } from "../wasi/mod.ts";
import type { PluginCall } from "./call.ts";
import { causeOf, Failure, stopCauseOf } from "./errors.ts";
import type { PluginExit } from "./exit.ts";
import { IdleWatch } from "./idle.ts";
import { LogExcerpt, readLog } from "./log.ts";
import type { CheckedOptions, PluginLimits } from "./options.ts";

/** UTF-16 units of a method's name in an error. */
const METHOD_LENGTH = 100;

/** What became of a call that an instance did not answer. */
export interface Unanswered {
  readonly failure: Failure;
  /** Whether the guest has not read a byte of it. */
  readonly isUnread: boolean;
  /** Whether it may be sent to another instance: the guest has not begun it, or has exited without having any effect. */
  readonly isRepeatable: boolean;
}

/** The result of a call, or why there is none. An error of the guest's is thrown. */
export type Outcome = { readonly result: unknown } | Unanswered;

/** What was so when a call was sent. */
interface Sent {
  /** Bytes that were written to the guest before it; undefined if it was not written. */
  readonly start: number | undefined;
  readonly hostCalls: number;
}

/** One instance of a plugin, with its peer and its log. */
export class Session {
  /** Resolves when the guest and its log have ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #limits: Required<PluginLimits>;
  readonly #process: Process;
  readonly #peer: Peer;
  readonly #log = new LogExcerpt();
  readonly #idle: IdleWatch;
  /** Why this side stopped the guest, if it did. */
  #stopped: { readonly reason: unknown } | undefined;
  /** Whether calls can't be answered any more, for whatever reason. */
  #isOver = false;
  #isFinished = false;
  #hasClosedOutput = false;
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** How the instance ended. Set by the first call that fails for it. */
  #end: Promise<Failure> | undefined;
  #status: ProcessStatus | undefined;
  #pending = 0;
  #pendingAtEnd = 0;
  #answered = 0;
  /** Host methods that the guest has called, and those that run. */
  #hostCalls = 0;
  #hosting = 0;
  /** Bytes of messages for the guest, and of those that may not have been written after all. */
  #writtenBytes = 0;
  #withdrawnBytes = 0;
  /** Called when the guest calls a host method. */
  onHostCall: () => void = () => {};

  constructor(plugin: string, module: Module, options: CheckedOptions) {
    const { args = [plugin.replaceAll("\0", "")], env, clock, random, methods, limits } = options;
    const { onLog, onError, protocol, framing = protocol.framing, schemas } = options;
    this.#limits = limits;
    // A deadline is for one call, and a process may serve many: the call enforces it.
    const processLimits = { ...limitsOf<ProcessLimits>("spawn", limits), deadlineMs: Infinity };
    this.#process = spawn(module, { args, env, clock, random, limits: processLimits });
    this.#idle = new IdleWatch(this.#process.input, limits.idleMs);
    try {
      this.#peer = new Peer(this.#process, {
        methods: new Map(Array.from(methods, ([name, handler]) => [name, this.#hosted(handler)])),
        framing: this.#counted(framing),
        ...{ protocol, schemas },
        limits: limitsOf<PeerLimits>("Peer", limits),
        onInvalid: (error) => this.stop(error),
        onError,
      });
    } catch (error) {
      // Nothing else can stop the process.
      this.#process.kill(error);
      throw error;
    }
    const over = () => void (this.#isOver = true);
    this.#peer.closed.then(over, over);
    const { logBytes, logLineBytes } = limits;
    const failed = (error: unknown) => this.stop(error);
    const logged = readLog(this.#process.stderr, this.#log, { logBytes, logLineBytes, onLog, failed });
    this.ended = this.#process.status.then((status) => {
      this.#isOver = true;
      this.#pendingAtEnd = this.#pending;
      this.#status = status;
      return logged;
    }).then(() => clearTimeout(this.#grace));
  }

  /** Whether a call may be sent to it. */
  get isServing(): boolean {
    return !this.#isOver && !this.#isFinished && this.#stopped === undefined;
  }

  /** Whether the instance has no more calls to serve. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Whether a host method runs for the guest. */
  get isHosting(): boolean {
    return this.#hosting > 0;
  }

  /** Calls that the guest has answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Calls that wait for their answers. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when the guest first looks at its input. Rejects with a `Failure` if it ends before. */
  async ready(call: PluginCall): Promise<void> {
    const hasBegun = this.#process.input.begun.then(() => true);
    const hasEnded = this.ended.then(() => false);
    if (!await call.wait(Promise.race([hasBegun, hasEnded]))) throw await this.#failure();
  }

  /**
   * Sends a call.
   *
   * @param isOnly whether the instance lives for this call alone: it is stopped if the call is given up
   * @throws what the guest answers, if it is an error, and the reason for which the call is given up
   */
  async call(call: PluginCall, isOnly: boolean): Promise<Outcome> {
    if (call.interrupted !== undefined) throw call.interrupted.reason;
    const controller = isOnly ? undefined : new AbortController();
    const written = this.#writtenBytes;
    const answer = this.#peer.call(call.method, call.params, { signal: controller?.signal });
    const bytes = this.#writtenBytes - written;
    const sent: Sent = { start: bytes === 0 ? undefined : written, hostCalls: this.#hostCalls };
    call.interrupt = (reason) => {
      if (controller === undefined) return this.stop(reason);
      // A message that has not reached the guest's input may be taken back.
      if (this.#process.input.bytesWritten < written + bytes) this.#withdrawnBytes += bytes;
      controller.abort(reason);
    };
    this.#pending++;
    const unwatch = this.#idle.watch(() => call.giveUp(limitError("idleMs", this.#limits.idleMs)));
    try {
      const result = await answer;
      this.#answered++;
      return { result };
    } catch (error) {
      if (!isOnly && call.isGivenUpFor(error)) {
        throw this.#givenUp(call, error);
      }
      if (await this.#isEnd(error)) return await this.#unanswered(sent);
      if (error instanceof RpcError) this.#answered++;
      throw error;
    } finally {
      unwatch();
      this.#pending--;
    }
  }

  /** Sends a notification. Resolves when the guest's input has taken it. */
  async notify(call: PluginCall): Promise<void> {
    try {
      await call.wait(this.#peer.notify(call.method, call.params));
    } catch (error) {
      throw await this.#isEnd(error) ? await this.#failure() : error;
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
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#peer.close().catch(() => {});
    this.#grace = setTimeout(() => this.#process.kill(), this.#limits.graceMs);
    this.ended.then(() => clearTimeout(this.#grace));
  }

  /** How the instance has ended. Call it after that. */
  exit(): PluginExit {
    const { failure, isClean } = this.#ending();
    const { reason, error, details: { exitCode, fuelUsed, logs, text } } = failure;
    const isDone = this.#isFinished && this.#stopped === undefined && (isClean || this.#status?.error !== undefined);
    return {
      ...{ reason: isDone ? "done" : reason, message: text, error, exitCode, fuelUsed, logs },
      ...{ calls: this.#answered, pending: this.#pendingAtEnd },
    };
  }

  /** Whether the guest exited with code 0 by itself, after it had answered a call. Call it after the end. */
  get hasEndedWell(): boolean {
    return this.#ending().isClean && this.#answered > 0;
  }

  #ending(): { readonly failure: Failure; readonly isClean: boolean } {
    const status = this.#status!;
    const use = { hasRead: this.#process.input.bytesRead > 0, hasClosedOutput: this.#hasClosedOutput };
    const cause = this.#stopped === undefined ? causeOf(status, use) : stopCauseOf(this.#stopped.reason);
    const exitCode = status.error === undefined ? status.code : undefined;
    const known = { exitCode, fuelUsed: status.fuelUsed, logs: this.#log.lines };
    const isClean = this.#stopped === undefined && status.error === undefined && status.code === 0;
    return { failure: new Failure(cause, known), isClean };
  }

  /** Counts the bytes of messages for the guest. */
  #counted(framing: Framing): Framing {
    const encode = (text: string): Uint8Array => {
      const bytes = framing.encode(text);
      this.#writtenBytes += bytes.length;
      return bytes;
    };
    return { ...framing, encode, decoder: (maxBytes) => framing.decoder(maxBytes) };
  }

  /** Counts the calls of a host method. While one runs, the guest is not idle. */
  #hosted(handler: Handler): Handler {
    const end = (): void => {
      this.#hosting--;
      this.#idle.release();
    };
    return (params, context) => {
      this.#hostCalls++;
      this.#hosting++;
      this.#idle.hold();
      this.onHostCall();
      let result: unknown;
      try {
        result = handler(params, context);
      } catch (error) {
        end();
        throw error;
      }
      if (isPromiseLike(result)) return Promise.resolve(result).finally(end);
      end();
      return result;
    };
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

  async #unanswered({ start, hostCalls }: Sent): Promise<Unanswered> {
    this.#isOver = true;
    const failure = await this.#failure();
    const { bytesRead } = this.#process.input;
    const isUnread = start === undefined || bytesRead <= start - this.#withdrawnBytes;
    // What a guest does is seen outside only through host methods. So if it called none since, nothing was done twice.
    const isHarmless = this.hasEndedWell && hostCalls === this.#hostCalls;
    // A guest that reads nothing would make no progress, however often it is started.
    return { failure, isUnread, isRepeatable: isHarmless || (isUnread && (bytesRead > 0 || start === undefined)) };
  }

  /** Why a call is given up while the instance lives on. */
  #givenUp(call: PluginCall, reason: unknown): Failure {
    const isLate = reason instanceof LimitError && reason.limit === ("deadlineMs" satisfies LimitName);
    if (isLate && this.isServing) this.#expectAnswer(call.method, reason);
    const known = { exitCode: undefined, fuelUsed: this.#process.fuelUsed, logs: this.#log.lines };
    return new Failure(stopCauseOf(reason), known);
  }

  /**
   * The guest has missed a deadline. It may answer the cancelled call, or come to the end of its work, in the grace
   * period. Else it is stuck, and is stopped.
   */
  #expectAnswer(method: string, { value }: LimitError): void {
    const { graceMs } = this.#limits;
    const { duplicateIds } = this.#peer.stats;
    const timer = setTimeout(() => {
      if (this.#process.input.isAwaited || this.#peer.stats.duplicateIds > duplicateIds) return;
      const what = `the guest is stuck in ${quoted(method, METHOD_LENGTH)}, and was stopped ${graceMs} ms later`;
      this.stop(limitError("deadlineMs", value, what));
    }, graceMs);
    this.ended.then(() => clearTimeout(timer));
  }

  /** Why calls have no answer. If the guest has closed its output but still runs, it is stopped after the grace period. */
  #failure(): Promise<Failure> {
    return this.#end ??= this.#findFailure();
  }

  async #findFailure(): Promise<Failure> {
    const timer = setTimeout(() => {
      this.#hasClosedOutput = this.#status === undefined;
      this.#process.kill();
    }, this.#limits.graceMs);
    await this.ended;
    clearTimeout(timer);
    return this.#ending().failure;
  }
}
