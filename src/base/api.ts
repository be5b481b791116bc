/**
 * Remote methods as functions of an object: `api.add([1, 2])` for `call("add", [1, 2])`.
 *
 * @module
 */

/**
 * An object whose every property is a function that calls the method of that name. Its prototype is `null`, and it has
 * no `then`, so that it can be awaited: `then` is the one name that it can't call.
 *
 * @param call calls a method by its name, with its params and options
 */
export function createApi<Api extends object>(
  call: (method: never, ...args: never) => Promise<unknown>,
): Api {
  const callAny = call as (method: string, params?: unknown, options?: unknown) => Promise<unknown>;
  return new Proxy(Object.create(null), {
    get(_target, name) {
      if (typeof name === "symbol" || name === "then") return undefined;
      return (params?: unknown, options?: unknown) => callAny(name, params, options);
    },
  });
}
