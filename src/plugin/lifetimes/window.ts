/**
 * How many calls an instance gets at once. Usually all. A guest that answers some and ends would get the rest in vain,
 * again and again: after such an end, the next instance gets as many as the last one answered, and then more. Calls
 * enter in the order in which they were made, also those that come again: so each instance gets further than the last.
 *
 * @module
 */

/** A call that waits for its turn. */
interface Waiter {
  readonly order: number;
  readonly enter: () => void;
}

/** A turn to wait for. */
export interface Turn {
  /** Resolves when the call has entered. */
  readonly entered: Promise<void>;
  /** Gives up waiting, or leaves. */
  giveUp(): void;
}

/** Lets calls in. */
export class Window {
  /** Those that wait, the first one last. */
  readonly #waiting: Waiter[] = [];
  #size = Infinity;
  #inside = 0;
  #answered = 0;

  /**
   * Enters now or later.
   *
   * @param order the call's number
   * @param atOnce enters in any case: what is inside may wait for this
   * @returns nothing if it has entered
   */
  enter(order: number, atOnce: boolean): Turn | undefined {
    if (atOnce || (this.#inside < this.#size && this.#waiting.length === 0)) {
      this.#inside++;
      return undefined;
    }
    return this.#wait(order);
  }

  /** One that has entered leaves, and enters again, before those that were made after it. */
  again(order: number): Turn {
    this.#inside--;
    return this.#wait(order);
  }

  /** One that has entered leaves. The window doubles when the guest has answered as many as it has places. */
  leave(isAnswered: boolean): void {
    this.#inside--;
    if (isAnswered && ++this.#answered >= this.#size) this.#resize(2 * this.#size);
    this.#admit();
  }

  /** An instance has answered so many and ended. */
  shrink(answered: number): void {
    this.#resize(Math.max(1, answered));
  }

  /** Lets all in: what is inside may wait for any of them. */
  open(): void {
    if (this.#size === Infinity) return;
    this.#resize(Infinity);
    this.#admit();
  }

  #wait(order: number): Turn {
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    this.#waiting.splice(this.#indexOf(order), 0, { order, enter });
    this.#admit();
    const giveUp = () => {
      const index = this.#indexOf(order) - 1;
      if (this.#waiting[index]?.order === order) this.#waiting.splice(index, 1);
      else this.leave(false);
    };
    return { entered, giveUp };
  }

  #resize(size: number): void {
    this.#size = size;
    this.#answered = 0;
  }

  #admit(): void {
    while (this.#inside < this.#size && this.#waiting.length > 0) {
      this.#inside++;
      this.#waiting.pop()!.enter();
    }
  }

  /** The place after those that come later, and after the one of the same order. */
  #indexOf(order: number): number {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#waiting[middle]!.order >= order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
