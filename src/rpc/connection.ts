/**
 * What a peer does with the messages of the other side: reads them, routes them to its calls and its requests, and
 * pauses while too much waits. It also knows whether the connection is open. What this side sends by itself is in
 * `outgoing.ts`.
 *
 * @module
 */

import { callSafely } from "../base/callbacks.ts";
import { type ByteReader, readerOf } from "../base/ends.ts";
import { LimitError } from "../base/limits.ts";
import { count, spend } from "../base/schedule.ts";
import { lazily, type Why } from "../base/why.ts";
import { CallTable } from "./calls.ts";
import { Codec, dropAll, NO_STREAMS, type TaggedMessages } from "./codec.ts";
import { memoryOf, WORK } from "./costs.ts";
import { ErrorCode, RpcClosedError, RpcError, RpcProtocolError } from "./errors.ts";
import { reporter } from "./failures.ts";
import type { Frame } from "./framing/types.ts";
import { readFrames, readInTurns, refuseBatch } from "./inbox.ts";
import { encodeError, isRefusal, parseJson, readMessage } from "./message.ts";
import type { Message, RequestId, RequestMessage, ResponseMessage } from "./message.ts";
import type { CheckedOptions, Duplex } from "./options.ts";
import { Outbox, type Sent } from "./outbox.ts";
import { type Calls, Outgoing } from "./outgoing.ts";
import { withCallSchemas } from "./schemas/calls.ts";
import { type AnswerSink, collectAnswers, RequestQueue } from "./requests.ts";
import { readPlace } from "./protocols/places.ts";
import type { OngoingCall, PeerStats } from "./types.ts";
import type { OpenedStream, Tagged } from "./values/decode.ts";
import { discardStreams } from "./values/discard.ts";
import { STREAM_METHODS } from "./values/stream_messages.ts";

/** What a message, or an element of a batch, takes. */
interface Weight {
  /** Bytes of the message; `undefined` in a batch. */
  readonly size: number | undefined;
  /** Memory once it is parsed. */
  readonly memory: number;
}

/** One connection, from its first byte to its last. */
export class Connection<Remote extends object> {
  /** Calls of this side. */
  readonly calls: CallTable;
  /** What this side sends. */
  readonly outgoing: Calls;
  /** Requests of the other side. */
  readonly requests: RequestQueue<Remote>;
  /** How values become JSON, and come back. */
  readonly codec: Codec;
  /** What it has counted, beside its calls. */
  readonly #counts = { requests: 0, nullIds: 0, malformed: 0, refused: 0, dropped: 0 };
  readonly #options: CheckedOptions<Remote>;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #outbox: Outbox;
  readonly #reader: ByteReader;
  readonly #reading: Promise<void>;
  /** `ended`: the other side sends nothing more, and still gets answers. */
  #state: "open" | "ended" | "closed" = "open";
  /** Why no call is possible; set when the state is not open. */
  #why: Why | undefined;
  /** What was wrong with the framing, if that is why. */
  #fault: RpcProtocolError | undefined;
  /** Resumes reading; set while it pauses. */
  #resume: (() => void) | undefined;

