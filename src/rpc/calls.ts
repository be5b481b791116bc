/**
 * Calls that wait for their answers. An answer matches a call if its id has the same type and value. Others are
 * counted, and change nothing.
 *
 * @module
 */

import type { Codec } from "./codec.ts";
import type { ResponseMessage } from "./message.ts";

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Removes the listener from the caller's signal. */
  readonly release: () => void;
}

/** A call with its id. */
export interface OpenCall {
  readonly id: number;
  /** Settles with the call. */
  readonly result: Promise<unknown>;
}

/** The pending calls of one side, and its ids: integers counted from 0. */
export class CallTable {
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 0;
  #unknownIds = 0;
  #duplicateIds = 0;
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
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

  /**
   * Opens a call. If the signal aborts first, the call rejects with the signal's reason, and then `onAbort` is called.
   */
  open(signal: AbortSignal | undefined, onAbort: (id: number, reason: unknown) => void): OpenCall {
    const id = this.#nextId++;
    const { promise: result, resolve, reject } = Promise.withResolvers<unknown>();
    const abort = (): void => {
      this.reject(id, signal?.reason);
      onAbort(id, signal?.reason);
    };
    const release = (): void => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    this.#pending.set(id, { resolve, reject, release });
    return { id, result };
  }

  /** Settles the call that the response answers, if there is one. */
  settle({ id, outcome }: ResponseMessage): void {
    // To a map, 1 and "1" are different keys, and no number that JSON has rounded is a key.
    const call = this.#remove(id);
    if (call === undefined) {
      const wasIssued = Number.isSafeInteger(id) && id as number >= 0 && id as number < this.#nextId;
      if (wasIssued) this.#duplicateIds++;
      else this.#unknownIds++;
    } else if ("error" in outcome) {
      call.reject(outcome.error);
    } else {
      this.#resolve(call, outcome.result);
    }
  }

  /** Rejects a call, if it is pending. */
  reject(id: number, reason: unknown): void {
    this.#remove(id)?.reject(reason);
  }

  /** Rejects all pending calls. */
  rejectAll(reason: unknown): void {
    for (const id of this.#pending.keys()) this.reject(id, reason);
  }

  #resolve(call: PendingCall, result: unknown): void {
    try {
      call.resolve(this.#codec.decode(result, "result"));
    } catch (error) {
      call.reject(error);
    }
  }

  #remove(id: unknown): PendingCall | undefined {
    const call = this.#pending.get(id as number);
    if (call === undefined) return undefined;
    this.#pending.delete(id as number);
    call.release();
    return call;
  }
}
