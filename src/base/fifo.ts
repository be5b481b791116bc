/**
 * A first-in, first-out queue.
 *
 * @module
 */

/** Empty places at the front, before the rest moves up. */
const MIN_STALE = 1_024;

/** A queue in which an entry moves a bounded number of times, however many wait. */
export class Fifo<T> {
  #entries: (T | undefined)[] = [];
  #next = 0;

  /** How many entries wait. */
  get size(): number {
    return this.#entries.length - this.#next;
  }

  /** Adds an entry at the end. */
  push(entry: T): void {
    this.#entries.push(entry);
  }

  /** Removes and returns the first entry, if there is one. */
  shift(): T | undefined {
    if (this.#next === this.#entries.length) return undefined;
    const entry = this.#entries[this.#next];
    // The queue must not keep it alive.
    this.#entries[this.#next++] = undefined;
    if (this.#next === this.#entries.length) {
      this.#entries.length = this.#next = 0;
    } else if (this.#next >= MIN_STALE && this.#next * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#next);
      this.#next = 0;
    }
    return entry;
  }

  /** Removes and returns all entries. */
  takeAll(): T[] {
    const entries = this.#entries.slice(this.#next) as T[];
    this.#entries.length = this.#next = 0;
    return entries;
  }
}
