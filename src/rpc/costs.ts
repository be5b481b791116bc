/**
 * What messages of the other side cost this one: time, as units of fuel for `spend`, and memory. Times are those of hot
 * code, at 500 units a microsecond, rounded up. Cold code is ten times slower, and a turn of it stays under 50 ms: see
 * tests/hostile/floods_test.ts.
 *
 * @module
 */

/** Time, in units of fuel. */
export const WORK = {
  /** A message, or an element of a batch, without its bytes: parsing, checking, routing. */
  message: 2_000,
  /** Starting a request, and its end. */
  request: 1_000,
  /** An answer, without its bytes. */
  answer: 500,
  /** An invalid message: an error with its stack, for the answer and for `onInvalid`. */
  fault: 5_000,
  /** A line of headers. */
  header: 1_500,
  /** A byte of a message. Measured: 50 ns a byte for small objects, 200 if no two are alike, 1 for plain text. */
  parsedByte: 20,
  /** An array or object in which tagged values are looked for, and each of its members: 0.1 µs, and 0.03. */
  container: 50,
  member: 15,
  /** A tagged value, without its bytes: 0.3 µs, and 1 µs where base64 is not built in. */
  tag: 500,
  /** Opening a stream of the other side, and its end: 20 µs. */
  stream: 10_000,
  /** A byte that is scanned, copied or written as text. */
  byte: 1 / 2,
} as const;

/** Memory of a waiting request, without its message. Measured in V8: 230 bytes for the smallest. */
export const REQUEST_BYTES = 300;
/** Memory of a waiting answer, without its bytes. Measured in V8: 270 bytes. */
export const ANSWER_BYTES = 300;
/** Most memory of a value. In V8 an empty object, three bytes of text with its comma, has 56 bytes, and its slot 8. */
const VALUE_BYTES = 64;
/** Most further memory of an object: its shape if it is unique, or its elements if its names are numbers. */
const OBJECT_BYTES = 80;

/** Further memory of a tagged value of bytes. Measured in V8: 547 bytes for 15, with their text 242. */
export const BYTES_MEMORY = 320;

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
/** The least first byte, in UTF-8, of a character beyond U+00FF. */
const WIDE = 0xc4;

/** An upper bound for the memory of a message once parsed. */
export function memoryOf(bytes: Uint8Array): number {
  let values = 0;
  let objects = 0;
  let isWide = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === COMMA || byte === BRACKET || byte === BRACE) values++;
    if (byte === BRACE) objects++;
    else if (byte >= WIDE) isWide = true;
  }
  // One wide character makes an engine use two bytes for each character of its string.
  return bytes.length * (isWide ? 2 : 1) + values * VALUE_BYTES + objects * OBJECT_BYTES;
}
