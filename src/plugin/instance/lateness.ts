/**
 * What follows when a call of an instance that lives on misses its deadline. The call is cancelled, and the guest has a
 * grace period to answer it, or to come to the end of its work and wait for input. Else it is stuck.
 *
 * @module
 */

import type { LimitError } from "../../base/limits.ts";
import type { InputUse } from "../../wasi/mod.ts";
import type { Delivery } from "./delivery.ts";

/** What a grace period needs of its instance. */
export interface LatenessOptions {
  readonly input: InputUse;
  readonly delivery: Delivery;
  readonly graceMs: number;
  /** Whether a cancelled call may still be answered. */
  readonly mayAnswer: boolean;
  /** Called if the guest is stuck. */
  readonly stuck: (method: string, reason: LimitError) => void;
}

/** The deadline of one call. */
export interface Deadline {
  /** Aborted when it passes: then the call is cancelled, but may still be answered. */
  readonly cancel: AbortSignal;
  /** Rejects when it passes. */
  readonly passed: Promise<never>;
  /** It passes. */
  pass(call: LateCall, reason: LimitError): void;
}

/** A call that has missed its deadline. */
export interface LateCall {
  readonly method: string;
  /** Settles with the call. */
  readonly answer: Promise<unknown>;
  /** Gives it up for good. */
  readonly abort: (reason: unknown) => void;
}

/** The grace periods of one instance. */
export class Lateness {
  readonly #options: LatenessOptions;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isOver = false;

  constructor(options: LatenessOptions) {
    this.#options = options;
  }

  /** A deadline for a call that is about to be sent. */
  deadline(): Deadline {
    const cancel = new AbortController();
    const { promise: passed, reject } = Promise.withResolvers<never>();
    return {
      cancel: cancel.signal,
      passed,
      pass: (call, reason) => {
        const wait = this.#watch(call, reason);
        reject(reason);
        cancel.abort(reason);
        wait();
      },
    };
  }

  /** Ends all grace periods. */
  end(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Watches for the answer from now on. Returns a function that begins the grace period. */
  #watch({ method, answer, abort }: LateCall, reason: LimitError): () => void {
    const { input, delivery, graceMs, mayAnswer, stuck } = this.#options;
    let isAnswered = false;
    const settle = () => void (isAnswered = mayAnswer);
    answer.then(settle, settle);
    return () => {
      // The instance may end just before the deadline.
      if (this.#isOver) return;
      const dueBytes = delivery.writtenBytes;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (isAnswered) return;
        // Without an answer to expect, a guest that has read the cancellation is as good.
        const isAtWork = !input.isAwaited && (mayAnswer || input.bytesRead < dueBytes);
        if (isAtWork) stuck(method, reason);
        else abort(reason);
      }, graceMs);
      this.#timers.add(timer);
    };
  }
}
