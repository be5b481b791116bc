/**
 * The other side's methods as functions of an object.
 *
 * @module
 */

import type { Api, CallOptions, Methods } from "./types.ts";

/**
 * What makes the calls: their options are passed on as they are.
 *
 * @example
 * ```ts
 * import { createApi } from "@rivulet/rivulet/rpc";
 * import type { ApiCaller } from "@rivulet/rivulet/rpc";
 *
 * const caller: ApiCaller = { call: (method, params) => Promise.resolve({ method, params }) };
 * console.log(await createApi(caller).ping()); // { method: "ping", params: undefined }
 * ```
 */
export interface ApiCaller {
  /** Calls a method by its name. */
  call(method: string, params?: unknown, options?: CallOptions): Promise<unknown>;
}

/** By `await`, by `JSON.stringify`, and by what makes text of an object: nobody would hear of such a call's failure. */
const CALLED_BY_ITSELF: ReadonlySet<string> = new Set(["then", "toJSON", "toString", "valueOf"]);

/**
 * An object whose every property is a function that calls the method of that name, but for the names that the language
 * calls by itself: `then`, `toJSON`, `toString` and `valueOf`. So it may be awaited, logged and printed without a call;
 * `call("toString")` is one.
 *
 * @example
 * ```ts
 * import { createApi, Peer } from "@rivulet/rivulet/rpc";
 *
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { methods: { ping: () => "pong" } });
 * const api = createApi<{ ping(): string }>(peer);
 * console.log(await api.ping()); // pong
 * ```
 */
export function createApi<Remote extends object = Methods>(caller: ApiCaller): Api<Remote> {
  return new Proxy(Object.create(null), {
    get(_target, name) {
      if (typeof name === "symbol" || CALLED_BY_ITSELF.has(name)) return undefined;
      return (params?: unknown, options?: CallOptions) => caller.call(name, params, options);
    },
  });
}
