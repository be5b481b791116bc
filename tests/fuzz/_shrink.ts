/**
 * Makes a failing module smaller: omits one node after another as long as the module still fails.
 *
 * @module
 */

import { generate } from "./generate.ts";
import type { Style } from "./generate.ts";

/** The number of nodes that are tried together at first. */
const LARGEST_STEP = 64;

/**
 * The numbers of the nodes that a generated module does not need to fail.
 *
 * @param fails whether the module without these nodes still fails
 */
export async function shrink(
  seed: number,
  style: Style,
  fails: (omit: ReadonlySet<number>) => Promise<boolean>,
): Promise<ReadonlySet<number>> {
  let omit = new Set<number>();
  const { nodes } = generate(seed, omit, style);
  for (let step = LARGEST_STEP; step >= 1; step >>= 2) {
    for (let first = 0; first < nodes; first += step) {
      const attempt = new Set(omit);
      for (let number = first; number < Math.min(nodes, first + step); number++) attempt.add(number);
      if (attempt.size > omit.size && await fails(attempt)) omit = attempt;
    }
  }
  return omit;
}
