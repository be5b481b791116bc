/**
 * Calls that wait for their answer. An answer is matched to its call by the id's type and value; whatever does not
 * match is counted and changes nothing. Sending is the peer's matter.
 *
 * @module
 */

import type { ResponseMessage } from "./message.ts";

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Takes the listener off the caller's signal. */
  readonly release: () => void;
}

/** A call that was given an id. */
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

  /** How many calls wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Answers so far to ids that no call ever had. */
  get unknownIds(): number {
    return this.#unknownIds;
  }

  /** Answers so far to calls that were settled before. */
  get duplicateIds(): number {
    return this.#duplicateIds;
  }

  /** Opens a call. When the signal aborts first, the call is rejected with its reason, and then `onAbort` is called. */
  open(signal: AbortSignal | undefined, onAbort: (id: number) => void): OpenCall {
    const id = this.#nextId++;
    const { promise: result, resolve, reject } = Promise.withResolvers<unknown>();
    const abort = (): void => {
      this.reject(id, signal?.reason);
      onAbort(id);
    };
    const release = (): void => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    this.#pending.set(id, { resolve, reject, release });
    return { id, result };
  }

  /** Settles the call that the response answers, if there is one. */
  settle({ id, outcome }: ResponseMessage): void {
    // A map tells 1 from "1", and no number that JSON has rounded is among its keys.
    const call = this.#remove(id);
    if (call === undefined) {
      const wasIssued = Number.isSafeInteger(id) && id as number >= 0 && id as number < this.#nextId;
      if (wasIssued) this.#duplicateIds++;
      else this.#unknownIds++;
    } else if ("error" in outcome) {
      call.reject(outcome.error);
    } else {
      call.resolve(outcome.result);
    }
  }

  /** Rejects a call, if it still waits. */
  reject(id: number, reason: unknown): void {
    this.#remove(id)?.reject(reason);
  }

  /** Rejects all calls that wait. */
  rejectAll(reason: unknown): void {
    for (const id of this.#pending.keys()) this.reject(id, reason);
  }

  #remove(id: unknown): PendingCall | undefined {
    const call = this.#pending.get(id as number);
    if (call === undefined) return undefined;
    this.#pending.delete(id as number);
    call.release();
    return call;
  }
}
