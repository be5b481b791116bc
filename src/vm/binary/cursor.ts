/**
 * A cursor over a range of a module's bytes. It reads bytes, LEB128 integers, little-endian words and names, and checks
 * each against the end of the range.
 *
 * @see https://webassembly.github.io/spec/core/binary/values.html
 * @module
 */

import { CompileError } from "../errors.ts";
import { MAX_NAME_BYTES } from "../limits.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** ASCII names up to this long are read without a `TextDecoder`, which takes up to a microsecond to begin. */
const SHORT_NAME_BYTES = 12;

/** Reads forward from `offset` to `end`, both byte offsets into `bytes`. Every method throws a {@linkcode CompileError}. */
export class Cursor {
  readonly bytes: Uint8Array;
  /** The offset of the next byte. */
  offset: number;
  readonly end: number;
  /** Low half, as int32, of the integer that `i64` read. */
  low = 0;
  /** High half, as int32, of the integer that `i64` read. */
  high = 0;
  /** The offset of the first type or instruction of SIMD that was read. */
  simdAt: number | undefined = undefined;

  constructor(bytes: Uint8Array, offset: number, end: number) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  /** The error to throw for a fault at `offset`. */
  error(message: string, offset: number = this.offset): CompileError {
    return new CompileError(message, offset);
  }

  /** One byte. */
  u8(): number {
    if (this.offset >= this.end) throw this.error("unexpected end of section or function");
    return this.bytes[this.offset++];
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.#restOfU32(first & 0x7f);
  }

  #restOfU32(value: number): number {
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return (value | this.#lastByte(0x70, 0) << 28) >>> 0;
  }

  /** A signed LEB128 of at most 32 bits. */
  i32(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value << 25 - shift >> 25 - shift;
    }
    return value | this.#lastByte(0x78, 0x78) << 28;
  }

  /** A signed LEB128 of at most 33 bits. */
  s33(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value << 25 - shift >> 25 - shift;
    }
    return (this.#lastByte(0x70, 0x70) << 25 >> 25) * 2 ** 28 + value;
  }

  /** A signed LEB128 of at most 64 bits, left in `low` and `high`. */
  i64(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = this.u8();
      const bits = byte & 0x7f;
      if (shift <= 28) low |= bits << shift;
      if (shift === 28) high = bits >> 4;
      else if (shift > 28) high |= bits << shift - 32;
      if (byte >= 0x80) continue;
      if (byte >= 0x40) {
        const sign = shift + 7;
        if (sign < 32) low |= -1 << sign;
        high |= sign < 32 ? -1 : -1 << sign - 32;
      }
      this.low = low;
      this.high = high;
      return;
    }
    this.high = high | this.#lastByte(0x7f, 0x7f) << 31;
    this.low = low;
  }

  /** Reads the last byte of the longest form. Its bits in `beyond` exceed the integer and must be 0 or `negative`. */
  #lastByte(beyond: number, negative: number): number {
    const byte = this.u8();
    const bits = byte & beyond;
    if (bits !== 0 && bits !== negative) throw this.error("integer too large", this.offset - 1);
    if (byte >= 0x80) throw this.error("integer representation too long", this.offset);
    return byte;
  }

  /** Four bytes as a little-endian int32. */
  word(): number {
    const at = this.offset;
    this.skip(4);
    const { bytes } = this;
    return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
  }

  /** The number of items of a vector. Each item takes at least a byte. */
  count(): number {
    const at = this.offset;
    const count = this.u32();
    const left = this.end - this.offset;
    if (count > left) throw this.error(`length out of bounds: ${count}, but only ${left} bytes are left`, at);
    return count;
  }

  /** A length in bytes, then that many bytes of UTF-8. */
  name(): string {
    const at = this.offset;
    const length = this.count();
    if (length > MAX_NAME_BYTES) {
      throw this.error(`a name has ${length} bytes, the limit is ${MAX_NAME_BYTES}`, at);
    }
    const start = this.offset;
    this.offset += length;
    if (length <= SHORT_NAME_BYTES) {
      let text = "";
      let bits = 0;
      for (let at = start; at < start + length; at++) {
        bits |= this.bytes[at];
        text += String.fromCharCode(this.bytes[at]);
      }
      if (bits < 0x80) return text;
    }
    try {
      return UTF8.decode(this.bytes.subarray(start, start + length));
    } catch (cause) {
      throw new CompileError("malformed UTF-8 encoding", start, { cause });
    }
  }

  /** Skips `length` bytes. */
  skip(length: number): void {
    if (length > this.end - this.offset) throw this.error("unexpected end of section or function", this.end);
    this.offset += length;
  }
}
