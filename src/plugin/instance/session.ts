/**
 * One instance of a plugin, from its start to its end: a process, a peer and a log. How many there are, and which of them
 * serves a call, is up to the lifetimes.
 *
 * @module
 */

import type { Bagged } from "../../base/bag.ts";
import { ENDS } from "../../base/ends.ts";
import { LimitError, limitError } from "../../base/limits.ts";
import type { LimitName } from "../../base/limits.ts";
import { quoted } from "../../base/text.ts";
import { Peer, RpcClosedError, RpcError, SchemaError } from "../../rpc/mod.ts";
import type { Duplex } from "../../rpc/mod.ts";
import type { Module } from "../../vm/mod.ts";
import { spawn } from "../../wasi/mod.ts";
import type { Process, ProcessStatus } from "../../wasi/mod.ts";
import { denials } from "../admission.ts";
import type { SessionOptions } from "../admission.ts";
import type { PluginCall, PluginRequest } from "../call.ts";
import { Delivery } from "./delivery.ts";
import type { Sent } from "./delivery.ts";
import { causeOf, Failure, stopCauseOf } from "../errors.ts";
import type { PluginExit } from "../exit.ts";
import { Hosting } from "./hosting.ts";
import { IdleWatch } from "./idle.ts";
import { Lateness } from "./lateness.ts";
import { LogExcerpt, readLog } from "./log.ts";
import { observeHostCall } from "../observer.ts";
import type { PluginLimits } from "../options.ts";
import { RequestGuard } from "./request_guard.ts";

/** What to do about a call that its guest does not answer. */
const IDLE_HINT = "does it flush what it writes? For answers that wait for other messages, raise limits.idleMs";
/** UTF-16 units of a method's name in an error. */
const METHOD_LENGTH = 100;

/**
 * The reason for which a guest is stopped after its last answer. All share it: an error keeps the async functions of its
 * stack alive, and a session of a pool starts in the call that took the one before.
 */
const GRACE_END = new Error("the guest went on after its last answer");

/** What became of a call that an instance did not answer. */
export interface Unanswered {
  readonly failure: Failure;
  /** Whether the guest has not read a byte of it, and it can be sent again. */
  readonly isUnread: boolean;
  /** Whether it may be sent to another instance: the guest has not begun it, or has exited without having any effect. */
  readonly isRepeatable: boolean;
}

/** The result of a call, or why there is none. An error of the guest's is thrown. */
export type Outcome = { readonly result: unknown } | Unanswered;

/** What was so when a call was sent. */
interface Before {
  readonly sent: Sent;
  /** Requests of the guest so far. */
  readonly requests: number;
  /** Whether its params have streams, which can be passed only once. */
  readonly hasStreams: boolean;
  readonly reports: number;
}

function isLate(reason: unknown): reason is LimitError {
  return reason instanceof LimitError && reason.limit === ("deadlineMs" satisfies LimitName);
}

/** One instance of a plugin, with its peer and its log. */
export class Session implements PluginRequest, Bagged {
  place = -1;
  /** Resolves when the guest and its log have ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #guard = new RequestGuard();
  readonly #limits: Required<PluginLimits>;
  /** Whether streams may be passed. */
  readonly #hasStreams: boolean;
  readonly #process: Process;
  readonly #peer: Peer;
  readonly #log = new LogExcerpt();
  readonly #idle: IdleWatch;
  readonly #delivery: Delivery;
  readonly #hosting: Hosting;
  readonly #lateness: Lateness;
  /** Why this side stopped the guest, if it did. */
  #stopped: { readonly reason: unknown } | undefined;
  /** Whether calls can't be answered any more, for whatever reason. */
  #isOver = false;
  #isFinished = false;
  /** What the guest has closed, if it was stopped for that. */
  #closed: "input" | "output" | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** Whether the guest has looked at its input, or has ended before. */
  #begun: Promise<boolean> | undefined;
  /** How the instance ended. Set by the first call that fails for it. */
  #end: Promise<Failure> | undefined;
  #status: ProcessStatus | undefined;
  /** Resolves when the guest's output was read to its end. */
  readonly #read: Promise<void>;
  /** The same, or that it took too long. Set when it matters. */
  #drained: Promise<true> | undefined;
  #pending = 0;
  #pendingAtEnd = 0;
  #answered = 0;
  /** Called when the guest calls a host method. */
  onHostCall: () => void = () => {};