  /** Takes both streams and starts to read. */
  constructor({ readable, writable }: Duplex, options: CheckedOptions<Remote>) {
    const { accepts, framing, handlers, limits, onError, onUnknown, protocol, signal } = options;
    const report = reporter(onError);
    this.#options = options;
    this.#closed.promise.catch(() => {});
    this.calls = new CallTable(limits.concurrentRequests);
    this.codec = new Codec({
      accepts,
      openStreams: limits.openStreams,
      queueBytes: limits.queueBytes,
      requestBytes: limits.requestBytes,
      send: (text) => new Promise((resolve, reject) => this.send(text, resolve, reject)),
      tell: (text) => this.#answer(text, false),
      hasRoom: () => this.#outbox.answerBytes < limits.queueBytes,
      report: (error) => report(error, { method: STREAM_METHODS.end, id: undefined }),
    });
    this.outgoing = withCallSchemas(new Outgoing(this, options), options.schemas, discardStreams);
    this.#outbox = new Outbox(writable, (text) => framing.encode(text), () => this.#progress());
    this.requests = new RequestQueue({
      handlers,
      limits,
      protocol,
      codec: this.codec,
      outgoing: this.outgoing,
      hasSlot: (running) =>
        running - this.calls.size < limits.concurrentRequests && this.#outbox.answerBytes < limits.queueBytes,
      report,
      onUnknown,
      onProgress: () => this.#progress(),
    });
    this.#reader = readerOf(readable);
    this.#reading = this.#read();
    if (signal?.aborted) this.close(signal.reason);
    else signal?.addEventListener("abort", this.#onAbort);
  }

  /** Settles when the connection has ended. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** What has been counted so far. */
  get stats(): PeerStats {
    const { unknownIds, duplicateIds, droppedReports } = this.calls;
    const { openStreams } = this.codec;
    return { ...this.#counts, unknownIds, duplicateIds, openStreams, dropped: this.#counts.dropped + droppedReports };
  }

  /** @throws the reason why no call is possible, if none is */
  checkOpen(): void {
    if (this.#state !== "open") throw this.#why?.();
  }

  /** @throws the reason why nothing can be sent, if nothing can */
  checkNotClosed(): void {
    if (this.#state === "closed") throw this.#why?.();
  }

  /** Sends a message. */
  send(text: string, written?: () => void, failed?: (reason: unknown) => void): Sent {
    const sent = this.#outbox.send(text, written, failed);
    // A new call frees its caller's slot, and needs reading to resume.
    this.#progress();
    return sent;
  }

  /** Sends a message that waits like an answer, and is dropped if too much waits. */
  report(text: string): void {
    if (this.#outbox.answerBytes >= this.#options.limits.queueBytes) this.#counts.dropped++;
    else this.#outbox.answer(text);
  }

  /** Ends the connection: see `Peer.close`. */
  close(reason?: unknown): Promise<void> {
    if (this.#state !== "closed") {
      const why = reason === undefined ? lazily(() => new RpcClosedError("the peer was closed")) : () => reason;
      this.#stop("closed", why);
      this.requests.close(why);
      if (reason === undefined) this.#outbox.close();
    }
    // Also if the peer is closing already: the stream may be stuck with what was to be written.
    if (reason !== undefined) this.#outbox.abort(reason);
    if (reason === undefined) this.#closed.resolve();
    else this.#closed.reject(reason);
    return this.#reading;
  }

  readonly #onAbort = (): void => void this.close(this.#options.signal?.reason);

  /** Queues an answer. A refusal is dropped if the other side does not read its answers. */
  readonly #answer: AnswerSink = (text, isRefusal) => {
    if (text === undefined) return;
    // The inbox and the request queue wait for the next turn, if this ends one.
    count(WORK.answer + text.length * WORK.byte);
    if (isRefusal && this.#outbox.answerBytes >= this.#options.limits.queueBytes) this.#counts.dropped++;
    else this.#outbox.answer(text);
  };

  async #read(): Promise<void> {
    try {
      const decoder = this.#options.framing.decoder(this.#options.limits.messageBytes);
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
    const { queueBytes } = this.#options.limits;
    return this.#state !== "open" || this.#isWaiting ||
      (this.requests.waitingBytes < queueBytes && this.#outbox.answerBytes < queueBytes);
  }

  /** Whether this side waits for what the other sends: answers, or messages about streams. */
  get #isWaiting(): boolean {
    return this.calls.size > 0 || this.codec.openStreams > 0;
  }

  #receive(frame: NonNullable<Frame>): Promise<void> | undefined {
    if (isRefusal(frame)) return void this.#reject(frame, null, this.#answer);
    const parsed = parseJson(frame, this.#options.limits.messageDepth);
    const weight = { size: frame.length, memory: memoryOf(frame) };
    if (parsed instanceof Promise) return this.#receiveSoon(parsed, weight);
    const value = this.#unlessRefused(parsed);
    const tagged = this.codec.decode(value);
    return tagged instanceof Promise
      ? this.#receiveSoon(value, weight, tagged)
      : this.#receiveValue(value, weight, tagged);
  }

  async #receiveSoon(parsed: unknown, weight: Weight, tagged?: Promise<TaggedMessages>): Promise<void> {
    const value = this.#unlessRefused(await parsed);
    await this.#receiveValue(value, weight, await (tagged ?? this.codec.decode(value)));
    await this.#mayReadSoon();
  }

  /** The value, or why the batch that it is was refused. Nothing of such a batch is looked at. */
  #unlessRefused(value: unknown): unknown {
    const { limits, protocol } = this.#options;
    return Array.isArray(value) ? refuseBatch(value, limits.batchMessages, protocol) ?? value : value;
  }

  #receiveValue(value: unknown, weight: Weight, tagged: TaggedMessages): Promise<void> | undefined {
    if (Array.isArray(value)) return this.#receiveBatch(value, weight, tagged);
    if (isRefusal(value)) return void this.#reject(value, null, this.#answer);
    const dispatched = this.#dispatch(readMessage(value), weight, tagged.get(value), this.#answer);
    return dispatched?.then(() => this.#mayReadSoon());
  }

  async #receiveBatch(values: readonly unknown[], { memory }: Weight, tagged: TaggedMessages): Promise<void> {
    const messages = await readInTurns(values);
    const sinkFor = collectAnswers(messages, this.#options.limits, this.requests.hold, this.#answer);
    const weight: Weight = { size: undefined, memory: memory / messages.length };
    for (const [index, message] of messages.entries()) {
      const refusing = this.#dispatch(message, weight, tagged.get(values[index]), sinkFor(message));
      if (refusing !== undefined) await refusing;
      const turn = spend(WORK.message);
      if (turn !== undefined) await turn;
    }
    await this.#mayReadSoon();
  }

  /** Does what a message says, and returns what to await before the next. */
  #dispatch(
    message: Message,
    { size, memory: textMemory }: Weight,
    tagged: Tagged | undefined,
    answer: AnswerSink,
  ): Promise<void> | undefined {
    if (this.#state === "closed") return undefined;
    const { fault, streams = NO_STREAMS, memory = 0 } = tagged ?? {};
    if (message.kind === "response") return this.#settle(message.id, fault ?? message.outcome, streams);
    if (message.kind === "invalid") {
      dropAll(streams, message.error);
      this.#reject(message.error, message.id, answer);
    } else if (fault !== undefined) {
      this.#reject(fault, message.id, answer);
    } else {
      this.#request(message, { size, memory: textMemory + memory }, streams, answer);
    }
    return undefined;
  }

  /** Takes an answer. If its values can't be read, its fault stands for its outcome. */
  #settle(
    id: unknown,
    answer: ResponseMessage["outcome"] | RpcProtocolError | LimitError,
    streams: readonly OpenedStream[],
  ): Promise<void> | undefined {
    const outcome = isRefusal(answer) ? { error: answer } : answer;
    const error = "error" in outcome ? outcome.error : undefined;
    if (error instanceof RpcError && (id === null || id === undefined)) return this.#rejectPending(error);
    const isWanted = this.calls.settle(id, outcome);
    for (const stream of streams) {
      if (isWanted) stream.keep();
      else stream.drop(new RpcError(ErrorCode.requestCancelled, "nobody waits for this answer"));
    }
    if (isRefusal(error)) this.#reject(error, undefined, this.#answer);
    this.#progress();
    return undefined;
  }

  /** The other side refused a message without reading whose it was. No answer to that would ever come. */
  async #rejectPending(error: RpcError): Promise<void> {
    this.#counts.nullIds++;
    const { ids } = this.calls;
    for (const id of ids) {
      this.calls.refuse(id, error, ids.length === 1);
      const turn = spend(WORK.fault);
      if (turn !== undefined) await turn;
    }
    this.#progress();
  }

  #request(
    message: RequestMessage,
    weight: Weight,
    streams: readonly OpenedStream[],
    answer: AnswerSink,
  ): void {
    const { id } = message;
    if (id === undefined && this.#takeNotification(message, weight, streams.length > 0)) {
      return dropAll(streams, new RpcError(ErrorCode.invalidParams, "this notification takes no streams"));
    }
    if (this.#isWaiting && this.requests.waitingBytes >= this.#options.limits.queueBytes) {
      this.#counts.refused++;
      const what = "too many requests are waiting";
      dropAll(streams, new RpcError(ErrorCode.tooManyRequests, what));
      if (id !== undefined) answer(encodeError(id, ErrorCode.tooManyRequests, what), true);
    } else {
      this.#counts.requests++;
      this.requests.add({ message, call: this.#callOf(message), bytes: weight.memory, streams }, answer);
    }
  }

  /** The call of this side to which a request belongs. */
  #callOf({ source }: RequestMessage): OngoingCall | undefined {
    const { trace } = this.#options.protocol;
    const parent = trace?.parent && readPlace(source, trace.parent);
    return parent === undefined ? this.calls.only : this.calls.get(parent);
  }

  /** Takes a notification that is a convention of the protocol or of values, and no method's. */
  #takeNotification(message: RequestMessage, { size, memory }: Weight, hasStreams: boolean): boolean {
    const { cancellation, progress } = this.#options.protocol;
    const { method, params } = message;
    if (hasStreams && (method === cancellation?.method || method === progress?.method)) {
      this.#reject(new RpcProtocolError("value", `message is a ${method} with a stream`), undefined, this.#answer);
      return true;
    }
    if (method === cancellation?.method) {
      this.requests.cancel(cancellation.idOf(params));
      return true;
    }
    if (method !== progress?.method) {
      const taken = this.codec.take(message, size, memory);
      if (typeof taken === "boolean") return taken;
      this.#reject(taken, undefined, this.#answer);
      return true;
    }
    const { token, value } = progress.read(params);
    // What is nobody's is for a handler, if the user has one.
    return this.calls.progress(token, value) || !this.#options.handlers.has(method);
  }

