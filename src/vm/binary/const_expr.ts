/**
 * Walks and reads constant expressions in the binary format. A numeric one is read as a range, to be evaluated later.
 * One of a reference type is a single instruction and is read as a number. The validator checks types and indices.
 *
 * @see https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
 * @module
 */

import type { CompileError } from "../errors.ts";
import type { Cursor } from "./cursor.ts";
import { refuseOpcode, refuseType } from "./unsupported.ts";
import { MAX_CONST_EXPR_BYTES, MAX_FUNCTIONS, MAX_GLOBALS } from "../limits.ts";
import { byOpcode, densePrefixed, isPrefix, opcodeOf, opcodeRow, prefixedCode } from "./opcodes.ts";
import { EXTERNREF, F32, F64, FIRST_GLOBAL, FUNCREF, I32, I64, NULL_EXTERN, NULL_FUNC } from "./types.ts";
import type { ByteRange, ConstReference, ReferenceType, ValueType } from "./types.ts";

/** A reference type. */
export function readReferenceType(cursor: Cursor): ReferenceType {
  const code = cursor.u8();
  if (code === FUNCREF || code === EXTERNREF) return code;
  throw refuseType(code, "malformed reference type", cursor.offset - 1);
}

/** The arithmetic instructions of constant expressions. */
export const CONST_OPERATIONS = ["i32.add", "i32.sub", "i32.mul", "i64.add", "i64.sub", "i64.mul"] as const;
export type ConstOperation = (typeof CONST_OPERATIONS)[number];

/** Receives the instructions of a constant expression. `at` is the offset of the instruction. */
export interface ConstVisitor {
  number(type: ValueType, low: number, high: number): void;
  /** A vector of SIMD. Its 16 bytes start at `bytes`. */
  vector(bytes: number): void;
  global(index: number, at: number): void;
  nullReference(type: ReferenceType): void;
  func(index: number, at: number): void;
  operation(operation: ConstOperation, at: number): void;
}

type Step = (cursor: Cursor, visitor: ConstVisitor, at: number) => void;

const operationSteps: Record<string, Step> = Object.fromEntries(
  CONST_OPERATIONS.map((name): [string, Step] => [name, (_, visitor, at) => visitor.operation(name, at)]),
);

const STEPS = byOpcode<Step>({
  "global.get": (cursor, visitor, at) => visitor.global(cursor.u32(), at),
  "i32.const": (cursor, visitor) => visitor.number(I32, cursor.i32(), 0),
  "i64.const": (cursor, visitor) => {
    cursor.i64();
    visitor.number(I64, cursor.low, cursor.high);
  },
  "f32.const": (cursor, visitor) => visitor.number(F32, cursor.word(), 0),
  "f64.const": (cursor, visitor) => {
    const low = cursor.word();
    visitor.number(F64, low, cursor.word());
  },
  "v128.const": (cursor, visitor, at) => {
    cursor.simdAt ??= at;
    const bytes = cursor.offset;
    cursor.skip(16);
    visitor.vector(bytes);
  },
  "ref.null": (cursor, visitor) => visitor.nullReference(readReferenceType(cursor)),
  "ref.func": (cursor, visitor, at) => visitor.func(cursor.u32(), at),
  ...operationSteps,
});

const END = opcodeOf("end");

/**
 * Walks a constant expression up to its `end`.
 *
 * @returns the offset of the `end`
 * @throws {CompileError} if an instruction is malformed or not constant, or the expression is too long
 */
export function walkConstExpr(cursor: Cursor, visitor: ConstVisitor): number {
  const start = cursor.offset;
  for (;;) {
    const at = cursor.offset;
    if (at - start > MAX_CONST_EXPR_BYTES) {
      throw cursor.error(`a constant expression has more than ${MAX_CONST_EXPR_BYTES} bytes`, start);
    }
    const code = cursor.u8();
    if (code === END) return at;
    const step = STEPS[isPrefix(code) ? densePrefixed(code, cursor.u32()) : code];
    if (step === undefined) throw notConstant(cursor, at);
    step(cursor, visitor, at);
  }
}

function notConstant(cursor: Cursor, at: number): CompileError {
  cursor.offset = at;
  const byte = cursor.u8();
  const code = isPrefix(byte) ? prefixedCode(byte, cursor.u32()) : byte;
  const row = opcodeRow(code);
  return row === undefined ? refuseOpcode(code, at) : cursor.error(`constant expression required: found ${row[1]}`, at);
}

const NOBODY: ConstVisitor = { number() {}, vector() {}, global() {}, nullReference() {}, func() {}, operation() {} };

/** Reads a constant expression as a range, its `end` included, and checks that its instructions are constant. */
export function readConstExpr(cursor: Cursor): ByteRange {
  const start = cursor.offset;
  walkConstExpr(cursor, NOBODY);
  return { start, end: cursor.offset };
}

/** Reads the index of a function, and checks it against the limit only. */
export function readFunctionIndex(cursor: Cursor): number {
  const at = cursor.offset;
  return checkFunctionIndex(cursor, cursor.u32(), at);
}

function checkFunctionIndex(cursor: Cursor, index: number, at: number): number {
  if (index >= MAX_FUNCTIONS) throw cursor.error(`unknown function ${index}`, at);
  return index;
}

/** Reads a constant expression of a reference type. One with several instructions would return a number or several values. */
export function readConstReference(cursor: Cursor): ConstReference {
  const start = cursor.offset;
  let reference: ConstReference | undefined;
  let count = 0;
  const take = (it?: ConstReference): void => {
    reference = it;
    count++;
  };
  walkConstExpr(cursor, {
    number: () => take(),
    vector: () => take(),
    global: (index) => {
      if (index >= MAX_GLOBALS) throw cursor.error(`unknown global ${index}`, start);
      take(FIRST_GLOBAL - index);
    },
    nullReference: (type) => take(type === FUNCREF ? NULL_FUNC : NULL_EXTERN),
    func: (index, at) => take(checkFunctionIndex(cursor, index, at)),
    operation: () => take(),
  });
  if (count === 1 && reference !== undefined) return reference;
  throw cursor.error("type mismatch: a constant expression of a reference type must be one instruction", start);
}
