/**
 * Calls that wait for their answer. An answer is matched to its call by the id's type and value; whatever does not match
 * is counted and changes nothing. Sending is the peer's matter.
 *
 * @module
 */

import { RpcError } from "./errors.ts";
import type { ResponseMessage } from "./message.ts";

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** A call that was given an id. */
export interface OpenCall {
  readonly id: number;
  /** Settles with the call. */
  readonly result: Promise<unknown>;
}
