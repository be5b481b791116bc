/**
 * What a framing is: how messages are marked off in a stream of bytes.
 *
 * @module
 */

import type { LimitError } from "../../base/limits.ts";
import type { RpcProtocolError } from "../errors.ts";

/**
 * One framing: a row of {@linkcode FRAMINGS}, or your own.
 *
 * @example Messages that end in a NUL
 * ```ts
 * import { FRAMINGS, Peer } from "@rivulet/rivulet/rpc";
 * import type { Framing } from "@rivulet/rivulet/rpc";
 *
 * const swap = (bytes: Uint8Array, from: number, to: number) => bytes.map((byte) => byte === from ? to : byte);
 * const nul: Framing = {
 *   name: "nul",
 *   encode: (text) => new TextEncoder().encode(text + "\0"),
 *   decoder(maxBytes) { // JSON has no line feed that matters, so each NUL may become one
 *     const lines = FRAMINGS.newline.decoder(maxBytes);
 *     return { push: (chunk) => lines.push(swap(swap(chunk, 10, 32), 0, 10)), end: () => lines.end() };
 *   },
 * };
 * // This peer reads what it writes: it calls itself.
 * const pair = new TransformStream<Uint8Array, Uint8Array>();
 * await using peer = new Peer(pair, { framing: nul, methods: { ping: () => "pong" } });
 * console.log(await peer.call("ping")); // pong
 * ```
 */
export interface Framing {
  /** Its name, for people. */
  readonly name: string;
  /** The bytes of a message, with whatever marks its end. If it throws, the writable stream is aborted. */
  encode(text: string): Uint8Array;
  /** A decoder for one stream. It reports a longer message than `maxBytes` as a `LimitError`, and skips it. */
  decoder(maxBytes: number): FrameDecoder;
}

/**
 * What a decoder yields: the bytes of a message, which are valid until the next frame is requested, or an error in
 * place of a message. After an `RpcProtocolError` with the fault `framing` nothing follows. `undefined` is a part that
 * completes no message, such as a line of headers: reading it costs time, so it is counted as work.
 */
export type Frame = Uint8Array | RpcProtocolError | LimitError | undefined;

/**
 * Cuts the chunks of one stream into frames. Chunks may be split anywhere. The reader iterates over what a method
 * returns to the end, unless the connection closes.
 */
export interface FrameDecoder {
  /** The frames that this chunk completes. */
  push(chunk: Uint8Array): Iterable<Frame>;
  /** What is left when the stream has ended. */
  end(): Iterable<Frame>;
}
