/**
 * What a peer does with the messages of the other side: reads them, routes them to its calls and its requests, and
 * pauses while too much waits. It also knows whether the connection is open. What this side sends by itself is in
 * `outgoing.ts`.
 *
 * @module
 */

import { callSafely } from "../base/callbacks.ts";
import { LimitError } from "../base/limits.ts";
import { count, spend } from "../base/schedule.ts";
import { CallTable } from "./calls.ts";
import { type Codec, PLAIN } from "./codec.ts";
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

/** What a connection has counted, beside its calls. */
interface Counts {
  nullIds: number;
  malformed: number;
  refused: number;
  dropped: number;
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
  readonly codec: Codec = PLAIN;
  readonly #counts: Counts = { nullIds: 0, malformed: 0, refused: 0, dropped: 0 };
  readonly #options: CheckedOptions<Remote>;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #outbox: Outbox;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;
  /** `ended`: the other side sends nothing more, and still gets answers. */
  #state: "open" | "ended" | "closed" = "open";
  /** Why no call is possible; set when the state is not open. */
  #reason: unknown;
  /** Resumes reading; set while it pauses. */
  #resume: (() => void) | undefined;

  /** Takes both streams and starts to read. */
  constructor({ readable, writable }: Duplex, options: CheckedOptions<Remote>) {
    const { framing, handlers, limits, onError, protocol, signal } = options;
    this.#options = options;
    this.#closed.promise.catch(() => {});
    this.calls = new CallTable(this.codec, limits.concurrentRequests);
    this.outgoing = withCallSchemas(new Outgoing(this, options), options.schemas);
    this.#outbox = new Outbox(writable, (text) => framing.encode(text), () => this.#progress());
    this.requests = new RequestQueue({
      handlers,
      limits,
      protocol,
      codec: this.codec,
      outgoing: this.outgoing,
      hasSlot: (running) =>
        running - this.calls.size < limits.concurrentRequests && this.#outbox.answerBytes < limits.queueBytes,
      report: reporter(onError),
      onProgress: () => this.#progress(),
    });
    this.#reader = readable.getReader();
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
    return { ...this.#counts, unknownIds, duplicateIds, dropped: this.#counts.dropped + droppedReports };
  }

  /** @throws the reason why no call is possible, if none is */
  checkOpen(): void {
    if (this.#state !== "open") throw this.#reason;
  }

  /** @throws the reason why nothing can be sent, if nothing can */
  checkNotClosed(): void {
    if (this.#state === "closed") throw this.#reason;
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
      const why = reason ?? new RpcClosedError("the peer was closed");
      this.#stop("closed", why);
      this.requests.close(why);
      if (reason === undefined) this.#outbox.close();
      else this.#outbox.abort(reason);
    }
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
    return this.#state !== "open" || this.calls.size > 0 ||
      (this.requests.waitingBytes < queueBytes && this.#outbox.answerBytes < queueBytes);
  }

  #receive(frame: NonNullable<Frame>): Promise<void> | undefined {
    if (isRefusal(frame)) return this.#receiveValue(frame, 0);
    const value = parseJson(frame, this.#options.limits.messageDepth);
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
      return this.#dispatch(readMessage(value), bytes, this.#answer)?.then(() => this.#mayReadSoon());
    }
    return undefined;
  }

  async #receiveBatch(values: readonly unknown[], bytes: number): Promise<void> {
    const { limits, protocol } = this.#options;
    const refusal = refuseBatch(values, limits.batchMessages, protocol);
    if (refusal !== undefined) return this.#reject(refusal, null, this.#answer);
    const messages = await readInTurns(values);
    const sinkFor = collectAnswers(messages, limits, this.requests.hold, this.#answer);
    for (const message of messages) {
      const refusing = this.#dispatch(message, bytes / messages.length, sinkFor(message));
      if (refusing !== undefined) await refusing;
      const turn = spend(WORK.message);
      if (turn !== undefined) await turn;
    }
    await this.#mayReadSoon();
  }

  /** Does what a message says, and returns what to await before the next. */
  #dispatch(message: Message, bytes: number, answer: AnswerSink): Promise<void> | undefined {
    if (this.#state === "closed") return undefined;
    if (message.kind === "request") this.#request(message, bytes, answer);
    else if (message.kind === "invalid") this.#reject(message.error, message.id, answer);
    else return this.#settle(message, answer);
    return undefined;
  }

  #settle({ id, outcome }: ResponseMessage, answer: AnswerSink): Promise<void> | undefined {
    const error = "error" in outcome ? outcome.error : undefined;
    if (error instanceof RpcError && (id === null || id === undefined)) return this.#rejectPending(error);
    this.calls.settle(id, outcome);
    if (error instanceof RpcProtocolError) this.#reject(error, undefined, answer);
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

  #request(message: RequestMessage, bytes: number, answer: AnswerSink): void {
    const { id } = message;
    if (id === undefined && this.#takeNotification(message)) return;
    if (this.calls.size > 0 && this.requests.waitingBytes >= this.#options.limits.queueBytes) {
      this.#counts.refused++;
      if (id !== undefined) answer(encodeError(id, ErrorCode.tooManyRequests, "too many requests are waiting"), true);
    } else {
      this.requests.add(message, this.#callOf(message), bytes, answer);
    }
  }

  /** The call of this side to which a request belongs. */
  #callOf({ source }: RequestMessage): OngoingCall | undefined {
    const { trace } = this.#options.protocol;
    const parent = trace?.parent && readPlace(source, trace.parent);
    return parent === undefined ? this.calls.only : this.calls.get(parent);
  }

  /** Takes a notification that is a convention of the protocol or of values, and no method's. */
  #takeNotification(message: RequestMessage): boolean {
    const { cancellation, progress } = this.#options.protocol;
    const { method, params } = message;
    if (method === cancellation?.method) {
      this.requests.cancel(cancellation.idOf(params));
      return true;
    }
    if (method !== progress?.method) return this.codec.take(message);
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
  }

  /** Does what has become possible since a request or call settled, or a chunk was written. */
  #progress(): void {
    this.requests.start();
    if (this.#state === "ended" && this.requests.isIdle) this.#finish();
    if (this.#mayRead()) {
      this.#resume?.();
      this.#resume = undefined;
    }
  }

  /** The other side sends nothing more, or nothing readable. */
  #end(error?: RpcProtocolError): void {
    if (this.#state !== "open") return;
    this.#stop("ended", error ?? new RpcClosedError("the other side ended its stream"));
    this.requests.end();
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
    if (state === "closed") this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.calls.rejectAll(reason);
    this.codec.end(reason);
    this.#reader.cancel(reason).catch(() => {});
    this.#resume?.();
  }
}
