/**
 * A small random source for generated programs. A seed yields the same numbers in every runtime. Not for secrets.
 *
 * @module
 */

/** Returns whole numbers from 0 to below `limit`. */
export type Random = (limit: number) => number;

/** A random source. Neighbouring seeds yield unrelated numbers. */
export function randomSource(seed: number): Random {
  let state = seed | 0;
  return (limit) => {
    state = state + 0x9e3779b9 | 0;
    let x = Math.imul(state ^ state >>> 16, 0x21f0aaad);
    x = Math.imul(x ^ x >>> 15, 0x735a2d97);
    return Math.floor(((x ^ x >>> 15) >>> 0) / 2 ** 32 * limit);
  };
}

/** One of the items. */
export function pick<T>(random: Random, items: ArrayLike<T>): T {
  return items[random(items.length)];
}
