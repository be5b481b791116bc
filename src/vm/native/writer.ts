/**
 * Writes a module's bytes into a buffer that grows: single bytes, LEB128 integers, names, and ranges of other bytes.
 *
 * @module
 */

const UTF8 = new TextEncoder();
/** Ranges up to this long are copied byte by byte, which is faster than making a view of them. */
const SHORT_RANGE = 48;
/** Bytes of a length that is written before it is known. */
export const PADDED_BYTES = 5;

/** A buffer that grows as bytes are written to it. */
export class Writer {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  at = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.ceil(capacity));
  }

  /** Makes room for more bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const bytes = new Uint8Array(Math.max(this.at + count, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
  }

  u8(byte: number): void {
    if (this.at === this.bytes.length) this.#grow(1);
    this.bytes[this.at++] = byte;
  }

  /** Two bytes. */
  two(first: number, second: number): void {
    if (this.at + 2 > this.bytes.length) this.#grow(2);
    this.bytes[this.at] = first;
    this.bytes[this.at + 1] = second;
    this.at += 2;
  }

  /** An instruction and an index. */
  indexed(opcode: number, index: number): void {
    if (index < 0x80) return this.two(opcode, index);
    this.u8(opcode);
    this.u32(index);
  }

  /** An unsigned LEB128. */
  u32(value: number): void {
    if (this.at + PADDED_BYTES > this.bytes.length) this.#grow(PADDED_BYTES);
    const { bytes } = this;
    let { at } = this;
    for (; value > 0x7f; value >>>= 7) bytes[at++] = value & 0x7f | 0x80;
    bytes[at++] = value;
    this.at = at;
  }

  /** A signed LEB128 of an int32. */
  s32(value: number): void {
    for (; value < -64 || value > 63; value >>= 7) this.u8(value & 0x7f | 0x80);
    this.u8(value & 0x7f);
  }

  /** Bytes from `start` to `end` of others. */
  range(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (this.at + count > this.bytes.length) this.#grow(count);
    if (count > SHORT_RANGE) this.bytes.set(source.subarray(start, end), this.at);
    else {
      const { bytes, at } = this;
      for (let index = 0; index < count; index++) bytes[at + index] = source[start + index];
    }
    this.at += count;
  }

  /** A list of bytes. */
  all(bytes: readonly number[]): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  name(text: string): void {
    const bytes = UTF8.encode(text);
    this.u32(bytes.length);
    this.range(bytes, 0, bytes.length);
  }

  /** Leaves room for a length; returns its place. */
  open(width: number = PADDED_BYTES): number {
    this.reserve(width);
    this.at += width;
    return this.at - width;
  }

  /** Sets the length of all that was written since `open` returned the place. */
  close(place: number, width: number = PADDED_BYTES): void {
    let value = this.at - place - width;
    for (let index = place; index < place + width - 1; index++, value >>>= 7) this.bytes[index] = value & 0x7f | 0x80;
    this.bytes[place + width - 1] = value;
  }
}
