/**
 * What this side sends by itself: calls, notifications, batches, and what the protocol adds to them: cancellations,
 * reports of progress, and what a request belongs to.
 *
 * @module
 */

import { callSafely } from "../base/callbacks.ts";
import { limitError } from "../base/limits.ts";
import { checkMethod } from "../base/options.ts";
import { quoted } from "../base/text.ts";
import type { CallTable, OpenCall } from "./calls.ts";
import { type Codec, dropAll, type Written } from "./codec.ts";
import { bytesBeyond, encodeRequest, isShortId } from "./message.ts";
import type { RequestId } from "./message.ts";
import { checkCallOptions, type CheckedOptions } from "./options.ts";
import type { Sent } from "./outbox.ts";
import { type Draft, hasRoom, writePlace } from "./protocols/places.ts";
import type { Place } from "./protocols/types.ts";
import type { PeerCallOptions } from "./types.ts";
import type { OpenedStream } from "./values/decode.ts";
import { madeHere } from "./values/refused.ts";

/** No options, and no members. */
const NONE = {};
/** UTF-16 units of a method's name in an error. */
const NAME_LENGTH = 100;

/** One element of an outgoing batch, with any types. */
export interface Entry {
  readonly method: string;
  readonly params?: unknown;
  readonly notification?: boolean;
}

/** What a request belongs to: the request of the other side for which it is sent, and its trace. */
export interface Origin {
  readonly id: RequestId | undefined;
  readonly traceparent: string | undefined;
}

/** What sending needs of a connection. */
export interface Channel {
  /** Calls of this side. */
  readonly calls: CallTable;
  /** How values become JSON. */
  readonly codec: Codec;
  /** @throws the reason why no call is possible, if none is */
  checkOpen(): void;
  /** @throws the reason why nothing can be sent, if nothing can */
  checkNotClosed(): void;
  /** Sends a message. */
  send(text: string, written?: () => void, failed?: (reason: unknown) => void): Sent;
  /** Sends a message that waits like an answer, and is dropped if too much waits. */
  report(text: string): void;
  /** Ends the connection. */
  close(reason: unknown): Promise<void>;
}

/** A request that is ready but for its id. */
interface Parts {
  readonly method: string;
  /** JSON text and its streams, if params are sent. */
  readonly params: Written | undefined;
  readonly members: Draft["members"];
  /** The call's id, if it had to be known before. */
  readonly id: number | undefined;
}

/** What a peer and its requests use of what follows. Schemas are put around it. */
export type Calls = Pick<Outgoing, "call" | "notify" | "batch" | "progress">;

/** The calls and notifications of one side of a connection. */
export class Outgoing {
  readonly #connection: Channel;
  readonly #options: Pick<CheckedOptions<object>, "protocol" | "limits">;

  constructor(connection: Channel, options: Pick<CheckedOptions<object>, "protocol" | "limits">) {
    this.#connection = connection;
    this.#options = options;
  }

  /** See `Peer.call`. */
  async call(method: string, params: unknown, options: PeerCallOptions = NONE, origin?: Origin): Promise<unknown> {
    if (options !== NONE) checkCallOptions(options);
    const preparing = this.#prepare(method, params, options, origin);
    const parts = preparing instanceof Promise ? await unlessAborted(preparing, options.signal) : preparing;
    this.#checkCalls(1, options);
    // Sending starts waiting requests, and one of them may abort the signal.
    let withdraw = () => false;
    const { calls } = this.#connection;
    const id = parts.id ?? calls.takeId();
    const text = this.#fitting(textOf(parts, id), "the call of", method);
    const passed = this.#pass(parts);
    const call = this.#open(id, method, options, () => withdraw());
    if (passed.length > 0) call.result.catch((reason) => dropAll(passed, reason));
    const sent = this.#connection.send(text, undefined, (reason) => calls.reject(id, reason));
    withdraw = sent.withdraw;
    call.bytes = sent.bytes;
    return await call.result;
  }

