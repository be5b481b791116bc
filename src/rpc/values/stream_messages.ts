/**
 * The four notifications about streams, as text and back. `src/README.md` describes them for those who write guests.
 *
 * A message names its stream by the tag that passed it, without `$`, and by its id: `{"readable": 3}`. The method says
 * which way it goes, so that is enough: a chunk of a readable comes from the side that passed it, and a chunk of a
 * writable goes to that side.
 *
 * @module
 */

import { printable } from "../../base/text.ts";
import { ErrorCode, RpcError, RpcProtocolError } from "../errors.ts";
import { bytesBeyond, errorText } from "../message.ts";
import type { StreamKind } from "./kinds.ts";

/** The methods. The source of a stream sends `chunk` and `end`, and its sink `credit` and `cancel`. */
export const STREAM_METHODS = {
  chunk: "$/stream/chunk",
  end: "$/stream/end",
  credit: "$/stream/credit",
  cancel: "$/stream/cancel",
} as const;

/** A message about a stream, without its prefix. */
export type StreamMethod = keyof typeof STREAM_METHODS;

/** One stream, as both sides name it. */
export interface StreamName {
  readonly kind: StreamKind;
  readonly id: number;
}

/** A received message about a stream. */
export interface StreamMessage extends StreamName {
  readonly method: StreamMethod;
  /** The chunk; `undefined` in other messages. */
  readonly value: unknown;
  /** Bytes of credit; anything in other messages. */
  readonly bytes: number;
  /** Why the stream ended or was cancelled, if the message says so: `readStreamError` reads it. */
  readonly error: unknown;
}

const METHODS: ReadonlyMap<string, StreamMethod> = new Map(
  (Object.keys(STREAM_METHODS) as StreamMethod[]).map((method) => [STREAM_METHODS[method], method]),
);
/** UTF-16 units of an error's message; the rest is cut. */
const ERROR_LENGTH = 10_000;
/** Bytes of a message whose error keeps its data. */
const ERROR_BYTES = 16_384;
/** The message of an error whose own is too long for a message. */
const TOO_LONG = "the error is too long";

/** Which message about a stream this is, if it is one. */
export function streamMethodOf(method: unknown): StreamMethod | undefined {
  return METHODS.get(method as string);
}

/** Whether this can be the id of a stream. */
export function isStreamId(id: unknown): id is number {
  return Number.isSafeInteger(id) && id as number >= 0;
}

/** Checks the params of a message about a stream. What it says of an error is unchecked. */
export function readStreamMessage(method: StreamMethod, params: unknown): StreamMessage | RpcProtocolError {
  if (typeof params !== "object" || params === null) return wrong(method, "its params are not an object");
  const { readable, writable, value, bytes, error } = params as { readonly [name: string]: unknown };
  const id = readable ?? writable;
  if (!isStreamId(id) || (readable !== undefined && writable !== undefined)) {
    return wrong(method, 'it needs a "readable" or a "writable" with the id of a stream');
  }
  if (method === "chunk" && value === undefined) return wrong(method, 'it has no "value"');
  if (method === "credit" && !(Number.isSafeInteger(bytes) && bytes as number > 0)) {
    return wrong(method, 'its "bytes" are not a whole number from 1');
  }
  const kind = readable === undefined ? "writable" : "readable";
  return { method, kind, id, value, bytes: bytes as number, error };
}

/** An error about streams, of the other side. */
export function streamError(what: string): RpcProtocolError {
  return new RpcProtocolError("stream", what);
}

/**
 * The text of a message about a stream.
 *
 * @param rest further members as JSON text, each with its comma before it
 */
export function streamText(method: StreamMethod, { kind, id }: StreamName, rest = ""): string {
  return `{"jsonrpc":"2.0","method":"${STREAM_METHODS[method]}","params":{"${kind}":${id}${rest}}}`;
}

/**
 * The text of a message that ends a stream because it failed. Like the answer to a request, it has what an `RpcError`
 * says, as far as that can be sent. Of other errors it tells nothing. It never throws.
 *
 * @param encode makes JSON text of an error's data, and may throw
 * @param most bytes of the message
 */
export function failureText(
  method: StreamMethod,
  name: StreamName,
  reason: unknown,
  encode: (data: unknown) => string,
  most: number,
): string {
  const attempts = [
    ({ code, message, data }: RpcError) => errorText(code, message, data === undefined ? undefined : encode(data)),
    ({ code, message }: RpcError) => errorText(code, message),
    ({ code }: RpcError) => errorText(code, TOO_LONG),
  ];
  for (const attempt of reason instanceof RpcError ? attempts : []) {
    try {
      const text = streamText(method, name, `,"error":${attempt(reason as RpcError)}`);
      if (bytesBeyond(text, most) === undefined) return text;
    } catch {
      // Less of it may be possible.
    }
  }
  return streamText(method, name, `,"error":${errorText(ErrorCode.internalError, "internal error")}`);
}

/**
 * What an error says. Even an unreadable one is an error.
 *
 * @param size bytes of its message. A stream keeps its error for as long as somebody has it, so long data are dropped
 */
export function readStreamError(error: unknown, size: number): RpcError {
  const { code, message, data } = (error ?? {}) as { readonly [name: string]: unknown };
  if (!Number.isSafeInteger(code) || typeof message !== "string") {
    return new RpcError(ErrorCode.internalError, "the stream failed, and its error is malformed");
  }
  return new RpcError(code as number, printable(message, ERROR_LENGTH), size > ERROR_BYTES ? undefined : data);
}

function wrong(method: StreamMethod, what: string): RpcProtocolError {
  return streamError(`message is not a valid ${STREAM_METHODS[method]}: ${what}`);
}
