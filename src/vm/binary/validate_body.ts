/**
 * The specification's validation algorithm for one function body, with the specification's names. It keeps a stack of
 * operand types and a stack of control frames, and makes one pass without recursion. validate.ts checks the rest of a
 * module.
 *
 * @see https://webassembly.github.io/spec/core/appendix/algorithm.html
 * @module
 */

import { readReferenceType } from "./const_expr.ts";
import { Cursor } from "./cursor.ts";
import { readValueType } from "./sections.ts";
import { refuseOpcode, refuseType, unsupported } from "./unsupported.ts";
import { CompileError } from "../errors.ts";
import {
  MAX_BR_TABLE_TARGETS,
  MAX_LISTED_OPERANDS,
  MAX_LISTED_OPERANDS_PER_BYTE,
  MAX_LOCALS,
  MAX_NESTING,
  MAX_OPERANDS,
} from "../limits.ts";
import { byOpcode, codeOfDense, densePrefixed, isPrefix, isSimd, prefixedCode } from "./opcodes.ts";
import { IMMEDIATES, SIGNATURES, SPECIAL } from "./signatures.ts";
import type { Immediates } from "./opcodes.ts";
import { SIMD_PARTS } from "./opcodes_simd.ts";
import type { SimdImmediates, SimdParts } from "./opcodes_simd.ts";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128, valueTypeName } from "./types.ts";
import type { FuncType, GlobalType, ModuleRecord, ValueType } from "./types.ts";

// Types

/** The type of an operand that unreachable code pops from an empty stack: any. */
const UNKNOWN = 0;

const EMPTY: readonly ValueType[] = [];
const SINGLE: ReadonlyMap<number, readonly ValueType[]> = new Map(
  ([I32, I64, F32, F64, V128, FUNCREF, EXTERNREF] as const).map((type) => [type, [type]]),
);
/** The block type without parameters and results, as s33. */
const EMPTY_BLOCK = -0x40;

function typeName(type: number): string {
  return type === UNKNOWN ? "any" : valueTypeName(type as ValueType);
}

function isReference(type: number): boolean {
  return type === FUNCREF || type === EXTERNREF;
}

// A control frame is four words: the opcode that opened it, with a flag once the rest of it is unreachable; its block type;
// the height of the operand stack below its parameters; and the offset of the last `br_table` that named it, or 0.

const FRAME_WORDS = 4;
const UNREACHABLE_FLAG = 0x100;
const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
/** Opens the outermost frame. Its block type is the function's type, whose parameters are locals and not operands. */
const FUNCTION = 0;
const OUTERMOST = 0;

/** Bytes of a body that are validated without a pause: well under ten milliseconds. */
const PART_BYTES = 32_768;
const NONE = -1;
/** Control instructions, calls included, have smaller opcodes. */
const LAST_CONTROL = 0x13;
/** A loop costs a compiler this many times what another instruction does. */
const LOOP_WEIGHT = 4;
/** Straight code gets a check of its fuel for so many bytes. */
const BYTES_PER_CHECK = 512;
/** No byte below this is a prefix. */
const FIRST_PREFIX = 0xfc;

/** Validates the bodies of one module, one at a time, each in parts. */
export class BodyValidator {
  readonly #record: ModuleRecord;
  /** For each function, whether the module declares it outside of bodies, so that `ref.func` may name it. */
  readonly #declared: Uint8Array;
  #cursor: Cursor;
  /** The body that is partly validated, and where it ends. */
  #body = NONE;
  #end = 0;
  #functionIndex = 0;
  /** Runs of locals that have not been read yet. */
  #groups = 0;
  #locals: Uint8Array = new Uint8Array(64);
  #localCount = 0;
  #operands: Uint8Array = new Uint8Array(64);
  #height = 0;
  #frames: Int32Array = new Int32Array(64 * FRAME_WORDS);
  /** The innermost frame's first word; negative when the function has ended. */
  #frame = -FRAME_WORDS;
  /** The height of the operand stack below which the innermost frame must not pop. */
  #floor = 0;
  /** Whether the rest of the innermost frame is unreachable. */
  #unreached = false;
  /** Offset of the current instruction. */
  #at = 0;
  /** Operands that calls, branches and blocks of all bodies so far took and returned. */
  #listed = 0;
  /** Of the current body: the locals and operands that are there at its control instructions, all added up. */
  #weight = 0;

