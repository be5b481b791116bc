/**
 * The errors of JSON-RPC: an error answer, bytes that are not JSON-RPC, and a connection that has ended.
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
 * // This peer reads what it writes: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>());
 * const error = await peer.call("nothing").catch((error: unknown) => error);
 * console.log(error instanceof RpcError && error.code === ErrorCode.methodNotFound); // true
 * ```
 */
export const ErrorCode = {
  /** The message is not JSON. */
  parseError: -32700,
  /** The message is JSON but not a request, or it is over one of the receiver's limits. */
  invalidRequest: -32600,
  /** The receiver has no such method. */
  methodNotFound: -32601,
  /** For handlers to throw: the method cannot take such params. */
  invalidParams: -32602,
  /** The handler threw something other than an `RpcError`, or returned what is not JSON. */
  internalError: -32603,
  /** Too many requests wait at the receiver. */
  tooManyRequests: -32000,
  /** The caller cancelled the request, and its handler stopped for that reason. */
  requestCancelled: -32800,
} as const;

/**
 * An error answer. A call rejects with one if the other side answers with an error. A handler throws one to choose the
 * code and data of its answer.
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
  /** An integer; `ErrorCode` lists those with a fixed meaning. */
  readonly code: number;
  /** More about the error, as JSON; `undefined` if there is none. */
  readonly data: unknown;

  /**
   * Makes an error answer.
   *
   * @throws {RangeError} if `code` is not a safe integer, which the protocol requires
   */
  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    if (!Number.isSafeInteger(code)) throw new RangeError(`an error code must be an integer, not ${code}`);
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/**
 * What can be wrong with received bytes. `framing` is a header that does not say where the message ends: nothing can be
 * read after it. `not a request` and `not an answer` are JSON without what the protocol requires. `value` is a tagged
 * value that can't be read, and `stream` a message that breaks the rules of streams.
 */
export type ProtocolFault =
  | "framing"
  | "not UTF-8"
  | "not JSON"
  | "not a request"
  | "not an answer"
  | "value"
  | "stream";

/**
 * The other side sent bytes that are not JSON-RPC 2.0. A message over a limit is a `LimitError` instead.
 *
 * @example
 * ```ts
 * import { Peer, RpcProtocolError } from "@rivulet/rivulet/rpc";
 *
 * const readable = new Blob(["hello\n"]).stream();
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

  /** Makes an error with a fault for programs and a message for people. */
  constructor(fault: ProtocolFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }

  /** The error code of the answer to such a message. */
  get code(): number {
    const unread = this.fault === "framing" || this.fault === "not UTF-8" || this.fault === "not JSON";
    return unread ? ErrorCode.parseError : ErrorCode.invalidRequest;
  }
}

/**
 * The connection has ended: this side closed the peer, or the other side ended its stream.
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
