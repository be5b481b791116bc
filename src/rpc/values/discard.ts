/**
 * Ends streams that nobody will use.
 *
 * @module
 */

import { ErrorCode, RpcError } from "../errors.ts";
import { kindOf } from "./kinds.ts";

/** Cancels and aborts all streams in a value that are not locked. Never throws. */
export function discardStreams(value: unknown, reason: unknown): void {
  const seen = new Set<unknown>();
  const unseen: unknown[] = [value];
  while (unseen.length > 0) {
    const value = unseen.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const sentAs = kindOf(value)?.sentAs;
    if (sentAs === "readable") (value as ReadableStream<unknown>).cancel(reason).catch(() => {});
    else if (sentAs === "writable") (value as WritableStream<unknown>).abort(reason).catch(() => {});
    else if (sentAs === undefined) { for (const child of Object.values(value)) unseen.push(child); }
  }
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
