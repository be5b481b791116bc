/**
 * What a protocol is: the conventions beside JSON-RPC itself. JSON-RPC says what a request and an answer are; a
 * protocol says how a request is cancelled, and what messages may look like.
 *
 * @module
 */

import type { Framing } from "../framing/types.ts";

/**
 * One protocol: a row of {@linkcode PROTOCOLS}, or your own.
 *
 * @example A cancellation of your own
 * ```ts
 * import { Peer, PROTOCOLS } from "@rivulet/rivulet/rpc";
 * import type { Protocol } from "@rivulet/rivulet/rpc";
 *
 * const protocol: Protocol = {
 *   ...PROTOCOLS.rivulet,
 *   name: "ours",
 *   cancellation: {
 *     method: "stop",
 *     params: (id) => [id],
 *     idOf: (params) => Array.isArray(params) ? params[0] : undefined,
 *   },
 * };
 * await using _peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { protocol });
 * ```
 */
export interface Protocol {
  /** Its name, for people. */
  readonly name: string;
  /** How messages are marked off, unless the option `framing` says otherwise. */
  readonly framing: Framing;
  /** Whether a message may be a batch. If not, none is sent, and received ones are refused. */
  readonly batches: boolean;
  /** Whether `params` is always sent, as `null` if there are none. Otherwise a message without params lacks it. */
  readonly alwaysParams: boolean;
  /** How a request is cancelled. Without it nothing is sent, and no notification cancels. */
  readonly cancellation?: Cancellation;
}

/** The notification that cancels a request: sent when a call is aborted, obeyed when received. */
export interface Cancellation {
  /** The notification's method. */
  readonly method: string;
  /** Whether a cancelled request is still answered. By default it is. */
  readonly isAnswered?: boolean;
  /** Its params, for a request of this side. The reason is the abort signal's: the other side sees what you put in. */
  params(id: number, reason: unknown): unknown;
  /** The id that params of the other side name. They are unchecked, and it must not throw. */
  idOf(params: unknown): unknown;
}
