/**
 * What this side sends by itself: calls, notifications, batches, and the cancellations of calls.
 *
 * @module
 */

import { callSafely } from "../base/callbacks.ts";
import { limitError } from "../base/limits.ts";
import { checkMethod } from "../base/options.ts";
import type { CallTable, OpenCall } from "./calls.ts";
import type { Codec } from "./codec.ts";
import { encodeRequest } from "./message.ts";
import { checkCallOptions, type CheckedOptions } from "./options.ts";
import type { PeerCallOptions } from "./types.ts";

/** One element of an outgoing batch, with any types. */
export interface Entry {
  readonly method: string;
  readonly params?: unknown;
  readonly notification?: boolean;
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
  /** Sends a message. It returns a function that withdraws the message, and tells whether it was in time. */
  send(text: string, written?: () => void, failed?: (reason: unknown) => void): () => boolean;
  /** Ends the connection. */
  close(reason: unknown): Promise<void>;
}

/** The calls and notifications of one side of a connection. */
export class Outgoing {
  readonly #connection: Channel;
  readonly #options: Pick<CheckedOptions<object>, "protocol" | "limits">;

  constructor(connection: Channel, options: Pick<CheckedOptions<object>, "protocol" | "limits">) {
    this.#connection = connection;
    this.#options = options;
  }

  /** See `Peer.call`. */
  async call(method: string, params: unknown, options?: PeerCallOptions): Promise<unknown> {
    const json = this.#encode(method, params);
    const signal = this.#checkCalls(1, options);
    // Sending starts waiting requests, and one of them may abort the signal.
    let withdraw = () => false;
    const { calls } = this.#connection;
    const { id, result } = calls.open(signal, (...why) => withdraw() || this.#cancel(...why));
    withdraw = this.#connection.send(encodeRequest(id, method, json), undefined, (reason) => calls.reject(id, reason));
    return await result;
  }

  /** See `Peer.notify`. */
  notify(method: string, params: unknown): Promise<void> {
    const notified = this.#notify(method, params);
    notified.catch(() => {});
    return notified;
  }

  /** See `Peer.batch`. */
  async batch(entries: readonly Entry[], options?: PeerCallOptions): Promise<PromiseSettledResult<unknown>[]> {
    const { name, batches } = this.#options.protocol;
    if (!batches) throw new TypeError(`the protocol ${name} has no batches: send calls one by one`);
    const parts = entries.map((entry) => ({ ...entry, json: this.#encode(entry.method, entry.params) }));
    const signal = this.#checkCalls(parts.filter(({ notification }) => !notification).length, options);
    const sent = Promise.withResolvers<void>();
    const opened: OpenCall[] = [];
    const texts: string[] = [];
    let withdraw = () => false;
    const { calls } = this.#connection;
    const results = parts.map(({ method, notification, json }) => {
      const call = notification ? undefined : calls.open(signal, (...why) => withdraw() || this.#cancel(...why));
      if (call !== undefined) opened.push(call);
      texts.push(encodeRequest(call?.id, method, json));
      return call === undefined ? sent.promise : call.result;
    });
    if (texts.length > 0) {
      const unsent = this.#connection.send(`[${texts.join()}]`, sent.resolve, (reason) => {
        sent.reject(reason);
        for (const { id } of opened) calls.reject(id, reason);
      });
      // The signal ends calls, but not notifications.
      if (opened.length === parts.length) withdraw = unsent;
    }
    sent.promise.catch(() => {});
    return await Promise.allSettled(results);
  }

  #cancel(id: number, reason: unknown): void {
    const { cancellation } = this.#options.protocol;
    if (cancellation === undefined) return;
    // A row may be the user's own, and this is called by an event.
    callSafely(() => {
      const params = this.#encode(cancellation.method, cancellation.params(id, reason));
      this.#connection.send(encodeRequest(undefined, cancellation.method, params));
    }, (error) => void this.#connection.close(error));
  }

  async #notify(method: string, params: unknown): Promise<void> {
    const text = encodeRequest(undefined, method, this.#encode(method, params));
    this.#connection.checkNotClosed();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#connection.send(text, resolve, reject);
    await promise;
  }

  /** The JSON text of params, if they are sent. */
  #encode(method: string, params: unknown): string | undefined {
    checkMethod(method);
    if (params === undefined && !this.#options.protocol.alwaysParams) return undefined;
    return this.#connection.codec.encode(params, "params");
  }

  /** Checks that so many calls are possible, and returns their signal. */
  #checkCalls(count: number, options: PeerCallOptions = {}): AbortSignal | undefined {
    checkCallOptions(options);
    options.signal?.throwIfAborted();
    this.#connection.checkOpen();
    const { pendingCalls } = this.#options.limits;
    if (this.#connection.calls.size + count > pendingCalls) throw limitError("pendingCalls", pendingCalls);
    return options.signal;
  }
}
