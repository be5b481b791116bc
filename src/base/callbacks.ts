/**
 * Functions that the host gave for the library to call: whatever they do, plain or asynchronous, becomes no unhandled
 * rejection.
 *
 * @module
 */

/** Whether a value is to be awaited. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Hears of the rejection of what a callback returned, if that is a promise. */
export function onRejection(returned: unknown, failed: (reason: unknown) => void): void {
  if (isPromiseLike(returned)) Promise.resolve(returned).then(undefined, failed);
}

/** Calls a function; what it throws goes where its rejection goes. */
export function callSafely(callback: () => unknown, failed: (reason: unknown) => void): void {
  try {
    onRejection(callback(), failed);
  } catch (reason) {
    failed(reason);
  }
}
