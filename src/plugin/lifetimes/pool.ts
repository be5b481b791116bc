/**
 * Instances that live for one call each: some are started ahead, or none.
 *
 * @module
 */

import type { PluginCall } from "../call.ts";
import type { Serving, Sessions } from "./lifetime.ts";
import type { Session } from "../instance/session.ts";

/** The lifetimes `call`, which is a pool of none, and `{ pool: n }`. */
export class Pool implements Serving {
  readonly #sessions: Sessions;
  readonly #size: number;
  /** Instances that no call has taken, the oldest first. */
  readonly #warm = new Set<Session>();
  #isClosed = false;

  /** @param size how many instances are kept ready */
  constructor(sessions: Sessions, size: number) {
    this.#sessions = sessions;
    this.#size = size;
  }

  get warm(): number {
    return this.#warm.size;
  }

  async call(call: PluginCall): Promise<unknown> {
    const warm = this.#take();
    this.#fill();
    if (warm !== undefined) {
      const outcome = await serve(warm, call);
      if ("result" in outcome) return outcome.result;
      // It may have ended just when it was taken.
      if (!outcome.isUnread || this.#isClosed) throw outcome.failure;
    }
    const outcome = await serve(this.#sessions.open(), call);
    if ("result" in outcome) return outcome.result;
    throw outcome.failure;
  }

  notify(): Promise<void> {
    return Promise.reject(
      new TypeError(
        'notify is for the lifetime "plugin": here each call has an instance of its own, and it ends with it',
      ),
    );
  }

  async ready(call: PluginCall): Promise<void> {
    if (this.#size === 0) {
      // A trial: what can't start is known before the first call.
      const session = this.#sessions.open();
      try {
        await session.ready(call);
      } finally {
        session.finish();
      }
      return;
    }
    this.#dropForeign();
    this.#fill();
    // One that a call takes meanwhile is ready too.
    await Promise.all([...this.#warm].map((session) => session.ready(call)));
  }

  ended(session: Session): void {
    // The next call fills the pool. If it were filled at once, a guest that fails at its start would start for ever.
    this.#warm.delete(session);
  }

  close(): void {
    this.#isClosed = true;
    for (const session of this.#warm) if (!session.isForeign) session.finish();
    this.#warm.clear();
  }

  #take(): Session | undefined {
    this.#dropForeign();
    for (const session of this.#warm) {
      this.#warm.delete(session);
      if (session.isServing) return session;
    }
    return undefined;
  }

  /** Drops instances that another request has started: they are of no use here. */
  #dropForeign(): void {
    for (const session of this.#warm) {
      if (!session.isForeign) continue;
      this.#warm.delete(session);
      this.#sessions.forget(session);
    }
  }

  #fill(): void {
    while (!this.#isClosed && this.#warm.size < this.#size) this.#warm.add(this.#sessions.open());
  }
}

async function serve(session: Session, call: PluginCall): ReturnType<Session["call"]> {
  try {
    return await session.call(call, true);
  } finally {
    session.finish(call);
  }
}
