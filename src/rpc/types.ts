/**
 * The types of calls and handlers, derived from one interface for each side. `Remote` is the interface of the methods
 * that the other side serves, `Local` that of this side's; `Remote` comes first everywhere. Nothing checks types at run
 * time.
 *
 * @module
 */

import type { RequestId } from "./message.ts";

/**
 * The methods of a side without a known interface. Any interface or type can replace it. Its methods are the members
 * that are functions; other members are ignored. A request has one value as params: a function of several parameters
 * has params of the type {@linkcode OneParameter}, which no value has and whose text says what to write instead.
 *
 * @example
 * ```ts
 * import type { Methods } from "@rivulet/rivulet/rpc";
 *
 * const methods: Methods = { ping: () => "pong", negate: (params) => -Number(params) };
 * console.log(methods.negate(5)); // -5
 * ```
 */
export type Methods = { readonly [name: string]: (params?: unknown) => unknown };

/** The names of an interface's methods. */
// The condition is always true. The compiler's messages list what a condition results in, and not the name of this type.
export type MethodName<M extends object> = [M] extends [object]
  ? { [K in keyof M]-?: NonNullable<M[K]> extends (...args: never) => unknown ? K : never }[keyof M] & string
  : never;

/** The names of the methods that an interface requires: those that are not optional. */
export type RequiredMethodName<M extends object> = {
  [K in MethodName<M>]-?: Record<never, never> extends Pick<M, K> ? never : K;
}[MethodName<M>];

/** The type of the params of a method that is declared with several parameters: a text for the compiler's message. */
export type OneParameter<Name> = `a method takes one parameter: declare \`${
  & Name
  & string}\` with a tuple, (params: [a: A, b: B]), or with an object`;

/** A method's parameter list: empty, or one parameter that may be optional. */
export type ParameterList<M extends object, K extends keyof M> = NonNullable<M[K]> extends (...args: infer A) => unknown
  ? A extends readonly [] | readonly [unknown?] ? A : readonly [params: OneParameter<K>]
  : never;

/**
 * The type of a method's params.
 *
 * @example
 * ```ts
 * import type { ParamsOf } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   add(terms: number[]): number;
 * }
 * const params: ParamsOf<Guest, "add"> = [1, 2];
 * console.log(params.length); // 2
 * ```
 */
export type ParamsOf<M extends object, K extends keyof M> = ParameterList<M, K>[0];

/**
 * The type of a method's result, without its promise: a caller always gets a promise.
 *
 * @example
 * ```ts
 * import type { ResultOf } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   find(name: string): Promise<number>;
 * }
 * const result: ResultOf<Guest, "find"> = 5;
 * console.log(result); // 5
 * ```
 */
export type ResultOf<M extends object, K extends keyof M> = NonNullable<M[K]> extends (...args: never) => infer R
  ? Awaited<R>
  : never;

/** Options of one call or batch. */
export interface PeerCallOptions {
  /**
   * Aborting it rejects the call at once, with the signal's reason. A message that waits because the other side does not
   * read is not sent. A later answer is counted and ignored.
   */
  readonly signal?: AbortSignal;
  /**
   * Aborting it asks the other side to cancel the call, which goes on waiting for its answer. If the protocol has no
   * answer to a cancelled request, the call rejects at once, with the signal's reason.
   */
  readonly cancel?: AbortSignal;
  /**
   * Receives what the other side reports while the call waits for its answer; its type is not checked. If it throws or
   * rejects, the call is cancelled and rejects with that. A promise is not awaited; while as many as
   * `concurrentRequests` wait, further reports are dropped.
   */
  readonly onProgress?: (value: unknown) => unknown;
  /** The `traceparent` of W3C Trace Context that the other side gets. */
  readonly traceparent?: string;
}

/** A call of this side that has no answer yet. */
export interface OngoingCall {
  /** Its id. */
  readonly id: number;
  /** The method's name. */
  readonly method: string;
  /** Aborted when the call is aborted, is cancelled, or can't have an answer any more. */
  readonly signal: AbortSignal;
  /** Its `traceparent`. */
  readonly traceparent: string | undefined;
}

/** The arguments that follow a method's name: params if the method needs them, then options. */
export type CallArguments<M extends object, K extends keyof M, Options = PeerCallOptions> = [] extends
  ParameterList<M, K> ? [params?: ParamsOf<M, K>, options?: Options]
  : [params: ParamsOf<M, K>, options?: Options];

/** The arguments that follow a notification's name: params if the method needs them. */
export type NotifyArguments<M extends object, K extends keyof M> = [] extends ParameterList<M, K>
  ? [params?: ParamsOf<M, K>]
  : [params: ParamsOf<M, K>];

/** The other side's methods as functions: `api.add([1, 2])` for `call("add", [1, 2])`. */
export type Api<M extends object, Options = PeerCallOptions> = {
  readonly [K in MethodName<M>]: (...args: CallArguments<M, K, Options>) => Promise<ResultOf<M, K>>;
};

/** The other side of a connection, to be called. */
export interface Caller<Remote extends object = Methods> {
  /** The other side's methods as functions. */
  readonly api: Api<Remote>;
  /** Calls a method of the other side. */
  call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>>;
  /** Sends a notification: a call without an answer. */
  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void>;
}

/** One element of an outgoing batch. */
export type BatchEntry<M extends object> = {
  [K in MethodName<M>]:
    & { readonly method: K; readonly notification?: boolean }
    & ([] extends ParameterList<M, K> ? { readonly params?: ParamsOf<M, K> } : { readonly params: ParamsOf<M, K> });
}[MethodName<M>];

