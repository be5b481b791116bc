/**
 * One request of the other side, and what its handler knows of it. It is answered once: by its handler, or in an
 * iteration over the peer.
 *
 * @module
 */

import { LimitError, limitError } from "../base/limits.ts";
import { quoted } from "../base/text.ts";
import { type Codec, dropAll, type Written } from "./codec.ts";
import { ErrorCode, RpcError } from "./errors.ts";
import { bytesBeyond, encodeError, encodeFailure, encodeResult, isShortId } from "./message.ts";
import type { RequestId, RequestMessage } from "./message.ts";
import type { FailedRequest, PeerLimits } from "./options.ts";
import type { Calls } from "./outgoing.ts";
import { readPlace } from "./protocols/places.ts";
import type { Protocol } from "./protocols/types.ts";
import { RequestCaller } from "./request_caller.ts";
import { readTraceparent } from "./trace.ts";
import type { Caller, IncomingRequest, OngoingCall } from "./types.ts";
import type { OpenedStream } from "./values/decode.ts";
import { discardStreams } from "./values/discard.ts";

/** Reports a failure. */
type Report = (error: unknown, request: FailedRequest) => void;

/** What a request needs of its connection. */
export interface RequestSurroundings {
  /** Sends what belongs to the request. */
  readonly outgoing: Calls;
  readonly codec: Codec;
  readonly protocol: Protocol;
  readonly limits: Pick<Required<PeerLimits>, "requestBytes">;
  /** Called when a request fails. */
  readonly report: Report;
}

/** A request as it arrived. */
export interface Arrived {
  readonly message: RequestMessage;
  /** The call of this side to which it belongs. */
  readonly call: OngoingCall | undefined;
  /** Memory that it uses while it waits: its message's, or its share of a batch's. */
  readonly bytes: number;
  /** The streams in its params. */
  readonly streams: readonly OpenedStream[];
}

/** An answer that is to be sent, and the streams in it. */
interface Answer extends Pick<Written, "streams"> {
  readonly text: string;
}

/** A request from its arrival to its answer. */
export class OpenRequest<Remote extends object> implements IncomingRequest<Remote> {
  readonly method: string;
  readonly id: RequestId | undefined;
  readonly call: OngoingCall | undefined;
  /** Memory that it uses while it waits. */
  readonly bytes: number;
  readonly params: unknown;
  readonly #streams: readonly OpenedStream[];
  readonly #source: unknown;
  readonly #surroundings: RequestSurroundings;
  readonly #settled: (request: OpenRequest<Remote>, answer: string | undefined) => void;
  #isSettled = false;
  #isAnswered: boolean;
  /** Made when the signal is first read: most handlers do not read it. */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  #peer: Caller<Remote> | undefined;
  #progress: ((value: unknown) => void) | undefined;

