/**
 * Requests of the other side, waiting or running, and the order in which they are served.
 *
 * @module
 */

import { callSafely, isPromiseLike } from "../base/callbacks.ts";
import { Fifo } from "../base/fifo.ts";
import { countedHint } from "../base/hint.ts";
import { spend } from "../base/schedule.ts";
import type { Why } from "../base/why.ts";
import { ANSWER_BYTES, REQUEST_BYTES, WORK } from "./costs.ts";
import { ErrorCode, RpcError } from "./errors.ts";
import { bytesBeyond, encodeError } from "./message.ts";
import type { FailedRequest } from "./options.ts";
import type { Message, RequestId } from "./message.ts";
import { type Arrived, OpenRequest, type RequestSurroundings } from "./open_request.ts";
import type { PeerLimits } from "./options.ts";
import type { Handler, IncomingRequest } from "./types.ts";

const TOO_LONG = "the answers to this batch are too long";

/** Takes an answer's text, `undefined` for none; `refusal` says whether the request was refused. */
export type AnswerSink = (answer: string | undefined, refusal: boolean) => void;

/**
 * Sinks for the answers to a batch. After the last answer, `sink` receives all of them as one array. An answer that
 * would make the array longer than `queueBytes` in UTF-16 units is replaced by an error: a small batch can ask for very
 * large answers, and all must wait for the last. An array of more than `requestBytes` is replaced by one error.
 *
 * @param hold receives the bytes of memory of an answer that waits for the others, and at the end the negative sum
 */
export function collectAnswers(
  messages: readonly Message[],
  { queueBytes, requestBytes }: Pick<Required<PeerLimits>, "queueBytes" | "requestBytes">,
  hold: (bytes: number) => void,
  sink: AnswerSink,
): (message: Message) => AnswerSink {
  const answers: string[] = [];
  let due = messages.filter((message) => message.kind !== "response" && message.id !== undefined).length;
  let length = 0;
  let held = 0;
  let isRefusal = true;
  const keep = (text: string): void => {
    answers.push(text);
    // A character of a string has at most two bytes.
    const bytes = 2 * text.length + ANSWER_BYTES;
    held += bytes;
    hold(bytes);
  };
  return (message) => (answer, refusal) => {
    if (answer !== undefined) {
      const fits = length + answer.length <= queueBytes;
      if (fits) length += answer.length;
      const id = message.id as RequestId;
      keep(fits ? answer : encodeError(id, ErrorCode.internalError, TOO_LONG));
      isRefusal &&= refusal;
    }
    if (--due > 0) return;
    hold(-held);
    if (answers.length === 0) return sink(undefined, isRefusal);
    const text = `[${answers.join()}]`;
    const isReadable = bytesBeyond(text, requestBytes) === undefined;
    sink(isReadable ? text : encodeError(null, ErrorCode.internalError, TOO_LONG), isRefusal);
  };
}

/** What a `RequestQueue` needs from its peer. */
export interface RequestQueueOptions<Remote extends object> extends RequestSurroundings {
  readonly handlers: ReadonlyMap<string, Handler<Remote>>;
  /** Whether another request may start while this many run. */
  readonly hasSlot: (running: number) => boolean;
  /**
   * Called after the answer to a request was passed to its sink, and after waiting requests were started in a later
   * turn.
   */
  readonly onProgress: () => void;
  /** Called for a request that nobody serves. What it throws is ignored. */
  readonly onUnknown: ((request: FailedRequest) => unknown) | undefined;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Serves requests in order of arrival. Only `iterate` throws. */
export class RequestQueue<Remote extends object> {
  readonly #options: RequestQueueOptions<Remote>;
  readonly #waiting = new Fifo<OpenRequest<Remote>>();
  #waitingBytes = 0;
  readonly #running = new Set<OpenRequest<Remote>>();
  /** Requests that were not cancelled, by id. The other side may reuse an id. */
  readonly #byId = new Map<RequestId, OpenRequest<Remote> | Set<OpenRequest<Remote>>>();
  /** Whether requests are being started now, or in the next turn of the event loop. */
  #isStarting = false;
  #hasEnded = false;
  #isIterated = false;
  /** Running requests that wait for an iterator, and calls of `next` that wait for a request. */
  readonly #offered = new Fifo<OpenRequest<Remote>>();
  readonly #takers = new Fifo<(result: IteratorResult<IncomingRequest<Remote>, undefined>) => void>();

  constructor(options: RequestQueueOptions<Remote>) {
    this.#options = options;
  }

