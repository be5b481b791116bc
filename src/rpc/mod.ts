/**
 * JSON-RPC 2.0 over any pair of web byte streams. Both sides are equal: each sends requests, notifications and batches.
 * Messages are lines, or have `Content-Length` headers. This layer knows nothing about WebAssembly, and trusts nothing
 * that it reads.
 *
 * @example Serve a method, and call it
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 *
 * const there = new TransformStream<Uint8Array, Uint8Array>();
 * const back = new TransformStream<Uint8Array, Uint8Array>();
 *
 * await using _server = new Peer({ readable: there.readable, writable: back.writable }, {
 *   methods: { greet: (name) => `Hello, ${name}!` },
 * });
 * await using client = new Peer({ readable: back.readable, writable: there.writable });
 *
 * console.log(await client.call("greet", "world")); // Hello, world!
 * ```
 *
 * @example Report progress, and cancel
 * ```ts
 * import { ErrorCode, Peer, RpcError } from "@rivulet/rivulet/rpc";
 *
 * // This peer reads what it writes: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), {
 *   methods: {
 *     work: (_params, { progress, signal }) =>
 *       new Promise((_resolve, reject) => {
 *         signal.onabort = () => reject(signal.reason);
 *         progress("half");
 *       }),
 *   },
 * });
 * const controller = new AbortController();
 * const options = { onProgress: () => controller.abort(), cancel: controller.signal };
 * const error = await peer.call("work", null, options).catch((error: unknown) => error);
 * console.log(error instanceof RpcError && error.code === ErrorCode.requestCancelled); // true
 * ```
 *
 * @example Answer requests in a loop
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 *
 * const readable = new Blob(['{"jsonrpc":"2.0","id":0,"method":"ping","params":null}\n']).stream();
 * const decoded = new TextDecoderStream();
 * const peer = new Peer({ readable, writable: decoded.writable as WritableStream<Uint8Array> });
 *
 * for await (const request of peer) request.reply("pong");
 * for await (const text of decoded.readable) console.log(text); // {"jsonrpc":"2.0","id":0,"result":"pong"}
 * ```
 *
 * @module
 */

import "../base/requirements.ts";
export { LimitError } from "../base/limits.ts";
export { ErrorCode, type ProtocolFault, RpcClosedError, RpcError, RpcProtocolError } from "./errors.ts";
export { type FramingName, FRAMINGS } from "./framing/framings.ts";
export type { Frame, FrameDecoder, Framing } from "./framing/types.ts";
export type { RequestId } from "./message.ts";
export type { Duplex, FailedRequest, PeerLimits, PeerOptions, PeerSettings, SchemasOption } from "./options.ts";
export { Peer } from "./peer.ts";
export { type ProtocolName, PROTOCOLS } from "./protocols/protocols.ts";
export type { Cancellation, Place, ProgressConvention, Protocol, TraceConvention } from "./protocols/types.ts";
export { SchemaError } from "./schemas/check.ts";
export type { SchemaIssue } from "./schemas/check.ts";
export type { StandardIssue, StandardProperties, StandardResult, StandardSchema } from "./schemas/standard.ts";
export type {
  LocalMethods,
  LocalSchemas,
  MethodSchemas,
  PeerSchemas,
  RemoteMethods,
  RemoteSchemas,
  SchemaParameters,
  SchemaType,
} from "./schemas/types.ts";
export type {
  Api,
  BatchEntry,
  BatchResults,
  CallArguments,
  Caller,
  Handler,
  Handlers,
  HandlersOf,
  IncomingRequest,
  MethodName,
  Methods,
  MethodsOption,
  NotifyArguments,
  OneParameter,
  OngoingCall,
  OptionsArgument,
  ParameterList,
  ParamsOf,
  PeerCallOptions,
  PeerStats,
  RequestContext,
  RequiredMethodName,
  ResultOf,
  ServedMethods,
} from "./types.ts";
export type { Accepted } from "./values/kinds.ts";
