/**
 * The other side as a handler sees it: what the handler sends belongs to the request that it serves.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import type { Calls, Origin } from "./outgoing.ts";
import type {
  Api,
  CallArguments,
  Caller,
  MethodName,
  NotifyArguments,
  PeerCallOptions,
  RequestContext,
  ResultOf,
} from "./types.ts";

/** The other side, called for one of its requests. */
export class RequestCaller<Remote extends object> implements Caller<Remote> {
  readonly #outgoing: Calls;
  readonly #origin: Origin;
  #api: Api<Remote> | undefined;
  #pending = 0;

  constructor(outgoing: Calls, origin: Origin) {
    this.#outgoing = outgoing;
    this.#origin = origin;
  }

  /** Calls that wait for their answers. */
  get pending(): number {
    return this.#pending;
  }

  get api(): Api<Remote> {
    return this.#api ??= createApi<Api<Remote>>(this.call.bind(this));
  }

  async call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>> {
    const [params, options] = args as [unknown, PeerCallOptions | undefined];
    this.#pending++;
    try {
      return await this.#outgoing.call(method, params, options, this.#origin) as ResultOf<Remote, K>;
    } finally {
      this.#pending--;
    }
  }

  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void> {
    return this.#outgoing.notify(method, args[0], this.#origin);
  }
}

/** Whether a handler waits for a call that it has made of the other side. */
export function isCallingBack({ peer }: Pick<RequestContext, "peer">): boolean {
  return peer instanceof RequestCaller && peer.pending > 0;
}
