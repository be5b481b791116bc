/**
 * How values become JSON, and come back. Everything that this side sends as params or as a result passes `encode`, and
 * everything that a handler or a caller receives passes `decode`: nothing else knows what values may be.
 *
 * @module
 */

import { toJson } from "./message.ts";
import type { RequestMessage } from "./message.ts";

/** Which value of a message it is, for errors. */
export type ValuePlace = "params" | "result" | "data" | "progress";

/** One connection's way to write values as JSON. */
export interface Codec {
  /**
   * The JSON text of a value that this side sends; `undefined` becomes `null`.
   *
   * @throws {TypeError} if it has no JSON form
   */
  encode(value: unknown, place: ValuePlace): string;
  /** The value for which JSON of the other side stands. It is called once, when somebody receives the value. */
  decode(value: unknown, place: ValuePlace): unknown;
  /** Takes a notification that belongs to values, such as the chunk of a stream. Returns whether it was one. */
  take(message: RequestMessage): boolean;
  /** The connection has ended: nothing more is received. */
  end(reason: unknown): void;
}

/** Values are what JSON can say, and nothing else. */
export const PLAIN: Codec = {
  encode: toJson,
  decode: (value) => value,
  take: () => false,
  end: () => {},
};