  /** Counts the memory of answers that wait for others of their batch, like that of waiting requests. */
  readonly hold = (bytes: number): void => void (this.#waitingBytes += bytes);

  /** Memory of waiting requests, and of answers that wait for others of their batch, in bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether no request waits or runs. */
  get isIdle(): boolean {
    return this.#running.size === 0 && !this.#hasWaiting;
  }

  get #hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Adds a request. The sink of a notification is never called. */
  add(arrived: Arrived, answer: AnswerSink): void {
    const counted = { ...arrived, bytes: arrived.bytes + REQUEST_BYTES };
    const request = new OpenRequest<Remote>(counted, this.#options, (request, text) => {
      this.#running.delete(request);
      if (request.id !== undefined) this.#forget(request.id, request);
      if (request.id !== undefined) answer(text, false);
      this.start();
      this.#options.onProgress();
    });
    if (this.#options.protocol.cancellation !== undefined && request.id !== undefined) {
      this.#remember(request.id, request);
    }
    this.#waiting.push(request);
    this.#waitingBytes += request.bytes;
    this.start();
  }

  /** Starts waiting requests while there are slots. Call it whenever a slot may be free. */
  start(): void {
    // A handler that answers at once calls this again: the loop below then uses the slot that it freed.
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

  /** Aborts the signals of the requests with this id. Those that wait are not served. Idempotent. */
  cancel(id: unknown): void {
    const requests = this.#byId.get(id as RequestId);
    if (requests === undefined) return;
    this.#byId.delete(id as RequestId);
    const reason = new RpcError(ErrorCode.requestCancelled, "request cancelled");
    for (const request of requests instanceof Set ? requests : [requests]) {
      request.abort(reason, this.#options.protocol.cancellation?.isAnswered);
    }
  }

  /** Says that no more requests will come. */
  end(): void {
    this.#hasEnded = true;
    this.#endIteration();
  }

  /** Drops waiting requests, and aborts the signals of running ones. */
  close(why: Why): void {
    this.#waiting.takeAll();
    this.#waitingBytes = 0;
    this.#byId.clear();
    this.#offered.takeAll();
    for (const request of this.#running) request.abort(why());
    this.end();
  }

  /** Iterates over the requests that have no handler. @throws {TypeError} if another iteration is active */
  iterate(): AsyncIterator<IncomingRequest<Remote>, undefined> {
    if (this.#isIterated) throw new TypeError("another iteration over the requests is active");
    this.#isIterated = true;
    let isActive = true;
    return {
      next: () => {
        const request = isActive ? this.#offered.shift() : undefined;
        if (request !== undefined) return Promise.resolve(this.#deliver(request));
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
    if (same === undefined) this.#byId.set(id, request);
    else if (same instanceof Set) same.add(request);
    else this.#byId.set(id, new Set([same, request]));
  }

  #forget(id: RequestId, request: OpenRequest<Remote>): void {
    const same = this.#byId.get(id);
    if (same === request) this.#byId.delete(id);
    else if (same instanceof Set && same.delete(request) && same.size === 0) this.#byId.delete(id);
  }

  #serve(request: OpenRequest<Remote>): void {
    this.#running.add(request);
    if (request.isAborted) return request.giveUp();
    if (this.#options.protocol.cancellation !== undefined && request.id !== undefined) {
      this.#remember(request.id, request);
    }
    const handler = this.#options.handlers.get(request.method);
    if (handler !== undefined) runHandler(handler, request);
    else if (this.#takers.size > 0) this.#takers.shift()!(this.#deliver(request));
    else if (this.#isIterated) this.#offered.push(request);
    else this.#refuse(request);
  }

  #refuse(request: OpenRequest<Remote>): void {
    const { handlers, onUnknown } = this.#options;
    const { method, id } = request;
    if (onUnknown !== undefined) callSafely(() => onUnknown({ method, id }), () => {});
    request.refuse(request.notification ? "" : countedHint(method, [...handlers.keys()]));
  }

  #deliver(request: OpenRequest<Remote>): IteratorYieldResult<IncomingRequest<Remote>> {
    // A notification needs no answer, so nothing else would free its slot.
    if (request.notification) request.reply();
    return { done: false, value: request };
  }

  async #stopIteration(): Promise<void> {
    this.#isIterated = false;
    for (const taker of this.#takers.takeAll()) taker(DONE);
    for (const request of this.#offered.takeAll()) {
      this.#refuse(request);
      const turn = spend(WORK.request);
      if (turn !== undefined) await turn;
    }
  }

  #endIteration(): void {
    if (!this.#hasEnded || this.#hasWaiting) return;
    for (const taker of this.#takers.takeAll()) taker(DONE);
  }
}

function runHandler<Remote extends object>(handler: Handler<Remote>, request: OpenRequest<Remote>): void {
  try {
    const result = handler(request.params, request);
    if (!isPromiseLike(result)) return request.reply(result);
    Promise.resolve(result).then((value) => request.reply(value), (error) => request.fail(error));
  } catch (error) {
    request.fail(error);
  }
}
