/**
 * The host's methods as one guest calls them: when they begin and end, and how many run.
 *
 * @module
 */

import { isPromiseLike } from "../../base/callbacks.ts";
import type { Handler, RequestContext } from "../../rpc/mod.ts";

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
  #running = 0;

  constructor(events: HostingEvents) {
    this.#events = events;
  }

  /** Methods that run. */
  get running(): number {
    return this.#running;
  }

  /** The same methods, watched. */
  counted(methods: ReadonlyMap<string, Handler>): Map<string, Handler> {
    return new Map(Array.from(methods, ([name, handler]) => [name, this.#counted(handler)]));
  }

  #counted(handler: Handler): Handler {
    return (params, context) => {
      this.#running++;
      const told = this.#events.began(context);
      let result: unknown;
      try {
        result = handler(params, context);
      } catch (error) {
        this.#end();
        told?.("error", error);
        throw error;
      }
      if (isPromiseLike(result)) return this.#settled(result, told);
      this.#end();
      told?.("answer", undefined);
      return result;
    };
  }

  async #settled(result: PromiseLike<unknown>, told: ReturnType<HostingEvents["began"]>): Promise<unknown> {
    try {
      const value = await result;
      told?.("answer", undefined);
      return value;
    } catch (error) {
      told?.("error", error);
      throw error;
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#running--;
    this.#events.ended();
  }
}
