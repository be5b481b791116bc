/**
 * All streams that pass over one connection, in either direction. This file routes their messages; `incoming.ts` and
 * `outgoing.ts` are the two ends. It knows the connection by a few functions, so tests do without one.
 *
 * @module
 */

import { LimitError, limitError } from "../../base/limits.ts";
import { ErrorCode, RpcError, RpcProtocolError } from "../errors.ts";
import type { OpenedStream } from "./decode.ts";
import { type Encoded, encodeValue, type PassedStream } from "./encode.ts";
import { Incoming, pumpTo, readableOf } from "./incoming.ts";
import { jsonText } from "./json.ts";
import type { Accepted, StreamKind } from "./kinds.ts";
import { Outgoing, pumpFrom, writableOf } from "./outgoing.ts";
import { failureText, readStreamError, readStreamMessage, type StreamMethod, streamText } from "./stream_messages.ts";
import type { StreamMessage, StreamName } from "./stream_messages.ts";

/** Most bytes that a stream may have on the way, before its reader has taken any. */
const WINDOW_BYTES = 32 << 10;
/** The part of `queueBytes` that one stream's window may be. */
const WINDOW_SHARE = 1 / 8;
/** Most bytes of a part of a binary chunk: 43,688 characters of base64. Guests with lines of 64 KiB can read it. */
const PIECE_BYTES = 32_766;
/** Bytes of a message with a chunk, without its base64, and some more. */
const ENVELOPE_BYTES = 120;
/** Memory that `memoryOf` counts for a chunk's message, and that is free once the chunk is in its queue. */
const ENVELOPE_MEMORY = 400;

const encoder = new TextEncoder();

/** What the streams need from their connection. */
export interface StreamPort {
  readonly accepts: ReadonlySet<Accepted>;
  /** Streams that may be open at the same time. */
  readonly openStreams: number;
  /** Memory of chunks that may wait to be taken, in all streams together. */
  readonly queueBytes: number;
  /** Most bytes of a message that is sent. */
  readonly requestBytes: number;
  /** Sends a message with a chunk. Resolves when the connection has taken it, and rejects if it can't. */
  send(text: string): Promise<void>;
  /** Sends any other message. */
  tell(text: string): void;
  /** Whether the connection takes more of those. `progress` is called when that may have changed. */
  hasRoom(): boolean;
  /** Receives what a passed stream of this side failed with, if the other side learns only that it failed. */
  report(error: unknown): void;
}

/** A stream of this side that nobody else can use any more. */
interface LockedStream extends PassedStream {
  readonly lock: ReadableStreamDefaultReader<unknown> | WritableStreamDefaultWriter<unknown>;
}

/** The streams of one connection. */
export class StreamTable {
  readonly #port: StreamPort;
  readonly #window: number;
  readonly #pieceBytes: number;
  /** The open ends by the kind that they were passed as, and by id. The side that passed them counts. */
  readonly #incoming = { readable: new Map<number, Incoming>(), writable: new Map<number, Incoming>() };
  readonly #outgoing = { readable: new Map<number, Outgoing>(), writable: new Map<number, Outgoing>() };
  /** Ends to which credit is granted when the connection has room. */
  readonly #owed = new Set<Incoming>();
  /** Ends that came with answers. */
  readonly #answers = new Set<Incoming | Outgoing>();
  #answersEnded: PromiseWithResolvers<void> | undefined;
  #nextId = 0;
  /** Memory of waiting chunks. */
  #held = 0;
  #closed: { readonly reason: unknown } | undefined;

  constructor(port: StreamPort) {
    this.#port = port;
    this.#window = Math.max(1, Math.floor(Math.min(WINDOW_BYTES, port.queueBytes * WINDOW_SHARE)));
    const textBytes = Math.min(PIECE_BYTES / 3 * 4, port.requestBytes - ENVELOPE_BYTES);
    this.#pieceBytes = Math.max(3, Math.floor(textBytes / 4) * 3);
  }

  /** How many streams are open. */
  get size(): number {
    const { readable, writable } = this.#incoming;
    return readable.size + writable.size + this.#outgoing.readable.size + this.#outgoing.writable.size;
  }

