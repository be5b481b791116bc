/**
 * Evaluates constant expressions of a validated module: globals' initial values and segments' offsets. Those that need no
 * instance are evaluated once a module, the others, which begin with imported globals, for each instance. What a reference
 * stands for is the instance's business.
 *
 * @see https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 * @module
 */

import { readConstReference } from "../binary/const_reader.ts";
import { Cursor } from "../binary/cursor.ts";
import { InternalError } from "../errors.ts";
import { MAX_CONST_EXPR_BYTES } from "../limits.ts";
import { EXTERNREF, F32, FUNCREF, I32 } from "../binary/types.ts";
import type { ByteRange, ModuleRecord } from "../binary/types.ts";

/** The values of a list of constant expressions. */
export interface Folded {
  /** Two words each: the bits of a number, or in the first a `ConstReference`. */
  readonly words: Int32Array;
  /** 1 for each whose number depends on imported globals; its words are 0. */
  readonly open: Uint8Array;
}

/** The constant expressions of a module by what they are for; where there is none the value is 0. */
export interface Constants {
  /** Of the globals that the module defines. */
  readonly globals: Folded;
  /** Offsets of element segments. */
  readonly elements: Folded;
  /** Offsets of data segments. */
  readonly data: Folded;
}

/** Operands, two words each. An instruction that adds one takes two bytes or more. */
const STACK = new Int32Array(MAX_CONST_EXPR_BYTES + 2);
const NO_CELLS = new Int32Array(0);

/** Evaluates what is the same in all instances. */
export function foldConstants(record: ModuleRecord): Constants {
  const { globals, importedGlobals, globalInits, elements, data } = record;
  const isReference = (index: number) => {
    const { value } = globals[importedGlobals + index];
    return value === FUNCREF || value === EXTERNREF;
  };
  return {
    globals: fold(record, globalInits.length, (index) => globalInits[index], isReference),
    elements: fold(record, elements.length, (index) => elements[index].offset),
    data: fold(record, data.length, (index) => data[index].offset),
  };
}

function fold(
  record: ModuleRecord,
  count: number,
  expression: (index: number) => ByteRange | undefined,
  isReference: (index: number) => boolean = () => false,
): Folded {
  const words = new Int32Array(count * 2);
  const open = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const range = expression(index);
    if (range === undefined) continue;
    if (isReference(index)) words[index * 2] = readConstReference(new Cursor(record.bytes, range.start, range.end));
    else if (evaluate(record, range, undefined)) words.set(STACK.subarray(0, 2), index * 2);
    else open[index] = 1;
  }
  return { words, open };
}

/** Evaluates an open expression, with the cells of an instance whose imports are in place, into two words. */
export function evaluateInto(
  record: ModuleRecord,
  range: ByteRange,
  cells: Int32Array,
  to: number,
  into = cells,
): void {
  evaluate(record, range, cells);
  into[to] = STACK[0];
  into[to + 1] = STACK[1];
}

/** Leaves the number in the first two words of the stack; returns false if it needs the cells and there are none. */
function evaluate(record: ModuleRecord, { start, end }: ByteRange, cells: Int32Array = NO_CELLS): boolean {
  const cursor = new Cursor(record.bytes, start, end);
  let top = 0;
  for (;;) {
    const code = cursor.u8();
    switch (code) {
      case 0x0b: // end
        return true;
      case 0x23: { // global.get
        if (cells === NO_CELLS) return false;
        const index = cursor.u32();
        const { value } = record.globals[index];
        STACK[top] = cells[index * 2];
        STACK[top + 1] = value === I32 || value === F32 ? 0 : cells[index * 2 + 1];
        top += 2;
        break;
      }
      case 0x41: // i32.const
        STACK[top] = cursor.i32();
        STACK[top + 1] = 0;
        top += 2;
        break;
      case 0x42: // i64.const
        cursor.i64();
        STACK[top] = cursor.low;
        STACK[top + 1] = cursor.high;
        top += 2;
        break;
      case 0x43: // f32.const
        STACK[top] = cursor.word();
        STACK[top + 1] = 0;
        top += 2;
        break;
      case 0x44: // f64.const
        STACK[top] = cursor.word();
        STACK[top + 1] = cursor.word();
        top += 2;
        break;
      default:
        top -= 2;
        calculate(code, top - 2);
    }
  }
}

/** Extended constant expressions: add, sub and mul of i32 and i64, on the operand at a place and the next one. */
function calculate(code: number, at: number): void {
  const low = STACK[at];
  const high = STACK[at + 1];
  const otherLow = STACK[at + 2];
  const otherHigh = STACK[at + 3];
  switch (code) {
    case 0x6a: // i32.add
      STACK[at] = low + otherLow;
      break;
    case 0x6b: // i32.sub
      STACK[at] = low - otherLow;
      break;
    case 0x6c: // i32.mul
      STACK[at] = Math.imul(low, otherLow);
      break;
    case 0x7c: // i64.add
      STACK[at] = low + otherLow;
      STACK[at + 1] = high + otherHigh + (STACK[at] >>> 0 < low >>> 0 ? 1 : 0);
      break;
    case 0x7d: // i64.sub
      STACK[at] = low - otherLow;
      STACK[at + 1] = high - otherHigh - (low >>> 0 < otherLow >>> 0 ? 1 : 0);
      break;
    case 0x7e: // i64.mul
      STACK[at] = Math.imul(low, otherLow);
      STACK[at + 1] = upperProduct(low, otherLow) + Math.imul(low, otherHigh) + Math.imul(high, otherLow);
      break;
    default:
      throw new InternalError(`opcode 0x${code.toString(16)} in a constant expression`);
  }
}

/** The upper half of the product of two unsigned words, by halves of 16 bits. */
function upperProduct(x: number, y: number): number {
  const [x0, x1, y0, y1] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const middle = Math.imul(x1, y0) + (Math.imul(x0, y0) >>> 16) | 0;
  const other = Math.imul(x0, y1) + (middle & 0xffff) | 0;
  return Math.imul(x1, y1) + (middle >>> 16) + (other >>> 16) | 0;
}
