/**
 * Requests of the other side: those that wait for their turn, those that are being served, and how each is answered
 * once. Reading and writing are the peer's matter.
 *
 * @module
 */

import { isPromiseLike } from "../_callbacks.ts";
import { spend } from "../_schedule.ts";
import { quoted } from "../_text.ts";
import { Fifo } from "./_fifo.ts";
import { ANSWER_BYTES, REQUEST_BYTES, WORK } from "./_work.ts";
import { ErrorCode, RpcError } from "./errors.ts";
import { encodeError, encodeFailure, encodeResult } from "./message.ts";
import type { Message, RequestId, RequestMessage } from "./message.ts";
import type { FailedRequest } from "./options.ts";
import type { Caller, Handler, IncomingRequest } from "./types.ts";

/** Takes an answer's text; `refusal` says that the request was not served. */
export type AnswerSink = (answer: string, refusal: boolean) => void;

/**
 * Sinks for the answers to the messages of a batch: all go as one array into `sink` when the last of them is there.
 * What would make the array longer than `maxLength` UTF-16 units is replaced by an error, since a small batch can ask
 * for very large answers, and nothing can leave before the last.
 *
 * @param hold called with the memory that is taken, in bytes, whenever an answer comes to wait for the others, and with
 * the negative sum when all leave
 */
export function collectAnswers(
  messages: readonly Message[],
  maxLength: number,
  hold: (bytes: number) => void,
  sink: AnswerSink,
): (message: Message) => AnswerSink {
  const answers: string[] = [];
  let due = messages.filter((message) => message.kind !== "response" && message.id !== undefined).length;
  let length = 0;
  let held = 0;
  let isRefusal = true;
  return (message) => (answer, refusal) => {
    const fits = length + answer.length <= maxLength;
    if (fits) length += answer.length;
    const id = message.id as RequestId;
    const text = fits ? answer : encodeError(id, ErrorCode.internalError, "the answers to this batch are too long");
    answers.push(text);
    held += text.length + ANSWER_BYTES;
    hold(text.length + ANSWER_BYTES);
    isRefusal &&= refusal;
    if (--due > 0) return;
    hold(-held);
    sink(`[${answers.join()}]`, isRefusal);
  };
}

/** Hears of a failure. */
type Report = (error: unknown, request: FailedRequest) => void;

/** A request from its arrival to its answer. */
class OpenRequest<Remote extends object> implements IncomingRequest<Remote> {
  readonly method: string;
  readonly params: unknown;
  readonly id: RequestId | undefined;
  readonly peer: Caller<Remote>;
  /** Memory that it takes while it waits: of the message, or this request's share of its batch. */
  readonly bytes: number;
  readonly #report: Report;
  readonly #settled: (request: OpenRequest<Remote>, answer: string | undefined) => void;
  #isSettled = false;
  /** Made only for those who look at the signal: most handlers do not. */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  /** @param settled called once, with the answer's text; a notification has none */
  constructor(
    message: RequestMessage,
    bytes: number,
    { peer, report }: RequestQueueOptions<Remote>,
    settled: (request: OpenRequest<Remote>, answer: string | undefined) => void,
  ) {
    this.method = message.method;
    this.params = message.params;
    this.id = message.id;
    this.peer = peer;
    this.bytes = bytes;
    this.#report = report;
    this.#settled = settled;
  }

  get notification(): boolean {
    return this.id === undefined;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    return this.#controller.signal;
  }

  reply(result?: unknown): void {
    this.#settle((id) => encodeResult(id, result));
  }

