/**
 * Translates the body of one validated function to register code in the arena, at its first call. It trusts the
 * validator, knows nothing of instances, and emits no op that ops.ts does not list.
 *
 * Locals and operand positions are registers of the frame; a value is moved only when control flow or a call needs it
 * in its own place. Fuel counts executed WebAssembly instructions (`block`, `loop`, `else`, `end` and `nop` are free)
 * and is paid a run at a time, by whatever takes control to where the run begins: a run is what is executed from there to
 * the next branch, call or return, whether or not labels are on the way.
 *
 * @module
 */

import { Cursor } from "../binary/cursor.ts";
import { Emitter, is64, ROOM } from "./emitter.ts";
import type { LoopRun } from "./emitter.ts";
import { CONSTANT } from "./operands.ts";
import { findPlan } from "./plans.ts";
import { CODE, codeTop, commitCode } from "./arena.ts";
import type { ModuleCode } from "./arena.ts";
import { InternalError } from "../errors.ts";
import { OP } from "./ops.ts";
import { opcodeRow } from "../binary/opcodes.ts";
import type { Immediates } from "../binary/opcodes.ts";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64 } from "../binary/types.ts";
import type { FuncType, ValueType } from "../binary/types.ts";

/**
 * Instructions at most between two checks of fuel, and so of a run: how far a guest gets beyond its budget, and how far
 * fuel can be ahead of what was executed when it traps. Where code is longer, an op more in a hundred or so.
 */
const MAX_UNCHECKED = 256;
/** `nop`, `block`, `loop`, `else`, `end`. */
const FUEL_FREE = new Set([0x01, 0x02, 0x03, 0x05, 0x0b]);

/** An open block, loop, if, or the function itself. */
interface Label {
  readonly kind: "function" | "block" | "loop" | "if";
  /** Height of the operand stack below the parameters. */
  readonly height: number;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** A loop's start. */
  readonly address: number;
  readonly run: LoopRun | undefined;
  /** Branches to the end that wait for its address: the last one's `t` word, each linked to the one before by that word. */
  branches: number;
  /** The `t` word of the branch to `else`. */
  toElse: number;
}

const EMPTY: readonly ValueType[] = [];
const SINGLE = new Map<number, readonly ValueType[]>(
  ([I32, I64, F32, F64, FUNCREF, EXTERNREF] as const).map((type) => [type, [type]]),
);

class Translator {
  readonly #module: ModuleCode;
  readonly #cursor: Cursor;
  readonly #type: FuncType;
  readonly #localTypes: Uint8Array;
  readonly #code: Emitter;
  readonly #labels: Label[] = [];

  constructor(module: ModuleCode, functionIndex: number) {
    const { record } = module;
    this.#module = module;
    const body = record.bodies[functionIndex - record.importedFunctions];
    this.#cursor = new Cursor(record.bytes, body.start, body.end);
    this.#type = record.types[record.functions[functionIndex]];
    this.#localTypes = this.#readLocals();
    this.#code = new Emitter(this.#cursor, this.#localTypes.length, this.#type.params.length);
  }

