/**
 * The ends of byte streams, as a consumer and a producer use them. A web stream is one. So is what does the same in less
 * time: making, locking and unlocking a web stream takes some microseconds.
 *
 * @module
 */

import type { Why } from "./why.ts";

/** A reader of bytes, as that of a web stream. */
export interface ByteReader extends Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "releaseLock"> {
  /** Ends reading. Whoever makes the bytes may ask why. */
  cancel(why: Why): Promise<void>;
}

/** A writer of bytes, such as that of a web stream. */
export type ByteWriter = Pick<
  WritableStreamDefaultWriter<Uint8Array>,
  "ready" | "closed" | "desiredSize" | "write" | "close" | "abort" | "releaseLock"
>;

/** Where bytes come from, besides web streams. */
export interface ReadableEnd {
  readonly locked: boolean;
  /** Locks it. @throws {TypeError} if it is locked */
  openReader(): ByteReader;
}

/** Where bytes go to. */
export interface WritableEnd {
  readonly locked: boolean;
  /** Locks it. @throws {TypeError} if it is locked */
  getWriter(): ByteWriter;
}

/** Locks a stream or another end. @throws {TypeError} if it is locked */
export function readerOf(from: ReadableEnd | ReadableStream<Uint8Array>): ByteReader {
  if ("openReader" in from) return from.openReader();
  const reader = from.getReader();
  return {
    read: () => reader.read(),
    cancel: (why) => reader.cancel(why()),
    releaseLock: () => reader.releaseLock(),
  };
}

/** The member of a process that has the host's ends of its standard streams, for whoever shares them with nobody. */
export const ENDS: unique symbol = Symbol("ends");
