/**
 * Makes a failing module smaller: leaves out one node after the other, as long as the failure stays.
 *
 * @module
 */

import { generate } from "./generate.ts";
import type { Style } from "./generate.ts";

/** Nodes that are tried at once, at first. */
const LARGEST_STEP = 64;

/**
 * The numbers of nodes that need not be there for a generated module to fail.
 *
 * @param fails whether the module without these nodes still does
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
