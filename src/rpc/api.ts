/**
 * The other side's methods as functions of an object.
 *
 * @module
 */

import type { Api, CallOptions, Methods } from "./types.ts";

/** What makes the calls: their options are passed on as they are. */
export interface ApiCaller {
  /** Calls a method by its name. */
  call(method: string, params?: unknown, options?: CallOptions): Promise<unknown>;
}

/**
 * An object whose every property is a function that calls the method of that name. It is no thenable, and has no
 * properties besides: `then` is the one name that it can't call.
 */
export function createApi<Remote extends object = Methods>(caller: ApiCaller): Api<Remote> {
  return new Proxy(Object.create(null), {
    get(_target, name) {
      if (typeof name === "symbol" || name === "then") return undefined;
      return (params?: unknown, options?: CallOptions) => caller.call(name, params, options);
    },
  });
}
