/**
 * Whether an instance has used up its budget: the fuel of all its calls together, whoever made them.
 *
 * @module
 */

import { limitError } from "../base/limits.ts";
import type { LimitError } from "../base/limits.ts";
import type { Metered } from "./engine.ts";

/**
 * Bytes of functions that may be translated again without regard to the budget. It costs no fuel, since it depends on
 * other guests too; but a few functions too large for the arena could make it most of the work.
 */
const FREE_RETRANSLATION = 64 << 20;

/** Whether more was used than the budget has. */
export function isBudgetUsed({ limits: { fuel }, fuelUsed, retranslatedBytes }: Metered): boolean {
  return fuelUsed > fuel || retranslatedBytes > fuel + FREE_RETRANSLATION;
}

/** What is said then. */
export function budgetError({ limits: { fuel }, fuelUsed, retranslatedBytes }: Metered): LimitError {
  if (fuelUsed > fuel) return limitError("fuel", fuel);
  const text =
    `${retranslatedBytes} bytes of its functions were translated again, since they do not fit into the code ` +
    "arena together";
  return limitError("fuel", fuel, text);
}
