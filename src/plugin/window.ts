/**
 * How many calls an instance gets at once. Usually all. A guest that answers some and exits would read the rest in
 * vain, again and again: after such an exit, the next instance gets as many as the last one answered, and then more.
 *
 * @module
 */

/** Lets calls in. */
export class Window {
  /** What lets each waiting call in, in order. */
  readonly #waiting = new Set<() => void>();
  #size = Infinity;
  #inside = 0;
  #answered = 0;

  /**
   * Enters now or later.
   *
   * @param atOnce enters in any case: what is inside may wait for this
   * @returns nothing if it has entered, or else when it will, and how to give that up
   */
  enter(atOnce: boolean): { readonly entered: Promise<void>; readonly giveUp: () => void } | undefined {
    if (atOnce || this.#inside < this.#size) {
      this.#inside++;
      return undefined;
    }
    const { promise: entered, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const giveUp = () => {
      // It may have been let in just now.
      if (!this.#waiting.delete(resolve)) this.leave(false);
    };
    return { entered, giveUp };
  }

  /** One that has entered leaves. The window doubles when the guest has answered as many as it has places. */
  leave(isAnswered: boolean): void {
    this.#inside--;
    if (isAnswered && ++this.#answered >= this.#size) this.#resize(2 * this.#size);
    this.#admit();
  }

  /** An instance has answered so many and exited. */
  shrink(answered: number): void {
    this.#resize(Math.max(1, answered));
  }

  /** Lets all in: what is inside may wait for any of them. */
  open(): void {
    if (this.#size === Infinity) return;
    this.#resize(Infinity);
    this.#admit();
  }

  #resize(size: number): void {
    this.#size = size;
    this.#answered = 0;
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#inside >= this.#size) return;
      this.#waiting.delete(enter);
      this.#inside++;
      enter();
    }
  }
}
