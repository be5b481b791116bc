/**
 * Remote methods as functions of an object: `api.add([1, 2])` for `call("add", [1, 2])`.
 *
 * @module
 */

/**
 * Names that the language looks up by itself: `await`, `JSON.stringify`, and conversion to text or a number. Nobody would
 * notice the failure of such a call.
 */
const IMPLICIT_NAMES: ReadonlySet<string> = new Set(["then", "toJSON", "toString", "valueOf"]);

/**
 * An object whose every property is a function that calls the method of that name. Its prototype is `null`, and it lacks
 * `then`, `toJSON`, `toString` and `valueOf`. So it can be awaited, logged and printed without a call.
 *
 * @param call calls a method by its name, with its params and options
 */
export function createApi<Api extends object>(
  call: (method: never, ...args: never) => Promise<unknown>,
): Api {
  const callAny = call as (method: string, params?: unknown, options?: unknown) => Promise<unknown>;
  return new Proxy(Object.create(null), {
    get(_target, name) {
      if (typeof name === "symbol" || IMPLICIT_NAMES.has(name)) return undefined;
      return (params?: unknown, options?: unknown) => callAny(name, params, options);
    },
  });
}
