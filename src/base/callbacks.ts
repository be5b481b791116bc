/**
 * Calls of the host's callbacks, plain or async, that never cause an unhandled rejection.
 *
 * @module
 */

/** Whether a value can be awaited. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Calls `failed` if a callback returned a promise and it rejects. */
export function onRejection(returned: unknown, failed: (reason: unknown) => void): void {
  if (isPromiseLike(returned)) Promise.resolve(returned).then(undefined, failed);
}

/** Calls a function, and calls `failed` if it throws or rejects. */
export function callSafely(callback: () => unknown, failed: (reason: unknown) => void): void {
  try {
    onRejection(callback(), failed);
  } catch (reason) {
    failed(reason);
  }
}
