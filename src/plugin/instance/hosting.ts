/**
 * The host's methods as one guest calls them: when they begin and end, how many run, and whether they wait for the guest.
 *
 * @module
 */

import { isPromiseLike } from "../../base/callbacks.ts";
import type { Handler, RequestContext } from "../../rpc/mod.ts";
import { isCallingBack } from "../../rpc/request_caller.ts";

/** What is told of the calls of host methods. */
export interface HostingEvents {
  /** A method is called. It returns what is called at its end, if anything. */
  began(context: RequestContext): ((outcome: "answer" | "error", error: unknown) => void) | undefined;
  /** It has settled. */
  ended(): void;
}

/** Watches the host's methods for one guest. */
export class Hosting {
  readonly #events: HostingEvents;
  readonly #running = new Set<RequestContext>();

  constructor(events: HostingEvents) {
    this.#events = events;
  }

  /** Methods that run. */
  get running(): number {
    return this.#running.size;
  }

  /** Whether some run, and each of them waits for a call of its own to the guest. */
  get isCallingBack(): boolean {
    if (this.#running.size === 0) return false;
    for (const context of this.#running) if (!isCallingBack(context)) return false;
    return true;
  }

  /** The same methods, watched. */
  counted(methods: ReadonlyMap<string, Handler>): Map<string, Handler> {
    return new Map(Array.from(methods, ([name, handler]) => [name, this.#counted(handler)]));
  }

  #counted(handler: Handler): Handler {
    return (params, context) => {
      this.#running.add(context);
      const told = this.#events.began(context);
      let result: unknown;
      try {
        result = handler(params, context);
      } catch (error) {
        this.#end(context);
        told?.("error", error);
        throw error;
      }
      if (isPromiseLike(result)) return this.#settled(result, context, told);
      this.#end(context);
      told?.("answer", undefined);
      return result;
    };
  }

  async #settled(
    result: PromiseLike<unknown>,
    context: RequestContext,
    told: ReturnType<HostingEvents["began"]>,
  ): Promise<unknown> {
    try {
      const value = await result;
      told?.("answer", undefined);
      return value;
    } catch (error) {
      told?.("error", error);
      throw error;
    } finally {
      this.#end(context);
    }
  }

  #end(context: RequestContext): void {
    this.#running.delete(context);
    this.#events.ended();
  }
}
