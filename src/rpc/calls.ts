/**
 * Calls that wait for their answers. An answer matches a call if its id has the same type and value, and so does a
 * report of progress. Others are counted, and change nothing.
 *
 * @module
 */

import { isPromiseLike } from "../base/callbacks.ts";
import { quoted } from "../base/text.ts";
import type { Why } from "../base/why.ts";
import { RpcError } from "./errors.ts";
import type { ResponseMessage } from "./message.ts";
import type { OngoingCall, PeerCallOptions } from "./types.ts";

/** UTF-16 units of a method's name in an error. */
const NAME_LENGTH = 100;

/** A call with its id. */
export interface OpenCall {
  readonly id: number;
  /** Settles with the call. */
  readonly result: Promise<unknown>;
  /** Bytes of the message with which it was sent. */
  bytes: number;
}

/** What opens a call. */
export interface CallSpec {
  readonly id: number;
  readonly method: string;
  readonly options: PeerCallOptions;
  /** Whether a cancelled call still has an answer. */
  readonly isAnswered: boolean;
  /** Called when the call is to be cancelled, after it has rejected, if it does. */
  readonly onCancel: (id: number, reason: unknown) => void;
}

/** A call from its opening to its end. */
class PendingCall implements OngoingCall, OpenCall {
  readonly id: number;
  readonly method: string;
  readonly traceparent: string | undefined;
  readonly result: Promise<unknown>;
  bytes = 0;
  readonly onProgress: PeerCallOptions["onProgress"];
  /** The call has a result. */
  readonly resolve: (result: unknown) => void;
  /** The call has an error answer. */
  readonly fail: (error: unknown) => void;
  readonly #spec: CallSpec;
  readonly #abandon: (call: PendingCall, reason: unknown) => void;
  /** Made when the signal is first read: most handlers do not read it. */
  #controller: AbortController | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  /** Removes the listeners from the caller's signals, if there are any. */
  #release: (() => void) | undefined;

  /** @param abandon rejects the call, and cancels it */
  constructor(spec: CallSpec, abandon: (call: PendingCall, reason: unknown) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.id = spec.id;
    this.method = spec.method;
    this.result = promise;
    this.resolve = resolve;
    this.fail = reject;
    this.#spec = spec;
    this.#abandon = abandon;
    const { signal, cancel, onProgress, traceparent } = spec.options;
    this.onProgress = onProgress;
    this.traceparent = traceparent;
    if (signal || cancel) this.#release = this.#listen(signal, cancel);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#stopped !== undefined) this.#controller.abort(this.#stopped.reason);
    return this.#controller.signal;
  }

  /** The call has no answer, and will have none. */
  reject(reason: unknown): void {
    this.fail(reason);
    this.#stop(reason);
  }

  /** Asks the other side to stop. */
  cancel(reason: unknown): void {
    this.#stop(reason);
    this.#spec.onCancel(this.id, reason);
  }

  /** The call has settled. */
  release(): void {
    this.#release?.();
  }

  #listen(signal: AbortSignal | undefined, cancel: AbortSignal | undefined): () => void {
    const onAbort = (): void => this.#abandon(this, signal?.reason);
    const onCancel = (): void => {
      if (this.#spec.isAnswered) this.cancel(cancel?.reason);
      else this.#abandon(this, cancel?.reason);
    };
    signal?.addEventListener("abort", onAbort);
    cancel?.addEventListener("abort", onCancel);
    return () => {
      signal?.removeEventListener("abort", onAbort);
      cancel?.removeEventListener("abort", onCancel);
    };
  }

  #stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#controller?.abort(reason);
  }
}

/** The pending calls of one side, and its ids: integers counted from 0. */
export class CallTable {
  readonly #pending = new Map<number, PendingCall>();
  readonly #mostReports: number;
  #nextId = 0;
  #unknownIds = 0;
  #duplicateIds = 0;
  #droppedReports = 0;
  /** Promises of `onProgress` that have not settled. */
  #reports = 0;

  /** @param mostReports promises of `onProgress` at the same time; what is reported beyond is dropped */
  constructor(mostReports: number) {
    this.#mostReports = mostReports;
  }