  /** Translates the body; returns the address after its last word. */
  run(): number {
    this.#open("function", EMPTY, this.#type.results);
    const cursor = this.#cursor;
    const most = this.#module.stepping ? 1 : MAX_UNCHECKED;
    while (this.#labels.length > 0) {
      let code = cursor.u8();
      if (code === 0xfc) code = 0xfc00 | cursor.u32();
      if (!FUEL_FREE.has(code)) this.#code.count++;
      const plan = findPlan(code);
      if (plan !== undefined) this.#code.planned(plan);
      else this.#special(code);
      if (this.#code.unchecked >= most) this.#code.splitRun();
    }
    const frame = this.#localTypes.length + Math.max(this.#code.operands.maxHeight, this.#type.results.length);
    CODE[this.#code.entry] = frame << 1;
    return this.#code.at;
  }

  #readLocals(): Uint8Array {
    const { params } = this.#type;
    const cursor = this.#cursor;
    const groups = cursor.u32();
    const start = cursor.offset;
    let total = params.length;
    for (let group = 0; group < groups; group++) {
      total += cursor.u32();
      cursor.u8();
    }
    const types = new Uint8Array(total);
    types.set(params);
    // A second reading: millions of groups may be empty, and a list of them is larger than their bytes.
    cursor.offset = start;
    for (let group = 0, at = params.length; group < groups; group++) {
      const end = at + cursor.u32();
      types.fill(cursor.u8(), at, end);
      at = end;
    }
    return types;
  }

  // Control

  #open(kind: Label["kind"], params: readonly ValueType[], results: readonly ValueType[], toElse = 0): void {
    this.#code.forget();
    this.#labels.push({
      kind,
      height: this.#code.operands.height - params.length,
      params,
      results,
      address: this.#code.at,
      run: kind === "loop" ? this.#code.enterLoop() : undefined,
      branches: 0,
      toElse,
    });
  }

  #blockType(): readonly [params: readonly ValueType[], results: readonly ValueType[]] {
    const code = this.#cursor.s33();
    if (code >= 0) {
      const type = this.#module.record.types[code];
      return [type.params, type.results];
    }
    return [EMPTY, SINGLE.get(code & 0x7f) ?? EMPTY];
  }

  /** What a branch to the label carries. */
  #carried(label: Label): readonly ValueType[] {
    return label.kind === "loop" ? label.params : label.results;
  }

  /** Moves the top entries to where the label expects them, leaving the operand stack as it is. */
  #moveTo(label: Label, count: number): void {
    const { operands } = this.#code;
    for (let index = 0; index < count; index++) {
      this.#code.move(operands.height - count + index, operands.home(label.height + index));
    }
  }

  /** Whether what a branch carries, under `above` other entries, is not yet where the label expects it. */
  #needsMoves(label: Label, above = 0): boolean {
    const { operands } = this.#code;
    const count = this.#carried(label).length;
    const first = operands.height - above - count;
    for (let index = 0; index < count; index++) {
      if (operands.register(first + index) !== operands.home(label.height + index)) return true;
    }
    return false;
  }

  /** Fills in the words of a branch at `t`: target and fuel, or the link to be resolved at the label's end. */
  #target(label: Label, t: number): void {
    if (label.run !== undefined) {
      CODE[t] = label.address;
      CODE[t + 1] = label.run.fuel;
    } else {
      CODE[t] = label.branches;
      label.branches = t;
    }
  }

  #branch(label: Label): void {
    if (label.kind === "function") return this.#return();
    const count = this.#carried(label).length;
    this.#moveTo(label, count);
    this.#jump(label, count);
  }

  #jump(label: Label, moves = 0): void {
    this.#code.endRun(moves);
    this.#code.emit(OP.jump);
    this.#target(label, this.#code.at - 2);
  }

  #branchIf(label: Label): void {
    // The condition is above what the branch carries, and an op that is taken back can't be put back.
    if (label.kind !== "function" && !this.#needsMoves(label, 1)) {
      return this.#target(label, this.#code.branchOn(this.#code.takeCondition(true)));
    }
    const over = this.#code.branchOn(this.#code.takeCondition(false));
    this.#branch(label);
    this.#code.bind(over);
  }

  #branchTable(): void {
    const cursor = this.#cursor;
    const count = cursor.u32();
    const depths = new Uint32Array(count + 1);
    for (let index = 0; index <= count; index++) depths[index] = cursor.u32();
    const index = this.#code.pop();
    this.#code.reserve(ROOM + (count + 1) * 2);
    this.#code.endRun();
    this.#code.emit(OP.br_table, index, count);
    const table = this.#code.at;
    this.#code.at += (count + 1) * 2;
    /** For each label, the first entry of the table that leads to where its values are moved; undefined if none need be. */
    const moved = new Map<Label, number | undefined>();
    for (const [place, depth] of depths.entries()) {
      const label = this.#label(depth);
      const t = table + place * 2;
      if (!moved.has(label)) {
        const isMoved = label.kind === "function" || this.#needsMoves(label);
        moved.set(label, isMoved ? t : undefined);
        if (isMoved) {
          CODE[t] = this.#code.at;
          this.#code.enterAt(t + 1);
          this.#branch(label);
        }
      }
      const first = moved.get(label);
      if (first === undefined) this.#target(label, t);
      else if (first !== t) CODE.copyWithin(t, first, first + 2);
    }
    this.#unreachable();
  }

  #label(depth: number): Label {
    return this.#labels[this.#labels.length - 1 - depth];
  }

  #return(): void {
    const { operands } = this.#code;
    const { results } = this.#type;
    const count = results.length;
    this.#code.endRun(count);
    if (count === 0) return this.#code.emit(OP.return);
    if (count === 1) {
      const top = operands.height - 1;
      let register = operands.register(top);
      if (register === CONSTANT) this.#code.move(top, register = operands.home(top));
      return this.#code.emit(is64(results[0]) ? OP.return64 : OP.return32, register);
    }
    // Results go to the frame's first registers, where locals live: first out of the locals, then down in order.
    const first = operands.height - count;
    const homes = results.map((_, index) => operands.home(first + index));
    for (const [index, home] of homes.entries()) this.#code.move(first + index, home);
    for (const [index, home] of homes.entries()) {
      this.#code.emit(is64(results[index]) ? OP.mov64 : OP.mov32, index << 1, home);
    }
    this.#code.emit(OP.return);
  }

  #end(): void {
    const label = this.#labels.pop()!;
    if (label.kind === "function") return this.#return();
    this.#moveTo(label, label.results.length);
    this.#closeAt(label);
  }

  /** Arrives at the end of a block whose results are in place. */
  #closeAt(label: Label): void {
    this.#code.bind(label.branches);
    if (label.toElse !== 0) this.#code.bind(label.toElse);
    this.#restack(label.height, label.results);
  }

  /** Sets the operand stack to a height and values at home above it. */
  #restack(height: number, types: readonly ValueType[]): void {
    this.#code.operands.popTo(height);
    for (const type of types) this.#code.operands.push(type);
    this.#code.forget();
  }

  #else(label: Label): void {
    this.#jump(label);
    this.#startElse(label);
  }

  #startElse(label: Label): void {
    this.#code.bind(label.toElse);
    label.toElse = 0;
    this.#restack(label.height, label.params);
  }

  /** Skips what can't be reached, up to the `else` or `end` that can be. */
  #unreachable(): void {
    const cursor = this.#cursor;
    for (let depth = 0;;) {
      let code = cursor.u8();
      if (code === 0xfc) code = 0xfc00 | cursor.u32();
      const immediates = opcodeRow(code)![2];
      if (immediates === "block") depth++;
      if (code === 0x05 && depth === 0) return this.#startElse(this.#labels[this.#labels.length - 1]);
      if (code === 0x0b && depth-- === 0) break;
      skipImmediates(cursor, immediates);
    }
    const label = this.#labels.pop()!;
    if (label.kind !== "function") this.#closeAt(label);
  }

  // Calls

  /** Settles the arguments on the top of the stack and pops them; returns the register of the first. */
  #arguments(type: FuncType): number {
    const { operands } = this.#code;
    const count = type.params.length;
    const first = operands.height - count;
    for (let height = first; height < operands.height; height++) this.#code.move(height, operands.home(height));
    operands.popTo(first);
    return operands.home(first);
  }

  /** Emits a call, whose last operand is the fuel of the run that begins when it has returned. */
  #emitCall(type: FuncType, op: number, ...operands: readonly number[]): void {
    this.#code.endRun();
    this.#code.emit(op, ...operands);
    this.#code.enterAt(this.#code.at - 1);
    this.#restack(this.#code.operands.height, type.results);
  }

  #call(functionIndex: number): void {
    const { record } = this.#module;
    const type = record.types[record.functions[functionIndex]];
    const op = functionIndex < record.importedFunctions ? OP.call_import : OP.call_lazy;
    this.#emitCall(type, op, functionIndex, this.#arguments(type));
  }

  #callIndirect(): void {
    const { record, canonicalTypes } = this.#module;
    const typeIndex = this.#cursor.u32();
    const table = this.#cursor.u32();
    const element = this.#code.pop();
    const type = record.types[typeIndex];
    const op = table === 0 && record.importedTables === 0 ? OP.call_indirect : OP.call_indirect_any;
    this.#emitCall(type, op, element, canonicalTypes[typeIndex], this.#arguments(type), table);
  }

  // A tail call of a host's or another instance's function is a call like any other: a return follows.

  #returnCall(functionIndex: number): void {
    const { record } = this.#module;
    const type = record.types[record.functions[functionIndex]];
    if (functionIndex < record.importedFunctions) this.#call(functionIndex);
    else this.#emitCall(type, OP.return_call, functionIndex, this.#arguments(type), type.params.length);
    this.#return();
    this.#unreachable();
  }

  #returnCallIndirect(): void {
    const { record, canonicalTypes } = this.#module;
    const typeIndex = this.#cursor.u32();
    const table = this.#cursor.u32();
    const element = this.#code.pop();
    const type = record.types[typeIndex];
    const first = this.#arguments(type);
    this.#emitCall(type, OP.return_call_indirect, element, canonicalTypes[typeIndex], first, type.params.length, table);
    this.#return();
    this.#unreachable();
  }

  // Everything whose types depend on immediates or on the stack

  #special(code: number): void {
    const cursor = this.#cursor;
    const { operands } = this.#code;
    switch (code) {
      case 0x00:
        this.#code.endRun();
        this.#code.emit(OP.unreachable);
        return this.#unreachable();
      case 0x01:
        return;
      case 0x02: {
        const [params, results] = this.#blockType();
        this.#code.settleAll();
        return this.#open("block", params, results);
      }
      case 0x03: {
        const [params, results] = this.#blockType();
        this.#code.settleAll();
        return this.#open("loop", params, results);
      }
      case 0x04: {
        const [params, results] = this.#blockType();
        const condition = this.#code.takeCondition(false);
        this.#code.settleAll();
        return this.#open("if", params, results, this.#code.branchOn(condition));
      }
      case 0x05: {
        const label = this.#labels[this.#labels.length - 1];
        this.#moveTo(label, label.results.length);
        return this.#else(label);
      }
      case 0x0b:
        return this.#end();
      case 0x0c:
        this.#branch(this.#label(cursor.u32()));
        return this.#unreachable();
      case 0x0d:
        return this.#branchIf(this.#label(cursor.u32()));
      case 0x0e:
        return this.#branchTable();
      case 0x0f:
        this.#return();
        return this.#unreachable();
      case 0x10:
        return this.#call(cursor.u32());
      case 0x11:
        return this.#callIndirect();
      case 0x12:
        return this.#returnCall(cursor.u32());
      case 0x13:
        return this.#returnCallIndirect();
      case 0x1a:
        return operands.pop();
      case 0x1c:
        for (let count = cursor.u32(); count > 0; count--) cursor.u8();
        return this.#select();
      case 0x1b:
        return this.#select();
      case 0x20: {
        const local = cursor.u32();
        return operands.pushLocal(this.#localTypes[local] as ValueType, local);
      }
      case 0x21:
        this.#code.assign(cursor.u32());
        return;
      case 0x22: {
        const local = cursor.u32();
        return operands.pushLocal(this.#code.assign(local), local);
      }
      case 0x23:
        return this.#globalGet(cursor.u32());
      case 0x24:
        return this.#globalSet(cursor.u32());
      case 0x41:
        return operands.pushConstant(I32, cursor.i32(), 0);
      case 0x42:
        cursor.i64();
        return operands.pushConstant(I64, cursor.low, cursor.high);
      case 0x43:
        return operands.pushConstant(F32, cursor.word(), 0);
      case 0x44: {
        const low = cursor.word();
        return operands.pushConstant(F64, low, cursor.word());
      }
      case 0xd0:
        return operands.pushConstant(cursor.u8() as ValueType, 0, 0);
      case 0xd1:
        return this.#code.emitResult(OP.i32_eqz, I32, this.#code.pop());
      case 0xd2:
        return this.#code.emitResult(OP.ref_func, FUNCREF, cursor.u32());
      default:
        return this.#bulk(code);
    }
  }

  #select(): void {
    const condition = this.#code.pop();
    const second = this.#code.pop();
    const first = this.#code.pop();
    const type = this.#code.operands.type(this.#code.operands.height);
    this.#code.emitResult(is64(type) ? OP.select64 : OP.select32, type, first, second, condition);
  }

  #globalGet(index: number): void {
    const { globals, importedGlobals } = this.#module.record;
    const { value, mutable } = globals[index];
    if (value === FUNCREF || value === EXTERNREF) this.#code.emitResult(OP.global_get_ref, value, index);
    else if (mutable && index < importedGlobals) this.#code.emitResult(OP.global_get_shared, value, index);
    else this.#code.emitResult(is64(value) ? OP.global_get64 : OP.global_get32, value, index << 1);
  }

  #globalSet(index: number): void {
    const { globals, importedGlobals } = this.#module.record;
    const { value } = globals[index];
    const register = this.#code.pop();
    if (value === FUNCREF || value === EXTERNREF) this.#code.emit(OP.global_set_ref, index, register);
    else if (index < importedGlobals) this.#code.emit(OP.global_set_shared, index, register);
    else this.#code.emit(is64(value) ? OP.global_set64 : OP.global_set32, index << 1, register);
  }

  /** Tables, memory as a whole, and bulk operations: rare ops, with their indices after their registers. */
  #bulk(code: number): void {
    const cursor = this.#cursor;
    switch (code) {
      case 0x25: {
        const table = cursor.u32();
        return this.#code.emitResult(OP.table_get, this.#module.record.tables[table].element, this.#code.pop(), table);
      }
      case 0x26: {
        const value = this.#code.pop();
        return this.#code.emit(OP.table_set, cursor.u32(), this.#code.pop(), value);
      }
      case 0x3f:
        cursor.u32();
        return this.#code.emitResult(OP.memory_size, I32);
      case 0x40:
        cursor.u32();
        return this.#code.emitResult(OP.memory_grow, I32, this.#code.pop());
      case 0xfc08: {
        const segment = cursor.u32();
        cursor.u32();
        return this.#emitBulk(OP.memory_init, segment);
      }
      case 0xfc09:
        return this.#code.emit(OP.data_drop, cursor.u32());
      case 0xfc0a:
        cursor.u32();
        cursor.u32();
        return this.#emitBulk(OP.memory_copy);
      case 0xfc0b:
        cursor.u32();
        return this.#emitBulk(OP.memory_fill);
      case 0xfc0c: {
        const segment = cursor.u32();
        return this.#emitBulk(OP.table_init, segment, cursor.u32());
      }
      case 0xfc0d:
        return this.#code.emit(OP.elem_drop, cursor.u32());
      case 0xfc0e: {
        const to = cursor.u32();
        return this.#emitBulk(OP.table_copy, to, cursor.u32());
      }
      case 0xfc0f: {
        const delta = this.#code.pop();
        return this.#code.emitResult(OP.table_grow, I32, this.#code.pop(), delta, cursor.u32());
      }
      case 0xfc10:
        return this.#code.emitResult(OP.table_size, I32, cursor.u32());
      case 0xfc11:
        return this.#emitBulk(OP.table_fill, cursor.u32());
      default:
        throw new InternalError(`no translation of opcode 0x${code.toString(16)}`);
    }
  }

  #emitBulk(op: number, i = 0, j = 0): void {
    const c = this.#code.pop();
    const b = this.#code.pop();
    this.#code.emit(op, this.#code.pop(), b, c, i, j);
  }
}

