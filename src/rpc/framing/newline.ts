/**
 * One message a line, ended by `\n` or `\r\n`.
 *
 * @module
 */

import { limitError } from "../../base/limits.ts";
import { LineSplitter } from "../../base/streams.ts";
import type { Frame, FrameDecoder, Framing } from "./types.ts";

const encoder = new TextEncoder();

/** The row of the table. */
export const NEWLINE: Framing = {
  name: "newline",
  encode: (text) => encoder.encode(text + "\n"),
  decoder: lineDecoder,
};

/** Empty lines are ignored. A last line without its end is a message too. */
function lineDecoder(maxBytes: number): FrameDecoder {
  const lines = new LineSplitter(maxBytes, true);
  return {
    *push(chunk): Generator<Frame, void, undefined> {
      for (const { bytes, cut } of lines.push(chunk)) {
        if (cut) yield limitError("messageBytes", maxBytes);
        else if (bytes.length > 0) yield bytes;
      }
    },
    *end(): Generator<Frame, void, undefined> {
      for (const { bytes } of lines.end()) if (bytes.length > 0) yield bytes;
    },
  };
}