  /** Counts and reports a message that is invalid or over a limit, and answers it if there is an `id`. */
  #reject(error: RpcProtocolError | LimitError, id: RequestId | undefined, answer: AnswerSink): void {
    this.#counts.malformed++;
    count(WORK.fault);
    const code = error instanceof LimitError ? ErrorCode.invalidRequest : error.code;
    if (id !== undefined) answer(encodeError(id, code, error.message), true);
    callSafely(() => this.#options.onInvalid?.(error), (reason) => void this.close(reason));
    if (error instanceof RpcProtocolError && error.fault === "framing") this.#end(error);
  }

  /** Does what has become possible since a request or call settled, or a chunk was written. */
  #progress(): void {
    this.requests.start();
    this.codec.progress();
    if (this.#state === "ended" && this.requests.isIdle) this.#finish();
    if (this.#mayRead()) {
      this.#resume?.();
      this.#resume = undefined;
    }
  }

  /** The other side sends nothing more, or nothing readable. */
  #end(error?: RpcProtocolError): void {
    if (this.#state !== "open") return;
    this.#fault = error;
    this.#stop("ended", lazily(() => error ?? new RpcClosedError("the other side ended its stream")));
    this.requests.end();
    this.#progress();
  }

  /** The other side has ended its stream, and all its requests are answered. */
  async #finish(): Promise<void> {
    this.#stop("closed", this.#why!);
    await this.#outbox.close();
    if (this.#fault !== undefined) this.#closed.reject(this.#fault);
    else this.#closed.resolve();
  }

  #stop(state: "ended" | "closed", why: Why): void {
    this.#state = state;
    this.#why = why;
    if (state === "closed") this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.calls.rejectAll(why);
    this.codec.end(why);
    this.#reader.cancel(why).catch(() => {});
    this.#resume?.();
  }
}
