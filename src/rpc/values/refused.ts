/**
 * Errors that refuse a value of this side. They are made deep in a walk, whose functions fill the few lines of a stack,
 * so they are made again where the stack leads to the caller.
 *
 * @module
 */

/** Those that were made here: others, as of a `toJSON` that throws, stay what they are. */
const REFUSALS = new WeakSet<object>();

/** An error that refuses a value. */
export function refusal(message: string, options?: ErrorOptions): TypeError {
  return noted(new TypeError(message, options));
}

/** An error that refuses a value, since it is too long. */
export function tooLong(message: string): RangeError {
  return noted(new RangeError(message));
}

/** The same refusal, with a stack that begins here. Anything else is returned as it is. */
export function madeHere(error: unknown): unknown {
  if (!isRefusal(error)) return error;
  const options = "cause" in error ? { cause: error.cause } : undefined;
  return noted(
    error instanceof RangeError ? new RangeError(error.message, options) : new TypeError(error.message, options),
  );
}

/** Whether an error refuses a value. */
export function isRefusal(error: unknown): error is TypeError | RangeError {
  return typeof error === "object" && error !== null && REFUSALS.has(error);
}

function noted<Refusal extends object>(error: Refusal): Refusal {
  REFUSALS.add(error);
  return error;
}