  /** See `Peer.notify`. */
  notify(method: string, params: unknown, origin?: Origin): Promise<void> {
    const notified = this.#notify(method, params, origin);
    notified.catch(() => {});
    return notified;
  }

  /** See `Peer.batch`. */
  async batch(entries: readonly Entry[], options: PeerCallOptions = {}): Promise<PromiseSettledResult<unknown>[]> {
    const { name, batches } = this.#options.protocol;
    if (!batches) throw new TypeError(`the protocol ${name} has no batches: send calls one by one`);
    checkCallOptions(options);
    const { calls } = this.#connection;
    const preparing = entries.map(({ method, params, notification }) =>
      this.#prepare(method, params, notification ? {} : options, undefined)
    );
    const all = preparing.some((parts) => parts instanceof Promise)
      ? await unlessAborted(Promise.all(preparing), options.signal)
      : preparing;
    const prepared = entries.map(({ notification }, index) => ({ parts: all[index] as Parts, isCall: !notification }));
    this.#checkCalls(prepared.filter(({ isCall }) => isCall).length, options);
    if (prepared.length === 0) return [];
    const requests = prepared.map(({ parts, isCall }) => {
      const id = isCall ? parts.id ?? calls.takeId() : undefined;
      return { method: parts.method, id, text: textOf(parts, id) };
    });
    const text = this.#fitting(`[${requests.map(({ text }) => text).join()}]`, "the batch");
    const passed = this.#pass(...prepared.map(({ parts }) => parts));
    const written = Promise.withResolvers<void>();
    written.promise.catch(() => {});
    let withdraw = () => false;
    const opened = requests.map(({ id, method }) =>
      id === undefined ? undefined : this.#open(id, method, options, () => withdraw())
    );
    const sent = this.#connection.send(text, written.resolve, (reason) => {
      written.reject(reason);
      for (const call of opened) if (call !== undefined) calls.reject(call.id, reason);
    });
    // The signal ends calls, but not notifications.
    if (!opened.includes(undefined)) withdraw = sent.withdraw;
    for (const call of opened) if (call !== undefined) call.bytes = sent.bytes;
    const results = opened.map((call) => call?.result ?? written.promise);
    if (passed.length > 0) dropFailed(prepared.map(({ parts }) => parts), passed, results);
    return await Promise.allSettled(results);
  }

  /** Reports progress of a request of the other side. @throws {TypeError | LimitError} if the value can't be sent */
  progress(token: string | number, value: unknown): void {
    const { progress } = this.#options.protocol;
    if (progress === undefined) return;
    const params = this.#connection.codec.encode(progress.params(token, value), "progress");
    this.#connection.report(this.#fitting(encodeRequest(undefined, progress.method, params), "the report"));
  }

  #open(id: number, method: string, options: PeerCallOptions, withdraw: () => boolean): OpenCall {
    const { calls } = this.#connection;
    const isAnswered = this.#options.protocol.cancellation?.isAnswered !== false;
    const onCancel = (id: number, reason: unknown) => {
      // A call that is not sent has no answer.
      if (withdraw()) calls.reject(id, reason);
      else this.#cancel(id, reason);
    };
    return calls.open({ id, method, options, isAnswered, onCancel });
  }

  #cancel(id: number, reason: unknown): void {
    const { cancellation } = this.#options.protocol;
    if (cancellation === undefined) return;
    // A row may be the user's own, and this is called by an event.
    callSafely(() => {
      const params = this.#connection.codec.encode(cancellation.params(id, reason), "params");
      this.#connection.send(encodeRequest(undefined, cancellation.method, params));
    }, (error) => void this.#connection.close(error));
  }

  async #notify(method: string, params: unknown, origin: Origin | undefined): Promise<void> {
    const preparing = this.#prepare(method, params, {}, origin);
    const parts = preparing instanceof Promise ? await preparing : preparing;
    this.#connection.checkNotClosed();
    const text = this.#fitting(textOf(parts), "the notification", method);
    const passed = this.#pass(parts);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (passed.length > 0) promise.catch((reason) => dropAll(passed, reason));
    this.#connection.send(text, resolve, reject);
    await promise;
  }

  /** Adds what the protocol says to a request, and makes JSON of its params. */
  #prepare(
    method: string,
    params: unknown,
    options: PeerCallOptions,
    origin: Origin | undefined,
  ): Parts | Promise<Parts> {
    checkMethod(method);
    const { alwaysParams, progress, trace } = this.#options.protocol;
    let draft: Draft = { params, members: NONE };
    if (trace !== undefined && options.traceparent !== undefined) {
      draft = writePlace(draft, trace.traceparent, options.traceparent);
    } else {
      draft = inherit(draft, trace?.traceparent, origin?.traceparent);
    }
    if (isShortId(origin?.id)) draft = inherit(draft, trace?.parent, origin.id);
    let id: number | undefined;
    if (progress?.token !== undefined && options.onProgress !== undefined) {
      id = this.#connection.calls.takeId();
      draft = writePlace(draft, progress.token, id);
    }
    const hasParams = draft.params !== undefined || alwaysParams;
    const { members } = draft;
    const written = hasParams ? this.#written(draft.params) : undefined;
    if (!(written instanceof Promise)) return { method, params: written, members, id };
    const parts = written.then((params) => ({ method, params, members, id }));
    // Nobody waits for it if another entry of its batch is wrong.
    parts.catch(() => {});
    return parts;
  }

  #written(params: unknown): Written | Promise<Written> {
    try {
      return this.#connection.codec.write(params, "params");
    } catch (error) {
      throw madeHere(error);
    }
  }

  /** Passes the streams of requests. */
  #pass(...requests: readonly Parts[]): readonly OpenedStream[] {
    return this.#connection.codec.pass(requests.flatMap(({ params }) => params?.streams ?? []));
  }

  /** A message that the other side can read. @throws {LimitError} if it is too long */
  #fitting(text: string, what: string, method?: string): string {
    const { requestBytes } = this.#options.limits;
    const bytes = bytesBeyond(text, requestBytes);
    if (bytes === undefined) return text;
    const whole = method === undefined ? what : `${what} ${quoted(method, NAME_LENGTH)}`;
    throw limitError("requestBytes", requestBytes, `${whole} has ${bytes}`);
  }

  /** Checks that so many calls are possible. */
  #checkCalls(count: number, { signal, cancel }: PeerCallOptions): void {
    signal?.throwIfAborted();
    cancel?.throwIfAborted();
    this.#connection.checkOpen();
    const { pendingCalls } = this.#options.limits;
    if (this.#connection.calls.size + count > pendingCalls) throw limitError("pendingCalls", pendingCalls);
  }
}

/** What is being prepared, or the signal's reason if it aborts first: a blob may take long to be read. */
function unlessAborted<Value>(preparing: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return preparing;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    preparing.then(resolve, reject).then(() => signal.removeEventListener("abort", onAbort));
  });
}

function textOf({ method, params, members }: Parts, id?: number): string {
  return encodeRequest(id, method, params?.json, members);
}

/** Drops the streams of each request that fails. */
function dropFailed(
  requests: readonly Parts[],
  passed: readonly OpenedStream[],
  results: readonly Promise<unknown>[],
): void {
  let end = 0;
  for (const [index, { params }] of requests.entries()) {
    const streams = passed.slice(end, end += params?.streams.length ?? 0);
    results[index]!.catch((reason) => dropAll(streams, reason));
  }
}

/** Writes what the caller did not ask for, where there is room. */
function inherit(draft: Draft, place: Place | undefined, value: string | number | undefined): Draft {
  if (place === undefined || value === undefined || !hasRoom(draft, place)) return draft;
  return writePlace(draft, place, value);
}
