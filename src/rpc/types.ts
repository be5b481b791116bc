/**
 * What the two sides of a connection offer each other, as TypeScript sees it: method interfaces, and the typed calls
 * and handlers that follow from them. Types only: nothing checks at run time that the other side keeps to them.
 *
 * @module
 */

import type { RequestId } from "./message.ts";

/**
 * The methods of a side about which nothing is known. Any interface or type whose members are functions of at most one
 * parameter can stand in its place; other members are no methods.
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

/**
 * The names of an interface's methods.
 *
 * @example
 * ```ts
 * import type { MethodName } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   readonly version: string; // no method
 *   ping(): string;
 * }
 * const names: MethodName<Guest>[] = ["ping"];
 * console.log(names);
 * ```
 */
export type MethodName<M extends object> =
  & { [K in keyof M]-?: NonNullable<M[K]> extends (...args: never) => unknown ? K : never }[keyof M]
  & string;

/**
 * A method's parameter list: empty, or one parameter that may be optional. Of any other function it is `never`.
 *
 * @example
 * ```ts
 * import type { ParameterList } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   add(terms: number[]): number;
 * }
 * const list: ParameterList<Guest, "add"> = [[1, 2]];
 * console.log(list.length); // 1
 * ```
 */
export type ParameterList<M extends object, K extends keyof M> = NonNullable<M[K]> extends (...args: infer A) => unknown
  ? A extends readonly [] | readonly [unknown?] ? A : never
  : never;

/**
 * What a method takes.
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
 * What a method gives, promises unwrapped: it is always a promise to the caller.
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

/**
 * Options of one call or batch.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { CallOptions } from "@rivulet/rivulet/rpc";
 *
 * // What this peer sends comes back to it: it calls itself.
 * const methods = { wait: () => new Promise(() => {}) };
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { methods });
 * const options: CallOptions = { signal: AbortSignal.timeout(10) };
 * await peer.call("wait", null, options).catch((error) => console.log(error.name)); // TimeoutError
 * ```
 */
export interface CallOptions {
  /**
   * Aborting it rejects the call at once with the signal's reason. What waits for the other side to read is not sent any
   * more; an answer that still comes is counted and ignored.
   */
  readonly signal?: AbortSignal;
}

/**
 * The arguments that go with a method's name: params where the method needs them, then options.
 *
 * @example
 * ```ts
 * import type { CallArguments } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   add(terms: number[]): number;
 * }
 * const { signal } = new AbortController();
 * const args: CallArguments<Guest, "add">[] = [[[1, 2]], [[1, 2], { signal }]];
 * console.log(args.length); // 2
 * ```
 */
export type CallArguments<M extends object, K extends keyof M> = [] extends ParameterList<M, K>
  ? [params?: ParamsOf<M, K>, options?: CallOptions]
  : [params: ParamsOf<M, K>, options?: CallOptions];

/**
 * The params that go with a method's name.
 *
 * @example
 * ```ts
 * import type { NotifyArguments } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   log(line: string): void;
 * }
 * const args: NotifyArguments<Guest, "log"> = ["done"];
 * console.log(args.length); // 1
 * ```
 */
export type NotifyArguments<M extends object, K extends keyof M> = [] extends ParameterList<M, K>
  ? [params?: ParamsOf<M, K>]
  : [params: ParamsOf<M, K>];

/**
 * The other side's methods as functions: `api.add([1, 2])` for `call("add", [1, 2])`.
 *
 * @example
 * ```ts
 * import type { Api } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   add(terms: number[]): number;
 * }
 * async function average(api: Api<Guest>, terms: number[]): Promise<number> {
 *   return await api.add(terms) / terms.length;
 * }
 * console.log(await average({ add: () => Promise.resolve(6) }, [1, 2, 3])); // 2
 * ```
 */
export type Api<M extends object> = {
  readonly [K in MethodName<M>]: (...args: CallArguments<M, K>) => Promise<ResultOf<M, K>>;
};

/**
 * What can be asked of the other side of a connection.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { Caller } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   ping(): string;
 * }
 * async function isAlive(other: Caller<Guest>): Promise<boolean> {
 *   return await other.call("ping") === "pong";
 * }
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer<Guest, Guest>(new TransformStream<Uint8Array, Uint8Array>(), {
 *   methods: { ping: () => "pong" },
 * });
 * console.log(await isAlive(peer)); // true
 * ```
 */
export interface Caller<Remote extends object = Methods> {
  /** The other side's methods as functions. */
  readonly api: Api<Remote>;
  /** Calls a method of the other side. */
  call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>>;
  /** Calls a method of the other side without asking for an answer. */
  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void>;
}

/**
 * One element of an outgoing batch.
 *
 * @example
 * ```ts
 * import type { BatchEntry } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   add(terms: number[]): number;
 *   log(line: string): void;
 * }
 * const entries: BatchEntry<Guest>[] = [
 *   { method: "add", params: [1, 2] },
 *   { method: "log", params: "added", notification: true },
 * ];
 * console.log(entries.length); // 2
 * ```
 */
export type BatchEntry<M extends object> = {
  [K in MethodName<M>]:
    & { readonly method: K; readonly notification?: boolean }
    & ([] extends ParameterList<M, K> ? { readonly params?: ParamsOf<M, K> } : { readonly params: ParamsOf<M, K> });
}[MethodName<M>];

