/**
 * `traceparent`, by which a request says to what trace it belongs.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 * @module
 */

import { shown } from "../base/options.ts";

/** Version, trace, span and flags. Neither the version ff nor an id of zeros is one. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What the other side sent, if it is a `traceparent`. */
export function readTraceparent(given: unknown): string | undefined {
  return typeof given === "string" && TRACEPARENT.test(given) ? given : undefined;
}

/** Checks an optional `traceparent`. @throws {TypeError} if it is not one */
export function checkTraceparent(given: unknown): void {
  if (given === undefined || readTraceparent(given) !== undefined) return;
  throw new TypeError(
    `traceparent must be that of W3C Trace Context, "00-<trace>-<span>-<flags>", not ${shown(given)}`,
  );
}
