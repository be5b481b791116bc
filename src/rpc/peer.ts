/**
 * A JSON-RPC 2.0 peer over a pair of byte streams. Either side calls the other at any time, also while it is being
 * called. This file routes messages between the parts: inbox, calls, requests and outbox.
 *
 * The other side can't make this one hold more than its limits. Reading pauses while too much waits (backpressure).
 * While calls of this side are pending it continues, since their answers may come later: then excess requests are
 * refused. A handler that calls back frees its slot meanwhile, so nested calls never wait for each other.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { callSafely } from "../base/callbacks.ts";
import { LimitError, limitError } from "../base/limits.ts";
import { count, spend } from "../base/schedule.ts";
import { CallTable, type OpenCall } from "./calls.ts";
import { reporter } from "./failures.ts";
import { Outbox } from "./outbox.ts";
import { readFrames, readInTurns, refuseBatch } from "./inbox.ts";
import { type AnswerSink, collectAnswers, RequestQueue } from "./requests.ts";
import { memoryOf, WORK } from "./costs.ts";
import { ErrorCode, RpcClosedError, RpcProtocolError } from "./errors.ts";
import type { Frame, Framing } from "./framing/types.ts";
import { encodeError, encodeRequest, isRefusal, parseJson, readMessage, toJson, toParams } from "./message.ts";
import type { Message, RequestId, RequestMessage } from "./message.ts";
import { checkCallOptions, checkOptions, type Duplex, type PeerLimits, type PeerOptions } from "./options.ts";
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
  /** The other side's methods as functions, except `then` and other names that the language calls by itself. */
  readonly api: Api<Remote>;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #limits: Required<PeerLimits>;
  readonly #framing: Framing;
  readonly #onInvalid: ((error: RpcProtocolError | LimitError) => unknown) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #calls = new CallTable();
  readonly #requests: RequestQueue<Remote>;
  readonly #outbox: Outbox;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;
  /** `ended`: the other side sends nothing more, and still gets answers. */
  #state: "open" | "ended" | "closed" = "open";
  #malformed = 0;
  #refused = 0;
  #dropped = 0;
  /** Why no call is possible; set when the state is not open. */
  #reason: unknown;
  /** Resumes reading; set while it pauses. */
  #resume: (() => void) | undefined;

  /**
   * Takes both streams and starts to read.
   *
   * @throws {TypeError} if a stream is locked, or an option or a limit is unknown or of the wrong type
   * @throws {RangeError} if a limit is not in its range
   */
  constructor({ readable, writable }: Duplex, ...[options]: OptionsArgument<PeerOptions<Remote, Local>>) {
    if (readable.locked || writable.locked) throw new TypeError("a stream is locked, and a peer needs both");
    const { handlers, framing, limits, onInvalid, onError, signal } = checkOptions<Remote, Local>(options);
    this.#limits = limits;
    this.#framing = framing;
    this.#onInvalid = onInvalid;
    this.#signal = signal;
    this.api = createApi<Api<Remote>>(this.call.bind(this));
    this.#closed.promise.catch(() => {});
    this.#outbox = new Outbox(writable, (text) => framing.encode(text), () => this.#progress());
    this.#requests = new RequestQueue({
      peer: this,
      handlers,
      hasSlot: (running) =>
        running - this.#calls.size < this.#limits.concurrentRequests &&
        this.#outbox.answerBytes < this.#limits.queueBytes,
      canCancel: framing.cancellation !== undefined,
      report: reporter(onError),
      onProgress: () => this.#progress(),
    });
    this.#reader = readable.getReader();
    this.#reading = this.#read();
    if (signal?.aborted) this.close(signal.reason);
    else signal?.addEventListener("abort", this.#onAbort);
  }

  /**
   * Resolves when the other side has ended its stream and has all its answers, or when you call `close()`. Rejects with
   * the reason if reading fails, if the framing is lost, or if you call `close(reason)`.
   */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** What the peer has counted so far. */
  get stats(): PeerStats {
    const { unknownIds, duplicateIds } = this.#calls;
    return { unknownIds, duplicateIds, malformed: this.#malformed, refused: this.#refused, dropped: this.#dropped };
  }

  /**
   * Calls a method of the other side.
   *
   * @param method its name
   * @param args params (`null` is sent for `undefined`), then options
   * @returns the answer as the other side sent it: its type is not checked
   * @throws {RpcError} if the other side answers with an error
   * @throws {RpcProtocolError} if its answer is malformed
   * @throws {TypeError} if the method is not a string, the params have no JSON form, or an option is unknown or wrong
   * @throws {LimitError} if too many calls are pending
   * @throws the signal's reason if it aborts first
   * @throws the reason why the connection ended: an `RpcClosedError`, a stream's error, or the argument of `close`
   */
  async call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>> {
    const [params, options] = args as [unknown, PeerCallOptions | undefined];
    const json = toParams(method, params);
    const signal = this.#checkCalls(1, options);
    // Sending starts waiting requests, and one of them may abort the signal.
    let withdraw = () => false;
    const { id, result } = this.#calls.open(signal, (...why) => withdraw() || this.#cancel(...why));
    withdraw = this.#send(encodeRequest(id, method, json), undefined, (reason) => this.#calls.reject(id, reason));
    return await result as ResultOf<Remote, K>;
  }

  /**
   * Sends a notification: a call without an answer.
   *
   * @returns when the stream has taken the message: await it for backpressure. A failure that nobody awaits is ignored
   * @throws {TypeError} if the method's name is not a string or the params have no JSON form
   * @throws the reason why the connection ended
   */
  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void> {
    const notified = this.#notify(method, args[0]);
    notified.catch(() => {});
    return notified;
  }

  /**
   * Sends several calls and notifications in one message.
   *
   * @returns the outcome of each entry, in order
   * @throws as `call` does, if nothing could be sent
   */
  async batch<const Entries extends readonly BatchEntry<Remote>[]>(
    entries: Entries,
    options?: PeerCallOptions,
  ): Promise<BatchResults<Remote, Entries>> {
    const parts = entries.map((entry) => ({ ...entry, json: toParams(entry.method, entry.params) }));
    const signal = this.#checkCalls(parts.filter(({ notification }) => !notification).length, options);
    const sent = Promise.withResolvers<void>();
    const calls: OpenCall[] = [];
    const texts: string[] = [];
    let withdraw = () => false;
    const results = parts.map(({ method, notification, json }) => {
      const call = notification ? undefined : this.#calls.open(signal, (...why) => withdraw() || this.#cancel(...why));
      if (call !== undefined) calls.push(call);
      texts.push(encodeRequest(call?.id, method, json));
      return call === undefined ? sent.promise : call.result;
    });
    if (texts.length > 0) {
      const unsent = this.#send(`[${texts.join()}]`, sent.resolve, (reason) => {
        sent.reject(reason);
        for (const { id } of calls) this.#calls.reject(id, reason);
      });
      // The signal ends calls, but not notifications.
      if (calls.length === parts.length) withdraw = unsent;
    }
    sent.promise.catch(() => {});
    return await Promise.allSettled(results) as BatchResults<Remote, Entries>;
  }

  /**
   * Iterates over the requests that have no handler, in order of arrival, until the connection ends. While nobody
   * iterates, they are answered with "method not found". A request counts against `concurrentRequests` until it is
   * answered.
   *
   * @throws {TypeError} if another iteration is active
   */
  [Symbol.asyncIterator](): AsyncIterator<IncomingRequest<Remote>, undefined> {
    return this.#requests.iterate();
  }

  /**
   * Ends the connection. Pending calls reject, the signals of running requests abort, and the readable is cancelled.
   * Without a reason, queued messages are still written, and then the writable closes. With a reason, it is aborted.
   *
   * @returns when reading has stopped and both streams are unlocked; it does not wait for the other side or for
   * handlers
   */
  close(reason?: unknown): Promise<void> {
    if (this.#state !== "closed") {
      const why = reason ?? new RpcClosedError("the peer was closed");
      this.#stop("closed", why);
      this.#requests.close(why);
      if (reason === undefined) this.#outbox.close();
      else this.#outbox.abort(reason);
    }
    if (reason === undefined) this.#closed.resolve();
    else this.#closed.reject(reason);
    return this.#reading;
  }

  /** Closes the peer. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = (): void => void this.close(this.#signal?.reason);

  #cancel(id: number, reason: unknown): void {
    const { cancellation } = this.#framing;
    if (cancellation === undefined) return;
    // A row may be the user's own, and this is called by an event.
    callSafely(() => {
      const params = toJson(cancellation.params(id, reason));
      this.#send(encodeRequest(undefined, cancellation.method, params));
    }, (error) => void this.close(error));
  }

  async #notify(method: string, params: unknown): Promise<void> {
    const text = encodeRequest(undefined, method, toParams(method, params));
    if (this.#state === "closed") throw this.#reason;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#send(text, resolve, reject);
    await promise;
  }

  /** Checks that so many calls are possible, and returns their signal. */
  #checkCalls(count: number, options: PeerCallOptions = {}): AbortSignal | undefined {
    checkCallOptions(options);
    options.signal?.throwIfAborted();
    if (this.#state !== "open") throw this.#reason;
    const { pendingCalls } = this.#limits;
    if (this.#calls.size + count > pendingCalls) throw limitError("pendingCalls", pendingCalls);
    return options.signal;
  }

  /** Sends a message. It returns a function that withdraws the message, and tells whether it was in time. */
  #send(text: string, written?: () => void, failed?: (reason: unknown) => void): () => boolean {
    const withdraw = this.#outbox.send(text, written, failed);
    // A new call frees its caller's slot, and needs reading to resume.
    this.#progress();
    return withdraw;
  }

  /** Queues an answer. A refusal is dropped if the other side does not read its answers. */
  readonly #answer: AnswerSink = (text, isRefusal) => {
    // The inbox and the request queue wait for the next turn, if this ends one.
    count(WORK.answer + text.length * WORK.byte);
    if (isRefusal && this.#outbox.answerBytes >= this.#limits.queueBytes) this.#dropped++;
    else this.#outbox.answer(text);
  };

  async #read(): Promise<void> {
    try {
      const decoder = this.#framing.decoder(this.#limits.messageBytes);
      await readFrames(this.#reader, decoder, () => this.#state === "open", (frame) => this.#take(frame));
      this.#end();
    } catch (reason) {
      this.close(reason ?? new RpcClosedError("the stream failed without a reason"));
    } finally {
      this.#reader.releaseLock();
    }
  }

  /** Takes a frame, and returns what to await before the next. */
  #take(frame: NonNullable<Frame>): Promise<void> | undefined {
    return this.#receive(frame) ?? (this.#mayRead() ? undefined : this.#mayReadSoon());
  }

  async #mayReadSoon(): Promise<void> {
    while (!this.#mayRead()) await new Promise<void>((resolve) => this.#resume = resolve);
  }

  #mayRead(): boolean {
    const { queueBytes } = this.#limits;
    return this.#state !== "open" || this.#calls.size > 0 ||
      (this.#requests.waitingBytes < queueBytes && this.#outbox.answerBytes < queueBytes);
  }

  #receive(frame: NonNullable<Frame>): Promise<void> | undefined {
    if (isRefusal(frame)) return this.#receiveValue(frame, 0);
    const value = parseJson(frame, this.#limits.messageDepth);
    const bytes = memoryOf(frame);
    if (!(value instanceof Promise)) return this.#receiveValue(value, bytes);
    return value.then((value) => this.#receiveValue(value, bytes)).then(() => this.#mayReadSoon());
  }

  #receiveValue(value: unknown, bytes: number): Promise<void> | undefined {
    if (Array.isArray(value)) return this.#receiveBatch(value, bytes);
    if (isRefusal(value)) {
      this.#reject(value, null, this.#answer);
      if (value instanceof RpcProtocolError && value.fault === "framing") this.#end(value);
    } else {
      this.#dispatch(readMessage(value), bytes, this.#answer);
    }
    return undefined;
  }

  async #receiveBatch(values: readonly unknown[], bytes: number): Promise<void> {
    const refusal = refuseBatch(values, this.#limits.batchMessages);
    if (refusal !== undefined) return this.#reject(refusal, null, this.#answer);
    const messages = await readInTurns(values);
    const sinkFor = collectAnswers(messages, this.#limits.queueBytes, this.#requests.hold, this.#answer);
    for (const message of messages) {
      this.#dispatch(message, bytes / messages.length, sinkFor(message));
      const turn = spend(WORK.message);
      if (turn !== undefined) await turn;
    }
    await this.#mayReadSoon();
  }

  #dispatch(message: Message, bytes: number, answer: AnswerSink): void {
    if (this.#state === "closed") return;
    if (message.kind === "request") return this.#request(message, bytes, answer);
    if (message.kind === "invalid") return this.#reject(message.error, message.id, answer);
    this.#calls.settle(message);
    if ("error" in message.outcome && message.outcome.error instanceof RpcProtocolError) {
      this.#reject(message.outcome.error, undefined, answer);
    }
    this.#progress();
  }

  #request(message: RequestMessage, bytes: number, answer: AnswerSink): void {
    const { id, method, params } = message;
    const { cancellation } = this.#framing;
    if (id === undefined && method === cancellation?.method) {
      this.#requests.cancel(cancellation.idOf(params));
    } else if (this.#calls.size > 0 && this.#requests.waitingBytes >= this.#limits.queueBytes) {
      this.#refused++;
      if (id !== undefined) answer(encodeError(id, ErrorCode.tooManyRequests, "too many requests are waiting"), true);
    } else {
      this.#requests.add(message, bytes, answer);
    }
  }

  /** Counts and reports a message that is invalid or over a limit, and answers it if there is an `id`. */
  #reject(error: RpcProtocolError | LimitError, id: RequestId | undefined, answer: AnswerSink): void {
    this.#malformed++;
    count(WORK.fault);
    const code = error instanceof LimitError ? ErrorCode.invalidRequest : error.code;
    if (id !== undefined) answer(encodeError(id, code, error.message), true);
    callSafely(() => this.#onInvalid?.(error), (reason) => void this.close(reason));
  }

  /** Does what has become possible since a request or call settled, or a chunk was written. */
  #progress(): void {
    this.#requests.start();
    if (this.#state === "ended" && this.#requests.isIdle) this.#finish();
    if (this.#mayRead()) {
      this.#resume?.();
      this.#resume = undefined;
    }
  }

  /** The other side sends nothing more, or nothing readable. */
  #end(error?: RpcProtocolError): void {
    if (this.#state !== "open") return;
    this.#stop("ended", error ?? new RpcClosedError("the other side ended its stream"));
    this.#requests.end();
    this.#progress();
  }

  /** The other side has ended its stream, and all its requests are answered. */
  async #finish(): Promise<void> {
    this.#stop("closed", this.#reason);
    await this.#outbox.close();
    if (this.#reason instanceof RpcProtocolError) this.#closed.reject(this.#reason);
    else this.#closed.resolve();
  }

  #stop(state: "ended" | "closed", reason: unknown): void {
    this.#state = state;
    this.#reason = reason;
    if (state === "closed") this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#calls.rejectAll(reason);
    this.#reader.cancel(reason).catch(() => {});
    this.#resume?.();
  }
}