  /** @param declared a byte for each function: not 0 if `ref.func` may name it */
  constructor(record: ModuleRecord, declared: Uint8Array) {
    this.#record = record;
    this.#declared = declared;
    this.#cursor = new Cursor(record.bytes, 0, 0);
  }

  /**
   * Validates the next part of a defined function's body. Returns whether it was the last; if not, the caller must call
   * again with the same body.
   *
   * @throws {CompileError} at the first fault
   */
  validate(index: number): boolean {
    if (this.#body !== index) this.#begin(index);
    const cursor = this.#cursor;
    const from = cursor.offset;
    const until = from + PART_BYTES;
    while (this.#groups > 0 && cursor.offset < until) this.#readLocals();
    while (this.#groups === 0 && this.#frame >= OUTERMOST && cursor.offset < until) {
      this.#at = cursor.offset;
      let code = cursor.u8();
      if (code >= FIRST_PREFIX) code = this.#prefixed(code);
      const signature = SIGNATURES[code];
      if (signature === SPECIAL) {
        if (code <= LAST_CONTROL) this.#weight += (this.#localCount + this.#height) * (code === LOOP ? LOOP_WEIGHT : 1);
        BodyValidator.#RULES[code]!(this);
      } else {
        const immediates = IMMEDIATES[code];
        if (immediates !== "") this.#immediates(code, immediates);
        this.#apply(signature);
      }
    }
    const record = this.#record;
    record.simdAt ??= cursor.simdAt;
    this.#weight += Math.floor((cursor.offset - from) / BYTES_PER_CHECK) * (this.#localCount + this.#height);
    record.heaviestBody = Math.max(record.heaviestBody, this.#weight);
    if (this.#frame >= OUTERMOST) return false;
    this.#body = NONE;
    if (cursor.offset < this.#end) {
      throw this.#error("section size mismatch: bytes after the function's end", cursor.offset);
    }
    return true;
  }

  /** The dense opcode after a byte that may be a prefix. */
  #prefixed(byte: number): number {
    if (!isPrefix(byte)) return byte;
    const number = this.#cursor.u32();
    const dense = densePrefixed(byte, number);
    if (dense < 0) throw refuseOpcode(prefixedCode(byte, number), this.#at);
    if (isSimd(dense)) this.#cursor.simdAt ??= this.#at;
    return dense;
  }

  #begin(index: number): void {
    const record = this.#record;
    const { start, end } = record.bodies[index];
    this.#body = index;
    this.#end = end;
    this.#cursor = new Cursor(record.bytes, start, end);
    this.#functionIndex = record.importedFunctions + index;
    const typeIndex = record.functions[this.#functionIndex];
    const { params } = record.types[typeIndex];
    this.#localCount = params.length;
    this.#reserveLocals(params.length);
    this.#locals.set(params);
    this.#groups = this.#cursor.count();
    this.#height = 0;
    this.#weight = 0;
    this.#frame = -FRAME_WORDS;
    this.#pushCtrl(FUNCTION, typeIndex);
  }

  /** Reads a run of locals of one type. The limit is checked before it is expanded. */
  #readLocals(): void {
    const cursor = this.#cursor;
    const total = this.#localCount;
    const at = cursor.offset;
    const count = cursor.u32();
    const type = readValueType(cursor);
    if (total + count > MAX_LOCALS) {
      throw this.#error(`too many locals: ${total + count} or more, the limit is ${MAX_LOCALS}`, at);
    }
    this.#reserveLocals(total + count);
    this.#locals.fill(type, total, total + count);
    this.#localCount = total + count;
    this.#groups--;
  }

  #reserveLocals(count: number): void {
    if (count > this.#locals.length) this.#locals = grown(this.#locals, count, MAX_LOCALS);
  }

  // The algorithm's primitives

  #reserveOperands(height: number): void {
    if (height <= this.#operands.length) return;
    if (height > MAX_OPERANDS) throw this.#error(`more than ${MAX_OPERANDS} operands on the stack`);
    this.#operands = grown(this.#operands, height, MAX_OPERANDS);
  }

  #pushVal(type: number): void {
    this.#reserveOperands(this.#height + 1);
    this.#operands[this.#height++] = type;
  }

  #pushVals(types: readonly ValueType[]): void {
    this.#list(types);
    const height = this.#height;
    this.#height = height + types.length;
    this.#reserveOperands(this.#height);
    const operands = this.#operands;
    for (let index = 0; index < types.length; index++) operands[height + index] = types[index];
  }

  /** Limits the work on lists of types: two bytes may name a list of a thousand. */
  #list(types: readonly ValueType[]): void {
    this.#listed += types.length;
    if (this.#listed > MAX_LISTED_OPERANDS + this.#at * MAX_LISTED_OPERANDS_PER_BYTE) {
      throw this.#error(`calls, branches and blocks take and return too many operands: ${this.#listed} so far`);
    }
  }