  fail(error: unknown): void {
    if (this.#isSettled) return;
    if (this.#aborted === undefined || error !== this.#aborted.reason) this.#tell(error);
    this.#settle((id) => encodeFailure(id, error));
  }

  /** Answers that there is no such method, which is nobody's failure. */
  refuse(): void {
    const message = `method not found: ${quoted(this.method, 100)}`;
    this.#settle((id) => encodeError(id, ErrorCode.methodNotFound, message));
  }

  /** Aborts the signal; whoever serves the request still has to settle it. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  #settle(encode: (id: RequestId) => string): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#settled(this, this.id === undefined ? undefined : this.#encode(this.id, encode));
  }

  #encode(id: RequestId, encode: (id: RequestId) => string): string {
    try {
      return encode(id);
    } catch (error) {
      this.#tell(error);
      return encodeFailure(id, undefined);
    }
  }

  #tell(error: unknown): void {
    this.#report(error, { method: this.method, id: this.id });
  }
}

/** What a `RequestQueue` needs of its peer. */
export interface RequestQueueOptions<Remote extends object> {
  readonly peer: Caller<Remote>;
  readonly handlers: ReadonlyMap<string, Handler<unknown, unknown, Remote>>;
  /** Whether one more request may be started while so many are being served. */
  readonly hasSlot: (running: number) => boolean;
  /** Whether requests may be cancelled by their ids. */
  readonly canCancel: boolean;
  /** Called when a request has failed. */
  readonly report: Report;
  /** Called when a request is settled, after its answer was handed to its sink, and when those that wait were started. */
  readonly onProgress: () => void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Serves requests in the order of their arrival, each by its handler, or by the one who iterates. No method throws. */
export class RequestQueue<Remote extends object> {
  readonly #options: RequestQueueOptions<Remote>;
  readonly #waiting = new Fifo<OpenRequest<Remote>>();
  #waitingBytes = 0;
  readonly #running = new Set<OpenRequest<Remote>>();
  /** Those that are running and have not been cancelled, by their ids, of which the other side may use one many times. */
  readonly #byId = new Map<RequestId, Set<OpenRequest<Remote>>>();
  /** Whether requests are being started, or will be in the next turn of the event loop. */
  #isStarting = false;
  #hasEnded = false;
  #isIterated = false;
  /** Running requests that the iterator has not given out yet, and those who wait for it to give one. */
  readonly #offered = new Fifo<OpenRequest<Remote>>();
  readonly #takers = new Fifo<(result: IteratorResult<IncomingRequest<Remote>, undefined>) => void>();

  constructor(options: RequestQueueOptions<Remote>) {
    this.#options = options;
  }

  /** Counts the memory of answers that wait for the others of their batches, as that of requests that wait. */
  readonly hold = (bytes: number): void => void (this.#waitingBytes += bytes);

  /** Memory of the requests that wait, and of answers that wait for theirs, in bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether no request waits or is being served. */
  get isIdle(): boolean {
    return this.#running.size === 0 && !this.#hasWaiting;
  }

  get #hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Takes a request whose message takes so many bytes of memory; a notification's sink is never called. */
  add(message: RequestMessage, bytes: number, answer: AnswerSink): void {
    const request = new OpenRequest(message, bytes + REQUEST_BYTES, this.#options, (request, text) => {
      this.#running.delete(request);
      if (request.id !== undefined) this.#forget(request.id, request);
      if (text !== undefined) answer(text, false);
      this.start();
      this.#options.onProgress();
    });
    this.#waiting.push(request);
    this.#waitingBytes += request.bytes;
    this.start();
  }

  /** Starts requests while there are slots: to be called whenever there may be more of them. */
  start(): void {
    // A handler that answers at once comes back here from within: the loop below then goes on with the slot it freed.
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#hasWaiting && this.#options.hasSlot(this.#running.size)) {
      this.#serve(this.#next());
      const turn = spend(WORK.request);
      if (turn !== undefined) return void turn.then(() => this.#startMore());
    }
    this.#isStarting = false;
    this.#endIteration();
  }

  /** Aborts the signal of the requests with this id that are being served. */
  cancel(id: unknown): void {
    const requests = this.#byId.get(id as RequestId);
    if (requests === undefined) return;
    // Each is aborted once, however often the other side says it.
    this.#byId.delete(id as RequestId);
    const reason = new RpcError(ErrorCode.requestCancelled, "request cancelled");
    for (const request of requests) request.abort(reason);
  }

  /** No more requests will come. */
  end(): void {
    this.#hasEnded = true;
    this.#endIteration();
  }

  /** Drops the requests that wait, and aborts the signals of those that are being served. */
  close(reason: unknown): void {
    this.#waiting.takeAll();
    this.#waitingBytes = 0;
    this.#offered.takeAll();
    for (const request of this.#running) request.abort(reason);
    this.end();
  }

  /** Gives out the requests that have no handler. @throws {TypeError} when that is being done already */
  iterate(): AsyncIterator<IncomingRequest<Remote>, undefined> {
    if (this.#isIterated) throw new TypeError("the requests are being iterated over already");
    this.#isIterated = true;
    let isActive = true;
    return {
      next: () => {
        const request = isActive ? this.#offered.shift() : undefined;
        if (request !== undefined) return Promise.resolve(this.#giveOut(request));
        if (!isActive || (this.#hasEnded && !this.#hasWaiting)) return Promise.resolve(DONE);
        return new Promise((resolve) => this.#takers.push(resolve));
      },
      return: () => {
        if (isActive) this.#stopIteration();
        isActive = false;
        return Promise.resolve(DONE);
      },
    };
  }

  #startMore(): void {
    this.#isStarting = false;
    this.start();
    this.#options.onProgress();
  }

  #next(): OpenRequest<Remote> {
    const request = this.#waiting.shift()!;
    this.#waitingBytes -= request.bytes;
    return request;
  }

  #remember(id: RequestId, request: OpenRequest<Remote>): void {
    const same = this.#byId.get(id);
    if (same === undefined) this.#byId.set(id, new Set([request]));
    else same.add(request);
  }

  #forget(id: RequestId, request: OpenRequest<Remote>): void {
    const same = this.#byId.get(id);
    if (same?.delete(request) && same.size === 0) this.#byId.delete(id);
  }

  #serve(request: OpenRequest<Remote>): void {
    this.#running.add(request);
    if (this.#options.canCancel && request.id !== undefined) this.#remember(request.id, request);
    const handler = this.#options.handlers.get(request.method);
    if (handler !== undefined) runHandler(handler, request);
    else if (this.#takers.size > 0) this.#takers.shift()!(this.#giveOut(request));
    else if (this.#isIterated) this.#offered.push(request);
    else request.refuse();
  }

  #giveOut(request: OpenRequest<Remote>): IteratorYieldResult<IncomingRequest<Remote>> {
    // Nobody needs to answer a notification, so nobody would give its slot back.
    if (request.notification) request.reply();
    return { done: false, value: request };
  }

  async #stopIteration(): Promise<void> {
    this.#isIterated = false;
    for (const taker of this.#takers.takeAll()) taker(DONE);
    for (const request of this.#offered.takeAll()) {
      request.refuse();
      const turn = spend(WORK.request);
      if (turn !== undefined) await turn;
    }
  }

  #endIteration(): void {
    if (!this.#hasEnded || this.#hasWaiting) return;
    for (const taker of this.#takers.takeAll()) taker(DONE);
  }
}

function runHandler<Remote extends object>(
  handler: Handler<unknown, unknown, Remote>,
  request: OpenRequest<Remote>,
): void {
  try {
    const result = handler(request.params, request);
    if (!isPromiseLike(result)) return request.reply(result);
    Promise.resolve(result).then((value) => request.reply(value), (error) => request.fail(error));
  } catch (error) {
    request.fail(error);
  }
}
