/**
 * How long a function may run between two checks of fuel, on the longest way to the current instruction. Checks that
 * are due at certain instructions are written by runs.ts; this decides where more are needed, because branches jump
 * over checks, and because calls and returns do not check.
 *
 * @module
 */

/** The most instructions between two checks. Each call counts some. */
const MAX_WAY = 1_000;
/** The most instructions of a function without a check, if it calls nothing. It checks before its first call. */
const MAX_LEAF = 200;
/** What a call counts, because the called function may not check. */
const CALL_WAY = 100;
/**
 * The most instructions between a call and the function's return, without a check. When a deep recursion ends, so many
 * run in each of a hundred thousand frames.
 */
const MAX_RETURNING = 100;
const NEVER = -1;

/** The words of a state: the way since a check, that since a call or -1, and whether there was no check at all. */
export const WAY_WORDS = 3;

/** The longest ways to the current instruction, whose count is passed. */
export class Ways {
  #safeAt = 0;
  #calledAt = NEVER;
  #isEntered = true;

  /** Begins a function. */
  begin(): void {
    this.#safeAt = MAX_LEAF - MAX_WAY;
    this.#calledAt = NEVER;
    this.#isEntered = true;
  }

  /** There is a check, or only branches lead here. */
  clear(count: number): void {
    this.#safeAt = count;
    this.#calledAt = NEVER;
    this.#isEntered = false;
  }

  called(count: number): void {
    this.#safeAt -= CALL_WAY;
    this.#calledAt = count;
  }

  /** Whether a check is needed here. */
  isFar(count: number): boolean {
    return count - this.#safeAt > MAX_WAY;
  }

  needsCheckBeforeCall(count: number): boolean {
    return this.#isEntered || this.isFar(count);
  }

  needsCheckBeforeReturn(count: number): boolean {
    return this.#calledAt !== NEVER && count - this.#calledAt > MAX_RETURNING || this.isFar(count);
  }

  save(count: number, words: Int32Array, at: number): void {
    words[at] = count - this.#safeAt;
    words[at + 1] = this.#calledAt === NEVER ? NEVER : count - this.#calledAt;
    words[at + 2] = this.#isEntered ? 1 : 0;
  }

  restore(count: number, words: Int32Array, at: number): void {
    this.clear(count);
    this.join(count, words, at);
  }

  /** Continues with the longest of the ways here and those of a state. */
  join(count: number, words: Int32Array, at: number): void {
    if (count - this.#safeAt < words[at]) this.#safeAt = count - words[at];
    const called = words[at + 1];
    if (called !== NEVER && (this.#calledAt === NEVER || count - this.#calledAt < called)) {
      this.#calledAt = count - called;
    }
    if (words[at + 2] !== 0) this.#isEntered = true;
  }

  /** Adds the ways here to a state. */
  joinTo(count: number, words: Int32Array, at: number): void {
    if (count - this.#safeAt > words[at]) words[at] = count - this.#safeAt;
    if (this.#calledAt !== NEVER && count - this.#calledAt > words[at + 1]) words[at + 1] = count - this.#calledAt;
    if (this.#isEntered) words[at + 2] = 1;
  }
}
