/**
 * The other side as a handler sees it: what the handler sends belongs to the request that it serves.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import type { Calls, Origin } from "./outgoing.ts";
import type { Api, CallArguments, Caller, MethodName, NotifyArguments, PeerCallOptions, ResultOf } from "./types.ts";

/** The other side, called for one of its requests. */
export class RequestCaller<Remote extends object> implements Caller<Remote> {
  readonly #outgoing: Calls;
  readonly #origin: Origin;
  #api: Api<Remote> | undefined;

  constructor(outgoing: Calls, origin: Origin) {
    this.#outgoing = outgoing;
    this.#origin = origin;
  }

  get api(): Api<Remote> {
    return this.#api ??= createApi<Api<Remote>>(this.call.bind(this));
  }

  async call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>> {
    const [params, options] = args as [unknown, PeerCallOptions | undefined];
    return await this.#outgoing.call(method, params, options, this.#origin) as ResultOf<Remote, K>;
  }

  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void> {
    return this.#outgoing.notify(method, args[0], this.#origin);
  }
}
