/**
 * What a lifetime is: which instances there are, and which of them serves a call. pool.ts and resident.ts are the two.
 *
 * @module
 */

import type { PluginCall } from "../call.ts";
import type { Session } from "../instance/session.ts";

/** The instances of a plugin. */
export interface Sessions {
  /** Starts one. */
  open(): Session;
  /** Drops one of another request, which never ends for this one. */
  forget(session: Session): void;
}

/** Chooses an instance for each call. */
export interface Serving {
  /** Instances that were started and have no call yet. */
  readonly warm: number;
  /**
   * Serves a call.
   *
   * @returns the answer
   * @throws the guest's error, a `Failure`, or the reason for which the call was given up
   */
  call(call: PluginCall): Promise<unknown>;
  /** Sends a notification. @throws as `call` does, or a `TypeError` if no instance outlives it */
  notify(call: PluginCall): Promise<void>;
  /** Starts what there should be before the first call. @throws as `call` does */
  ready(call: PluginCall): Promise<void>;
  /** Takes note that an instance has ended. */
  ended(session: Session): void;
  /** Starts no more instances. */
  close(): void;
}
