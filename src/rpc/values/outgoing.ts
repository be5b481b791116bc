/**
 * The source's end of a stream: it sends chunks to the other side, while that side grants credit.
 *
 * @module
 */

import { RpcError } from "../errors.ts";
import { bytesOf, kindOf } from "./kinds.ts";

/** What an end needs from its connection. */
export interface OutgoingPort {
  /** Most bytes of a part of a binary chunk. */
  readonly pieceBytes: number;
  /**
   * Sends a chunk. The returned promise resolves when the connection has taken it.
   *
   * @param sized called with the bytes of the message before it is sent
   * @throws {TypeError} if the value can't be sent
   */
  send(value: unknown, sized: (bytes: number) => void): Promise<void>;
  /** Called once, when nothing more comes from this side. The other side is to be told. */
  ended(failure: { readonly reason: unknown } | undefined): void;
}

/** One end. */
export class Outgoing {
  readonly #port: OutgoingPort;
  /** Bytes that may be sent. The last message may take it below zero. */
  #credit = 0;
  #end: { readonly reason: unknown } | undefined;
  #isStopped = false;
  #waiting: (() => void) | undefined;
  #onStop: (reason: unknown) => void = () => {};

  constructor(port: OutgoingPort) {
    this.#port = port;
  }

  /** Whether more may be sent. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Whether the other side waits for more. */
  get isAwaited(): boolean {
    return this.#end === undefined && this.#credit > 0;
  }

  /** Whether the other side wants no more, or the connection has ended. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Sets what is called when the other side wants no more, or the connection has ended. */
  set onStop(onStop: (reason: unknown) => void) {
    this.#onStop = onStop;
  }

  /** Allows so many bytes more. */
  grant(bytes: number): void {
    this.#credit = Math.min(this.#credit + bytes, Number.MAX_SAFE_INTEGER);
    this.#wake();
  }

  /** Ends the stream because the other side wants no more, or the connection has ended. */
  stop(reason: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#isStopped = true;
    this.#wake();
    this.#onStop(reason);
  }

  /** Ends the stream from this side. Idempotent. */
  end(failure?: { readonly reason: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = failure ?? { reason: new TypeError("the stream has ended") };
    this.#wake();
    this.#port.ended(failure);
  }

  /** Ends the stream since nobody uses it: both sides are told. */
  drop(reason: unknown): void {
    if (this.#end !== undefined) return;
    this.stop(reason);
    this.#port.ended({ reason });
  }

  /** Waits until a chunk may be sent, or the stream has ended; returns whether it may. */
  async ready(): Promise<boolean> {
    while (this.#end === undefined && this.#credit <= 0) {
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    return this.#end === undefined;
  }

  /**
   * Sends a chunk when it may be sent. Long bytes are sent in parts.
   *
   * @throws {TypeError} if it can't be sent; the stream has then ended
   * @throws the reason why the stream has ended
   */
  async write(value: unknown): Promise<void> {
    try {
      for (const piece of await piecesOf(value, this.#port.pieceBytes)) {
        if (!await this.ready()) throw this.#end?.reason;
        await this.#port.send(piece, (bytes) => this.#credit -= bytes);
      }
    } catch (reason) {
      this.end({ reason });
      throw reason;
    }
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

/** A chunk in the parts in which it is sent: one, unless it has many bytes. */
async function piecesOf(value: unknown, pieceBytes: number): Promise<Iterable<unknown>> {
  if (typeof value !== "object" || value === null) return [value];
  const sentAs = kindOf(value)?.sentAs;
  if (sentAs === "blob") return cut(new Uint8Array(await (value as Blob).arrayBuffer()), pieceBytes);
  if (sentAs !== "bytes") return [value];
  const bytes = bytesOf(value);
  return bytes.length > pieceBytes ? cut(bytes, pieceBytes) : [value];
}

function* cut(bytes: Uint8Array, pieceBytes: number): Generator<Uint8Array, void, undefined> {
  let start = 0;
  do yield bytes.subarray(start, start += pieceBytes); while (start < bytes.length);
}

/** An end as a stream to write. */
export function writableOf(outgoing: Outgoing): WritableStream<unknown> {
  return new WritableStream<unknown>({
    start(controller) {
      outgoing.onStop = (reason) => controller.error(reason);
    },
    write: (chunk) => outgoing.write(chunk),
    close: () => outgoing.end(),
    abort: (reason) => outgoing.end({ reason }),
  });
}

/**
 * Sends all chunks of a reader, as fast as they are wanted. Nothing is read before it may be sent. Never rejects.
 *
 * @param report receives what the stream failed with, unless the other side is told
 */
export async function pumpFrom(
  reader: ReadableStreamDefaultReader<unknown>,
  outgoing: Outgoing,
  report: (error: unknown) => void,
): Promise<void> {
  outgoing.onStop = (reason) => void reader.cancel(reason).catch(() => {});
  while (await outgoing.ready()) {
    let chunk: ReadableStreamReadResult<unknown>;
    try {
      chunk = await reader.read();
    } catch (reason) {
      outgoing.end({ reason });
      return reason instanceof RpcError ? undefined : report(reason);
    }
    if (chunk.done) return outgoing.end();
    try {
      await outgoing.write(chunk.value);
    } catch (reason) {
      if (!outgoing.isStopped) report(reason);
      reader.cancel(reason).catch(() => {});
      return;
    }
  }
}
