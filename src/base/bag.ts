/**
 * A collection of objects that come and go.
 *
 * @module
 */

/** What can be in a bag. */
export interface Bagged {
  /** The bag's own note: where it lies, or -1. */
  place: number;
}

/**
 * Objects without an order. Unlike a `Set`, it keeps nothing that is gone: V8 gives a set a new table now and then, and
 * each old table keeps what was in it, until a full collection.
 */
export class Bag<T extends Bagged> {
  readonly #items: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds one, which is in no bag. */
  add(item: T): void {
    item.place = this.#items.push(item) - 1;
  }

  /** Takes one out, if it is in this bag. */
  delete(item: T): void {
    const { place } = item;
    if (this.#items[place] !== item) return;
    const last = this.#items.pop()!;
    item.place = -1;
    if (last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** All that are in it now. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items.slice().values();
  }
}
