/**
 * The JSON text of values, and what is wrong with one that has none. It is looked for only then.
 *
 * @module
 */

import { toJson } from "../message.ts";
import { pathText, type Step } from "./paths.ts";
import { refusal } from "./refused.ts";

/**
 * The JSON text of a value, as `toJson` makes it.
 *
 * @param root what the value is called in a path
 * @param before the path to it
 * @throws {TypeError} if it has none
 */
export function jsonText(value: unknown, root: string, before: readonly Step[] = []): string {
  try {
    return toJson(value);
  } catch (error) {
    // Too deep a nesting is another error.
    if (!(error instanceof TypeError)) throw error;
    const path = pathOfBigInt(value, [], new Set());
    if (path === undefined) throw refusal(error.message, { cause: error });
    const where = pathText(root, [...before, ...path]);
    throw refusal(`${where} is a BigInt, which JSON does not have: pass a string, or \`Number(value)\` if it is small`);
  }
}

/** The way to the first BigInt of a value, which may have cycles. */
function pathOfBigInt(value: unknown, path: readonly Step[], seen: Set<object>): readonly Step[] | undefined {
  if (typeof value === "bigint" || value instanceof BigInt) return path;
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  seen.add(value);
  const isArray = Array.isArray(value);
  for (const [name, member] of Object.entries(value)) {
    const found = pathOfBigInt(member, [...path, isArray ? Number(name) : name], seen);
    if (found !== undefined) return found;
  }
  return undefined;
}
