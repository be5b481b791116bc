/**
 * Checks whether an instance has used up its budget: the fuel of all its calls together, whoever made them.
 *
 * @module
 */

import { limitError } from "../base/limits.ts";
import type { LimitError } from "../base/limits.ts";
import type { Metered } from "./engine.ts";

/**
 * Bytes of functions that may be retranslated regardless of the budget. Retranslating costs no fuel, because it depends
 * on other guests too. But a few functions that do not fit the arena together could make it most of the work.
 */
const FREE_RETRANSLATION = 64 << 20;

/** Whether the instance has exceeded its budget. */
export function isBudgetUsed({ limits: { fuel }, fuelUsed, retranslatedBytes }: Metered): boolean {
  return fuelUsed > fuel || retranslatedBytes > fuel + FREE_RETRANSLATION;
}

/** The error for an exceeded budget. */
export function budgetError({ limits: { fuel }, fuelUsed, retranslatedBytes }: Metered): LimitError {
  if (fuelUsed > fuel) return limitError("fuel", fuel);
  const text = `${retranslatedBytes} bytes of its functions were retranslated: they do not fit into the code arena ` +
    "together";
  return limitError("fuel", fuel, text);
}