/**
 * What becomes of a batch, entry by entry; notifications give `undefined`.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { BatchResults } from "@rivulet/rivulet/rpc";
 *
 * interface Guest {
 *   ping(): string;
 * }
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer<Guest, Guest>(new TransformStream<Uint8Array, Uint8Array>(), {
 *   methods: { ping: () => "pong" },
 * });
 * const results: BatchResults<Guest, [{ method: "ping" }]> = await peer.batch([{ method: "ping" }]);
 * console.log(results); // [ { status: "fulfilled", value: "pong" } ]
 * ```
 */
export type BatchResults<M extends object, Entries extends readonly { readonly method: keyof M }[]> = {
  -readonly [I in keyof Entries]: PromiseSettledResult<
    Entries[I] extends { readonly notification: true } ? undefined : ResultOf<M, Entries[I]["method"]>
  >;
};

/**
 * What a handler gets to know of its request besides the params.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { RequestContext } from "@rivulet/rivulet/rpc";
 *
 * const methods = {
 *   ping: () => "pong",
 *   relay: async (method: unknown, { peer }: RequestContext) => await peer.call(String(method)),
 * };
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { methods });
 * console.log(await peer.call("relay", "ping")); // pong
 * ```
 */
export interface RequestContext<Remote extends object = Methods> {
  /** The method's name. */
  readonly method: string;
  /** The request's id; `undefined` for a notification. */
  readonly id: RequestId | undefined;
  /** Whether nobody waits for an answer. */
  readonly notification: boolean;
  /** Aborted when the other side cancels the request, or the peer closes. */
  readonly signal: AbortSignal;
  /** The side that asks, to be called back. */
  readonly peer: Caller<Remote>;
}

/**
 * A request that no handler takes, for the one who iterates over the peer to answer.
 *
 * @example
 * ```ts
 * import { ErrorCode, Peer, RpcError } from "@rivulet/rivulet/rpc";
 * import type { IncomingRequest } from "@rivulet/rivulet/rpc";
 *
 * function answer(request: IncomingRequest): void {
 *   if (request.method === "ping") request.reply("pong");
 *   else request.fail(new RpcError(ErrorCode.methodNotFound, `no method ${request.method}`));
 * }
 * const readable = new Blob(['{"jsonrpc":"2.0","id":0,"method":"ping"}\n']).stream();
 * const peer = new Peer({ readable, writable: new WritableStream<Uint8Array>() });
 * for await (const request of peer) answer(request);
 * ```
 */
export interface IncomingRequest<Remote extends object = Methods> extends RequestContext<Remote> {
  /** As the other side sent them, unchecked; `undefined` when it sent none. */
  readonly params: unknown;
  /** Answers with a result. Only the first answer counts, and a notification has none. */
  reply(result?: unknown): void;
  /** Answers with an error, as if a handler had thrown it. */
  fail(error: unknown): void;
}

/**
 * Serves one method: gets the params, gives the result or throws. What arrives is whatever the other side sent: a type
 * on `params` is a wish, and checking it is the handler's own work.
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
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), { methods: { negate } });
 * console.log(await peer.call("negate", 5)); // -5
 * ```
 */
// Declared as a method, whose parameters TypeScript compares both ways, so that a handler may state its wish.
export type Handler<Params = unknown, Result = unknown, Remote extends object = Methods> = {
  handle(params: Params, context: RequestContext<Remote>): Result | PromiseLike<Result>;
}["handle"];

/**
 * Handlers by method name, as an object (its own enumerable properties count) or as a `Map`.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { Handlers } from "@rivulet/rivulet/rpc";
 *
 * interface Host {
 *   ping(): string;
 * }
 * const methods: Handlers<Host, Host> = { ping: () => "pong" }; // or new Map([["ping", () => "pong"]])
 * // What this peer sends comes back to it: it calls itself.
 * await using peer = new Peer<Host, Host>(new TransformStream<Uint8Array, Uint8Array>(), { methods });
 * console.log(await peer.api.ping()); // pong
 * ```
 */
export type Handlers<Local extends object, Remote extends object> =
  | { readonly [K in MethodName<Local>]?: Handler<ParamsOf<Local, K>, ResultOf<Local, K>, Remote> }
  | Iterable<readonly [string, Handler<unknown, unknown, Remote>]>;

/**
 * What a peer has counted since it was made.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { PeerStats } from "@rivulet/rivulet/rpc";
 *
 * const readable = new Blob(["no JSON\n"]).stream();
 * const peer = new Peer({ readable, writable: new WritableStream<Uint8Array>() });
 * await peer.closed;
 * const { malformed }: PeerStats = peer.stats;
 * console.log(malformed); // 1
 * ```
 */
export interface PeerStats {
  /** Answers to ids that no call of this side ever had. */
  readonly unknownIds: number;
  /** Answers to calls that were settled before: answered already, or aborted. */
  readonly duplicateIds: number;
  /** Messages, or elements of a batch, that are no JSON-RPC 2.0 or over a limit. */
  readonly malformed: number;
  /** Requests that were turned away because too many were waiting. */
  readonly refused: number;
  /** Error answers that were not sent because the other side reads too slowly. */
  readonly dropped: number;
}
