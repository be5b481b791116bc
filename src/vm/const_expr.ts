/**
 * Evaluates constant expressions of a validated module: globals' initial values, segments' offsets and elements.
 *
 * @see https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 * @module
 */

import { Cursor } from "./_cursor.ts";
import { InternalError } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { readNumber } from "./border.ts";
import { EXTERNREF, F32, FUNCREF, I32, I64 } from "./types.ts";
import type { ByteRange } from "./types.ts";

/** Bits of a number, or a reference. */
export interface Constant {
  readonly low: number;
  readonly high: number;
  /** A function instance, a host value or null. */
  readonly reference: unknown;
}

const word = (low: number, high = 0): Constant => ({ low, high, reference: null });

/** Evaluates an expression in an instance whose imports, and globals of lower index, are in place. */
export function evaluate(instance: Instance, range: ByteRange): Constant {
  const cursor = new Cursor(instance.code.record.bytes, range.start, range.end);
  const stack: Constant[] = [];
  for (;;) {
    const code = cursor.u8();
    switch (code) {
      case 0x0b:
        return stack[0];
      case 0x41:
        stack.push(word(cursor.i32()));
        break;
      case 0x42:
        cursor.i64();
        stack.push(word(cursor.low, cursor.high));
        break;
      case 0x43:
        stack.push(word(cursor.word()));
        break;
      case 0x44: {
        const low = cursor.word();
        stack.push(word(low, cursor.word()));
        break;
      }
      case 0x23:
        stack.push(globalValue(instance, cursor.u32()));
        break;
      case 0xd0:
        cursor.u8();
        stack.push(word(0));
        break;
      case 0xd2:
        stack.push({ low: 0, high: 0, reference: instance.func(cursor.u32()) });
        break;
      default: {
        const b = stack.pop()!;
        stack.push(arithmetic(code, stack.pop()!, b));
      }
    }
  }
}

/** The reference of an element segment's entry. */
export function evaluateElement(instance: Instance, init: number | ByteRange): unknown {
  return typeof init === "number" ? instance.func(init) : evaluate(instance, init).reference;
}

function globalValue(instance: Instance, index: number): Constant {
  const { value } = instance.code.record.globals[index];
  if (value === FUNCREF || value === EXTERNREF) {
    return { low: 0, high: 0, reference: instance.global(index).reference };
  }
  return word(instance.cells[index * 2], value === I32 || value === F32 ? 0 : instance.cells[index * 2 + 1]);
}

/** Extended constant expressions: add, sub and mul of i32 and i64. */
function arithmetic(code: number, a: Constant, b: Constant): Constant {
  switch (code) {
    case 0x6a:
      return word(a.low + b.low | 0);
    case 0x6b:
      return word(a.low - b.low | 0);
    case 0x6c:
      return word(Math.imul(a.low, b.low));
  }
  const [x, y] = [bigint(a), bigint(b)];
  if (code === 0x7c) return fromBigint(x + y);
  if (code === 0x7d) return fromBigint(x - y);
  if (code === 0x7e) return fromBigint(x * y);
  throw new InternalError(`opcode 0x${code.toString(16)} in a constant expression`);
}

function bigint({ low, high }: Constant): bigint {
  return readNumber(I64, Int32Array.of(low, high), 0) as bigint;
}

function fromBigint(value: bigint): Constant {
  return word(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}