  /** Pops an operand of any type. */
  #popAny(): number {
    if (this.#height > this.#floor) return this.#operands[--this.#height];
    if (this.#unreached) return UNKNOWN;
    throw this.#mismatch("an operand", "nothing");
  }

  #popVal(expected: number): void {
    if (this.#height > this.#floor) {
      const actual = this.#operands[--this.#height];
      if (actual !== expected && actual !== UNKNOWN) throw this.#mismatch(typeName(expected), typeName(actual));
    } else if (!this.#unreached) throw this.#mismatch(typeName(expected), "nothing");
  }

  #popVals(types: readonly ValueType[]): void {
    this.#list(types);
    for (let index = types.length - 1; index >= 0; index--) this.#popVal(types[index]);
  }

  /** Checks the top of the stack as `popVals` does, and leaves it unchanged. */
  #peekVals(types: readonly ValueType[]): void {
    const height = this.#height;
    this.#popVals(types);
    this.#height = height;
  }

  #pushCtrl(opcode: number, blockType: number): void {
    const frame = this.#frame + FRAME_WORDS;
    if (frame === this.#frames.length) {
      if (frame >= MAX_NESTING * FRAME_WORDS) throw this.#error(`blocks are nested deeper than ${MAX_NESTING}`);
      const frames = new Int32Array(Math.min(frame * 2, MAX_NESTING * FRAME_WORDS));
      frames.set(this.#frames);
      this.#frames = frames;
    }
    this.#frame = frame;
    this.#frames[frame] = opcode;
    this.#frames[frame + 1] = blockType;
    this.#frames[frame + 2] = this.#floor = this.#height;
    this.#frames[frame + 3] = 0;
    this.#unreached = false;
    if (opcode !== FUNCTION) this.#pushVals(this.#paramsOf(blockType));
  }

  /** Ends the innermost frame, when only its results may be left. Returns the opcode that opened it. */
  #popCtrl(): number {
    const frame = this.#frame;
    this.#popVals(this.#endTypes(frame));
    if (this.#height !== this.#floor) {
      throw this.#error(`type mismatch: ${this.#height - this.#floor} more values on the stack than the block returns`);
    }
    const opcode = this.#frames[frame] & ~UNREACHABLE_FLAG;
    this.#frame = frame - FRAME_WORDS;
    if (this.#frame >= OUTERMOST) {
      this.#floor = this.#frames[this.#frame + 2];
      this.#unreached = (this.#frames[this.#frame] & UNREACHABLE_FLAG) !== 0;
    }
    return opcode;
  }

  #unreachable(): void {
    this.#height = this.#floor;
    this.#unreached = true;
    this.#frames[this.#frame] |= UNREACHABLE_FLAG;
  }

  #paramsOf(blockType: number): readonly ValueType[] {
    return blockType >= 0 ? this.#record.types[blockType].params : EMPTY;
  }

  #endTypes(frame: number): readonly ValueType[] {
    const blockType = this.#frames[frame + 1];
    if (blockType >= 0) return this.#record.types[blockType].results;
    return blockType === EMPTY_BLOCK ? EMPTY : SINGLE.get(blockType & 0x7f)!;
  }

  /** The types of the values that a branch to the label carries. */
  #labelTypes(frame: number): readonly ValueType[] {
    return (this.#frames[frame] & ~UNREACHABLE_FLAG) === LOOP
      ? this.#paramsOf(this.#frames[frame + 1])
      : this.#endTypes(frame);
  }

  #apply(signature: number): void {
    if ((signature & 0xff) !== 0) this.#popVal(signature & 0xff);
    if ((signature & 0xff00) !== 0) this.#popVal(signature >> 8 & 0xff);
    if ((signature & 0xff0000) !== 0) this.#popVal(signature >> 16 & 0xff);
    if (signature >> 24 !== 0) this.#pushVal(signature >> 24);
  }

  // Immediates of instructions with a fixed signature

  #immediates(code: number, immediates: Immediates | undefined): void {
    const cursor = this.#cursor;
    switch (immediates) {
      case "i32":
        cursor.i32();
        return;
      case "memarg2":
        return this.#memarg(2);
      case "memarg3":
        return this.#memarg(3);
      case "memarg0":
        return this.#memarg(0);
      case "memarg1":
        return this.#memarg(1);
      case "i64":
        return cursor.i64();
      case "f64":
        return cursor.skip(8);
      case "f32":
        return cursor.skip(4);
      case "memory":
        return this.#memory();
      case "memory_memory":
        this.#memory();
        return this.#memory();
      case "data_memory":
        this.#data();
        return this.#memory();
      case "data":
        return this.#data();
      case "elem":
        this.#elem();
        return;
      case "elem_table": {
        const source = this.#elem();
        return this.#sameElements(this.#table(), source);
      }
      case "table":
        this.#table();
        return;
      case "table_table":
        return this.#sameElements(this.#table(), this.#table());
      case undefined:
        throw refuseOpcode(codeOfDense(code), this.#at);
      default:
        return this.#vector(SIMD_PARTS[immediates as SimdImmediates]);
    }
  }

  #memarg(natural: number): void {
    const cursor = this.#cursor;
    const alignment = cursor.u32();
    if (alignment > natural) throw this.#alignmentError(alignment, natural);
    cursor.u32();
    if (this.#record.memories.length === 0) throw this.#error("unknown memory 0");
  }

  #vector({ align, lanes, count }: SimdParts): void {
    if (align >= 0) this.#memarg(align);
    for (; count > 0; count--) {
      const lane = this.#cursor.u8();
      if (lane >= lanes) throw this.#error(`invalid lane index ${lane}: it must be below ${lanes}`);
    }
  }

  #alignmentError(alignment: number, natural: number): CompileError {
    if (alignment < 32) {
      return this.#error(`alignment must not be larger than natural: 2^${alignment} is larger than 2^${natural}`);
    }
    if (alignment >= 64 && alignment < 128) return unsupported("multi-memory", "memory index in an access", this.#at);
    return this.#error(`malformed memop flags: 0x${alignment.toString(16)}`);
  }

  /** Reads a memory's index, which is a single zero byte. */
  #memory(): void {
    const byte = this.#cursor.u8();
    if (byte !== 0) throw this.#error(`zero byte expected: memory ${byte}, multi-memory is not supported`);
    if (this.#record.memories.length === 0) throw this.#error("unknown memory 0");
  }

  #data(): void {
    const index = this.#cursor.u32();
    const { dataCount } = this.#record;
    if (dataCount === undefined) throw this.#error("data count section required");
    if (index >= dataCount) throw this.#error(`unknown data segment ${index}`);
  }

  #elem(): ValueType {
    const index = this.#cursor.u32();
    const { elements } = this.#record;
    if (index >= elements.length) throw this.#error(`unknown elem segment ${index}`);
    return elements[index].type;
  }

  /** The element type of the table that the immediate names. */
  #table(): ValueType {
    const index = this.#cursor.u32();
    const { tables } = this.#record;
    if (index >= tables.length) throw this.#error(`unknown table ${index}`);
    return tables[index].element;
  }

  #sameElements(destination: ValueType, source: ValueType): void {
    if (destination !== source) throw this.#mismatch(`elements of type ${typeName(destination)}`, typeName(source));
  }

  #local(): number {
    const index = this.#cursor.u32();
    if (index >= this.#localCount) throw this.#error(`unknown local ${index}`);
    return this.#locals[index];
  }

  /** The first word of the frame that the immediate names. */
  #label(): number {
    const depth = this.#cursor.u32();
    const frame = this.#frame - depth * FRAME_WORDS;
    if (frame < OUTERMOST) throw this.#error(`unknown label ${depth}`);
    return frame;
  }

  #funcType(): FuncType {
    const index = this.#cursor.u32();
    const { functions, types } = this.#record;
    if (index >= functions.length) throw this.#error(`unknown function ${index}`);
    return types[functions[index]];
  }

  /** The type of an indirect call, with the table's index popped. */
  #indirectType(): FuncType {
    const index = this.#cursor.u32();
    const { types } = this.#record;
    const element = this.#table();
    if (element !== FUNCREF) throw this.#mismatch("a table of funcref", typeName(element));
    if (index >= types.length) throw this.#error(`unknown type ${index}`);
    this.#popVal(I32);
    return types[index];
  }

  /** A block type as s33: a type index, or a negative number with a value type's code in its low bits. */
  #blockType(): number {
    const cursor = this.#cursor;
    const start = cursor.offset;
    const blockType = cursor.s33();
    if (blockType >= 0) {
      if (blockType >= this.#record.types.length) throw this.#error(`unknown type ${blockType}`);
      return blockType;
    }
    if (cursor.offset - start > 1) throw this.#error(`malformed block type ${blockType}`);
    if (blockType !== EMPTY_BLOCK && !SINGLE.has(blockType & 0x7f)) {
      throw refuseType(blockType & 0x7f, "malformed block type", start);
    }
    if ((blockType & 0x7f) === V128) cursor.simdAt ??= start;
    return blockType;
  }

  /** The rules of instructions whose types depend on immediates or on the stack. */
  static readonly #RULES = byOpcode<(validator: BodyValidator) => void>({
    "local.get": (validator) => validator.#pushVal(validator.#local()),
    "local.set": (validator) => validator.#popVal(validator.#local()),
    "local.tee": (validator) => {
      const type = validator.#local();
      validator.#popVal(type);
      validator.#pushVal(type);
    },
    "unreachable": (validator) => validator.#unreachable(),
    "block": (validator) => validator.#open(BLOCK, validator.#blockType()),
    "loop": (validator) => validator.#open(LOOP, validator.#blockType()),
    "if": (validator) => {
      const blockType = validator.#blockType();
      validator.#popVal(I32);
      validator.#open(IF, blockType);
    },
    "else": (validator) => {
      if (validator.#popCtrl() !== IF) throw validator.#error("END opcode expected: else without if");
      validator.#pushCtrl(ELSE, validator.#frames[validator.#frame + FRAME_WORDS + 1]);
    },
    "end": (validator) => validator.#endBlock(),
    "br": (validator) => {
      validator.#popVals(validator.#labelTypes(validator.#label()));
      validator.#unreachable();
    },
    "br_if": (validator) => {
      const types = validator.#labelTypes(validator.#label());
      validator.#popVal(I32);
      validator.#popVals(types);
      validator.#pushVals(types);
    },
    "br_table": (validator) => validator.#branchTable(),
    "return": (validator) => {
      validator.#popVals(validator.#endTypes(OUTERMOST));
      validator.#unreachable();
    },
    "call": (validator) => validator.#call(validator.#funcType()),
    "call_indirect": (validator) => validator.#call(validator.#indirectType()),
    "return_call": (validator) => validator.#returnCall(validator.#funcType()),
    "return_call_indirect": (validator) => validator.#returnCall(validator.#indirectType()),
    "drop": (validator) => void validator.#popAny(),
    "select": (validator) => validator.#select(),
    "select_t": (validator) => validator.#selectTyped(),
    "global.get": (validator) => validator.#pushVal(validator.#global().value),
    "global.set": (validator) => {
      const { value, mutable } = validator.#global();
      if (!mutable) throw validator.#error("global is immutable");
      validator.#popVal(value);
    },
    "table.get": (validator) => {
      const type = validator.#table();
      validator.#popVal(I32);
      validator.#pushVal(type);
    },
    "table.set": (validator) => {
      validator.#popVal(validator.#table());
      validator.#popVal(I32);
    },
    "table.grow": (validator) => {
      const type = validator.#table();
      validator.#popVal(I32);
      validator.#popVal(type);
      validator.#pushVal(I32);
    },
    "table.fill": (validator) => {
      const type = validator.#table();
      validator.#popVal(I32);
      validator.#popVal(type);
      validator.#popVal(I32);
    },
    "ref.null": (validator) => validator.#pushVal(readReferenceType(validator.#cursor)),
    "ref.is_null": (validator) => {
      const type = validator.#popAny();
      if (type !== UNKNOWN && !isReference(type)) throw validator.#mismatch("a reference", typeName(type));
      validator.#pushVal(I32);
    },
    "ref.func": (validator) => validator.#refFunc(),
  });

  #open(opcode: number, blockType: number): void {
    this.#popVals(this.#paramsOf(blockType));
    this.#pushCtrl(opcode, blockType);
  }

  #endBlock(): void {
    if (this.#popCtrl() === IF) {
      // Without an `else` the parameters are the results.
      this.#pushCtrl(ELSE, this.#frames[this.#frame + FRAME_WORDS + 1]);
      this.#popCtrl();
    }
    if (this.#frame >= OUTERMOST) this.#pushVals(this.#endTypes(this.#frame + FRAME_WORDS));
  }

  #branchTable(): void {
    const cursor = this.#cursor;
    this.#popVal(I32);
    const count = cursor.count();
    if (count > MAX_BR_TABLE_TARGETS) {
      throw this.#error(`br_table has ${count} targets, the limit is ${MAX_BR_TABLE_TARGETS}`);
    }
    let checked: readonly ValueType[] | undefined;
    for (let place = 0; place <= count; place++) {
      const frame = this.#label();
      // Thousands of targets often name a few labels, each of which may have a thousand types.
      if (this.#frames[frame + 3] === this.#at) continue;
      this.#frames[frame + 3] = this.#at;
      this.#weight += this.#localCount + this.#height;
      const types = this.#labelTypes(frame);
      // Labels of one type are checked once, but the translator moves the values for each.
      if (types === checked) {
        this.#list(types);
        continue;
      }
      if (checked !== undefined && checked.length !== types.length) {
        throw this.#error(`type mismatch: labels of one br_table take ${checked.length} and ${types.length} values`);
      }
      this.#peekVals(types);
      checked = types;
    }
    this.#unreachable();
  }

  #call({ params, results }: FuncType): void {
    this.#popVals(params);
    this.#pushVals(results);
  }

  #returnCall({ params, results }: FuncType): void {
    this.#popVals(params);
    const expected = this.#endTypes(OUTERMOST);
    if (results.length !== expected.length || results.some((type, index) => type !== expected[index])) {
      throw this.#error("type mismatch: the tail-called function's results differ from the caller's");
    }
    this.#unreachable();
  }

  #select(): void {
    this.#popVal(I32);
    const second = this.#popAny();
    const first = this.#popAny();
    if (isReference(first) || isReference(second)) {
      throw this.#mismatch("numbers for an untyped select", typeName(isReference(first) ? first : second));
    }
    if (first !== second && first !== UNKNOWN && second !== UNKNOWN) {
      throw this.#mismatch(typeName(first), typeName(second));
    }
    this.#pushVal(first === UNKNOWN ? second : first);
  }

  #selectTyped(): void {
    const count = this.#cursor.count();
    if (count !== 1) throw this.#error(`invalid result arity: select of ${count} types`);
    const type = readValueType(this.#cursor);
    this.#popVal(I32);
    this.#popVal(type);
    this.#popVal(type);
    this.#pushVal(type);
  }

  #global(): GlobalType {
    const index = this.#cursor.u32();
    const { globals } = this.#record;
    if (index >= globals.length) throw this.#error(`unknown global ${index}`);
    return globals[index];
  }

  #refFunc(): void {
    const index = this.#cursor.u32();
    if (index >= this.#record.functions.length) throw this.#error(`unknown function ${index}`);
    if (this.#declared[index] === 0) throw this.#error(`undeclared function reference ${index}`);
    this.#pushVal(FUNCREF);
  }

  // Errors

  #error(message: string, offset: number = this.#at): CompileError {
    return new CompileError(`${message}, in function ${this.#functionIndex}`, offset);
  }

  #mismatch(expected: string, actual: string): CompileError {
    return this.#error(`type mismatch: expected ${expected}, found ${actual}`);
  }
}

function grown(bytes: Uint8Array, atLeast: number, atMost: number): Uint8Array {
  const larger = new Uint8Array(Math.max(atLeast, Math.min(bytes.length * 2, atMost)));
  larger.set(bytes);
  return larger;
}
