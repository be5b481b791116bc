/**
 * A JSON-RPC 2.0 peer over a pair of byte streams. Either side calls the other at any time, also while it is being
 * called. This file has what users see: `outgoing.ts` sends, and `connection.ts` receives.
 *
 * The other side can't make this one hold more than its limits. Reading pauses while too much waits (backpressure).
 * While calls of this side are pending it continues, since their answers may come later: then excess requests are
 * refused. A handler that calls back frees its slot meanwhile, so nested calls never wait for each other.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { Connection } from "./connection.ts";
import { checkOptions, type Duplex, type PeerOptions } from "./options.ts";
import type { Calls } from "./outgoing.ts";
import type {
  Api,
  BatchEntry,
  BatchResults,
  CallArguments,
  Caller,
  IncomingRequest,
  MethodName,
  Methods,
  NotifyArguments,
  OptionsArgument,
  PeerCallOptions,
  PeerStats,
  ResultOf,
} from "./types.ts";

/**
 * One end of a JSON-RPC 2.0 connection. `Remote` is the interface of the methods that the other side serves, `Local`
 * that of this side's. A peer reads until the stream ends or it is closed. Whatever the other side does, no method
 * throws, and no promise rejects unhandled except those of your own calls.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 *
 * interface Calculator {
 *   add(terms: number[]): number;
 * }
 * const there = new TransformStream<Uint8Array, Uint8Array>();
 * const back = new TransformStream<Uint8Array, Uint8Array>();
 *
 * await using server = new Peer<object, Calculator>({ readable: there.readable, writable: back.writable }, {
 *   methods: { add: (terms) => terms.reduce((sum, term) => sum + term, 0) },
 * });
 * await using client = new Peer<Calculator>({ readable: back.readable, writable: there.writable });
 *
 * console.log(await client.call("add", [1, 2, 3])); // 6
 * console.log(await client.api.add([4, 5])); // 9
 * ```
 */
export class Peer<Remote extends object = Methods, Local extends object = Methods>
  implements Caller<Remote>, AsyncIterable<IncomingRequest<Remote>, undefined>, AsyncDisposable {
  readonly #connection: Connection<Remote>;
  readonly #outgoing: Calls;
  #api: Api<Remote> | undefined;

  /**
   * Takes both streams and starts to read.
   *
   * @throws {TypeError} if a stream is locked, or an option or a limit is unknown or of the wrong type
   * @throws {RangeError} if a limit is not in its range
   */
  constructor(duplex: Duplex, ...[options]: OptionsArgument<PeerOptions<Remote, Local>>) {
    if (duplex.readable.locked || duplex.writable.locked) {
      throw new TypeError("a stream is locked, and a peer needs both");
    }
    const checked = checkOptions<Remote, Local>(options);
    this.#connection = new Connection(duplex, checked);
    this.#outgoing = this.#connection.outgoing;
  }

  /** The other side's methods as functions, except `then` and other names that the language calls by itself. */
  get api(): Api<Remote> {
    return this.#api ??= createApi<Api<Remote>>(this.call.bind(this));
  }

  /**
   * Resolves when the other side has ended its stream and has all its answers, or when you call `close()`. Rejects with
   * the reason if reading fails, if the framing is lost, or if you call `close(reason)`.
   */
  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  /**
   * Resolves when no stream is open that came with an answer to a call of this side. The other side has then sent all
   * chunks. They may still wait to be read.
   */
  get streamsEnded(): Promise<void> {
    return this.#connection.codec.answersEnded;
  }

  /** Whether the other side waits for this one with a stream: to send it more, or to take more of what it has sent. */
  get isStreamAwaited(): boolean {
    return this.#connection.codec.isStreamAwaited;
  }

  /** What the peer has counted so far. */
  get stats(): PeerStats {
    return this.#connection.stats;
  }

  /**
   * Calls a method of the other side.
   *
   * @param method its name
   * @param args params (for `undefined`, `null` is sent, or none by the protocol), then options
   * @returns the answer as the other side sent it: its type is not checked, unless there is a schema
   * @throws {SchemaError} if the params or the result are not what their schema says
   * @throws {RpcError} if the other side answers with an error
   * @throws {RpcProtocolError} if its answer is malformed
   * @throws {TypeError} if the method is not a string, the params have no JSON form, or an option is unknown or wrong
   * @throws {LimitError} if too many calls are pending
   * @throws the signal's reason if it aborts first
   * @throws the reason why the connection ended: an `RpcClosedError`, a stream's error, or the argument of `close`
   */
  async call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>> {
    const [params, options] = args as [unknown, PeerCallOptions | undefined];
    return await this.#outgoing.call(method, params, options) as ResultOf<Remote, K>;
  }

  /**
   * Sends a notification: a call without an answer.
   *
   * @returns when the stream has taken the message: await it for backpressure. A failure that nobody awaits is ignored
   * @throws {TypeError} if the method's name is not a string or the params have no JSON form
   * @throws the reason why the connection ended
   */
  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void> {
    return this.#outgoing.notify(method, args[0]);
  }

  /**
   * Sends several calls and notifications in one message.
   *
   * @returns the outcome of each entry, in order
   * @throws {TypeError} if the protocol has no batches
   * @throws as `call` does, if nothing could be sent
   */
  async batch<const Entries extends readonly BatchEntry<Remote>[]>(
    entries: Entries,
    options?: PeerCallOptions,
  ): Promise<BatchResults<Remote, Entries>> {
    return await this.#outgoing.batch(entries, options) as BatchResults<Remote, Entries>;
  }

  /**
   * Iterates over the requests that have no handler, in order of arrival, until the connection ends. While nobody
   * iterates, they are answered with "method not found". A request counts against `concurrentRequests` until it is
   * answered.
   *
   * @throws {TypeError} if another iteration is active
   */
  [Symbol.asyncIterator](): AsyncIterator<IncomingRequest<Remote>, undefined> {
    return this.#connection.requests.iterate();
  }

  /**
   * Ends the connection. Pending calls reject, the signals of running requests abort, and the readable is cancelled.
   * Without a reason, queued messages are still written, and then the writable closes. With a reason, it is aborted.
   *
   * @returns when reading has stopped and both streams are unlocked; it does not wait for the other side or for
   * handlers
   */
  close(reason?: unknown): Promise<void> {
    return this.#connection.close(reason);
  }

  /** Closes the peer. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
