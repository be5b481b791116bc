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

/**
 * An object whose every property is a function that calls the method of that name. It is no thenable, and has no
 * properties besides: `then` is the one name that it can't call.
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
      if (typeof name === "symbol" || name === "then") return undefined;
      return (params?: unknown, options?: CallOptions) => caller.call(name, params, options);
    },
  });
}
