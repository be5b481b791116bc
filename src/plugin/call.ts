/**
 * One call of a plugin, from its caller to its answer, whichever instances serve it: when it is given up, and which
 * error its caller gets.
 *
 * @module
 */

import type { Bagged } from "../base/bag.ts";
import { limitError } from "../base/limits.ts";
import { spend } from "../base/schedule.ts";
import { RpcError, SchemaError } from "../rpc/mod.ts";
import { isRefusal, madeHere } from "../rpc/values/refused.ts";
import { Failure, NO_INSTANCE, PluginError, stopCauseOf } from "./errors.ts";
import { type KnownMethods, methodHint } from "./hint.ts";
import { WAITED_MS } from "./options.ts";
import type { PluginCallOptions, WaitedCallOptions } from "./options.ts";

/** Units of fuel for the error of a call, with its stack: 20 µs. */
const ERROR_WORK = 10_000;

/** What an instance has of a call. */
export interface PluginRequest {
  /** The call is given up, with a reason. */
  giveUp(reason: unknown): void;
}

/** A call that is under way. It must be ended. */
export class PluginCall implements Bagged {
  place = -1;
  readonly method: string;
  readonly params: unknown;
  readonly options: PluginCallOptions;
  /** Its request to an instance, while an instance has it. */
  request: PluginRequest | undefined;
  /** Those who wait, and are rejected if the call is given up: it may wait for several things at once. */
  #waits: Set<(reason: unknown) => void> | undefined;
  /** What the plugin gets. */
  traceparent: string | undefined;
  /** What it has used so far, of all its instances. */
  readonly use = { fuelUsed: 0, memoryPages: 0, sends: 0 };
  #interrupted: { readonly reason: unknown } | undefined;
  readonly #deadlineMs: number;
  /** When the last deadline ends, if reports of progress move it. */
  readonly #lastMs: number | undefined;
  #reports = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param deadlineMs for the call, if its options have none */
  constructor(method: string, params: unknown, options: PluginCallOptions, deadlineMs: number) {
    this.method = method;
    this.params = params;
    this.options = options;
    this.traceparent = options.traceparent;
    this.#deadlineMs = options.deadlineMs ?? deadlineMs;
    const { [WAITED_MS]: waitedMs = 0, maxDeadlineMs } = options as WaitedCallOptions;
    if (maxDeadlineMs !== undefined) this.#lastMs = performance.now() + maxDeadlineMs - waitedMs;
    options.signal?.addEventListener("abort", this.#onAbort);
    this.#startDeadline(waitedMs);
  }

  /** Whether a deadline may give the call up. */
  get hasDeadline(): boolean {
    return this.#timer !== undefined;
  }

  /** Reports of progress so far. */
  get reports(): number {
    return this.#reports;
  }

  /** Receives reports of progress, if the call has a use for them. */
  get onProgress(): ((value: unknown) => unknown) | undefined {
    const { onProgress, maxDeadlineMs } = this.options;
    if (onProgress === undefined && maxDeadlineMs === undefined) return undefined;
    return (value) => {
      this.#reports++;
      if (maxDeadlineMs !== undefined && this.#interrupted === undefined) this.#startDeadline();
      return onProgress?.(value);
    };
  }

  /** Why the call was given up, if it was. */
  get interrupted(): { readonly reason: unknown } | undefined {
    return this.#interrupted;
  }

  /** Whether the caller's signal has aborted. */
  get isAborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** Whether the call was given up, and this is the reason. */
  isGivenUpFor(error: unknown): boolean {
    return this.#interrupted !== undefined && this.#interrupted.reason === error;
  }

  /** Gives the call up. Only the first reason counts. */
  giveUp(reason: unknown): void {
    if (this.#interrupted !== undefined) return;
    this.#interrupted = { reason };
    this.request?.giveUp(reason);
    for (const reject of this.#waits ?? []) reject(reason);
  }

  /** Waits for something, or until the call is given up: then it rejects with the reason. */
  async wait<Value>(awaited: Promise<Value>): Promise<Value> {
    if (this.#interrupted !== undefined) throw this.#interrupted.reason;
    const { promise, reject } = Promise.withResolvers<never>();
    const waits = this.#waits ??= new Set();
    waits.add(reject);
    try {
      return await Promise.race([awaited, promise]);
    } finally {
      waits.delete(reject);
    }
  }

  /** Ends the deadline, and removes the listener from the caller's signal. */
  end(): void {
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener("abort", this.#onAbort);
  }

  /**
   * Watches over the streams that came with the answer: they have the deadline once more, and end by the signal.
   *
   * @param giveUp is called with the reason for which they are given up
   * @returns ends that
   */
  watchStreams(giveUp: (reason: unknown) => void): () => void {
    const { signal } = this.options;
    const ms = this.#deadlineMs;
    const timer = ms === Infinity ? undefined : setTimeout(() => giveUp(limitError("deadlineMs", ms)), ms);
    const onAbort = () => giveUp(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
  }

  /** What the caller of a failed call gets, in place of what was thrown. `known` is for a hint at a method's name. */
  async errorOf(error: unknown, plugin: string, known: KnownMethods): Promise<unknown> {
    const { signal } = this.options;
    if (signal?.aborted) return signal.reason;
    const failure = error instanceof Failure ? error : this.#failureOf(error);
    const isOfSchema = error instanceof SchemaError && error.method === this.method;
    if (failure === undefined && !(error instanceof RpcError) && !isOfSchema && !isRefusal(error)) return error;
    const turn = spend(ERROR_WORK);
    if (turn !== undefined) await turn;
    // The error is made here, since the stack of this function leads to the caller, and that of the streams does not.
    if (isOfSchema) return new SchemaError(error.method, error.part, error.issues, plugin);
    if (isRefusal(error)) return madeHere(error);
    if (failure === undefined) return rpcErrorOf(error as RpcError, plugin, this.method, known);
    const { reason, details, error: cause } = failure;
    return new PluginError(reason, { plugin, method: this.method }, details, { cause });
  }

  #failureOf(error: unknown): Failure | undefined {
    return this.isGivenUpFor(error) ? new Failure(stopCauseOf(error), NO_INSTANCE) : undefined;
  }

  readonly #onAbort = (): void => this.giveUp(this.options.signal!.reason);

  #startDeadline(waitedMs = 0): void {
    const lastMs = this.#lastMs === undefined ? Infinity : Math.max(0, this.#lastMs - performance.now());
    const ms = Math.min(Math.max(0, this.#deadlineMs - waitedMs), lastMs);
    if (ms === Infinity) return;
    const limitMs = lastMs < this.#deadlineMs ? this.options.maxDeadlineMs! : this.#deadlineMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.giveUp(limitError("deadlineMs", limitMs)), ms);
  }
}

/** The answer of a guest, as an error that says whose it is, and which method may have been meant. */
function rpcErrorOf(cause: RpcError, plugin: string, method: string, known: KnownMethods): RpcError {
  const message = `${plugin}.${method}: ${cause.message}${methodHint(cause, method, known)}`;
  return new RpcError(cause.code, message, cause.data, { cause });
}
