/**
 * Reads a function's body and copies it. It skips instructions up to the next one at which something has to be done,
 * and counts their fuel. What is skipped is copied as it is, a range at a time.
 *
 * This loop sees every instruction, and mostly runs before an engine has optimised it. So it has few variables, and no
 * cases: one that first comes when the loop has been optimised would make the engine begin again.
 *
 * @module
 */

import { FUEL } from "../costs.ts";
import { densePrefixed } from "../binary/opcodes.ts";
import { BYTES, ELSE, END, isOpening, listed, MAY_TRAP, NUMBERS, PLAIN, PREFIX, WHAT } from "./instructions.ts";
import type { Writer } from "./writer.ts";

/** A place in a body, and what is to be copied from there. */
export class Scanner {
  readonly out: Writer;
  bytes: Uint8Array = new Uint8Array(0);
  /** The offset of what is read next. */
  at = 0;
  /** Where the current instruction begins. */
  begin = 0;
  /** Its dense opcode. */
  code = 0;
  /** The first byte that has not been copied. */
  from = 0;
  /** The depth of blocks in code that is left out, or -1. */
  dead = -1;

  constructor(out: Writer) {
    this.out = out;
  }

  u32(): number {
    const { bytes } = this;
    let byte = bytes[this.at++];
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7;; shift += 7) {
      byte = bytes[this.at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Copies up to an offset. */
  copy(to: number): void {
    if (to > this.from) this.out.range(this.bytes, this.from, to);
    this.from = to;
  }

  /** Copies up to the current instruction, without it. */
  copyBefore(): void {
    this.copy(this.begin);
  }

  /** Leaves out what was read since it was copied. */
  drop(): void {
    this.from = this.at;
  }

  /** The rest of the block is unreachable. */
  die(): void {
    this.copy(this.at);
    this.dead = 0;
  }

  /**
   * Skips instructions up to one that is an action, or one that may trap if `untilTrap`. Stops too at an offset, and
   * when a count of fuel is reached.
   *
   * @param count the fuel before, and `counted` after
   * @returns the action, whose opcode has been read; `MAY_TRAP`, if that has not been read; or `PLAIN`
   */
  next(until: number, count: number, most: number, untilTrap: boolean): number {
    const { bytes } = this;
    const [table, fuel, numbers, others] = [WHAT, FUEL, NUMBERS, BYTES];
    const skipped = untilTrap ? PLAIN : MAY_TRAP;
    let { at } = this;
    let begin = at;
    let what = PLAIN;
    while (at < until && count < most) {
      begin = at;
      const code = bytes[at++];
      what = table[code];
      if (what > skipped) break;
      count += fuel[code];
      for (let left = numbers[code]; left > 0; left--) while (bytes[at++] >= 0x80);
      at += others[code];
      what = PLAIN;
    }
    this.begin = begin;
    this.at = what === MAY_TRAP ? begin : at;
    this.counted = count;
    return what;
  }

  /** The fuel after `next`, without that of the instruction that it returned. */
  counted = 0;

  /** Reads the rest of the opcode of the current instruction. */
  readCode(): number {
    const byte = this.bytes[this.begin];
    return this.code = WHAT[byte] === PREFIX ? densePrefixed(byte, this.u32()) : byte;
  }

  /** Skips unreachable instructions up to an offset, or a reachable `else` or `end`. Returns that, or `PLAIN`. */
  nextAlive(until: number): number {
    while (this.at < until) {
      this.begin = this.at++;
      const code = this.readCode();
      const what = WHAT[code];
      if (what === ELSE && this.dead === 0 || what === END && this.dead-- === 0) {
        this.from = this.begin;
        this.dead = -1;
        return what;
      }
      if (isOpening(what)) this.dead++;
      this.skip();
    }
    return PLAIN;
  }

  /** Skips the immediates of the current instruction. */
  skip(): void {
    const { bytes, code } = this;
    let left = NUMBERS[code];
    const more = listed(left);
    if (more >= 0) left = this.u32() + more;
    for (; left > 0; left--) while (bytes[this.at++] >= 0x80);
    this.at += BYTES[code];
  }
}
