/**
 * Which two adjacent ops can be fused, derived once from the names in fused_ops.ts. The emitter checks that nothing
 * else needs the first one's result, and that no branch leads between the two.
 *
 * @module
 */

import { FUSED, partsOf } from "./fused_ops.ts";
import { COMMUTATIVE, findOp, OP_NAMES, opOperands } from "./ops.ts";

/** A way to fuse two ops. */
export interface Fusion {
  readonly op: number;
  /** The word of the second op that must name the register of the first one's result; 0 if any pair fits. */
  readonly word: number;
  /** Whether that register is written, so that it may be a local. */
  readonly isKept: boolean;
  /** Whether the operands `a` and `b` of the second op are exchanged. */
  readonly isExchanged: boolean;
}

/** By the number of the second op, then by that of the first. */
const FUSIONS: (Map<number, Fusion[]> | undefined)[] = OP_NAMES.map(() => undefined);

for (const name of FUSED) {
  const { first, second, slot, isKept } = partsOf(name)!;
  const operands = opOperands(second);
  const fusion = { op: findOp(name)!, word: operands.indexOf(slot) + 1, isKept, isExchanged: false };
  add(first, second, fusion);
  if (slot === "a" && COMMUTATIVE.test(second)) {
    add(first, second, { ...fusion, word: operands.indexOf("b") + 1, isExchanged: true });
  }
}

function add(first: string, second: string, fusion: Fusion): void {
  const byFirst = FUSIONS[findOp(second)!] ??= new Map<number, Fusion[]>();
  const list = byFirst.get(findOp(first)!);
  // A fusion that does not keep the result fits fewer places and costs less, so it comes first.
  if (list === undefined) byFirst.set(findOp(first)!, [fusion]);
  else if (fusion.isKept) list.push(fusion);
  else list.unshift(fusion);
}

/** The ways to fuse two ops, by their numbers, the best first. */
export function findFusions(first: number, second: number): readonly Fusion[] | undefined {
  return FUSIONS[second]?.get(first);
}
