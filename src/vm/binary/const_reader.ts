/**
 * Reads constant expressions as the binary format has them: those that give a number as ranges, which are evaluated later,
 * and references as numbers, since each is one instruction. Types and indices are the validator's business.
 *
 * @see https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 * @module
 */

import type { Cursor } from "./cursor.ts";
import { refuseOpcode, refuseType } from "./unsupported.ts";
import { MAX_CONST_EXPR_BYTES, MAX_FUNCTIONS, MAX_GLOBALS } from "../limits.ts";
import { opcodeRow } from "./opcodes.ts";
import { EXTERNREF, FIRST_GLOBAL, FUNCREF, NULL_EXTERN, NULL_FUNC } from "./types.ts";
import type { ByteRange, ConstReference, ReferenceType } from "./types.ts";

/** A reference type. */
export function readReferenceType(cursor: Cursor): ReferenceType {
  const code = cursor.u8();
  if (code === FUNCREF || code === EXTERNREF) return code;
  throw refuseType(code, "malformed reference type", cursor.offset - 1);
}

/** The range of a constant expression, its `end` included. Its instructions are well formed and constant. */
export function readConstExpr(cursor: Cursor): ByteRange {
  const start = cursor.offset;
  for (;;) {
    const at = cursor.offset;
    if (at - start > MAX_CONST_EXPR_BYTES) {
      throw cursor.error(`a constant expression has more than ${MAX_CONST_EXPR_BYTES} bytes`, start);
    }
    const code = cursor.u8();
    switch (code) {
      case 0x0b:
        return { start, end: cursor.offset };
      case 0x23: // global.get
      case 0xd2: // ref.func
        cursor.u32();
        break;
      case 0x41: // i32.const
        cursor.i32();
        break;
      case 0x42: // i64.const
        cursor.i64();
        break;
      case 0x43: // f32.const
        cursor.skip(4);
        break;
      case 0x44: // f64.const
        cursor.skip(8);
        break;
      case 0xd0: // ref.null
        readReferenceType(cursor);
        break;
      case 0x6a: // i32.add
      case 0x6b: // i32.sub
      case 0x6c: // i32.mul
      case 0x7c: // i64.add
      case 0x7d: // i64.sub
      case 0x7e: // i64.mul
        break;
      default: {
        const row = opcodeRow(code === 0xfc ? 0xfc00 | cursor.u32() : code);
        if (row === undefined) throw refuseOpcode(code, at);
        throw cursor.error(`constant expression required: found ${row[1]}`, at);
      }
    }
  }
}

/** The index of a function, so far as the limit goes. */
export function readFunctionIndex(cursor: Cursor): number {
  const at = cursor.offset;
  const index = cursor.u32();
  if (index >= MAX_FUNCTIONS) throw cursor.error(`unknown function ${index}`, at);
  return index;
}

/** A constant expression of a reference type: any with more than one instruction gives a number, or several values. */
export function readConstReference(cursor: Cursor): ConstReference {
  const start = cursor.offset;
  let reference: ConstReference | undefined;
  switch (cursor.u8()) {
    case 0x23: { // global.get
      const index = cursor.u32();
      if (index >= MAX_GLOBALS) throw cursor.error(`unknown global ${index}`, start);
      reference = FIRST_GLOBAL - index;
      break;
    }
    case 0xd0: // ref.null
      reference = readReferenceType(cursor) === FUNCREF ? NULL_FUNC : NULL_EXTERN;
      break;
    case 0xd2: // ref.func
      reference = readFunctionIndex(cursor);
      break;
  }
  if (reference !== undefined && cursor.u8() === 0x0b) return reference;
  cursor.offset = start;
  readConstExpr(cursor);
  throw cursor.error("type mismatch: a constant expression of a reference type is one instruction", start);
}
