/**
 * Translates the body of one validated function to register code in the arena, at its first call. It relies on the
 * validator, and its code is the same for all instances.
 *
 * Locals and operand positions are registers of the frame. A value is moved only when control flow or a call needs it
 * in its home. Fuel counts executed WebAssembly instructions (`block`, `loop`, `else`, `end` and `nop` are free). It is
 * paid for one run at a time, by the op that takes control to the beginning of the run. A run extends to the next
 * branch, call or return, past any labels.
 *
 * @module
 */

import { placeOf, wordsOf } from "../objects/layout.ts";
import { Cursor } from "../binary/cursor.ts";
import { Emitter, is64, ROOM } from "./emitter.ts";
import type { LoopRun } from "./emitter.ts";
import { CONSTANT } from "./operands.ts";
import { PLANS } from "./plans.ts";
import { CODE, codeTop, commitCode } from "./arena.ts";
import type { ModuleCode } from "./arena.ts";
import { OP } from "./ops.ts";
import { skipImmediates } from "../binary/immediates.ts";
import { byOpcode, byRow, densePrefixed, isPrefix, opcodeOf } from "../binary/opcodes.ts";
import { FUEL, MAX_UNCHECKED, MOVES_PER_FUEL } from "../costs.ts";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64 } from "../binary/types.ts";
import type { FuncType, ValueType } from "../binary/types.ts";

