/**
 * A JSON-RPC 2.0 peer over a pair of byte streams: either side calls the other, at any time, also while it is being
 * called. It reads, checks and routes messages; framing, matching of answers, serving of requests and writing each have
 * their own file.
 *
 * How much one side can make the other hold is bounded. Reading pauses while too much waits, unless calls of this side
 * are pending, whose answers may be behind it: then what is too much is refused. A handler that calls back gives up its
 * slot for as long, so that calls within calls never wait for each other.
 *
 * @module
 */

import { callSafely } from "../_callbacks.ts";
import { LimitError, limitError, resolveLimits } from "../_limits.ts";
import { spend } from "../_schedule.ts";
import { CallTable, type OpenCall } from "./_calls.ts";
import { reporter } from "./_failures.ts";
import { Outbox } from "./_outbox.ts";
import { readFrames, readInTurns, refuseBatch } from "./_reading.ts";
import { type AnswerSink, collectAnswers, RequestQueue } from "./_requests.ts";
import { memoryOf, WORK } from "./_work.ts";
import { type ApiCaller, createApi } from "./api.ts";
import { ErrorCode, RpcClosedError, RpcProtocolError } from "./errors.ts";
import { type Frame, type Framing, FRAMINGS } from "./framing.ts";
import { encodeError, encodeRequest, isRefusal, parseJson, readMessage, toJson, toParams } from "./message.ts";
import type { Message, RequestId, RequestMessage } from "./message.ts";
import { checkCallOptions, checkOptions, handlerMap } from "./options.ts";
import type { Duplex, PeerLimits, PeerOptions } from "./options.ts";
import type {
  Api,
  BatchEntry,
  BatchResults,
  CallArguments,
  Caller,
  CallOptions,
  IncomingRequest,
  MethodName,
  Methods,
  NotifyArguments,
  PeerStats,
  ResultOf,
} from "./types.ts";