/** The outcomes of a batch, one for each entry; `undefined` for a notification. */
export type BatchResults<M extends object, Entries extends readonly { readonly method: keyof M }[]> = {
  -readonly [I in keyof Entries]: PromiseSettledResult<
    Entries[I] extends { readonly notification: true } ? undefined : ResultOf<M, Entries[I]["method"]>
  >;
};

/** What a handler knows about its request, beside the params. */
export interface RequestContext<Remote extends object = Methods> {
  /** The method's name. */
  readonly method: string;
  /** The request's id; `undefined` for a notification. */
  readonly id: RequestId | undefined;
  /** Whether it is a notification, which has no answer. */
  readonly notification: boolean;
  /** Aborted when the other side cancels the request, or the peer closes. */
  readonly signal: AbortSignal;
  /**
   * The side that sent the request, to be called back. What is sent names the request and its `traceparent`, if the
   * protocol has a place for them.
   */
  readonly peer: Caller<Remote>;
  /**
   * The call of this side to which the request belongs: the one that the request names, or else the only one that has
   * no answer yet. The other side says so; it is unchecked.
   */
  readonly call: OngoingCall | undefined;
  /** The `traceparent` of W3C Trace Context: the request's own, or else that of `call`. */
  readonly traceparent: string | undefined;
  /**
   * Reports progress to the other side, if the request asks for it and is not answered yet. Like an answer, it waits
   * until the other side reads. If too much waits, it is dropped. It throws a `TypeError` if the value has no JSON form
   * or is not what the protocol reports, and a `LimitError` if the report is longer than `requestBytes`.
   */
  readonly progress: (value: unknown) => void;
}

/** A request without a handler, to be answered in an iteration over the peer. */
export interface IncomingRequest<Remote extends object = Methods> extends RequestContext<Remote> {
  /** Params as the other side sent them, unchecked; `undefined` if it sent none. */
  readonly params: unknown;
  /** Answers with a result. Only the first answer counts. A notification has no answer. */
  reply(result?: unknown): void;
  /** Answers with an error, as if a handler had thrown it. */
  fail(error: unknown): void;
}

/**
 * Serves one method: takes the params, and returns the result or throws. The other side may send anything as `params`,
 * whatever their type says: check them.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { Handler } from "@rivulet/rivulet/rpc";
 *
 * const negate: Handler = (params) => {
 *   if (typeof params !== "number") throw new TypeError("params must be a number");
 *   return -params;
 * };
 * // This peer reads what it writes: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { methods: { negate } });
 * console.log(await peer.call("negate", 5)); // -5
 * ```
 */
// Declared as a method: TypeScript compares its parameters both ways, so a handler may declare the params it expects.
export type Handler<Remote extends object = Methods, Params = unknown, Result = unknown> = {
  handle(params: Params, context: RequestContext<Remote>): Result | PromiseLike<Result>;
}["handle"];

/** The handlers of some methods of an interface, by name. */
export type HandlersOf<Remote extends object, Local extends object, Names extends MethodName<Local>> = {
  readonly [K in Names]: Handler<Remote, ParamsOf<Local, K>, ResultOf<Local, K>>;
};

/**
 * Handlers by method name: an object, of which own enumerable properties count, or a `Map`. An object has all methods
 * of the interface that are not optional.
 */
export type Handlers<Remote extends object = Methods, Local extends object = Methods> =
  | (
    & HandlersOf<Remote, Local, RequiredMethodName<Local>>
    & Partial<HandlersOf<Remote, Local, Exclude<MethodName<Local>, RequiredMethodName<Local>>>>
  )
  | Iterable<readonly [string, Handler<Remote>]>;

/** The methods that the other side may call, as an option. */
export interface ServedMethods<Remote extends object = Methods, Local extends object = Methods> {
  /**
   * The methods that the other side may call: an object of functions, or a `Map`. They are copied, and called without
   * `this`. If the interface of this side has methods that are not optional, this option and they are required. If one
   * throws an `RpcError`, that is the answer. If it throws anything else, the answer is "internal error", and `onError`
   * receives the error. A handler can call the other side by its context's `peer`.
   */
  readonly methods?: Handlers<Remote, Local>;
}

/** The option `methods`: required if the interface of this side requires a method. */
export type MethodsOption<Remote extends object = Methods, Local extends object = Methods> =
  [RequiredMethodName<Local>] extends [never] ? ServedMethods<Remote, Local> : Required<ServedMethods<Remote, Local>>;

/** The last argument of a constructor: options, which may be left out if none is required. */
export type OptionsArgument<Options> = Record<never, never> extends Options ? [options?: Options] : [options: Options];

/** What a peer has counted so far. */
export interface PeerStats {
  /** Requests and notifications of the other side that have arrived and were not refused. */
  readonly requests: number;
  /** Answers with an id that no call of this side ever had. */
  readonly unknownIds: number;
  /** Answers to calls that had settled: answered before, or aborted. */
  readonly duplicateIds: number;
  /** Error answers without an id: the other side refused a message without reading whose it was. */
  readonly nullIds: number;
  /** Messages, or elements of a batch, that are not JSON-RPC 2.0, or over a limit. */
  readonly malformed: number;
  /** Requests that were refused because too many were waiting. */
  readonly refused: number;
  /** Streams that are open now, in both directions together. */
  readonly openStreams: number;
  /**
   * Error answers and reports of progress that were dropped: the other side reads too slowly, or `onProgress` is slow.
   */
  readonly dropped: number;
}
