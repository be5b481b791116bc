/**
 * The host's methods as one guest calls them: how many it has called, and how many run.
 *
 * @module
 */

import { isPromiseLike } from "../base/callbacks.ts";
import type { Handler } from "../rpc/mod.ts";

/** What is told of the calls of host methods. */
export interface HostingEvents {
  /** A method is called. */
  began(): void;
  /** It has settled. */
  ended(): void;
}

/** Counts the calls of one guest. */
export class Hosting {
  readonly #events: HostingEvents;
  #calls = 0;
  #running = 0;

  constructor(events: HostingEvents) {
    this.#events = events;
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Methods that run. */
  get running(): number {
    return this.#running;
  }

  /** The same methods, with their calls counted. */
  counted(methods: ReadonlyMap<string, Handler>): Map<string, Handler> {
    return new Map(Array.from(methods, ([name, handler]) => [name, this.#counted(handler)]));
  }

  #counted(handler: Handler): Handler {
    return (params, context) => {
      this.#calls++;
      this.#running++;
      this.#events.began();
      let result: unknown;
      try {
        result = handler(params, context);
      } catch (error) {
        this.#end();
        throw error;
      }
      if (isPromiseLike(result)) return Promise.resolve(result).finally(() => this.#end());
      this.#end();
      return result;
    };
  }

  #end(): void {
    this.#running--;
    this.#events.ended();
  }
}
