/**
 * The ends of byte streams, as a consumer and a producer use them. A web stream is one. So is what does the same in less
 * time: making, locking and unlocking a web stream takes some microseconds.
 *
 * @module
 */

/** A reader of bytes, such as that of a web stream. */
export type ByteReader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel" | "releaseLock">;

/** A writer of bytes, such as that of a web stream. */
export type ByteWriter = Pick<
  WritableStreamDefaultWriter<Uint8Array>,
  "ready" | "closed" | "desiredSize" | "write" | "close" | "abort" | "releaseLock"
>;

/** Where bytes come from. */
export interface ReadableEnd {
  readonly locked: boolean;
  /** Locks it. @throws {TypeError} if it is locked */
  getReader(): ByteReader;
}

/** Where bytes go to. */
export interface WritableEnd {
  readonly locked: boolean;
  /** Locks it. @throws {TypeError} if it is locked */
  getWriter(): ByteWriter;
}

/** The member of a process that has the host's ends of its standard streams, for whoever shares them with nobody. */
export const ENDS: unique symbol = Symbol("ends");
