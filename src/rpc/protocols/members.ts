/**
 * Members of values that the other side sent, or that it will read.
 *
 * @module
 */

/** A member of an object of JSON; `undefined` of anything else. */
export function memberOf(value: unknown, name: string): unknown {
  return (value as { readonly [name: string]: unknown } | null | undefined)?.[name];
}
