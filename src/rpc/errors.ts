/**
 * The errors of the rpc layer: an error that one side answered to the other, bytes that are no JSON-RPC, and a
 * connection that ended. How they look on the wire is message.ts's matter.
 *
 * @module
 */

/**
 * The error codes that JSON-RPC 2.0 reserves, the two that this library adds, and LSP's for a cancelled request.
 *
 * @example
 * ```ts
 * import { ErrorCode, Peer, RpcError } from "@rivulet/rivulet/rpc";
 *
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>());
 * const error = await peer.call("nothing").catch((error: unknown) => error);
 * console.log(error instanceof RpcError && error.code === ErrorCode.methodNotFound); // true
 * ```
 */
export const ErrorCode = {
  /** The message is not JSON. */
  parseError: -32700,
  /** The message is JSON, but no request; or it is over one of the receiver's limits. */
  invalidRequest: -32600,
  /** The receiver has no such method. */
  methodNotFound: -32601,
  /** For handlers to throw: the method cannot take such params. */
  invalidParams: -32602,
  /** The handler threw something other than an `RpcError`, or returned what is not JSON. */
  internalError: -32603,
  /** The receiver holds as many waiting requests as it may. */
  tooManyRequests: -32000,
  /** The caller cancelled the request, and its handler gave up for that reason. */
  requestCancelled: -32800,
} as const;

/**
 * An error answer. A call rejects with one when the other side answered with an error; a handler throws one to choose
 * the code and data of its answer.
 *
 * @example
 * ```ts
 * import { ErrorCode, RpcError } from "@rivulet/rivulet/rpc";
 *
 * function squareRoot(params: unknown): number {
 *   if (typeof params === "number" && params >= 0) return Math.sqrt(params);
 *   throw new RpcError(ErrorCode.invalidParams, "params must be a number, 0 or more", { got: params });
 * }
 * console.log(squareRoot(9)); // 3
 * ```
 */
export class RpcError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "RpcError";
  /** An integer; `ErrorCode` has those with a fixed meaning. */
  readonly code: number;
  /** Whatever else the answer carries, as JSON; `undefined` for nothing. */
  readonly data: unknown;

  /**
   * An error with all that an answer can carry.
   *
   * @throws {RangeError} when `code` is not a safe integer, which the protocol asks for
   */
  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    if (!Number.isSafeInteger(code)) throw new RangeError(`an error code must be an integer, and ${code} is not`);
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/**
 * What can be wrong with received bytes: `framing` is a header that does not tell where the message ends, after which
 * nothing more can be read; `not a request` and `not an answer` are JSON that lacks what the protocol asks for.
 *
 * @example
 * ```ts
 * import { RpcProtocolError } from "@rivulet/rivulet/rpc";
 * import type { ProtocolFault } from "@rivulet/rivulet/rpc";
 *
 * const fault: ProtocolFault = "not JSON";
 * console.log(new RpcProtocolError(fault, "line 3 is no JSON").code); // -32700
 * ```
 */
export type ProtocolFault =
  | "framing"
  | "not UTF-8"
  | "not JSON"
  | "not a request"
  | "not an answer";

/**
 * The other side sent what is no JSON-RPC 2.0. More than the limits allow is a `LimitError`.
 *
 * @example
 * ```ts
 * import { Peer, RpcProtocolError } from "@rivulet/rivulet/rpc";
 *
 * const readable = new Blob(["no JSON\n"]).stream();
 * const peer = new Peer({ readable, writable: new WritableStream<Uint8Array>() }, {
 *   onInvalid: (error) => console.log(error instanceof RpcProtocolError && error.fault), // not JSON
 * });
 * await peer.closed;
 * ```
 */
export class RpcProtocolError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "RpcProtocolError";
  /** What is wrong. */
  readonly fault: ProtocolFault;

  /** An error that says what is wrong in one word, and where in a sentence. */
  constructor(fault: ProtocolFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }

  /** The code that such a message is answered with. */
  get code(): number {
    const unread = this.fault === "framing" || this.fault === "not UTF-8" || this.fault === "not JSON";
    return unread ? ErrorCode.parseError : ErrorCode.invalidRequest;
  }
}

/**
 * The connection is over: this side closed the peer, or the other side ended its stream.
 *
 * @example
 * ```ts
 * import { Peer, RpcClosedError } from "@rivulet/rivulet/rpc";
 *
 * const peer = new Peer(new TransformStream<Uint8Array, Uint8Array>());
 * await peer.close();
 * await peer.call("ping").catch((error) => console.log(error instanceof RpcClosedError)); // true
 * ```
 */
export class RpcClosedError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "RpcClosedError";
}