function skipImmediates(cursor: Cursor, immediates: Immediates): void {
  switch (immediates) {
    case "":
      return;
    case "br_table":
      for (let count = cursor.u32(); count >= 0; count--) cursor.u32();
      return;
    case "select_types":
      for (let count = cursor.u32(); count > 0; count--) cursor.u8();
      return;
    case "block":
      cursor.s33();
      return;
    case "i32":
      cursor.i32();
      return;
    case "i64":
      cursor.i64();
      return;
    case "f32":
      return cursor.skip(4);
    case "f64":
      return cursor.skip(8);
    case "ref_type":
      return cursor.skip(1);
    case "call_indirect":
    case "data_memory":
    case "memory_memory":
    case "elem_table":
    case "table_table":
    case "memarg0":
    case "memarg1":
    case "memarg2":
    case "memarg3":
      cursor.u32();
      cursor.u32();
      return;
    default:
      cursor.u32();
  }
}

/**
 * Translates a function into the arena and returns its entry address.
 *
 * @throws {symbol} {@linkcode ARENA_FULL} if there is no room; nothing has changed then
 */
export function translateFunction(module: ModuleCode, functionIndex: number): number {
  const entry = codeTop();
  commitCode(module, functionIndex, new Translator(module, functionIndex).run());
  return entry;
}
