/** Tests of src/rpc/framing/. */

import { assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { LimitError } from "../../src/base/limits.ts";
import { RpcProtocolError } from "../../src/rpc/errors.ts";
import { type FramingName, framingOf, FRAMINGS } from "../../src/rpc/framing/framings.ts";
import type { Frame, FrameDecoder, Framing } from "../../src/rpc/framing/types.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The frames that a chunk completes, without the headers. */
function push(decoder: FrameDecoder, chunk: Uint8Array): NonNullable<Frame>[] {
  return [...decoder.push(chunk)].flatMap((frame) =>
    frame === undefined ? [] : [frame instanceof Uint8Array ? frame.slice() : frame]
  );
}

/** The output of a decoder for some chunks: texts, and faults in angle brackets. */
function frames(name: FramingName, chunks: Iterable<Uint8Array>, maxBytes = 20): string[] {
  const decoder = FRAMINGS[name].decoder(maxBytes);
  const shown: string[] = [];
  const show = (frame: NonNullable<Frame>) => {
    if (frame instanceof LimitError) shown.push(`<${frame.limit}>`);
    else shown.push(frame instanceof RpcProtocolError ? `<${frame.fault}>` : decode(frame));
  };
  for (const chunk of chunks) for (const frame of push(decoder, chunk)) show(frame);
  for (const frame of decoder.end()) if (frame !== undefined) show(frame);
  return shown;
}

const STREAMS: readonly (readonly [FramingName, string, readonly string[]])[] = [
  ["newline", 'a\r\n\n\r\n{"b": "é"}\nlonger than twenty bytes\nc\n', ["a", '{"b": "é"}', "<messageBytes>", "c"]],
  ["newline", "no line feed at the end", ["<messageBytes>"]],
  ["newline", "nor here", ["nor here"]],
  ["newline", "\n\r\n\n", []],
  [
    "content-length",
    "Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\n\r\n",
    ["{}", "\n\r\n"],
  ],
  [
    "content-length",
    "CONTENT-LENGTH:  25 \r\n\r\n1234567890123456789012345Content-Length: 2\r\n\r\nok",
    ["<messageBytes>", "ok"],
  ],
  ["content-length", "Content-Length: 0\r\n\r\nContent-Length: 1\n\n1", ["", "1"]],
  ["content-length", "Content-Length: 2\r\n\r\n1", ["<framing>"]],
  ["content-length", "Content-Le", ["<framing>"]],
  ["content-length", "", []],
];

Deno.test("decoders return the same frames wherever a stream is split in two", () => {
  for (const [name, text, expected] of STREAMS) {
    const bytes = encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const actual = frames(name, [bytes.subarray(0, at), bytes.subarray(at)]);
      assertEquals(actual, expected, `${JSON.stringify(text)} split at ${at}`);
    }
  }
});

Deno.test("decoders return the same frames byte by byte", () => {
  for (const [name, text, expected] of STREAMS) {
    assertEquals(frames(name, Array.from(encode(text), (byte) => Uint8Array.of(byte))), expected, text);
  }
});

Deno.test("decoders return the messages that encode wrote, in chunks of any size", () => {
  let seed = 1;
  const random = (limit: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
  const alphabet = ["a", "é", "漢", "😀", "{", '"', "\r", " ", "Content-Length: 3"];
  for (const name of ["newline", "content-length"] as const) {
    for (let round = 0; round < 200; round++) {
      const texts = Array.from({ length: random(12) }, () => {
        return "<" + Array.from({ length: random(30) }, () => alphabet[random(alphabet.length)]).join("") + ">";
      });
      const bytes = new Uint8Array(texts.flatMap((text) => [...FRAMINGS[name].encode(text)]));
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) chunks.push(bytes.subarray(at, at += random(40)));
      assertEquals(frames(name, chunks, 1000), texts);
    }
  }
});

const LOST_HEADERS: Readonly<Record<string, string>> = {
  "no length": "Content-Type: x\r\n\r\n",
  "only an empty line": "\r\n",
  "negative": "Content-Length: -1\r\n\r\n",
  "hexadecimal": "Content-Length: 0x10\r\n\r\n",
  "exponent": "Content-Length: 1e3\r\n\r\n",
  "empty value": "Content-Length: \r\n\r\n",
  "beyond safe integers": "Content-Length: 9007199254740993\r\n\r\n",
  "a list": "Content-Length: 2, 2\r\n\r\n",
  "twice": "Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
  "no colon": "hello\r\n\r\n",
  "no name": ": 2\r\n\r\n",
  "JSON instead": '{"jsonrpc":"2.0"}\n',
  "endless line": "X".repeat(5000),
  "endless headers": "X-Header: x\r\n".repeat(500),
};

Deno.test("content-length decoder stops at headers without a valid length, and reports them once", () => {
  for (const [name, text] of Object.entries(LOST_HEADERS)) {
    const chunks = [encode(text), encode("Content-Length: 2\r\n\r\nok")];
    assertEquals(frames("content-length", chunks), ["<framing>"], name);
  }
});

Deno.test("content-length decoder reports the header that it can't read", () => {
  const [fault] = push(FRAMINGS["content-length"].decoder(9), encode("Content-Length: many\r\n"));
  assertStringIncludes((fault as RpcProtocolError).message, 'its Content-Length is "many"');
});

Deno.test("content-length decoder allocates for the bytes that arrived, not for the announced length", () => {
  const decoder = FRAMINGS["content-length"].decoder(2 ** 50);
  assertEquals(push(decoder, encode("Content-Length: 999999999999999\r\n\r\nabc")), []);
});

Deno.test("newline decoder reads 1 GiB without a line feed in little memory and reports it once", () => {
  const decoder = FRAMINGS.newline.decoder(1 << 20);
  const chunk = new Uint8Array(1 << 20).fill(0x61);
  const start = performance.now();
  let faults = 0;
  for (let i = 0; i < 1024; i++) faults += [...decoder.push(chunk)].length;
  assertEquals(faults, 1);
  assertLess(performance.now() - start, 5000);
});

Deno.test("newline decoder is linear in a long message that comes in small chunks", () => {
  const chunk = new Uint8Array(16).fill(0x61);
  const decoder = FRAMINGS.newline.decoder(1 << 24);
  const start = performance.now();
  for (let i = 0; i < 320_000; i++) for (const _ of decoder.push(chunk));
  // This takes a tenth of a second. Copying the earlier bytes at each chunk would take minutes.
  assertLess(performance.now() - start, 10_000);
});

Deno.test("a framing can be named or passed as a row", () => {
  for (const [name, row] of Object.entries(FRAMINGS)) {
    assertEquals(row.name, name);
    assertEquals(framingOf(name as FramingName), row);
    assertEquals(framingOf(row), row);
  }
  assertEquals(framingOf(undefined), FRAMINGS.newline);
});

Deno.test("a framing that is neither a name nor a whole row is refused", () => {
  const { newline } = FRAMINGS;
  const wrong: [given: unknown, text: string][] = [
    ["line", 'framing must be "newline" or "content-length", not "line"'],
    ["toString", "framing must be"],
    [null, "framing must be"],
    [1, "framing must be"],
    [{}, "framing.encode must be a function"],
    [{ ...newline, decoder: 1 }, "framing.decoder must be a function, not 1"],
    [{ ...newline, cancellation: {} }, "framing.cancellation belongs to the option protocol"],
  ];
  for (const [given, text] of wrong) assertThrows(() => framingOf(given as Framing), TypeError, text);
});