  constructor(plugin: string, module: Module, options: SessionOptions) {
    const { args = [plugin.replaceAll("\0", "")], env, clock, random, methods, limits } = options;
    const { onLog, onError, protocol, framing = protocol.framing, accepts, schemas, observe } = options;
    this.#limits = limits;
    this.#hasStreams = accepts?.includes("streams") === true;
    this.#process = spawn(module, { args, env, clock, random, limits: options.processLimits });
    const { [ENDS]: ends } = this.#process;
    const { input } = ends;
    this.#idle = new IdleWatch(input, limits.idleMs, {
      isBusy: () => this.#peer.isStreamAwaited,
      isCallingBack: () => this.#hosting.isCallingBack,
    });
    this.#delivery = new Delivery(input);
    this.#hosting = new Hosting({
      began: (context) => {
        this.#idle.hold();
        this.onHostCall();
        return observe && observeHostCall(observe, plugin, context, this.#hosting.running);
      },
      ended: () => this.#idle.release(),
    });
    this.#lateness = new Lateness({
      ...{ input, delivery: this.#delivery, graceMs: limits.graceMs },
      mayAnswer: protocol.cancellation?.isAnswered !== false,
      stuck: (method, { value }) => {
        const what = `the guest is stuck in ${quoted(method, METHOD_LENGTH)}, and was stopped`;
        this.stop(limitError("deadlineMs", value, what));
      },
    });
    try {
      // A peer uses no more of its streams than ends have.
      this.#peer = new Peer(ends as unknown as Duplex, {
        methods: this.#hosting.counted(methods),
        framing: this.#delivery.counted(framing),
        ...{ protocol, accepts, schemas },
        limits: options.peerLimits,
        onInvalid: (error) => this.stop(error),
        onError,
        onUnknown: denials(plugin, options),
      });
    } catch (error) {
      // Nothing else can stop the process.
      this.#process.kill(error);
      throw error;
    }
    const over = () => void (this.#isOver = true);
    this.#read = this.#peer.closed.then(over, over);
    const { logBytes, logLineBytes } = limits;
    const failed = (error: unknown) => this.stop(error);
    const logged = readLog(ends.stderr, this.#log, { logBytes, logLineBytes, onLog, failed });
    this.ended = this.#process.status.then((status) => {
      this.#isOver = true;
      this.#pendingAtEnd = this.#pending;
      this.#status = status;
      this.#lateness.end();
      return logged;
    }).then(() => clearTimeout(this.#grace));
  }

  /** Whether a call may be sent to it. */
  get isServing(): boolean {
    return !this.#isOver && !this.#isFinished && this.#stopped === undefined;
  }

  /** Whether it belongs to another request: then it is not to be touched. */
  get isForeign(): boolean {
    return this.#guard.isForeign;
  }

  /** Whether the instance has no more calls to serve. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Whether a host method runs for the guest. */
  get isHosting(): boolean {
    return this.#hosting.running > 0;
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
    // One for all who wait, since the end of the instance keeps each of them.
    this.#begun ??= Promise.race([this.#process.input.begun.then(() => true), this.ended.then(() => false)]);
    try {
      if (!await call.wait(this.#begun)) throw await this.#failure();
    } catch (error) {
      // A guest that takes too long to start would keep its place.
      if (call.isGivenUpFor(error)) this.stop(error);
      throw error;
    }
  }

  /**
   * Sends a call.
   *
   * @param isOnly whether the instance lives for this call alone: it is stopped if the call is given up
   * @throws what the guest answers, if it is an error, and the reason for which the call is given up
   */
  async call(call: PluginCall, isOnly: boolean): Promise<Outcome> {
    if (call.interrupted !== undefined) throw call.interrupted.reason;
    const abort = isOnly ? undefined : new AbortController();
    const { fuelUsed } = this.#process;
    call.use.sends++;
    const deadline = isOnly || !call.hasDeadline ? undefined : this.#lateness.deadline();
    const { writtenBytes: start } = this.#delivery;
    const { openStreams, requests } = this.#peer.stats;
    const answer = this.#peer.call(call.method, call.params, {
      ...{ signal: abort?.signal, cancel: deadline?.cancel },
      ...{ onProgress: call.onProgress, traceparent: call.traceparent },
    });
    const sent: Sent = { start, bytes: this.#delivery.writtenBytes - start };
    const hasStreams = this.#peer.stats.openStreams > openStreams;
    const before: Before = { sent, requests, hasStreams, reports: call.reports };
    const giveUp = (reason: unknown) => {
      if (this.isForeign) return;
      this.#delivery.withdraw(sent);
      if (deadline === undefined || !isLate(reason)) return abort?.abort(reason);
      deadline.pass({ method: call.method, answer, abort: (reason) => abort?.abort(reason) }, reason);
    };
    call.request = isOnly ? this : { giveUp };
    this.#pending++;
    const expire = () => call.giveUp(limitError("idleMs", this.#limits.idleMs, IDLE_HINT));
    const unwatch = this.#idle.watch(expire, sent.bytes > 0);
    try {
      const result = await (deadline === undefined ? answer : Promise.race([answer, deadline.passed]));
      this.#answered++;
      return { result };
    } catch (error) {
      if (!isOnly && call.isGivenUpFor(error)) throw this.#givenUp(error);
      if (await this.#isEnd(error)) return await this.#unanswered(before, call);
      if (isAnswer(error)) this.#answered++;
      throw error;
    } finally {
      unwatch();
      call.request = undefined;
      this.#pending--;
      call.use.fuelUsed += this.#process.fuelUsed - fuelUsed;
      call.use.memoryPages = this.#process.memoryPages;
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

  /** The only call is given up. */
  giveUp(reason: unknown): void {
    if (!this.isForeign) this.stop(reason);
  }

  /** Stops the guest. Pending calls reject, with the reason as their error's cause. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#process.kill(reason);
    this.#peer.close(reason).catch(() => {});
  }

  /**
   * Ends the guest after its last answer, and after the streams that came with answers. They have the deadline of the
   * call, once more, and its signal. It reads the end of its input,
   * and has a grace period to exit by itself.
   */
  finish(call?: PluginCall): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    if (this.#peer.stats.openStreams === 0) return this.#endInput();
    const unwatch = call?.watchStreams((reason) => this.stop(reason));
    this.#peer.streamsEnded.then(() => {
      unwatch?.();
      this.#endInput();
    });
  }

  #endInput(): void {
    this.#peer.close().catch(() => {});
    this.#grace = setTimeout(() => this.#process.kill(GRACE_END), this.#limits.graceMs);
    this.ended.then(() => clearTimeout(this.#grace));
  }

  /** How the instance has ended. Call it after that. */
  exit(): PluginExit {
    const { failure, isClean } = this.#ending();
    const { reason, error, details: { exitCode, fuelUsed, logs, text } } = failure;
    const known = { exitCode, fuelUsed, logs, calls: this.#answered, pending: this.#pendingAtEnd };
    if (!this.#isFinished || this.#stopped !== undefined) return { reason, message: text, error, ...known };
    const isStopped = this.#status!.error === GRACE_END;
    if (!isClean && !isStopped) return { reason, message: text, error, ...known };
    const message = isClean
      ? "the guest exited at the end of its input"
      : "the guest was stopped, long after its answer";
    return { reason: "done", message, error: undefined, ...known };
  }

  /**
   * Whether the guest exited with code 0 by itself, after it had answered a call. Call it after the end. The answer may
   * have come too late for its call.
   */
  get hasEndedWell(): boolean {
    return this.#ending().isClean && (this.#answered > 0 || this.#peer.stats.duplicateIds > 0);
  }

  #ending(): { readonly failure: Failure; readonly isClean: boolean } {
    const status = this.#status!;
    const use = { hasRead: this.#process.input.bytesRead > 0, closed: this.#closed };
    const cause = this.#stopped === undefined ? causeOf(status, use) : stopCauseOf(this.#stopped.reason);
    const exitCode = status.error === undefined ? status.code : undefined;
    const known = { exitCode, fuelUsed: status.fuelUsed, logs: this.#log.lines };
    const isClean = this.#stopped === undefined && status.error === undefined && status.code === 0;
    return { failure: new Failure(cause, known), isClean };
  }

  /** Whether an error means that the guest has ended, by itself or because this side stopped it. */
  async #isEnd(error: unknown): Promise<boolean> {
    // The reason of a stop may itself be an RpcError, for example from a logger's own call.
    if (this.#stopped !== undefined && error === this.#stopped.reason) return true;
    if (isAnswer(error)) return false;
    if (error instanceof RpcClosedError) return true;
    // A write may fail before the answers are read that the guest has written.
    const { closedBy } = this.#process.input;
    if (error !== undefined && error === closedBy) return await (this.#drained ??= this.#drain());
    // A failing guest breaks its input with the reason.
    const moment = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 0));
    const status = await Promise.race([this.#process.status, moment]);
    return status?.error !== undefined && status.error === error;
  }

  /** Waits until the guest's output is read, for a limited time. */
  async #drain(): Promise<true> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#limits.graceMs);
    await Promise.race([this.#read, promise]);
    clearTimeout(timer);
    return true;
  }

  async #unanswered({ sent, requests, hasStreams, reports }: Before, call: PluginCall): Promise<Unanswered> {
    this.#isOver = true;
    const failure = await this.#failure();
    const isUnread = this.#delivery.isUnread(sent);
    // What a guest does is seen outside only through host methods, reports and streams. Without them, nothing was done.
    // A request may still wait for its turn, or for its schema, when the guest has ended.
    const isHarmless = this.hasEndedWell && !this.#hasStreams && requests === this.#peer.stats.requests &&
      reports === call.reports;
    // A guest that reads nothing would make no progress, however often it is started.
    const isRepeatable = !hasStreams && (isHarmless || (isUnread && this.#process.input.bytesRead > 0));
    return { failure, isUnread: isUnread && !hasStreams, isRepeatable };
  }

  /** Why a call is given up while the instance lives on. */
  #givenUp(reason: unknown): Failure {
    const known = { exitCode: undefined, fuelUsed: this.#process.fuelUsed, logs: this.#log.lines };
    return new Failure(stopCauseOf(reason), known);
  }

  /** Why calls have no answer. If the guest has closed a stream but still runs, it is stopped after the grace period. */
  #failure(): Promise<Failure> {
    return this.#end ??= this.#findFailure();
  }

  async #findFailure(): Promise<Failure> {
    const timer = setTimeout(() => {
      if (this.#status === undefined) this.#closed = this.#process.input.closedBy === undefined ? "output" : "input";
      this.#process.kill();
    }, this.#limits.graceMs);
    await this.ended;
    clearTimeout(timer);
    return this.#ending().failure;
  }
}

/** Whether an error is the guest's answer: an error answer, or a result that its schema refuses. */
function isAnswer(error: unknown): boolean {
  return error instanceof RpcError || (error instanceof SchemaError && error.part === "result");
}
