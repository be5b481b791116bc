/**
 * Whether something belongs to another request. Where requests share a thread, as on Cloudflare's Workers, what a
 * request makes is dead for the others: its timers, its streams, its promises. They would wait for ever.
 *
 * @module
 */

import { areTimersOfRequests } from "../../base/schedule.ts";

/**
 * Remembers in which request it was made. A signal can be read only there; in a Durable Object, whose requests share
 * what they make, it can be read in all of them. Other runtimes need no signal.
 */
export class RequestGuard {
  readonly #signal: AbortSignal | undefined = areTimersOfRequests ? new AbortController().signal : undefined;

  /** Whether this is another request than the one that made it. */
  get isForeign(): boolean {
    try {
      return this.#signal?.aborted === true;
    } catch {
      return true;
    }
  }
}
