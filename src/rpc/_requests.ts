/**
 * Requests of the other side: those that wait for their turn, those that are being served, and how each is answered
 * once. Reading and writing are the peer's matter.
 *
 * @module
 */

import { ErrorCode, RpcError } from "./errors.ts";
import { encodeError, encodeFailure, encodeResult } from "./message.ts";
import type { Message, RequestId, RequestMessage } from "./message.ts";
import type { Caller, Handler, IncomingRequest } from "./types.ts";

/** Takes an answer's text; `refusal` says that the request was not served. */
export type AnswerSink = (answer: string, refusal: boolean) => void;

/**
 * Sinks for the answers to the messages of a batch: all go as one array into `sink` when the last of them is there.
 * What would make the array longer than `maxLength` UTF-16 units is replaced by an error, since a small batch can ask
 * for very large answers, and nothing can leave before the last.
 */
export function collectAnswers(
  messages: readonly Message[],
  maxLength: number,
  sink: AnswerSink,
): (message: Message) => AnswerSink {
  const answers: string[] = [];
  let due = messages.filter((message) => message.kind !== "response" && message.id !== undefined).length;
  let length = 0;
  let isRefusal = true;
  return (message) => (answer, refusal) => {
    const fits = length + answer.length <= maxLength;
    if (fits) length += answer.length;
    const id = message.id as RequestId;
    answers.push(fits ? answer : encodeError(id, ErrorCode.internalError, "the answers to this batch are too long"));
    isRefusal &&= refusal;
    if (--due === 0) sink(`[${answers.join()}]`, isRefusal);
  };
}

/** A request from its arrival to its answer. */
class OpenRequest<Remote extends object> implements IncomingRequest<Remote> {
  readonly method: string;
  readonly params: unknown;
  readonly id: RequestId | undefined;
  readonly peer: Caller<Remote>;
  /** Bytes of the message, or this request's share of its batch. */
  readonly bytes: number;
  readonly #settled: (request: OpenRequest<Remote>, answer: string | undefined) => void;
  #isSettled = false;
  /** Made only for those who look at the signal: most handlers do not. */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  /** @param settled called once, with the answer's text; a notification has none */
  constructor(
    message: RequestMessage,
    bytes: number,
    peer: Caller<Remote>,
    settled: (request: OpenRequest<Remote>, answer: string | undefined) => void,
  ) {
    this.method = message.method;
    this.params = message.params;
    this.id = message.id;
    this.peer = peer;
    this.bytes = bytes;
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
    this.#settle((id) => encodeFailure(id, error));
  }

  /** Aborts the signal; whoever serves the request still has to settle it. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  #settle(encode: (id: RequestId) => string): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#settled(this, this.id === undefined ? undefined : encodeSafely(this.id, encode));
  }
}

function encodeSafely(id: RequestId, encode: (id: RequestId) => string): string {
  try {
    return encode(id);
  } catch (error) {
    return encodeFailure(id, error);
  }
}

/** What a `RequestQueue` needs of its peer. */
export interface RequestQueueOptions<Remote extends object> {
  readonly peer: Caller<Remote>;
  readonly handlers: ReadonlyMap<string, Handler<unknown, unknown, Remote>>;
  /** Whether one more request may be started while so many are being served. */
  readonly hasSlot: (running: number) => boolean;
  /** Called when a request is settled, after its answer was handed to its sink. */
  readonly onSettled: () => void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Serves requests in the order of their arrival, each by its handler, or by the one who iterates. No method throws. */
export class RequestQueue<Remote extends object> {
  readonly #options: RequestQueueOptions<Remote>;
  /** Two stacks that make a queue: the first is filled; the second is emptied, then made of the first turned over. */
  #arrived: OpenRequest<Remote>[] = [];
  #waiting: OpenRequest<Remote>[] = [];
  #waitingBytes = 0;
  readonly #running = new Set<OpenRequest<Remote>>();
  #isStarting = false;
  #hasEnded = false;
  #isIterated = false;
  /** Running requests that the iterator has not given out yet, and those who wait for it to give one. */
  readonly #offered: OpenRequest<Remote>[] = [];
  readonly #takers: ((result: IteratorResult<IncomingRequest<Remote>, undefined>) => void)[] = [];

  constructor(options: RequestQueueOptions<Remote>) {
    this.#options = options;
  }

  /** Bytes of the messages whose requests wait. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether no request waits or is being served. */
  get isIdle(): boolean {
    return this.#running.size === 0 && !this.#hasWaiting;
  }

  get #hasWaiting(): boolean {
    return this.#arrived.length + this.#waiting.length > 0;
  }

  /** Takes a request that came in `bytes` bytes; a notification's sink is never called. */
  add(message: RequestMessage, bytes: number, answer: AnswerSink): void {
    const request = new OpenRequest(message, bytes, this.#options.peer, (request, text) => {
      this.#running.delete(request);
      if (text !== undefined) answer(text, false);
      this.start();
      this.#options.onSettled();
    });
    this.#arrived.push(request);
    this.#waitingBytes += bytes;
    this.start();
  }

  /** Starts requests while there are slots: to be called whenever there may be more of them. */
  start(): void {
    // A handler that answers at once comes back here from within: the loop below then goes on with the slot it freed.
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#hasWaiting && this.#options.hasSlot(this.#running.size)) this.#serve(this.#next());
    this.#isStarting = false;
    this.#endIteration();
  }

  /** Aborts the signal of the requests with this id that are being served. */
  cancel(id: unknown): void {
    if (id === undefined) return;
    for (const request of this.#running) {
      if (request.id === id) request.abort(new RpcError(ErrorCode.requestCancelled, "request cancelled"));
    }
  }

  /** No more requests will come. */
  end(): void {
    this.#hasEnded = true;
    this.#endIteration();
  }

  /** Drops the requests that wait, and aborts the signals of those that are being served. */
  close(reason: unknown): void {
    this.#arrived = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#offered.length = 0;
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

  #next(): OpenRequest<Remote> {
    if (this.#waiting.length === 0) [this.#waiting, this.#arrived] = [this.#arrived.reverse(), this.#waiting];
    const request = this.#waiting.pop()!;
    this.#waitingBytes -= request.bytes;
    return request;
  }

  #serve(request: OpenRequest<Remote>): void {
    this.#running.add(request);
    const handler = this.#options.handlers.get(request.method);
    if (handler !== undefined) runHandler(handler, request);
    else if (this.#takers.length > 0) this.#takers.shift()!(this.#giveOut(request));
    else if (this.#isIterated) this.#offered.push(request);
    else request.fail(methodNotFound(request.method));
  }

  #giveOut(request: OpenRequest<Remote>): IteratorYieldResult<IncomingRequest<Remote>> {
    // Nobody needs to answer a notification, so nobody would give its slot back.
    if (request.notification) request.reply();
    return { done: false, value: request };
  }

  #stopIteration(): void {
    this.#isIterated = false;
    for (const taker of this.#takers.splice(0)) taker(DONE);
    for (const request of this.#offered.splice(0)) request.fail(methodNotFound(request.method));
  }

  #endIteration(): void {
    if (!this.#hasEnded || this.#hasWaiting) return;
    for (const taker of this.#takers.splice(0)) taker(DONE);
  }
}

function methodNotFound(method: string): RpcError {
  return new RpcError(ErrorCode.methodNotFound, `method not found: ${JSON.stringify(method.slice(0, 100))}`);
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

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
