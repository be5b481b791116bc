/**
 * What a peer is made from: its streams, its options, its limits, and their checks.
 *
 * @module
 */

import { type LimitError, resolveLimits } from "../base/limits.ts";
import { checkNames, checkSignal, checkType, functionsByName } from "../base/options.ts";
import { checkTraceparent } from "./trace.ts";
import type { RpcProtocolError } from "./errors.ts";
import { type FramingName, framingOf } from "./framing/framings.ts";
import type { Framing } from "./framing/types.ts";
import type { RequestId } from "./message.ts";
import { type ProtocolName, protocolOf } from "./protocols/protocols.ts";
import type { Protocol } from "./protocols/types.ts";
import { withSchemas } from "./schemas/handlers.ts";
import { schemasByMethod } from "./schemas/check.ts";
import type { MethodSchemas, PeerSchemas } from "./schemas/types.ts";
import type { Handler, Methods, MethodsOption, PeerCallOptions, ServedMethods } from "./types.ts";
import { type Accepted, checkAccepts } from "./values/kinds.ts";

/** A pair of byte streams, such as a `Deno.Conn`, a `TransformStream` or a spawned process. */
export interface Duplex {
  /** What the other side sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What this side sends. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Limits on what the other side can make this one do. Each is a whole number from 1, or `Infinity` for no limit. */
export interface PeerLimits {
  /** Bytes of one received message. Default 1 MiB. */
  readonly messageBytes?: number;
  /**
   * Bytes of one message that this side sends, without its framing: what the other side can read. A longer call is
   * rejected with a `LimitError`. A longer answer becomes an error answer, and `onError` receives the `LimitError`. No
   * limit by default.
   */
  readonly requestBytes?: number;
  /** Nesting of arrays and objects in a received message. Default 128. */
  readonly messageDepth?: number;
  /** Messages of one received batch. Default 1,000. */
  readonly batchMessages?: number;
  /** Requests that are served at once, without those that wait for a call of this side. Default 64. */
  readonly concurrentRequests?: number;
  /**
   * Bytes of requests that wait to be served, of answers that wait to be written, of the answers to one batch, and of
   * chunks of streams that wait to be read.
   * Their memory is counted: 300 bytes more for each, and in a request 64 for each value and 80 more for each object.
   * Answers that wait for others of their batch count with the requests. Default 4 MiB each.
   */
  readonly queueBytes?: number;
  /** Streams that are open at the same time, in both directions together; more are refused. Default 64. */
  readonly openStreams?: number;
  /** Calls of this side that wait for an answer; more are rejected with a `LimitError`. Default 16,384. */
  readonly pendingCalls?: number;
}

/** A request or notification whose handler failed. */
export interface FailedRequest {
  /** The method's name. */
  readonly method: string;
  /** The request's id; `undefined` for a notification. */
  readonly id: RequestId | undefined;
}

/** Options of a peer. */
export type PeerOptions<Remote extends object = Methods, Local extends object = Methods> =
  & PeerSettings
  & MethodsOption<Remote, Local>
  & SchemasOption<Remote, Local>;

/** Schemas, as an option. */
export interface SchemasOption<Remote extends object = Methods, Local extends object = Methods> {
  /**
   * Standard Schemas, as Zod, Valibot and ArkType make them, for params and results of either side's methods. What a
   * schema makes of a value takes the value's place. If the other side sends wrong params, it gets the error "invalid
   * params". If this side's params or the other side's result are wrong, the call rejects with a `SchemaError`. If a
   * handler's result is wrong, the other side gets "internal error", and `onError` a `SchemaError`. Requests without
   * handlers are not checked.
   */
  readonly schemas?: PeerSchemas<Remote, Local>;
}

/** Options of a peer beside its methods. */
export interface PeerSettings {
  /** The conventions beside JSON-RPC, such as cancellation: a name, or a row of your own. Default `rivulet`. */
  readonly protocol?: ProtocolName | Protocol;
  /**
   * What both sides send and read beside plain JSON. `bytes`: typed arrays, buffers and blobs arrive as `Uint8Array`.
   * `streams`: a `ReadableStream` or `WritableStream` in params or a result is a stream at the other side too. Nothing
   * tells the other side, so it must know by itself. By default nothing: such values are refused.
   */
  readonly accepts?: readonly Accepted[];
  /** How messages are marked off: a name, or a row of your own. Default: as the protocol says. */
  readonly framing?: FramingName | Framing;
  /** Limits on what the other side can make this one do. */
  readonly limits?: PeerLimits;
  /**
   * Called for every message that is malformed or over a limit, after its error answer was queued. If it throws or
   * rejects, the peer closes with that reason.
   */
  readonly onInvalid?: (error: RpcProtocolError | LimitError) => unknown;
  /**
   * Called when a handler throws or rejects, and when its result has no JSON form. It is not called for an error that
   * is the reason of the request's aborted `signal`. If it throws or rejects, that is ignored. By default the first ten
   * failures go to `console.error`, without `RpcError`s that are answers.
   */
  readonly onError?: (error: unknown, request: FailedRequest) => unknown;
  /**
   * Called when the other side asks for a method that this side does not have; the answer is "method not found". If it
   * throws or rejects, that is ignored.
   */
  readonly onUnknown?: (request: FailedRequest) => unknown;
  /** Aborting it closes the peer with the signal's reason. */
  readonly signal?: AbortSignal;
}

const PEER_OPTIONS: readonly (keyof PeerOptions)[] = [
  ...["methods", "protocol", "framing", "accepts", "limits", "onInvalid", "onError"] as const,
  ...["onUnknown", "signal", "schemas"] as const,
];
const SIDES: readonly (keyof PeerSchemas)[] = ["remote", "local"];
const CALL_OPTIONS: readonly (keyof PeerCallOptions)[] = ["signal", "cancel", "onProgress", "traceparent"];

/** Checked options, with the defaults filled in. */
export interface CheckedOptions<Remote extends object>
  extends Pick<PeerSettings, "onInvalid" | "onError" | "onUnknown" | "signal"> {
  /** A map: unlike an object, it has no `constructor` or `__proto__` for the other side to call. */
  readonly handlers: ReadonlyMap<string, Handler<Remote>>;
  readonly protocol: Protocol;
  readonly framing: Framing;
  readonly accepts: ReadonlySet<Accepted>;
  readonly limits: Required<PeerLimits>;
  /** The schemas of the other side's methods, if there are any. */
  readonly schemas: ReadonlyMap<string, MethodSchemas> | undefined;
}

/**
 * Checks options, and copies what could change later.
 *
 * @throws {TypeError} if an option or a limit is unknown or of the wrong type
 * @throws {RangeError} if a limit is not in its range
 */
export function checkOptions<Remote extends object, Local extends object>(
  options: PeerSettings & ServedMethods<Remote, Local> & SchemasOption<Remote, Local> = {},
): CheckedOptions<Remote> {
  checkNames("Peer option", options, PEER_OPTIONS);
  const { methods = {}, framing, limits, onInvalid, onError, onUnknown, signal, schemas = {} } = options;
  checkNames("schemas side", schemas, SIDES);
  const protocol = protocolOf(options.protocol);
  checkType("onInvalid", onInvalid, "function");
  checkType("onError", onError, "function");
  checkType("onUnknown", onUnknown, "function");
  checkSignal(signal);
  return {
    ...{ onInvalid, onError, onUnknown, signal },
    handlers: withSchemas(
      functionsByName(methods) as Map<string, Handler<Remote>>,
      schemasByMethod("schemas.local", schemas.local),
    ),
    schemas: schemasByMethod("schemas.remote", schemas.remote),
    protocol,
    framing: framingOf(framing === undefined ? protocol.framing : framing),
    accepts: checkAccepts(options.accepts),
    limits: resolveLimits<PeerLimits>("Peer", limits),
  };
}

/** Checks the options of one call or batch. @throws {TypeError} if one is unknown or of the wrong type */
export function checkCallOptions(options: PeerCallOptions): void {
  checkNames("call option", options, CALL_OPTIONS);
  checkSignal(options.signal);
  checkSignal(options.cancel, "cancel");
  checkType("onProgress", options.onProgress, "function");
  checkTraceparent(options.traceparent);
}
