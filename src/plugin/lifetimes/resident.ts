/**
 * One instance that serves all calls, and the next one when it has ended.
 *
 * A call is never run twice if anybody could notice. It is sent to the next instance only if the guest has not read it, or
 * if the guest exited with code 0 and had called no host method since the call was sent: then all that it did is gone with
 * its memory.
 *
 * @module
 */

import { spend } from "../../base/schedule.ts";
import { RpcError } from "../../rpc/mod.ts";
import type { PluginCall } from "../call.ts";
import { Failure, NO_INSTANCE } from "../errors.ts";
import type { Cause } from "../errors.ts";
import type { Serving, Sessions } from "./lifetime.ts";
import { Backoff } from "./restart.ts";
import type { RestartPolicy } from "./restart.ts";
import type { Outcome, Session } from "../instance/session.ts";
import { Window } from "./window.ts";
import type { Turn } from "./window.ts";

/** How often a call is sent at most. A guest that exits with each answer gets it three times. */
const MAX_SENDS = 100;
/** Units of fuel for sending a call again: 20 µs. */
const SEND_WORK = 10_000;

const OTHER_REQUEST: Cause = {
  reason: "other request",
  what: "the instance belongs to the request that started it, and ends with it: " +
    "make a plugin for each request, or keep one in a Durable Object",
};

/** The lifetime `plugin`. */
export class Resident implements Serving {
  readonly warm = 0;
  readonly #sessions: Sessions;
  readonly #backoff: Backoff;
  readonly #window = new Window();
  /** Calls so far. */
  #calls = 0;
  #session: Session | undefined;
  /** When the next instance may be started, and the wait for that. */
  #dueAt = 0;
  #delay: Promise<unknown> | undefined;
  /** How the last instance failed. */
  #lastFailure: { readonly message: string; readonly error: unknown } | undefined;
  #isClosed = false;

  constructor(sessions: Sessions, restart: Required<RestartPolicy>) {
    this.#sessions = sessions;
    this.#backoff = new Backoff(restart);
  }

  async call(call: PluginCall): Promise<unknown> {
    const order = this.#calls++;
    let turn = this.#window.enter(order, this.#session?.isHosting === true);
    for (let sends = 1;; sends++) {
      if (turn !== undefined) await this.#enter(call, turn);
      const outcome = await this.#send(call);
      if ("result" in outcome) return outcome.result;
      if (!outcome.isRepeatable || this.#isClosed || sends === MAX_SENDS) {
        this.#window.leave(false);
        throw outcome.failure;
      }
      turn = this.#window.again(order);
    }
  }

  async notify(call: PluginCall): Promise<void> {
    const session = this.#sessionFor(call);
    await (session instanceof Promise ? await session : session).notify(call);
  }

  async ready(call: PluginCall): Promise<void> {
    if (this.#backoff.hasGivenUp) this.#backoff.reset();
    const session = this.#sessionFor(call);
    await (session instanceof Promise ? await session : session).ready(call);
  }

  ended(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    if (!session.isFinished) this.#window.shrink(session.answered);
    if (session.hasEndedWell) {
      this.#backoff.reset();
    } else if (!session.isFinished) {
      this.#backoff.failed(session.answered > 0);
      this.#dueAt = performance.now() + this.#backoff.delayMs;
      this.#lastFailure = session.exit();
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#session?.isForeign === false) this.#session.finish();
  }

  /** Sends a call that has entered the window. It leaves, unless it is not answered. */
  async #send(call: PluginCall): Promise<Outcome> {
    try {
      const session = this.#sessionFor(call);
      const outcome = await (session instanceof Promise ? await session : session).call(call, false);
      if ("result" in outcome) this.#window.leave(true);
      return outcome;
    } catch (error) {
      this.#window.leave(error instanceof RpcError);
      throw error;
    }
  }

  async #enter(call: PluginCall, { entered, giveUp }: Turn): Promise<void> {
    try {
      await call.wait(entered);
      await spend(SEND_WORK);
    } catch (reason) {
      giveUp();
      throw reason;
    }
  }

  /** An instance that can serve a call: now if possible, so that calls are sent in the order in which they were made. */
  #sessionFor(call: PluginCall): Session | Promise<Session> {
    // One that was stopped may take a moment to end.
    if (this.#session?.isServing) {
      if (this.#session.isForeign) throw new Failure(OTHER_REQUEST, NO_INSTANCE);
      return this.#session;
    }
    return this.#delayMs() > 0 ? this.#sessionLater(call) : this.#start(call);
  }

  async #sessionLater(call: PluginCall): Promise<Session> {
    for (let ms = this.#delayMs(); ms > 0; ms = this.#delayMs()) {
      this.#delay ??= new Promise<void>((resolve) => setTimeout(resolve, Math.ceil(ms)))
        .then(() => this.#delay = undefined);
      await call.wait(this.#delay);
    }
    return this.#session?.isServing ? this.#session : this.#start(call);
  }

  /** Milliseconds until an instance may be started. @throws {Failure} if none may */
  #delayMs(): number {
    if (this.#backoff.hasGivenUp) throw this.#givenUp();
    return this.#backoff.failures === 0 ? 0 : this.#dueAt - performance.now();
  }

  #start(call: PluginCall): Session {
    // It may have waited for its turn meanwhile. If the plugin was stopped, nothing would end the instance.
    if (call.interrupted !== undefined) throw call.interrupted.reason;
    const session = this.#sessions.open();
    session.onHostCall = () => this.#window.open();
    return this.#session = session;
  }

  #givenUp(): Failure {
    const { message, error } = this.#lastFailure!;
    const what = `gave up after ${this.#backoff.failures} failures in a row; ready() tries again; the last: ${message}`;
    return new Failure({ reason: "gave up", what, error }, NO_INSTANCE);
  }
}
