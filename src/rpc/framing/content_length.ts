/**
 * Each message behind `Content-Length` headers, as in the Language Server Protocol.
 *
 * @module
 */

import { limitError } from "../../base/limits.ts";
import { ByteQueue } from "../../base/streams.ts";
import { quoted } from "../../base/text.ts";
import { RpcProtocolError } from "../errors.ts";
import type { Frame, FrameDecoder, Framing } from "./types.ts";

/** Bytes of one message's headers; LSP's own are under 100. */
const HEADER_BYTES = 4096;
/** A header's name in lower case, as HTTP allows it. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Characters of a header that an error shows. */
const EXCERPT = 60;
const LINE_FEED = 10;

const encoder = new TextEncoder();
const textDecoder = new TextDecoder();

/** The row of the table. */
export const CONTENT_LENGTH: Framing = {
  name: "content-length",
  encode(text) {
    const body = encoder.encode(text);
    const header = encoder.encode(`Content-Length: ${body.length}\r\n\r\n`);
    const frame = new Uint8Array(header.length + body.length);
    frame.set(header);
    frame.set(body, header.length);
    return frame;
  },
  decoder: (maxBytes) => new ContentLengthDecoder(maxBytes),
};

class ContentLengthDecoder implements FrameDecoder {
  readonly #maxBytes: number;
  readonly #line = new ByteQueue(HEADER_BYTES);
  readonly #body: ByteQueue;
  #state: "header" | "body" | "skipping" | "lost" = "header";
  /** Bytes of this message's headers so far. */
  #headerBytes = 0;
  /** The body's length, once a header has said it. */
  #length: number | undefined;
  /** Bytes of the body still to come. */
  #missing = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#body = new ByteQueue(maxBytes);
  }

  *push(chunk: Uint8Array): Generator<Frame, void, undefined> {
    for (let start = 0, end = 0; start < chunk.length && this.#state !== "lost"; start = end) {
      const inHeader = this.#state === "header";
      end = inHeader ? chunk.indexOf(LINE_FEED, start) + 1 || chunk.length : start + this.#missing;
      const part = chunk.subarray(start, end);
      if (inHeader) yield undefined; // work
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
    const line = textDecoder.decode(this.#line.take()).trimEnd();
    return line === "" ? this.#startBody() : this.#takeField(line);
  }

  #takeField(line: string): Frame | undefined {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!HEADER_NAME.test(name)) return this.#lose(`${quoted(line, EXCERPT)} is not a header`);
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
    return new RpcProtocolError("framing", `can't tell where a message ends: ${reason}`);
  }
}
