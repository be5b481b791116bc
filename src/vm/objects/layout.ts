/**
 * How values lie in arrays of 32-bit words, the only place that knows: each value has two, the lower half first, in the
 * registers of a frame and in the cells of globals. The dispatch loop's ops have it in their equations.
 *
 * @module
 */

/** Words that so many values take. */
export function wordsOf(values: number): number {
  return values << 1;
}

/** The word where the value at an index begins: a local or operand of a frame, a global of an instance. */
export function placeOf(index: number): number {
  return wordsOf(index);
}

/** The index of the value that begins at a word. */
export function indexAt(place: number): number {
  return place >> 1;
}
