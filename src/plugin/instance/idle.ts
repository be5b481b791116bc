/**
 * Finds calls that wait for a guest that waits for its input: it has forgotten to answer, and nobody will wake it.
 *
 * @module
 */

import type { InputUse } from "../../wasi/mod.ts";

/** The input of a guest. */
export interface WatchedInput extends InputUse {
  /** Called when the guest begins to wait for input alone. */
  onWait: (() => void) | undefined;
}

/** While host methods run, the calls are looked at so often in their time: a method may end at any moment. */
const LOOKS = 10;

/** What else matters while a guest waits. */
export interface IdleWatchOptions {
  /** Whether the guest waits for the host's end of a stream: then calls have all their time again. */
  readonly isBusy: () => boolean;
  /** Whether all host methods that run wait for the guest themselves. */
  readonly isCallingBack: () => boolean;
}

/** A call that waits for its answer. */
interface Waiting {
  /** What the clock showed when it was sent. */
  since: number;
  /** Called once, when the guest has waited too long. */
  readonly expire: () => void;
}

/**
 * A clock that runs while a guest waits for input alone, and nothing is under way to it: no host method runs for it.
 * Each call has so much of this time. It adds up, so other calls that the guest serves meanwhile do not hide that it
 * has forgotten one. Host methods that only wait for calls of the guest do not help it either: if nothing reaches it in
 * all this time, it has forgotten theirs.
 */
export class IdleWatch {
  readonly #input: WatchedInput;
  readonly #idleMs: number;
  readonly #options: IdleWatchOptions;
  readonly #waiting = new Set<Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = 0;
  /** The input's time when the first of those who hold the clock began to, and such times so far. */
  #heldAt = 0;
  #heldMs = 0;
  /** Since when the guest has waited for input, and all host methods for the guest; and its input then. */
  #stuck: { readonly since: number; readonly bytesWritten: number } | undefined;

  /** @param idleMs `Infinity` for no limit */
  constructor(input: WatchedInput, idleMs: number, options: IdleWatchOptions) {
    this.#options = options;
    this.#input = input;
    this.#idleMs = idleMs;
    if (idleMs < Infinity) input.onWait = () => this.#arm();
  }

  /** Stops the clock until the same number of `release`. */
  hold(): void {
    if (this.#held++ === 0) this.#heldAt = this.#input.waitedMs;
  }

  /** Lets the clock run again. */
  release(): void {
    if (--this.#held === 0) this.#heldMs += this.#input.waitedMs - this.#heldAt;
  }

  /**
   * Watches a call. Returns a function that ends that.
   *
   * @param isSent whether its message will wake the guest, if that waits now
   */
  watch(expire: () => void, isSent = false): () => void {
    if (this.#idleMs === Infinity) return () => {};
    const call: Waiting = { since: this.#now, expire };
    this.#waiting.add(call);
    if (!isSent && this.#input.isAwaited) this.#arm();
    return () => {
      this.#waiting.delete(call);
      if (this.#waiting.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  get #now(): number {
    const waited = this.#held > 0 ? this.#heldAt : this.#input.waitedMs;
    return waited - this.#heldMs;
  }

  /** The guest waits: the call that was sent first expires first. */
  #arm(): void {
    if (this.#timer !== undefined) return;
    const [first] = this.#waiting;
    if (first !== undefined) this.#wait(Math.max(0, first.since + this.#idleMs - this.#now));
  }

  #wait(ms: number): void {
    // A timer may fire early by a fraction.
    this.#timer = setTimeout(() => this.#look(), Math.ceil(ms));
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#now;
    const isBusy = this.#options.isBusy();
    if (isBusy) { for (const call of this.#waiting) call.since = now; }
    const stuckLeft = isBusy ? Infinity : this.#stuckLeft();
    const least = this.#held > 0 ? this.#idleMs / LOOKS : 0;
    // The first call in the set was sent first, and expires first.
    for (const call of this.#waiting) {
      const left = Math.min(call.since + this.#idleMs - now, stuckLeft);
      if (left > 0) return this.#wait(Math.max(left, least));
      this.#waiting.delete(call);
      call.expire();
    }
  }

  /** Milliseconds until all calls expire if guest and host methods go on waiting for each other. */
  #stuckLeft(): number {
    const { isAwaited, bytesWritten } = this.#input;
    if (!isAwaited || !this.#options.isCallingBack()) {
      this.#stuck = undefined;
      return Infinity;
    }
    const now = performance.now();
    // A guest that has got nothing since has waited all the time.
    if (this.#stuck?.bytesWritten !== bytesWritten) this.#stuck = { since: now, bytesWritten };
    return this.#stuck!.since + this.#idleMs - now;
  }
}