  /** Whether the other side waits for this one, to send more of a stream or to take more. */
  get isAwaited(): boolean {
    const tables = [this.#incoming.readable, this.#incoming.writable, this.#outgoing.readable, this.#outgoing.writable];
    return tables.some((ends) => [...ends.values()].some((end) => end.isAwaited));
  }

  /** Resolves when no stream is open that came with an answer. */
  get answersEnded(): Promise<void> {
    if (this.#answers.size === 0) return Promise.resolve();
    this.#answersEnded ??= Promise.withResolvers();
    return this.#answersEnded.promise;
  }

  /** An id for a stream of this side. */
  readonly nextId = (): number => this.#nextId++;

  /**
   * Passes streams of this side, before the message with their ids is sent: it locks them.
   *
   * @returns handles to drop them if the message fails
   * @throws {TypeError} if one is locked
   * @throws {LimitError} if too many are open
   */
  pass(streams: readonly PassedStream[]): readonly OpenedStream[] {
    if (this.#closed === undefined) this.#checkRoom(streams.length);
    const all = new Set(streams.map(({ stream }) => stream));
    if (all.size < streams.length) throw new TypeError("a stream is passed twice");
    if (streams.some(({ stream }) => stream.locked)) throw new TypeError("a stream was locked before it was sent");
    const passed = locked(streams).map((stream) => this.#pass(stream));
    // An answer may come too late.
    if (this.#closed !== undefined) this.close(this.#closed.reason);
    return passed;
  }

  /**
   * Opens a stream that the other side has passed.
   *
   * @throws {LimitError} if too many are open, or too much waits for the other side to read
   * @throws {RpcProtocolError} if the id is in use
   */
  open(kind: StreamKind, id: number): OpenedStream {
    const isReadable = kind === "readable";
    if ((isReadable ? this.#incoming : this.#outgoing)[kind].has(id)) {
      throw new RpcProtocolError("value", `has the id of an open stream: ${id}`);
    }
    this.#checkRoom(1);
    // Its end would have to wait too. A side that opens and never reads must not fill this one's memory with ends.
    if (!this.#port.hasRoom()) {
      const { queueBytes } = this.#port;
      throw new LimitError("queueBytes", queueBytes, `more than ${queueBytes} bytes of answers wait to be read`);
    }
    if (isReadable) {
      const incoming = this.#newIncoming({ kind, id });
      const drop = (reason: unknown) => incoming.cancel(reason);
      return this.#opened(readableOf(incoming), incoming, drop);
    }
    const outgoing = this.#newOutgoing({ kind, id });
    const drop = (reason: unknown) => outgoing.drop(reason);
    return this.#opened(writableOf(outgoing), outgoing, drop);
  }

  /**
   * Takes a message about a stream. One about a stream that is not open is ignored: it may have crossed with its end.
   *
   * @param size bytes of the message
   * @param memory what it uses while it waits
   * @returns what is wrong with it
   */
  receive(
    method: StreamMethod,
    params: unknown,
    size: number,
    memory: number,
  ): RpcProtocolError | LimitError | undefined {
    const message = readStreamMessage(method, params);
    if (message instanceof RpcProtocolError) return message;
    const { kind, id } = message;
    if (method === "chunk") {
      const held = Math.max(size, memory - ENVELOPE_MEMORY);
      return this.#incoming[kind].get(id)?.receive(message.value, size, held);
    }
    if (method === "credit") this.#outgoing[kind].get(id)?.grant(message.bytes);
    else if (method === "end") this.#end(message, size);
    else this.#cancel(message, size);
    return undefined;
  }

  /** Grants credit for which the connection had no room. */
  progress(): void {
    if (this.#owed.size === 0 || !this.#port.hasRoom()) return;
    const owed = [...this.#owed];
    this.#owed.clear();
    for (const incoming of owed) incoming.replenish();
  }

  /** Ends all streams, since the connection has ended. */
  close(reason: unknown): void {
    this.#closed = { reason };
    for (const ends of Object.values(this.#incoming)) {
      for (const incoming of ends.values()) incoming.finish({ reason });
      ends.clear();
    }
    for (const ends of Object.values(this.#outgoing)) {
      for (const outgoing of ends.values()) outgoing.stop(reason);
      ends.clear();
    }
    this.#owed.clear();
    this.#answers.clear();
    this.#answersEnded?.resolve();
  }

  #checkRoom(count: number): void {
    if (this.#closed !== undefined) throw this.#closed.reason;
    const { openStreams } = this.#port;
    if (this.size + count > openStreams) throw limitError("openStreams", openStreams);
  }

  #pass({ kind, id, stream, lock }: LockedStream): OpenedStream {
    if ("read" in lock) {
      const outgoing = this.#newOutgoing({ kind, id });
      pumpFrom(lock, outgoing, (error) => this.#port.report(error));
      return this.#opened(stream, outgoing, (reason) => outgoing.drop(reason));
    }
    const incoming = this.#newIncoming({ kind, id });
    pumpTo(lock, incoming);
    return this.#opened(stream, incoming, (reason) => incoming.cancel(reason));
  }

  #opened(
    stream: OpenedStream["stream"],
    end: Incoming | Outgoing,
    drop: OpenedStream["drop"],
  ): OpenedStream {
    return {
      stream,
      drop,
      keep: () => {
        if (end.isOpen) this.#answers.add(end);
      },
    };
  }

  #newIncoming(name: StreamName): Incoming {
    const incoming: Incoming = new Incoming({
      window: this.#window,
      grant: (bytes) => {
        const hasRoom = this.#port.hasRoom();
        if (hasRoom) this.#port.tell(streamText("credit", name, `,"bytes":${bytes}`));
        else this.#owed.add(incoming);
        return hasRoom;
      },
      hold: (bytes) => this.#hold(bytes),
      cancelled: (reason) => {
        this.#remove(this.#incoming, name, incoming);
        const isSaid = reason instanceof RpcError;
        this.#port.tell(isSaid ? this.#failure("cancel", name, reason) : streamText("cancel", name));
      },
    });
    this.#incoming[name.kind].set(name.id, incoming);
    return incoming;
  }

  #newOutgoing(name: StreamName): Outgoing {
    const outgoing: Outgoing = new Outgoing({
      pieceBytes: this.#pieceBytes,
      send: async (value, sized) => {
        const { value: encoded } = await this.#encode(value);
        const text = streamText("chunk", name, `,"value":${jsonText(encoded, "chunk")}`);
        const bytes = utf8Length(text);
        if (bytes > this.#port.requestBytes) {
          throw limitError("requestBytes", this.#port.requestBytes, `a chunk of a stream has ${bytes}`);
        }
        sized(bytes);
        await this.#port.send(text).catch((reason) => {
          outgoing.stop(reason);
          throw reason;
        });
      },
      ended: (failure) => {
        this.#remove(this.#outgoing, name, outgoing);
        this.#port.tell(failure ? this.#failure("end", name, failure.reason) : streamText("end", name));
      },
    });
    this.#outgoing[name.kind].set(name.id, outgoing);
    return outgoing;
  }

  #failure(method: StreamMethod, name: StreamName, reason: unknown): string {
    const encode = (data: unknown): string => {
      const encoded = encodeValue(data, { root: "data", accepts: this.#port.accepts, nextId: undefined });
      if (encoded instanceof Promise) throw new TypeError("data has a Blob, which is for params and results");
      return jsonText(encoded.value, "data");
    };
    return failureText(method, name, reason, encode, this.#port.requestBytes);
  }

  #encode(value: unknown): Encoded | Promise<Encoded> {
    return encodeValue(value, { root: "chunk", accepts: this.#port.accepts, nextId: undefined });
  }

  #hold(bytes: number): LimitError | undefined {
    const { queueBytes } = this.#port;
    if (bytes > 0 && this.#held >= queueBytes) {
      return new LimitError("queueBytes", queueBytes, `more than ${queueBytes} bytes of chunks wait to be read`);
    }
    this.#held += bytes;
    return undefined;
  }

  #end({ kind, id, error }: StreamMessage, size: number): void {
    const incoming = this.#incoming[kind].get(id);
    if (incoming === undefined) return;
    this.#remove(this.#incoming, { kind, id }, incoming);
    incoming.finish(error === undefined ? "done" : { reason: readStreamError(error, size) });
  }

  #cancel({ kind, id, error }: StreamMessage, size: number): void {
    const outgoing = this.#outgoing[kind].get(id);
    if (outgoing === undefined) return;
    this.#remove(this.#outgoing, { kind, id }, outgoing);
    const isSaid = error !== undefined;
    outgoing.stop(
      isSaid
        ? readStreamError(error, size)
        : new RpcError(ErrorCode.requestCancelled, "the other side cancelled the stream"),
    );
  }

  #remove<E extends Incoming | Outgoing>(
    table: Readonly<Record<StreamKind, Map<number, E>>>,
    { kind, id }: StreamName,
    end: E,
  ): void {
    // After the connection has ended, the id may be another's.
    if (table[kind].get(id) === end) table[kind].delete(id);
    this.#owed.delete(end as Incoming);
    if (!this.#answers.delete(end) || this.#answers.size > 0) return;
    this.#answersEnded?.resolve();
    this.#answersEnded = undefined;
  }
}

/** Locks all streams, or none if one can't be locked. */
function locked(streams: readonly PassedStream[]): LockedStream[] {
  const all: LockedStream[] = [];
  try {
    for (const passed of streams) all.push({ ...passed, lock: lockOf(passed.stream) });
    return all;
  } catch (error) {
    for (const { lock } of all) lock.releaseLock();
    throw error;
  }
}

function lockOf(stream: PassedStream["stream"]): LockedStream["lock"] {
  return "getReader" in stream ? stream.getReader() : stream.getWriter();
}

/** The length of a text in UTF-8. */
function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