/**
 * One end of a JSON-RPC 2.0 connection. `Remote` is the interface of the methods that the other side serves, `Local`
 * that of this side's. Once constructed it reads until the stream ends or the peer is closed. No method throws for what
 * the other side does, and no promise is left that could reject unhandled, but those of one's own calls.
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
  /** The other side's methods as functions, but for `then` and others that the language calls by itself. */
  readonly api: Api<Remote>;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #limits: Required<PeerLimits>;
  readonly #framing: Framing;
  readonly #cancelMethod: string | undefined;
  readonly #onInvalid: ((error: RpcProtocolError | LimitError) => unknown) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #calls = new CallTable();
  readonly #requests: RequestQueue<Remote>;
  readonly #outbox: Outbox;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;
  /** `ended`: the other side sends nothing more, and is still being answered. */
  #state: "open" | "ended" | "closed" = "open";
  #malformed = 0;
  #refused = 0;
  #dropped = 0;
  /** Why nothing can be called any more; set when the state is not open. */
  #reason: unknown;
  /** Lets reading go on; set while it pauses. */
  #resume: (() => void) | undefined;

  /**
   * Takes both streams and starts to read.
   *
   * @throws {TypeError} when one of the streams is locked, or an option or a limit is unknown or of the wrong type
   * @throws {RangeError} when a limit is not in its range
   */
  constructor({ readable, writable }: Duplex, options: PeerOptions<Local, Remote> = {}) {
    if (readable.locked || writable.locked) {
      throw new TypeError("a peer needs both streams to itself, and one is locked");
    }
    checkOptions(options);
    const { methods = {}, framing = "newline", limits = {}, signal } = options;
    const handlers = handlerMap<Local, Remote>(methods);
    this.#limits = resolveLimits<PeerLimits>("Peer", limits);
    this.#framing = FRAMINGS[framing];
    this.#cancelMethod = options.cancelMethod ?? (framing === "content-length" ? "$/cancelRequest" : undefined);
    this.#onInvalid = options.onInvalid;
    this.#signal = signal;
    this.api = createApi<Remote>(this as unknown as ApiCaller);
    this.#closed.promise.catch(() => {});
    this.#outbox = new Outbox(writable, () => this.#progress());
    this.#requests = new RequestQueue({
      peer: this,
      handlers,
      hasSlot: (running) =>
        running - this.#calls.size < this.#limits.concurrentRequests &&
        this.#outbox.answerBytes < this.#limits.queueBytes,
      canCancel: this.#cancelMethod !== undefined,
      report: reporter(options.onError),
      onProgress: () => this.#progress(),
    });
    this.#reader = readable.getReader();
    this.#reading = this.#read();
    if (signal?.aborted) this.close(signal.reason);
    else signal?.addEventListener("abort", this.#onAbort);
  }

  /**
   * Resolves when the other side ended its stream and all its requests are answered, or when `close()` was called.
   * Rejects with the reason when the readable failed, the framing was lost, or `close(reason)` was called.
   */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** What was counted so far. */
  get stats(): PeerStats {
    return {
      unknownIds: this.#calls.unknownIds,
      duplicateIds: this.#calls.duplicateIds,
      malformed: this.#malformed,
      refused: this.#refused,
      dropped: this.#dropped,
    };
  }

  /**
   * Calls a method of the other side.
   *
   * @param method its name
   * @param args params (`null` is sent for `undefined`), then options
   * @returns what the other side answered, as it came: nothing checks that it has the type
   * @throws {RpcError} when the other side answered with an error
   * @throws {RpcProtocolError} when its answer was malformed
   * @throws {TypeError} when the params have no JSON form, or an option is unknown
   * @throws {LimitError} when too many calls are pending
   * @throws the signal's reason when it aborts first, or whatever ended the connection: an `RpcClosedError`, a stream's
   * error, or what `close` was given
   */
  async call<K extends MethodName<Remote>>(method: K, ...args: CallArguments<Remote, K>): Promise<ResultOf<Remote, K>> {
    const [params, options] = args as [unknown, CallOptions | undefined];
    const json = toParams(method, params);
    this.#checkCalls(1, options);
    const { id, result } = this.#calls.open(options?.signal, (id) => withdraw() || this.#cancel(id));
    const withdraw = this.#send(encodeRequest(id, method, json), undefined, (reason) => this.#calls.reject(id, reason));
    return await result as ResultOf<Remote, K>;
  }

  /**
   * Calls a method of the other side without asking for an answer.
   *
   * @returns when the stream has taken the message, so that awaiting it keeps to the stream's pace; one who does not
   * await it is not told of a failure
   * @throws {TypeError} when the params have no JSON form
   * @throws whatever ended the connection
   */
  notify<K extends MethodName<Remote>>(method: K, ...args: NotifyArguments<Remote, K>): Promise<void> {
    const notified = this.#notify(method, args[0]);
    notified.catch(() => {});
    return notified;
  }

  /**
   * Sends several calls and notifications in one message.
   *
   * @returns what became of each, in the order of the entries
   * @throws as `call` does, when nothing could be sent
   */
  async batch<const Entries extends readonly BatchEntry<Remote>[]>(
    entries: Entries,
    options?: CallOptions,
  ): Promise<BatchResults<Remote, Entries>> {
    const parts = entries.map((entry) => ({ ...entry, json: toParams(entry.method, entry.params) }));
    this.#checkCalls(parts.filter(({ notification }) => !notification).length, options);
    const sent = Promise.withResolvers<void>();
    const calls: OpenCall[] = [];
    const texts: string[] = [];
    let withdraw = () => false;
    const results = parts.map(({ method, notification, json }) => {
      const call = notification ? undefined : this.#calls.open(options?.signal, (id) => withdraw() || this.#cancel(id));
      if (call !== undefined) calls.push(call);
      texts.push(encodeRequest(call?.id, method, json));
      return call === undefined ? sent.promise : call.result;
    });
    if (texts.length > 0) {
      const unsent = this.#send(`[${texts.join()}]`, sent.resolve, (reason) => {
        sent.reject(reason);
        for (const { id } of calls) this.#calls.reject(id, reason);
      });
      // The signal is of all calls, but not of notifications.
      if (calls.length === parts.length) withdraw = unsent;
    }
    sent.promise.catch(() => {});
    return await Promise.allSettled(results) as BatchResults<Remote, Entries>;
  }

  /**
   * Gives out the requests that have no handler, in the order of their arrival, until the connection ends. While nobody
   * iterates they are answered with "method not found". A request counts against `concurrentRequests` until it is answered.
   *
   * @throws {TypeError} when somebody iterates already
   */
  [Symbol.asyncIterator](): AsyncIterator<IncomingRequest<Remote>, undefined> {
    return this.#requests.iterate();
  }

  /**
   * Ends the connection: pending calls are rejected, the signals of requests being served are aborted, the readable is
   * cancelled. Without a reason, what is queued is still handed to the writable, which then closes; with one it is
   * aborted.
   *
   * @returns when reading has stopped and both streams are unlocked, without waiting for the other side or for handlers
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

  #cancel(id: number): void {
    if (this.#cancelMethod !== undefined) this.#send(encodeRequest(undefined, this.#cancelMethod, toJson({ id })));
  }

  async #notify(method: string, params: unknown): Promise<void> {
    const text = encodeRequest(undefined, method, toParams(method, params));
    if (this.#state === "closed") throw this.#reason;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#send(text, resolve, reject);
    await promise;
  }

  #checkCalls(count: number, options: CallOptions = {}): void {
    checkCallOptions(options);
    options.signal?.throwIfAborted();
    if (this.#state !== "open") throw this.#reason;
    const { pendingCalls } = this.#limits;
    if (this.#calls.size + count > pendingCalls) throw limitError("pendingCalls", pendingCalls);
  }

  /** Sends a message; what it returns withdraws it, and tells whether that was not too late. */
  #send(text: string, written?: () => void, failed?: (reason: unknown) => void): () => boolean {
    const withdraw = this.#outbox.send(this.#framing.encode(text), written, failed);
    // A new call lets others take its caller's slot, and wants reading to go on.
    this.#progress();
    return withdraw;
  }

  /** Answers, or drops a refusal when the other side reads none of its answers. */
  readonly #answer: AnswerSink = (text, isRefusal) => {
    // Those who read or start requests wait for the turn that this may have ended.
    spend(WORK.answer + text.length * WORK.byte);
    if (isRefusal && this.#outbox.answerBytes >= this.#limits.queueBytes) this.#dropped++;
    else this.#outbox.answer(this.#framing.encode(text));
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

  /** Takes a message, and returns what to wait for before the next. */
  #take(frame: Frame): Promise<void> | undefined {
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

  #receive(frame: Frame): Promise<void> | undefined {
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
    if (id === undefined && method === this.#cancelMethod) {
      this.#requests.cancel((params as { readonly id?: unknown } | null | undefined)?.id);
    } else if (this.#calls.size > 0 && this.#requests.waitingBytes >= this.#limits.queueBytes) {
      this.#refused++;
      if (id !== undefined) answer(encodeError(id, ErrorCode.tooManyRequests, "too many requests are waiting"), true);
    } else {
      this.#requests.add(message, bytes, answer);
    }
  }

  /** Counts, answers (unless there is no `id` to answer to) and reports what is not a message, or over a limit. */
  #reject(error: RpcProtocolError | LimitError, id: RequestId | undefined, answer: AnswerSink): void {
    this.#malformed++;
    spend(WORK.fault);
    const code = error instanceof LimitError ? ErrorCode.invalidRequest : error.code;
    if (id !== undefined) answer(encodeError(id, code, error.message), true);
    callSafely(() => this.#onInvalid?.(error), (reason) => void this.close(reason));
  }

  /** Does whatever a settled request or call, or a written chunk, has made possible. */
  #progress(): void {
    this.#requests.start();
    if (this.#state === "ended" && this.#requests.isIdle) this.#finish();
    if (this.#mayRead()) {
      this.#resume?.();
      this.#resume = undefined;
    }
  }

  /** The other side sends nothing more, or nothing that can be read. */
  #end(error?: RpcProtocolError): void {
    if (this.#state !== "open") return;
    this.#stop("ended", error ?? new RpcClosedError("the other side ended its stream"));
    this.#requests.end();
    this.#progress();
  }

  /** All that the other side asked for before its end is answered. */
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
