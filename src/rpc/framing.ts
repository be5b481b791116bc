/**
 * Where a message ends: one a line, or `Content-Length` headers as the Language Server Protocol has them. Chunks come
 * in split anywhere; messages come out whole, and what is too long is skipped without being kept. Nothing here looks
 * inside a message.
 *
 * @module
 */

import { limitError } from "../base/limits.ts";
import type { LimitError } from "../base/limits.ts";
import { ByteQueue, LineSplitter } from "../base/streams.ts";
import { quoted } from "../base/text.ts";
import { RpcProtocolError } from "./errors.ts";

/**
 * `newline`: one message a line, ended by `\n` or `\r\n`; `content-length`: each message behind a header.
 *
 * @example
 * ```ts
 * import { Peer } from "@rivulet/rivulet/rpc";
 * import type { FramingName } from "@rivulet/rivulet/rpc";
 *
 * const framing: FramingName = "content-length"; // as language servers have it
 * const pair = new TransformStream<Uint8Array, Uint8Array>();
 * await using peer = new Peer(pair, { framing, methods: { ping: () => "pong" } });
 * console.log(await peer.call("ping")); // pong
 * ```
 */
export type FramingName = "newline" | "content-length";

/**
 * The bytes of a message, valid until the next frame is asked for, or what came in its place. After a `framing` fault
 * there are no more frames.
 */
export type Frame = Uint8Array | RpcProtocolError | LimitError;

/** A line of headers, which is no frame: whoever counts work counts it too. */
export const HEADER: unique symbol = Symbol("header");

/** Takes chunks apart. Both iterables are to be iterated to their end. */
export interface FrameDecoder {
  /** The frames that this chunk completes, and the headers that it passes. */
  push(chunk: Uint8Array): Iterable<Frame | typeof HEADER>;
  /** What is left when the stream has ended. */
  end(): Iterable<Frame>;
}

/** One way of framing. */
export interface Framing {
  /** The bytes of a message with what marks its end. */
  encode(text: string): Uint8Array<ArrayBuffer>;
  /** A decoder for one stream, for messages of up to `maxBytes`. */
  decoder(maxBytes: number): FrameDecoder;
}

/** Bytes of one message's headers; LSP's own are under 100. */
const HEADER_BYTES = 4096;
/** A header's name in lower case, as HTTP allows it. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Characters of a header that an error shows. */
const EXCERPT = 60;
const LINE_FEED = 10;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The framings by name. */
export const FRAMINGS: Readonly<Record<FramingName, Framing>> = {
  newline: {
    encode: (text) => encoder.encode(text + "\n"),
    decoder: (maxBytes) => new LineDecoder(maxBytes),
  },
  "content-length": {
    encode(text) {
      const body = encoder.encode(text);
      const header = encoder.encode(`Content-Length: ${body.length}\r\n\r\n`);
      const frame = new Uint8Array(header.length + body.length);
      frame.set(header);
      frame.set(body, header.length);
      return frame;
    },
    decoder: (maxBytes) => new ContentLengthDecoder(maxBytes),
  },
};

/** Empty lines are ignored; a last line without its end is a message like any other. */
class LineDecoder implements FrameDecoder {
  readonly #maxBytes: number;
  readonly #lines: LineSplitter;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#lines = new LineSplitter(maxBytes, true);
  }

  *push(chunk: Uint8Array): Generator<Frame, void, undefined> {
    for (const { bytes, cut } of this.#lines.push(chunk)) {
      if (cut) yield limitError("messageBytes", this.#maxBytes);
      else if (bytes.length > 0) yield bytes;
    }
  }

  *end(): Generator<Frame, void, undefined> {
    for (const { bytes } of this.#lines.end()) if (bytes.length > 0) yield bytes;
  }
}

class ContentLengthDecoder implements FrameDecoder {
  readonly #maxBytes: number;
  readonly #line = new ByteQueue(HEADER_BYTES);
  readonly #body: ByteQueue;
  #state: "header" | "body" | "skipping" | "lost" = "header";
  /** Bytes of this message's headers so far. */
  #headerBytes = 0;
  /** The body's length, once a header has told it. */
  #length: number | undefined;
  /** Bytes of the body still to come. */
  #missing = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#body = new ByteQueue(maxBytes);
  }

  *push(chunk: Uint8Array): Generator<Frame | typeof HEADER, void, undefined> {
    for (let start = 0, end = 0; start < chunk.length && this.#state !== "lost"; start = end) {
      const inHeader = this.#state === "header";
      end = inHeader ? chunk.indexOf(LINE_FEED, start) + 1 || chunk.length : start + this.#missing;
      const part = chunk.subarray(start, end);
      if (inHeader) yield HEADER;
      const frame = inHeader ? this.#takeHeader(part) : this.#takeBody(part);
      if (frame !== undefined) yield frame;
    }
  }

  *end(): Generator<Frame, void, undefined> {
    if (this.#state === "lost" || (this.#state === "header" && this.#headerBytes === 0)) return;
    yield this.#lose("the stream ended inside it");
  }

  /** Takes up to a whole line of headers. */
  #takeHeader(part: Uint8Array): Frame | undefined {
    this.#headerBytes += part.length;
    if (this.#headerBytes > HEADER_BYTES) return this.#lose(`its headers are longer than ${HEADER_BYTES} bytes`);
    this.#line.push(part);
    if (part[part.length - 1] !== LINE_FEED) return undefined;
    const line = decoder.decode(this.#line.take()).trimEnd();
    return line === "" ? this.#startBody() : this.#takeField(line);
  }

  #takeField(line: string): Frame | undefined {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!HEADER_NAME.test(name)) return this.#lose(`${quoted(line, EXCERPT)} is no header`);
    if (name !== "content-length") return undefined;
    if (this.#length !== undefined) return this.#lose("it has two Content-Length headers");
    const value = line.slice(colon + 1).trim();
    // Fifteen digits are a safe integer; Number alone would also take "", "0x10" and "1e3".
    if (!/^[0-9]{1,15}$/.test(value)) {
      return this.#lose(`its Content-Length is ${quoted(value, EXCERPT)}`);
    }
    this.#length = Number(value);
    return undefined;
  }

  #startBody(): Frame | undefined {
    if (this.#length === undefined) return this.#lose("it has no Content-Length header");
    this.#missing = this.#length;
    if (this.#length > this.#maxBytes) {
      this.#state = "skipping";
      return limitError("messageBytes", this.#maxBytes);
    }
    this.#state = "body";
    return this.#length === 0 ? this.#takeBody(new Uint8Array(0)) : undefined;
  }

  /** Takes up to a whole body. */
  #takeBody(part: Uint8Array): Frame | undefined {
    this.#missing -= part.length;
    const complete = this.#missing === 0;
    const skipping = this.#state === "skipping";
    if (complete) {
      this.#state = "header";
      this.#headerBytes = 0;
      this.#length = undefined;
    }
    if (skipping) return undefined;
    if (complete && this.#body.size === 0) return part;
    this.#body.push(part);
    return complete ? this.#body.take() : undefined;
  }

  #lose(reason: string): RpcProtocolError {
    this.#state = "lost";
    return new RpcProtocolError("framing", `cannot tell where a message ends: ${reason}`);
  }
}