  /** How many calls are pending. */
  get size(): number {
    return this.#pending.size;
  }

  /** Answers so far with an id that no call ever had. */
  get unknownIds(): number {
    return this.#unknownIds;
  }

  /** Answers so far to calls that had settled. */
  get duplicateIds(): number {
    return this.#duplicateIds;
  }

  /** Reports of progress that were dropped so far, because `onProgress` is slow. */
  get droppedReports(): number {
    return this.#droppedReports;
  }

  /** The ids of the pending calls. */
  get ids(): readonly number[] {
    return [...this.#pending.keys()];
  }

  /** The only pending call, if it is the only one. */
  get only(): OngoingCall | undefined {
    return this.#pending.size === 1 ? this.#pending.values().next().value : undefined;
  }

  /** The pending call that an id of the other side names. */
  get(id: unknown): OngoingCall | undefined {
    return this.#pending.get(id as number);
  }

  /** The id of a call that is to be opened. */
  takeId(): number {
    return this.#nextId++;
  }

  /** Opens a call. If its signal aborts first, it rejects with the signal's reason, and `onCancel` is called. */
  open(spec: CallSpec): OpenCall {
    const call = new PendingCall(spec, (call, reason) => this.#abandon(call, reason));
    this.#pending.set(spec.id, call);
    return call;
  }

  /** Settles the call that the response answers, and returns whether there is one. */
  settle(id: unknown, outcome: ResponseMessage["outcome"]): boolean {
    // To a map, 1 and "1" are different keys, and no number that JSON has rounded is a key.
    const call = this.#remove(id);
    if (call === undefined) {
      const wasIssued = Number.isSafeInteger(id) && id as number >= 0 && id as number < this.#nextId;
      if (wasIssued) this.#duplicateIds++;
      else this.#unknownIds++;
    } else if ("error" in outcome) {
      call.fail(outcome.error);
    } else {
      call.resolve(outcome.result);
    }
    return call !== undefined;
  }

  /**
   * Reports progress of the call that the token names. If its `onProgress` throws or rejects, the call does.
   *
   * @returns whether there is such a call
   */
  progress(token: unknown, value: unknown): boolean {
    const call = this.#pending.get(token as number);
    const onProgress = call?.onProgress;
    if (call === undefined || onProgress === undefined) return call !== undefined;
    if (this.#reports >= this.#mostReports) {
      this.#droppedReports++;
      return true;
    }
    try {
      const returned = onProgress(value);
      if (isPromiseLike(returned)) this.#await(call, returned);
    } catch (reason) {
      this.#abandon(call, reason);
    }
    return true;
  }

  /** Rejects a call, if it is pending, since the other side refused a message that was perhaps this call's. */
  refuse(id: number, { code, message, data }: RpcError, isOnly: boolean): void {
    const call = this.#pending.get(id);
    if (call === undefined) return;
    const what = `the call of ${quoted(call.method, NAME_LENGTH)}, sent as ${call.bytes} bytes`;
    const who = isOnly ? `the other side refused ${what}` : `the other side refused a message, perhaps ${what}`;
    this.reject(id, new RpcError(code, `${who}: ${message}`, data));
  }

  /** Rejects a call, if it is pending. */
  reject(id: number, reason: unknown): void {
    this.#remove(id)?.reject(reason);
  }

  /** Rejects all pending calls. */
  rejectAll(why: Why): void {
    for (const id of this.#pending.keys()) this.reject(id, why());
  }

  async #await(call: PendingCall, returned: PromiseLike<unknown>): Promise<void> {
    this.#reports++;
    try {
      await returned;
    } catch (reason) {
      this.#abandon(call, reason);
    }
    this.#reports--;
  }

  /** Rejects a call and cancels it, if it is pending. */
  #abandon(call: PendingCall, reason: unknown): void {
    if (this.#pending.get(call.id) !== call) return;
    this.reject(call.id, reason);
    call.cancel(reason);
  }

  #remove(id: unknown): PendingCall | undefined {
    const call = this.#pending.get(id as number);
    if (call === undefined) return undefined;
    this.#pending.delete(id as number);
    call.release();
    return call;
  }
}
