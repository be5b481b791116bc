/**
 * What a peer is made from: its streams, its options, and the bounds on the other side. What they bring about is told
 * here; peer.ts does it.
 *
 * @module
 */

import type { LimitError } from "../_limits.ts";
import { checkChoice, checkNames, checkSignal, checkType, functionsByName } from "../_options.ts";
import type { RpcProtocolError } from "./errors.ts";
import { FRAMINGS } from "./framing.ts";
import type { FramingName } from "./framing.ts";
import type { RequestId } from "./message.ts";
import type { CallOptions, Handler, Handlers, Methods } from "./types.ts";

/**
 * The streams of a connection, as `Deno.Conn`, `TransformStream` and a spawned process have them.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { Duplex } from "@rivulet/rivulet/rpc";
 *
 * function connect({ readable, writable }: Duplex): Peer {
 *   return new Peer({ readable, writable });
 * }
 * await using _peer = connect(new TransformStream<Uint8Array, Uint8Array>()); // or a Deno.Conn, or a process
 * ```
 */
export interface Duplex {
  /** What the other side sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What it gets. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Bounds of what the other side can make this one do; each is a whole number from 1, or `Infinity` for none.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { PeerLimits } from "@rivulet/rivulet/rpc";
 *
 * const limits: PeerLimits = { messageBytes: 64 << 10, messageDepth: 16, concurrentRequests: 4 };
 * await using _peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { limits });
 * ```
 */
export interface PeerLimits {
  /** Bytes of one received message. Default 1 MiB. */
  readonly messageBytes?: number;
  /** Arrays and objects open at once in a received message. Default 128. */
  readonly messageDepth?: number;
  /** Messages of one received batch. Default 1,000. */
  readonly batchMessages?: number;
  /** Requests served at once, not counting those that wait for a call of this side. Default 64. */
  readonly concurrentRequests?: number;
  /**
   * Bytes of requests that wait to be served, of answers that wait to be written, of the answers to one batch. Counted is
   * the memory: 300 bytes more for each, and for each value in a request 64, for an object 144. Answers that wait for the others of their
   * batches count with the requests. Default 4 MiB each.
   */
  readonly queueBytes?: number;
  /** Calls of this side that wait for an answer; more are rejected with a `LimitError`. Default 16,384. */
  readonly pendingCalls?: number;
}

/**
 * The request or notification whose handler failed, as the other side sent it.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { FailedRequest } from "@rivulet/rivulet/rpc";
 *
 * function onError(error: unknown, { method, id }: FailedRequest): void {
 *   console.log(method, id, error instanceof Error && error.message); // open 0 no such file: /etc/secret
 * }
 * const methods = {
 *   open() {
 *     throw new Error("no such file: /etc/secret");
 *   },
 * };
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { methods, onError });
 * await peer.call("open").catch((error) => console.log(error.message)); // internal error
 * ```
 */
export interface FailedRequest {
  /** The method's name. */
  readonly method: string;
  /** The request's id; `undefined` for a notification. */
  readonly id: RequestId | undefined;
}

/**
 * What a peer may be told besides its streams.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { PeerOptions } from "@rivulet/rivulet/rpc";
 *
 * const options: PeerOptions = {
 *   methods: { ping: () => "pong" },
 *   onInvalid: (error) => console.error(error.message),
 * };
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), options);
 * console.log(await peer.call("ping")); // pong
 * ```
 */
export interface PeerOptions<Local extends object = Methods, Remote extends object = Methods> {
  /**
   * What the other side may call. Copied; functions are called without `this`. An `RpcError` that one throws is the
   * answer; of anything else the other side gets "internal error", and `onError` gets it whole.
   */
  readonly methods?: Handlers<Local, Remote>;
  /** How messages are told apart. Default `newline`. */
  readonly framing?: FramingName;
  /** Bounds of what the other side can make this one do. */
  readonly limits?: PeerLimits;
  /**
   * The notification that cancels a request by its id, sent when a call is aborted and obeyed when received. Default
   * `$/cancelRequest`, which is LSP's, with `content-length` framing, and none with `newline`.
   */
  readonly cancelMethod?: string;
  /**
   * Told of every message that is malformed, or over a limit, after its error answer was queued. What it throws or rejects
   * with closes the peer.
   */
  readonly onInvalid?: (error: RpcProtocolError | LimitError) => unknown;
  /**
   * Told of whatever a handler threw or rejected with, of a request or a notification, and of a result that has no JSON
   * form; but not of what the end of the request's `signal` brought about. What it throws or rejects with is ignored. By
   * default the first ten failures go to `console.error`, without those `RpcError`s that are answers.
   */
  readonly onError?: (error: unknown, request: FailedRequest) => unknown;
  /** Aborting it closes the peer with the signal's reason. */
  readonly signal?: AbortSignal;
}

const PEER_OPTIONS: readonly (keyof PeerOptions)[] = [
  "methods",
  "framing",
  "limits",
  "cancelMethod",
  "onInvalid",
  "onError",
  "signal",
];

/** Checks options, all but methods and limits. @throws {TypeError} when one is unknown or of the wrong type */
export function checkOptions<L extends object, R extends object>(options: PeerOptions<L, R>): void {
  checkNames("Peer option", options, PEER_OPTIONS);
  const { framing = "newline" } = options;
  checkChoice("framing", framing, Object.keys(FRAMINGS));
  checkType("cancelMethod", options.cancelMethod, "string");
  for (const name of ["onInvalid", "onError"] as const) checkType(name, options[name], "function");
  checkSignal(options.signal);
}

/** Checks the options of calls. @throws {TypeError} as `checkOptions` does */
export function checkCallOptions(options: CallOptions): void {
  checkNames("call option", options, ["signal"]);
  checkSignal(options.signal);
}

/**
 * Handlers as a map, which, other than an object, has no `constructor` or `__proto__` for the other side to call.
 *
 * @throws {TypeError} when one of them is not a function
 */
export function handlerMap<Local extends object, Remote extends object>(
  methods: Handlers<Local, Remote>,
): Map<string, Handler<unknown, unknown, Remote>> {
  return functionsByName(methods) as Map<string, Handler<unknown, unknown, Remote>>;
}
