/**
 * The open blocks of a function that is rewritten, as words: what a branch to each carries and pays.
 *
 * @module
 */

// Kinds of labels.
export const OF_FUNCTION = 0;
export const OF_BLOCK = 1;
export const OF_LOOP = 2;
/** An `if` whose `else` has not come. */
export const OF_IF = 3;

/** A chain of branches without one. */
export const NO_CHAIN = 0;

/** The words of a label. */
export const WORDS = 16;
export const KIND = 0;
/** The number of values that a branch carries. */
export const ARITY = 1;
/** Their types, as a key of `Types`. */
export const CARRIED = 2;
/** The branches to the end. */
export const CHAIN = 3;
/** What a branch to a loop pays for the run there, once that has ended. 0 if the run pays itself. */
export const COST = 4;
/** The last `br_table` that named the label. */
export const TABLE_AT = 5;
/** Its block there. */
export const SLOT = 6;
/** Loops around the end of the block; for a loop, itself included. */
export const LOOPS = 7;
/** The longest ways of the branches to the end, {@linkcode WAY_WORDS} words. */
export const WAYS = 8;
/** The state at an `if`: the debt, whether the local is stale, the ways. */
export const ELSE_DEBT = 11;
export const ELSE_STALE = 12;
export const ELSE_WAYS = 13;

/** The labels of one function, the outermost first. */
export class Labels {
  words: Int32Array = new Int32Array(64 * WORDS);
  /** The first word of the innermost label; negative when the function has ended. */
  top: number = -WORDS;
  /** The first words of loops whose first run has not ended, each with the count where it began. */
  #loops = new Int32Array(64);
  #looped = 0;

  /** Begins a function. */
  clear(): void {
    this.top = -WORDS;
    this.#looped = 0;
  }

  push(kind: number, arity: number, carried: number, loops: number): void {
    const label = this.top += WORDS;
    if (label === this.words.length) this.words = grown(this.words);
    const { words } = this;
    words[label + KIND] = kind;
    words[label + ARITY] = arity;
    words[label + CARRIED] = carried;
    words[label + CHAIN] = NO_CHAIN;
    words[label + TABLE_AT] = -1;
    words[label + LOOPS] = loops;
    words[label + COST] = 0;
    words[label + WAYS] = 0;
    words[label + WAYS + 1] = -1;
    words[label + WAYS + 2] = 0;
  }

  /** The first word of a label. */
  at(depth: number): number {
    return this.top - depth * WORDS;
  }

  /** Declares that control enters the innermost label, a loop, at each iteration. */
  enterLoop(count: number): void {
    if (this.#looped === this.#loops.length) this.#loops = grown(this.#loops);
    this.#loops[this.#looped] = this.top;
    this.#loops[this.#looped + 1] = count;
    this.#looped += 2;
  }

  /** Sets what branches to loops pay whose first run has ended. */
  setLoops(count: number): void {
    for (let at = 0; at < this.#looped; at += 2) this.words[this.#loops[at] + COST] = count - this.#loops[at + 1];
    this.#looped = 0;
  }
}

/** A list of twice the length. */
export function grown(list: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(list.length * 2);
  larger.set(list);
  return larger;
}