/** The immediates of each instruction. */
const IMMEDIATES = byRow((row) => row[2]);
const ELSE = opcodeOf("else");
const END = opcodeOf("end");

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
  /** The `t` word of the last branch to the label's end. Until the address is known, each links to the previous one. */
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
      const code = readOpcode(cursor);
      this.#code.count += FUEL[code];
      const plan = PLANS[code];
      if (plan !== undefined) this.#code.planned(plan);
      else Translator.#RULES[code]!(this);
      if (this.#code.unchecked >= most) this.#code.splitRun();
    }
    const frame = this.#localTypes.length + Math.max(this.#code.operands.maxHeight, this.#type.results.length);
    CODE[this.#code.entry] = wordsOf(frame);
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
    // Read a second time: millions of groups may be empty, and a list of them would be larger than their bytes.
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

  /** The types of the values that a branch to the label carries. */
  #carried(label: Label): readonly ValueType[] {
    return label.kind === "loop" ? label.params : label.results;
  }

  /** Moves the top entries to where the label expects them. The operand stack is unchanged. */
  #moveTo(label: Label, count: number): void {
    const { operands } = this.#code;
    for (let index = 0; index < count; index++) {
      this.#code.move(operands.height - count + index, operands.home(label.height + index));
    }
  }

  /** Whether a value that a branch carries, under `above` other entries, is not yet where the label expects it. */
  #needsMoves(label: Label, above = 0): boolean {
    const { operands } = this.#code;
    const count = this.#carried(label).length;
    const first = operands.height - above - count;
    for (let index = 0; index < count; index++) {
      if (operands.register(first + index) !== operands.home(label.height + index)) return true;
    }
    return false;
  }

  /** Whether a branch costs fuel for the values that it carries, also if they are where the label expects them. */
  #paysMoves(label: Label): boolean {
    return this.#carried(label).length >= MOVES_PER_FUEL;
  }

  /** Sets the words of a branch at `t`: target and fuel, or the link that the label's end resolves. */
  #target(label: Label, t: number): void {
    if (label.run !== undefined) {
      CODE[t] = label.address;
      CODE[t + 1] = label.run.fuel;
    } else {
      CODE[t] = label.branches;
      label.branches = t;
    }
  }

  /** @param isConditional whether the branch is one side of a condition, so that not all paths pass its check */
  #branch(label: Label, isConditional = false): void {
    const count = this.#carried(label).length;
    if (label.kind === "function") return this.#return(count, isConditional);
    this.#moveTo(label, count);
    this.#jump(label, count, isConditional);
  }

  #jump(label: Label, moves = 0, isConditional = false): void {
    this.#code.endRun(moves, isConditional);
    this.#code.emit(OP.jump);
    this.#target(label, this.#code.at - 2);
  }

  #branchIf(label: Label): void {
    // The condition is above what the branch carries, and a removed op can't be restored.
    if (label.kind !== "function" && !this.#paysMoves(label) && !this.#needsMoves(label, 1)) {
      return this.#target(label, this.#code.branchOn(this.#code.takeCondition(true)));
    }
    const over = this.#code.branchOn(this.#code.takeCondition(false));
    this.#branch(label, true);
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
    /** For each label, the first table entry that branches to its moves; undefined if it needs none. */
    const moved = new Map<Label, number | undefined>();
    for (const [place, depth] of depths.entries()) {
      const label = this.#label(depth);
      const t = table + place * 2;
      if (!moved.has(label)) {
        const isMoved = label.kind === "function" || this.#paysMoves(label) || this.#needsMoves(label);
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

  /** @param moves the number of values that the return costs fuel for */
  #return(moves: number = this.#type.results.length, isConditional = false): void {
    const { operands } = this.#code;
    const { results } = this.#type;
    const count = results.length;
    this.#code.endRun(moves, isConditional);
    if (count === 0) return this.#code.emit(OP.return);
    if (count === 1) {
      const top = operands.height - 1;
      let register = operands.register(top);
      if (register === CONSTANT) this.#code.move(top, register = operands.home(top));
      return this.#code.emit(is64(results[0]) ? OP.return64 : OP.return32, register);
    }
    // Results go to the frame's first registers, where the locals are. First move them home, then down in order.
    const first = operands.height - count;
    const homes = results.map((_, index) => operands.home(first + index));
    for (const [index, home] of homes.entries()) this.#code.move(first + index, home);
    for (const [index, home] of homes.entries()) {
      this.#code.emit(is64(results[index]) ? OP.mov64 : OP.mov32, placeOf(index), home);
    }
    this.#code.emit(OP.return);
  }

  #end(): void {
    const label = this.#labels.pop()!;
    if (label.kind === "function") return this.#return();
    this.#moveTo(label, label.results.length);
    this.#closeAt(label);
  }

  /** Binds the end of a block whose results are at home. */
  #closeAt(label: Label): void {
    this.#code.bind(label.branches);
    if (label.toElse !== 0) this.#code.bind(label.toElse);
    this.#restack(label.height, label.results);
  }

  /** Sets the operand stack to a height, with values at home above it. */
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

  /** Skips unreachable instructions, up to a reachable `else` or `end`. */
  #unreachable(): void {
    const cursor = this.#cursor;
    for (let depth = 0;;) {
      const code = readOpcode(cursor);
      const immediates = IMMEDIATES[code];
      if (immediates === "block") depth++;
      if (code === ELSE && depth === 0) return this.#startElse(this.#label(0));
      if (code === END && depth-- === 0) break;
      skipImmediates(cursor, immediates);
    }
    const label = this.#labels.pop()!;
    if (label.kind !== "function") this.#closeAt(label);
  }

  // Calls

  /** Moves the arguments home and pops them; returns the register of the first. */
  #arguments(type: FuncType): number {
    const { operands } = this.#code;
    const count = type.params.length;
    const first = operands.height - count;
    for (let height = first; height < operands.height; height++) this.#code.move(height, operands.home(height));
    operands.popTo(first);
    return operands.home(first);
  }

  /** Emits a call. Its last operand is the fuel of the run that begins at its return. */
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

  // A tail call of a function of the host or another instance is an ordinary call, so a return follows. It costs nothing.

  #returnCall(functionIndex: number): void {
    const { record } = this.#module;
    const type = record.types[record.functions[functionIndex]];
    if (functionIndex < record.importedFunctions) this.#call(functionIndex);
    else this.#emitCall(type, OP.return_call, functionIndex, this.#arguments(type), type.params.length);
    this.#return(0);
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
    this.#return(0);
    this.#unreachable();
  }

  /** The rules of instructions whose types depend on immediates or on the stack, or that are not a single op. */
  static readonly #RULES = byOpcode<(translator: Translator) => void>({
    "unreachable": (translator) => {
      translator.#code.endRun();
      translator.#code.emit(OP.unreachable);
      translator.#unreachable();
    },
    "nop": () => {},
    "block": (translator) => translator.#openBlock("block"),
    "loop": (translator) => translator.#openBlock("loop"),
    "if": (translator) => {
      const [params, results] = translator.#blockType();
      const condition = translator.#code.takeCondition(false);
      translator.#code.settleAll();
      translator.#open("if", params, results, translator.#code.branchOn(condition));
    },
    "else": (translator) => {
      const label = translator.#label(0);
      translator.#moveTo(label, label.results.length);
      translator.#else(label);
    },
    "end": (translator) => translator.#end(),
    "br": (translator) => {
      translator.#branch(translator.#label(translator.#cursor.u32()));
      translator.#unreachable();
    },
    "br_if": (translator) => translator.#branchIf(translator.#label(translator.#cursor.u32())),
    "br_table": (translator) => translator.#branchTable(),
    "return": (translator) => {
      translator.#return();
      translator.#unreachable();
    },
    "call": (translator) => translator.#call(translator.#cursor.u32()),
    "call_indirect": (translator) => translator.#callIndirect(),
    "return_call": (translator) => translator.#returnCall(translator.#cursor.u32()),
    "return_call_indirect": (translator) => translator.#returnCallIndirect(),

    "drop": (translator) => translator.#code.operands.pop(),
    "select": (translator) => translator.#select(),
    "select_t": (translator) => {
      skipImmediates(translator.#cursor, "select_types");
      translator.#select();
    },
    "local.get": (translator) => {
      const local = translator.#cursor.u32();
      translator.#code.operands.pushLocal(translator.#localTypes[local] as ValueType, local);
    },
    "local.set": (translator) => void translator.#code.assign(translator.#cursor.u32()),
    "local.tee": (translator) => {
      const local = translator.#cursor.u32();
      translator.#code.operands.pushLocal(translator.#code.assign(local), local);
    },
    "global.get": (translator) => translator.#globalGet(translator.#cursor.u32()),
    "global.set": (translator) => translator.#globalSet(translator.#cursor.u32()),
    "i32.const": (translator) => translator.#code.operands.pushConstant(I32, translator.#cursor.i32(), 0),
    "i64.const": (translator) => {
      const cursor = translator.#cursor;
      cursor.i64();
      translator.#code.operands.pushConstant(I64, cursor.low, cursor.high);
    },
    "f32.const": (translator) => translator.#code.operands.pushConstant(F32, translator.#cursor.word(), 0),
    "f64.const": (translator) => {
      const low = translator.#cursor.word();
      translator.#code.operands.pushConstant(F64, low, translator.#cursor.word());
    },
    "ref.null": (translator) => translator.#code.operands.pushConstant(translator.#cursor.u8() as ValueType, 0, 0),
    "ref.is_null": (translator) => translator.#code.emitResult(OP.i32_eqz, I32, translator.#code.pop()),
    "ref.func": (translator) => translator.#code.emitResult(OP.ref_func, FUNCREF, translator.#cursor.u32()),

    // Tables, memory size and growth, and bulk operations are rare ops. Their indices follow their registers.
    "table.get": (translator) => {
      const table = translator.#cursor.u32();
      const { element } = translator.#module.record.tables[table];
      translator.#code.emitResult(OP.table_get, element, translator.#code.pop(), table);
    },
    "table.set": (translator) => {
      const value = translator.#code.pop();
      translator.#code.emit(OP.table_set, translator.#cursor.u32(), translator.#code.pop(), value);
    },
    "table.size": (translator) => translator.#code.emitResult(OP.table_size, I32, translator.#cursor.u32()),
    "table.grow": (translator) => {
      const delta = translator.#code.pop();
      translator.#code.emitResult(OP.table_grow, I32, translator.#code.pop(), delta, translator.#cursor.u32());
    },
    "table.fill": (translator) => translator.#emitBulk(OP.table_fill, translator.#cursor.u32()),
    "table.copy": (translator) => {
      const to = translator.#cursor.u32();
      translator.#emitBulk(OP.table_copy, to, translator.#cursor.u32());
    },
    "table.init": (translator) => {
      const segment = translator.#cursor.u32();
      translator.#emitBulk(OP.table_init, segment, translator.#cursor.u32());
    },
    "elem.drop": (translator) => translator.#code.emit(OP.elem_drop, translator.#cursor.u32()),
    "memory.size": (translator) => {
      translator.#cursor.u32();
      translator.#code.emitResult(OP.memory_size, I32);
    },
    "memory.grow": (translator) => {
      translator.#cursor.u32();
      translator.#code.emitResult(OP.memory_grow, I32, translator.#code.pop());
    },
    "memory.fill": (translator) => {
      translator.#cursor.u32();
      translator.#emitBulk(OP.memory_fill);
    },
    "memory.copy": (translator) => {
      skipImmediates(translator.#cursor, "memory_memory");
      translator.#emitBulk(OP.memory_copy);
    },
    "memory.init": (translator) => {
      const segment = translator.#cursor.u32();
      translator.#cursor.u32();
      translator.#emitBulk(OP.memory_init, segment);
    },
    "data.drop": (translator) => translator.#code.emit(OP.data_drop, translator.#cursor.u32()),
  });

  #openBlock(kind: "block" | "loop"): void {
    const [params, results] = this.#blockType();
    this.#code.settleAll();
    this.#open(kind, params, results);
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
    else this.#code.emitResult(is64(value) ? OP.global_get64 : OP.global_get32, value, placeOf(index));
  }

  #globalSet(index: number): void {
    const { globals, importedGlobals } = this.#module.record;
    const { value } = globals[index];
    const register = this.#code.pop();
    if (value === FUNCREF || value === EXTERNREF) this.#code.emit(OP.global_set_ref, index, register);
    else if (index < importedGlobals) this.#code.emit(OP.global_set_shared, index, register);
    else this.#code.emit(is64(value) ? OP.global_set64 : OP.global_set32, placeOf(index), register);
  }

  #emitBulk(op: number, i = 0, j = 0): void {
    const c = this.#code.pop();
    const b = this.#code.pop();
    this.#code.emit(op, this.#code.pop(), b, c, i, j);
  }
}

/** The dense opcode of the next instruction. */
function readOpcode(cursor: Cursor): number {
  const code = cursor.u8();
  return isPrefix(code) ? densePrefixed(code, cursor.u32()) : code;
}

/**
 * Translates a function into the arena and returns its entry address.
 *
 * @throws {symbol} {@linkcode ARENA_FULL} if the arena has no room; nothing has changed then
 */
export function translateFunction(module: ModuleCode, functionIndex: number): number {
  const entry = codeTop();
  commitCode(module, functionIndex, new Translator(module, functionIndex).run());
  return entry;
}
