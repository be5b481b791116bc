/**
 * Reasons that are errors, for which nobody may ever ask. An error takes a microsecond to make. While it lives, so do the
 * async functions of its stack, with all that they hold.
 *
 * @module
 */

/** Returns why something has ended: the same each time. */
export type Why = () => unknown;

/** A reason that is made when somebody first asks for it. */
export function lazily(make: () => unknown): Why {
  let made: { readonly reason: unknown } | undefined;
  return () => (made ??= { reason: make() }).reason;
}
