/**
 * Ends streams that nobody will use: those of an answer that can't be sent or is refused, and those that were forgotten.
 * What they hold would stay open: a file, or a place among the open streams.
 *
 * @module
 */

import { ErrorCode, RpcError } from "../errors.ts";
import { kindOf } from "./kinds.ts";

type Stream = ReadableStream<unknown> | WritableStream<unknown>;

/** Members in which streams are looked for, and their depth: the value may have cycles. */
const MAX_SEARCHED = 1_000_000;
const MAX_DEPTH = 500;

/** Ends the streams of a value, whatever else it has. Those that are locked have another user. Never throws. */
export function discardStreams(value: unknown, reason: unknown): void {
  for (const stream of streamsIn(value)) {
    try {
      const ending = "cancel" in stream ? stream.cancel(reason) : stream.abort(reason);
      ending.catch(() => {});
    } catch {
      // It only looks like a stream.
    }
  }
}

function streamsIn(value: unknown): ReadonlySet<Stream> {
  const streams = new Set<Stream>();
  let left = MAX_SEARCHED;
  const search = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length && left-- > 0; index++) search(value[index], depth + 1);
      return;
    }
    const sentAs = Object.getPrototypeOf(value) === Object.prototype ? undefined : kindOf(value)?.sentAs;
    if (sentAs === "readable" || sentAs === "writable") streams.add(value as Stream);
    if (sentAs !== undefined) return;
    for (const name in value) {
      if (left-- > 0) search((value as Readonly<Record<string, unknown>>)[name], depth + 1);
    }
  };
  try {
    search(value, 0);
  } catch {
    // A getter has thrown. Its owner must end what it hides.
  }
  return streams;
}

/** Drops the ends of streams that nobody can use any more: a caller may ignore a stream in a result. */
const forgotten = globalThis.FinalizationRegistry === undefined
  ? undefined
  : new FinalizationRegistry<(reason: unknown) => void>((drop) => {
    drop(new RpcError(ErrorCode.requestCancelled, "nobody uses the stream any more"));
  });

/**
 * Calls `drop` at some time after a stream was garbage-collected, unless `hasEnded` was called for its end. `drop` must
 * not keep the stream.
 */
export function dropForgotten(stream: object, end: object, drop: (reason: unknown) => void): void {
  forgotten?.register(stream, drop, end);
}

/** Says that the end of a stream needs no drop any more. */
export function hasEnded(end: object): void {
  forgotten?.unregister(end);
}