  /** @param settled called once, with the answer's text, or `undefined` for a notification */
  constructor(
    { message, call, bytes, streams }: Arrived,
    surroundings: RequestSurroundings,
    settled: (request: OpenRequest<Remote>, answer: string | undefined) => void,
  ) {
    this.method = message.method;
    this.id = message.id;
    this.call = call;
    this.bytes = bytes;
    this.#isAnswered = this.id !== undefined;
    this.params = message.params;
    this.#streams = streams;
    this.#source = message.source;
    this.#surroundings = surroundings;
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

  get peer(): Caller<Remote> {
    return this.#peer ??= new RequestCaller<Remote>(this.#surroundings.outgoing, this);
  }

  get traceparent(): string | undefined {
    const { trace } = this.#surroundings.protocol;
    const own = trace && readTraceparent(readPlace(this.#source, trace.traceparent));
    return own ?? this.call?.traceparent;
  }

  get progress(): (value: unknown) => void {
    return this.#progress ??= (value) => {
      const token = this.#token;
      if (token === undefined || !this.#isAnswered || this.#isSettled) return;
      this.#surroundings.outgoing.progress(token, value);
    };
  }

  /** What reports of progress name, if they are wanted. */
  get #token(): string | number | undefined {
    const { progress } = this.#surroundings.protocol;
    if (progress === undefined) return undefined;
    const token = progress.token === undefined ? this.id : readPlace(this.#source, progress.token);
    return isShortId(token) ? token : undefined;
  }

  reply(result?: unknown): void {
    const { codec } = this.#surroundings;
    let found: unknown = result;
    const unsent = (reason: unknown) => discardStreams(found, reason);
    const isAnswered = this.#settle((id) => {
      const answer = ({ json, streams }: Written) => {
        found = streams.map(({ stream }) => stream);
        return { text: encodeResult(id, json), streams };
      };
      const written = codec.write(result, "result");
      return written instanceof Promise ? written.then(answer) : answer(written);
    }, unsent);
    if (!isAnswered && this.#aborted !== undefined) unsent(this.#aborted.reason);
  }

  fail(error: unknown): void {
    if (this.#isSettled) return;
    dropAll(this.#streams, error);
    if (this.#aborted === undefined || error !== this.#aborted.reason) this.#reportFailure(error);
    this.#settle((id) => ({
      text: encodeFailure(id, error, (data) => this.#surroundings.codec.encode(data, "data")),
      streams: [],
    }));
  }

  /** Answers that there is no such method. That is not a failure, so it is not reported. */
  refuse(hint: string): void {
    const message = `method not found: ${quoted(this.method, 100)}${hint}`;
    dropAll(this.#streams, new RpcError(ErrorCode.methodNotFound, message));
    this.#settle((id) => ({ text: encodeError(id, ErrorCode.methodNotFound, message), streams: [] }));
  }

  /** Aborts the signal. The handler must still settle the request, although the answer may not be sent. */
  abort(reason: unknown, isAnswered = true): void {
    this.#aborted ??= { reason };
    this.#isAnswered &&= isAnswered;
    this.#controller?.abort(reason);
  }

  /** Whether the signal has aborted. */
  get isAborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** Answers that the request was cancelled before a handler had it. */
  giveUp(): void {
    this.fail(this.#aborted?.reason);
  }

  /**
   * Settles the request once, and returns whether an answer is sent.
   *
   * @param unsent called if what was to be sent is not, with the reason
   */
  #settle(encode: (id: RequestId) => Answer | Promise<Answer>, unsent: (reason: unknown) => void = () => {}): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    const text = this.#isAnswered ? this.#encode(this.id!, encode, unsent) : undefined;
    if (text instanceof Promise) text.then((text) => this.#settled(this, this.#isAnswered ? text : undefined));
    else this.#settled(this, text);
    return this.#isAnswered;
  }

  #encode(
    id: RequestId,
    encode: (id: RequestId) => Answer | Promise<Answer>,
    unsent: (reason: unknown) => void,
  ): string | Promise<string> {
    const failed = (error: unknown) => {
      dropAll(this.#streams, error);
      this.#reportFailure(error);
      unsent(error);
      return error instanceof LimitError && error.limit === "requestBytes"
        ? encodeError(id, ErrorCode.internalError, `the answer is longer than ${error.value} bytes`)
        : encodeFailure(id, undefined);
    };
    try {
      const answer = encode(id);
      if (!(answer instanceof Promise)) return this.#pass(answer);
      return answer.then((answer) => {
        if (this.#isAnswered) return this.#pass(answer);
        unsent(this.#aborted?.reason);
        return "";
      }).catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** The text of an answer that the other side can read; its streams are passed. */
  #pass({ text, streams }: Answer): string {
    const { codec, limits: { requestBytes } } = this.#surroundings;
    const bytes = bytesBeyond(text, requestBytes);
    if (bytes !== undefined) throw limitError("requestBytes", requestBytes, `the answer has ${bytes}`);
    codec.pass(streams);
    return text;
  }

  #reportFailure(error: unknown): void {
    this.#surroundings.report(error, { method: this.method, id: this.id });
  }
}
