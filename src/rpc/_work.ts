/**
 * What the messages of the other side cost this one: time, as units of fuel for `spend`, and memory. The times are those
 * of hot code at 500 units a microsecond, rounded up, so that a turn of cold code, ten times slower, stays under 50 ms: see
 * tests/hostile/floods_test.ts.
 *
 * @module
 */

/** Time, in units of fuel. */
export const WORK = {
  /** Of a message, or an element of a batch, beside its bytes: parsing, checking, routing. */
  message: 2_000,
  /** Of starting a request, and of its end. */
  request: 1_000,
  /** Of an answer beside its bytes. */
  answer: 500,
  /** Of what is no message: an error, with its stack, for the answer and for `onInvalid`. */
  fault: 5_000,
  /** Of a line of headers. */
  header: 1_500,
  /** Of a byte of a message. Small objects were measured at 50 ns a byte, at 200 if no two are alike; plain text takes one. */
  parsedByte: 20,
  /** Of a byte that is looked at, copied or written as text. */
  byte: 1 / 2,
} as const;

/** Memory that a request takes while it waits, beside that of its message: of the smallest, 230 bytes were measured in V8. */
export const REQUEST_BYTES = 300;
/** Memory that an answer takes while it waits to be written, beside its bytes: 270 were measured in V8. */
export const ANSWER_BYTES = 300;
/** Memory that a value takes, at most: an empty object, of three bytes with its comma, has 56 in V8, and its place 8. */
const VALUE_BYTES = 64;
/** Beyond that, of an object: its shape, if no other has the same, or its elements, if its names are numbers. */
const OBJECT_BYTES = 80;

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
/** The least first byte in UTF-8 of a character that has two bytes in a string: beyond U+00FF. */
const WIDE = 0xc4;

/** An upper bound of the memory that a message takes when it is parsed. */
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
  // A string that has one character of two bytes has two bytes for each.
  return bytes.length * (isWide ? 2 : 1) + values * VALUE_BYTES + objects * OBJECT_BYTES;
}
