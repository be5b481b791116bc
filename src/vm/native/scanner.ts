/**
 * Reads a function's body and copies it. It skips instructions up to the next one at which something has to be done,
 * and counts their fuel. What is skipped is copied as it is, a range at a time.
 *
 * This loop sees every instruction, and mostly runs before an engine has optimised it. So it is one function with few
 * variables, its cases are numbers, and it calls nothing.
 *
 * @module
 */

import { densePrefixed } from "../binary/opcodes.ts";
import { ELSE, END, FIRST_ACTION, FIRST_TRAPPING, isOpening, SKIP, WHAT } from "./instructions.ts";
import type { Writer } from "./writer.ts";

/** Higher bytes do not begin instructions but as prefixes. */
const FIRST_PREFIX = 0xfc;

/** `next` stopped at the end of the part, or because enough fuel is counted. */
export const PAUSE = 0;
/** `next` stopped before an instruction that may trap. */
export const TRAPS = 1;

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
   * @returns the action, whose opcode has been read; `TRAPS`, if the instruction has not been read; or `PAUSE`
   */
  next(until: number, count: number, most: number, untilTrap: boolean): number {
    const { bytes } = this;
    const table = WHAT;
    const first = untilTrap ? FIRST_TRAPPING : FIRST_ACTION;
    let { at } = this;
    let begin = at;
    let code = 0;
    let what = PAUSE;
    while (at < until && count < most) {
      begin = at;
      code = bytes[at++];
      if (code >= FIRST_PREFIX) {
        this.at = at;
        code = densePrefixed(code, this.u32());
        at = this.at;
      }
      what = table[code];
      if (what >= first) break;
      count++;
      switch (what) {
        // An opcode alone.
        case 0:
        case 9:
          break;
        // One number.
        case 1:
        case 10:
          while (bytes[at++] >= 0x80);
          break;
        // Two.
        case 2:
        case 11:
          while (bytes[at++] >= 0x80);
          while (bytes[at++] >= 0x80);
          break;
        // Four bytes.
        case 3:
          at += 4;
          break;
        // Eight.
        case 4:
          at += 8;
          break;
        // Sixteen.
        case 5:
          at += 16;
          break;
        // Two numbers and a byte.
        case 6:
        case 12:
          while (bytes[at++] >= 0x80);
          while (bytes[at++] >= 0x80);
          at++;
          break;
        // `nop`.
        case 7:
          count--;
      }
      what = PAUSE;
    }
    this.begin = begin;
    this.code = code;
    this.counted = count;
    if (what === PAUSE) this.at = at;
    else if (what < FIRST_ACTION) {
      this.at = begin;
      return TRAPS;
    } else this.at = at;
    return what;
  }

  /** The fuel after `next`, without that of the instruction that it returned. */
  counted = 0;

  /** Skips unreachable instructions up to an offset, or a reachable `else` or `end`. Returns that, or `PAUSE`. */
  nextAlive(until: number): number {
    while (this.at < until) {
      const begin = this.at;
      let code = this.bytes[this.at++];
      if (code >= FIRST_PREFIX) code = densePrefixed(code, this.u32());
      const what = WHAT[code];
      if (what === ELSE && this.dead === 0 || what === END && this.dead-- === 0) {
        this.begin = this.from = begin;
        this.dead = -1;
        return what;
      }
      if (isOpening(what)) this.dead++;
      this.skip(SKIP[code]);
    }
    return PAUSE;
  }

  /** Skips immediates of a kind. */
  skip(kind: number): void {
    const { bytes } = this;
    switch (kind) {
      case 0:
      case 7:
        return;
      case 1:
        while (bytes[this.at++] >= 0x80);
        return;
      case 2:
        while (bytes[this.at++] >= 0x80);
        while (bytes[this.at++] >= 0x80);
        return;
      case 3:
        this.at += 4;
        return;
      case 4:
        this.at += 8;
        return;
      case 5:
        this.at += 16;
        return;
      case 6:
        while (bytes[this.at++] >= 0x80);
        while (bytes[this.at++] >= 0x80);
        this.at++;
        return;
      default:
        // A list: a number of numbers, and for `br_table` one more.
        for (let count = this.u32() + (kind === 8 ? 0 : 1); count > 0; count--) while (bytes[this.at++] >= 0x80);
    }
  }
}
