/**
 * Hints for names that the other side or a guest has chosen, or that are compared with such names: bounded, and counted
 * as work.
 *
 * @module
 */

import { comparedLetters, hintOf } from "./options.ts";
import { count } from "./schedule.ts";

/** Pairs of letters that are compared at the most: a millisecond. */
const MAX_COMPARED = 200_000;
/** Units of fuel for a pair. Measured: 4 to 12 ns. */
const PAIR_WORK = 4;
/** Units of fuel for a name, whether or not it is compared. */
const NAME_WORK = 50;

/** What `hintOf` returns, or nothing if it would have to compare too much. */
export function countedHint(name: string, known: readonly string[]): string {
  const pairs = comparedLetters(name, known);
  const isPossible = pairs <= MAX_COMPARED;
  count(known.length * NAME_WORK + (isPossible ? pairs * PAIR_WORK : 0));
  return isPossible ? hintOf(name, known) : "";
}
