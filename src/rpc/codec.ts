/**
 * How values become JSON, and come back, on one connection: everything that this side sends passes `write` or `encode`,
 * and every message of the other side passes `decode` before anybody looks at it. What values may be is in `values/`.
 *
 * @module
 */

import type { LimitError } from "../base/limits.ts";
import type { Why } from "../base/why.ts";
import type { RpcProtocolError } from "./errors.ts";
import type { RequestMessage } from "./message.ts";
import { decodeMessages, type OpenedStream, type Tagged } from "./values/decode.ts";
import { type Encoded, encodeValue, type PassedStream } from "./values/encode.ts";
import { jsonText } from "./values/json.ts";
import type { Accepted } from "./values/kinds.ts";
import { streamError, streamMethodOf } from "./values/stream_messages.ts";
import { type StreamPort, StreamTable } from "./values/streams.ts";

/** Which value of a message it is, for errors. */
export type ValuePlace = "params" | "result" | "data" | "progress";

/** A value as JSON text, and the streams in it: `pass` locks them. */
export interface Written {
  readonly json: string;
  readonly streams: readonly PassedStream[];
}

/** What the decoder found in messages, by message. */
export type TaggedMessages = ReadonlyMap<unknown, Tagged>;

/** Never called: a value with streams is refused before. */
const NO_ID = (): number => 0;
const NOTHING: TaggedMessages = new Map();
/** No streams: most messages have none. */
export const NO_STREAMS: readonly OpenedStream[] = [];

/** One connection's way to write and read values. */
export class Codec {
  readonly #accepts: ReadonlySet<Accepted>;
  /** The open streams, if streams are agreed to. */
  readonly #streams: StreamTable | undefined;

  constructor(port: StreamPort) {
    this.#accepts = port.accepts;
    if (port.accepts.has("streams")) this.#streams = new StreamTable(port);
  }

  /** How many streams are open. */
  get openStreams(): number {
    return this.#streams?.size ?? 0;
  }

  /** Whether the other side waits for this one, to send more of a stream or to take more. */
  get isStreamAwaited(): boolean {
    return this.#streams?.isAwaited === true;
  }

  /** Resolves when no stream is open that came with an answer. */
  get answersEnded(): Promise<void> {
    return this.#streams?.answersEnded ?? Promise.resolve();
  }

  /**
   * A value of this side that may have streams; `undefined` becomes `null`.
   *
   * @returns a promise only if a `Blob` has to be read
   * @throws {TypeError} if it has no JSON form, or a part of it that JSON would lose was not agreed to
   */
  write(value: unknown, place: ValuePlace): Written | Promise<Written> {
    const encoded = encodeValue(value, { root: place, accepts: this.#accepts, nextId: this.#streams?.nextId ?? NO_ID });
    return encoded instanceof Promise ? encoded.then((encoded) => written(encoded, place)) : written(encoded, place);
  }

  /** The JSON text of a value of this side. @throws {TypeError} as `write` does, and if there are streams or blobs */
  encode(value: unknown, place: ValuePlace): string {
    const encoded = encodeValue(value, { root: place, accepts: this.#accepts, nextId: undefined });
    if (encoded instanceof Promise) throw new TypeError(`${place} has a Blob, which is for params and results`);
    return jsonText(encoded.value, place);
  }

  /**
   * Passes streams of this side, before their message is sent.
   *
   * @returns what drops them if the message fails
   * @throws {TypeError} if one is locked
   * @throws {LimitError} if too many are open
   */
  pass(streams: readonly PassedStream[]): readonly OpenedStream[] {
    return this.#streams === undefined || streams.length === 0 ? NO_STREAMS : this.#streams.pass(streams);
  }

  /** Decodes the values of a message, or of a batch, in place, and says what was found. */
  decode(message: unknown): TaggedMessages | Promise<TaggedMessages> {
    if (this.#accepts.size === 0) return NOTHING;
    return decodeMessages(message, { accepts: this.#accepts, open: (kind, id) => this.#streams!.open(kind, id) });
  }

  /**
   * Takes a notification about a stream.
   *
   * @param size bytes of its message; `undefined` in a batch
   * @param memory what it uses while it waits
   * @returns whether it was one, or what is wrong with it
   */
  take(
    { method, params }: RequestMessage,
    size: number | undefined,
    memory: number,
  ): boolean | RpcProtocolError | LimitError {
    const about = this.#streams && streamMethodOf(method);
    if (about === undefined) return false;
    if (size === undefined) return streamError(`message is a ${method} in a batch`);
    return this.#streams!.receive(about, params, size, memory) ?? true;
  }

  /** Does what has become possible since the connection has room. */
  progress(): void {
    this.#streams?.progress();
  }

  /** The connection has ended: nothing more is received. */
  end(why: Why): void {
    this.#streams?.close(why());
  }
}

function written({ value, streams }: Encoded, place: ValuePlace): Written {
  return { json: jsonText(value, place), streams };
}

/** Drops streams that arrived with a message, or were passed with one. */
export function dropAll(streams: readonly OpenedStream[] | undefined, reason: unknown): void {
  if (streams !== undefined) { for (const stream of streams) stream.drop(reason); }
}
