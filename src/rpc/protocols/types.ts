/**
 * What a protocol is: the conventions beside JSON-RPC itself. JSON-RPC says what a request and an answer are. A
 * protocol says how a request is cancelled, how its progress is reported, and what messages may look like.
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
  /** How progress of a request is reported. Without it no report is sent, and no notification is one. */
  readonly progress?: ProgressConvention;
  /** How a request says to what it belongs. Without it that is neither sent nor read. */
  readonly trace?: TraceConvention;
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

/**
 * A place in a request: the name of one of its own members, or `params` and the names of members inside. Where there
 * is an object on the way it is copied, and where there is nothing it is made.
 */
export type Place = readonly [name: string] | readonly ["params", ...names: string[]];

/** The notification that reports progress of a request. */
export interface ProgressConvention {
  /** The notification's method. */
  readonly method: string;
  /**
   * Where a request asks for progress, by a token that the reports name. Without it, the token is the request's id, and
   * no request has to ask.
   */
  readonly token?: Place;
  /** Its params, for a request of the other side. What it throws, the handler that reports progress gets. */
  params(token: string | number, value: unknown): unknown;
  /** The token and the value that params of the other side have. They are unchecked, and it must not throw. */
  read(params: unknown): { readonly token: unknown; readonly value: unknown };
}

/** How a request says to what it belongs. */
export interface TraceConvention {
  /** Where it has the `traceparent` of W3C Trace Context. */
  readonly traceparent: Place;
  /** Where it has the id of the request that its sender is serving, if it is sent for one. */
  readonly parent?: Place;
}
