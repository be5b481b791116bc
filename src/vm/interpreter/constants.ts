/**
 * Evaluates constant expressions of a validated module: globals' initial values and segments' offsets. Most are
 * evaluated once for each module; those that read imported globals are evaluated for each instance. Instances resolve
 * references.
 *
 * @see https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 * @module
 */

import { placeOf, wordsOf } from "../objects/layout.ts";
import { readConstReference, walkConstExpr } from "../binary/const_expr.ts";
import type { ConstOperation } from "../binary/const_expr.ts";
import { Cursor } from "../binary/cursor.ts";
import { InternalError } from "../errors.ts";
import { MAX_CONST_EXPR_BYTES } from "../limits.ts";
import { EXTERNREF, F32, FUNCREF, I32 } from "../binary/types.ts";
import type { ByteRange, ModuleRecord } from "../binary/types.ts";

/** The values of a list of constant expressions. */
export interface Folded {
  /** Two words each: the bits of a number, or a `ConstReference` in the first. */
  readonly words: Int32Array;
  /** 1 for each number that depends on imported globals; its words are 0. */
  readonly open: Uint8Array;
}

/** The values of a module's constant expressions. A passive segment's offset is 0. */
export interface Constants {
  /** Of the globals that the module defines. */
  readonly globals: Folded;
  /** Offsets of element segments. */
  readonly elements: Folded;
  /** Offsets of data segments. */
  readonly data: Folded;
}

/** Operands, two words each. An instruction that pushes one takes two bytes or more. */
const STACK = new Int32Array(MAX_CONST_EXPR_BYTES + 2);
const NO_CELLS = new Int32Array(0);

/** Evaluates the expressions that are the same in all instances. */
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
  const words = new Int32Array(wordsOf(count));
  const open = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const range = expression(index);
    if (range === undefined) continue;
    if (isReference(index)) {
      words[placeOf(index)] = readConstReference(new Cursor(record.bytes, range.start, range.end));
    } else if (evaluate(record, range, undefined)) words.set(STACK.subarray(0, wordsOf(1)), placeOf(index));
    else open[index] = 1;
  }
  return { words, open };
}

/** Evaluates an open expression into two words, with the cells of an instance whose imports are linked. */
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

/** Leaves the number in the first two words of the stack. Returns false if it needs cells and none were passed. */
function evaluate(record: ModuleRecord, { start, end }: ByteRange, cells: Int32Array = NO_CELLS): boolean {
  let top = 0;
  let isKnown = true;
  const push = (low: number, high: number): void => {
    STACK[top] = low;
    STACK[top + 1] = high;
    top += 2;
  };
  walkConstExpr(new Cursor(record.bytes, start, end), {
    number: (_, low, high) => push(low, high),
    global(index) {
      const { value } = record.globals[index];
      if (cells === NO_CELLS) isKnown = false;
      const at = placeOf(index);
      push(cells[at], value === I32 || value === F32 ? 0 : cells[at + 1]);
    },
    vector: notANumber,
    nullReference: notANumber,
    func: notANumber,
    operation(name) {
      top -= 2;
      calculate(name, top - 2);
    },
  });
  return isKnown;
}

function notANumber(): never {
  throw new InternalError("a numeric constant expression contains something else");
}

/** Does an arithmetic instruction on the operand at `at` and the next one. */
function calculate(operation: ConstOperation, at: number): void {
  const low = STACK[at];
  const high = STACK[at + 1];
  const otherLow = STACK[at + 2];
  const otherHigh = STACK[at + 3];
  switch (operation) {
    case "i32.add":
      STACK[at] = low + otherLow;
      break;
    case "i32.sub":
      STACK[at] = low - otherLow;
      break;
    case "i32.mul":
      STACK[at] = Math.imul(low, otherLow);
      break;
    case "i64.add":
      STACK[at] = low + otherLow;
      STACK[at + 1] = high + otherHigh + (STACK[at] >>> 0 < low >>> 0 ? 1 : 0);
      break;
    case "i64.sub":
      STACK[at] = low - otherLow;
      STACK[at + 1] = high - otherHigh - (low >>> 0 < otherLow >>> 0 ? 1 : 0);
      break;
    case "i64.mul":
      STACK[at] = Math.imul(low, otherLow);
      STACK[at + 1] = upperProduct(low, otherLow) + Math.imul(low, otherHigh) + Math.imul(high, otherLow);
  }
}

/** The upper half of the product of two unsigned words, by halves of 16 bits. */
function upperProduct(x: number, y: number): number {
  const [x0, x1, y0, y1] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const middle = Math.imul(x1, y0) + (Math.imul(x0, y0) >>> 16) | 0;
  const other = Math.imul(x0, y1) + (middle & 0xffff) | 0;
  return Math.imul(x1, y1) + (middle >>> 16) + (other >>> 16) | 0;
}
