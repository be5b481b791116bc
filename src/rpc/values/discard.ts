/**
 * Ends streams that nobody will use: those of an answer that can't be sent or is refused. What they hold would stay open:
 * a file, or a place among the open streams. Streams that a caller does not use are left alone: an engine may collect
 * the object of a stream while its reader is in use (WebKit does), so garbage collection can't tell.
 *
 * @module
 */

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
