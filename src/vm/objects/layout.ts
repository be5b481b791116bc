/**
 * The layout of values in arrays of 32-bit words: each value takes two words, the lower half first, in the registers of
 * a frame and in the cells of globals. Only this file and the equations of the dispatch loop's ops know it.
 *
 * @module
 */

/** The words that a number of values takes. */
export function wordsOf(values: number): number {
  return values << 1;
}

/** The word at which the value with an index begins: a local or operand of a frame, or a global of an instance. */
export function placeOf(index: number): number {
  return wordsOf(index);
}

/** The index of the value that begins at a word. The inverse of `placeOf`. */
export function indexAt(place: number): number {
  return place >> 1;
}
