/**
 * Translates the body of one validated function to register code in the arena, at its first call. It trusts the
 * validator, knows nothing of instances, and emits no op that ops.ts does not list.
 *
 * Locals and operand positions are registers of the frame; a value is moved only when control flow or a call needs it
 * in its own place. Fuel counts executed WebAssembly instructions (`block`, `loop`, `else`, `end` and `nop` are free)
 * and rides on taken branches, calls and returns: each position has a cost since the last call, and a branch charges the
 * difference between where it leaves and where it arrives, so that code which falls through pays nothing extra.
 *
 * @module
 */

import { Cursor } from "./_cursor.ts";
import { CONSTANT, Operands } from "./_operands.ts";
import { CODE, CODE_WORDS, codeTop, commitCode, ENTRY_WORDS } from "./code.ts";
import type { ModuleCode } from "./code.ts";
import { InternalError } from "./errors.ts";
import { BRANCH_IF, BRANCH_UNLESS, DESTINATION, findPlan, NEGATED } from "./_plans.ts";
import type { Plan } from "./_plans.ts";
import { OP, OP_WORDS } from "./ops.ts";
import { opcodeRow } from "./opcodes.ts";
import type { Immediates } from "./opcodes.ts";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64 } from "./types.ts";
import type { FuncType, ValueType } from "./types.ts";

/** Thrown when the arena has no room for the function: flush it and try again. */
export const ARENA_FULL: unique symbol = Symbol("arena full");

/**
 * An offset that no memory can reach: larger ones are cut to it, which traps just the same and keeps the loop's sum of
 * address, offset and access size from wrapping around to a valid address.
 */
const UNREACHABLE_OFFSET = 0x7fff0000;

/** One zeroed local in this many costs one unit of fuel at a call, so that large frames are not free. */
const ZEROED_LOCALS_PER_FUEL = 8;

/** A function takes at most half of the arena, less what is reserved: a caller and its callee always fit together. */
const MAX_FUNCTION_WORDS = (CODE_WORDS >> 1) - 16;

/** More words than any op has, `br_table` without its targets. */
const ROOM = 8;

/** `nop`, `block`, `loop`, `else`, `end`. */
const FUEL_FREE = new Set([0x01, 0x02, 0x03, 0x05, 0x0b]);

/** An open block, loop, if, or the function itself. */
interface Label {
  readonly kind: "function" | "block" | "loop" | "if";
  /** Height of the operand stack below the parameters. */
  readonly height: number;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** A loop's start: address and cost. */
  readonly address: number;
  readonly cost: number;
  /** Branches to the end that wait for its address: the last one's `t` word, each linked to the one before by that word. */
  branches: number;
  /** The `t` word of the branch to `else`. */
  toElse: number;
}

const is64 = (type: ValueType): boolean => type === I64 || type === F64;
const EMPTY: readonly ValueType[] = [];
const SINGLE = new Map<number, readonly ValueType[]>(
  ([I32, I64, F32, F64, FUNCREF, EXTERNREF] as const).map((type) => [type, [type]]),
);

class Translator {
  readonly #module: ModuleCode;
  readonly #cursor: Cursor;
  readonly #type: FuncType;
  readonly #localTypes: Uint8Array;
  readonly #operands: Operands;
  readonly #labels: Label[] = [];
  readonly #entry: number = codeTop();
  #at: number;
  /** Fuel of the instructions since the last call, up to and including the present one. */
  #cost: number;
  /** Address of the op that gave the top entry, or 0 if that is not the last op or a label has come since. */
  #last = 0;

  constructor(module: ModuleCode, functionIndex: number) {
    const { record } = module;
    this.#module = module;
    const body = record.bodies[functionIndex - record.importedFunctions];
    this.#cursor = new Cursor(record.bytes, body.start, body.end);
    this.#type = record.types[record.functions[functionIndex]];
    this.#localTypes = this.#readLocals();
    const locals = this.#localTypes.length;
    const params = this.#type.params.length;
    this.#operands = new Operands(locals);
    this.#at = this.#entry;
    this.#reserve(ENTRY_WORDS);
    CODE[this.#at + 1] = params << 1;
    CODE[this.#at + 2] = locals << 1;
    this.#at += ENTRY_WORDS;
    this.#cost = Math.floor((locals - params) / ZEROED_LOCALS_PER_FUEL);
  }

  /** Translates the body; returns the address after its last word. */
  run(): number {
    this.#open("function", EMPTY, this.#type.results);
    const cursor = this.#cursor;
    while (this.#labels.length > 0) {
      let code = cursor.u8();
      if (code === 0xfc) code = 0xfc00 | cursor.u32();
      if (!FUEL_FREE.has(code)) this.#cost++;
      const plan = findPlan(code);
      if (plan !== undefined) this.#planned(plan);
      else this.#special(code);
    }
    const frame = this.#localTypes.length + Math.max(this.#operands.maxHeight, this.#type.results.length);
    CODE[this.#entry] = frame << 1;
    return this.#at;
  }

  #readLocals(): Uint8Array {
    const { params } = this.#type;
    const runs: (readonly [count: number, type: number])[] = [];
    let total = params.length;
    for (let groups = this.#cursor.u32(); groups > 0; groups--) {
      const run = [this.#cursor.u32(), this.#cursor.u8()] as const;
      total += run[0];
      runs.push(run);
    }
    const types = new Uint8Array(total);
    types.set(params);
    let at = params.length;
    for (const [count, type] of runs) types.fill(type, at, at += count);
    return types;
  }

  // Emission

  #reserve(words: number): void {
    const end = this.#at + words;
    if (end > CODE_WORDS || end - this.#entry > MAX_FUNCTION_WORDS) throw ARENA_FULL;
  }

  #emit(op: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    const at = this.#at;
    this.#reserve(ROOM);
    CODE[at] = op;
    CODE[at + 1] = a;
    CODE[at + 2] = b;
    CODE[at + 3] = c;
    CODE[at + 4] = d;
    CODE[at + 5] = e;
    CODE[at + 6] = f;
    this.#at = at + OP_WORDS[op];
    this.#last = 0;
  }

  /** Pushes the result of the op at `address`, whose destination is the home of the top. */
  #pushResult(type: ValueType, address: number): void {
    this.#operands.push(type);
    this.#last = address;
  }

  /** Emits the move of an entry to a register. */
  #move(height: number, destination: number): void {
    const { type, register, low, high } = this.#entryAt(height);
    if (register === destination) return;
    if (register === CONSTANT) this.#emit(is64(type) ? OP.const64 : OP.const32, destination, low, high);
    else this.#emit(is64(type) ? OP.mov64 : OP.mov32, destination, register);
  }

  #entryAt(height: number): { type: ValueType; register: number; low: number; high: number } {
    const operands = this.#operands;
    return {
      type: operands.type(height),
      register: operands.register(height),
      low: operands.low(height),
      high: operands.high(height),
    };
  }

  #settleAll(): void {
    this.#operands.settleAll((height) => this.#move(height, this.#operands.home(height)));
  }

  /** Pops the top entry; returns its register, moving a constant to one. */
  #pop(): number {
    const operands = this.#operands;
    operands.pop();
    const register = operands.register(operands.height);
    if (register !== CONSTANT) return register;
    const home = operands.home(operands.height);
    this.#move(operands.height, home);
    return home;
  }

  // Instructions with a signature in the table

  #planned(plan: Plan): void {
    const operands = this.#operands;
    switch (plan.kind) {
      case "retype":
        operands.retype(plan.result!);
        return;
      case "load": {
        const offset = this.#memoryOffset();
        const address = this.#pop();
        const at = this.#at;
        this.#emit(plan.op, address, offset, operands.home(operands.height));
        this.#pushResult(plan.result!, at);
        return;
      }
      case "store": {
        const offset = this.#memoryOffset();
        const top = operands.height - 1;
        const isConstant = operands.register(top) === CONSTANT && plan.opConstant !== undefined;
        const value = isConstant ? operands.low(top) : this.#pop();
        if (isConstant) operands.pop();
        const address = this.#pop();
        this.#emit(isConstant ? plan.opConstant : plan.op, address, offset, value);
        return;
      }
      case "unary": {
        if (plan.op === OP.i32_eqz && this.#negateComparison()) return;
        const operand = this.#pop();
        const at = this.#at;
        this.#emit(plan.op, operands.home(operands.height), operand);
        this.#pushResult(plan.result!, at);
        return;
      }
      case "binary":
        this.#binary(plan);
    }
  }

  #memoryOffset(): number {
    this.#cursor.u32();
    return Math.min(this.#cursor.u32(), UNREACHABLE_OFFSET);
  }

  #binary(plan: Plan): void {
    const operands = this.#operands;
    const second = operands.height - 1;
    const first = second - 1;
    const secondIsConstant = operands.register(second) === CONSTANT && plan.opConstant !== undefined;
    const firstIsConstant = !secondIsConstant && operands.register(first) === CONSTANT &&
      operands.register(second) !== CONSTANT && plan.opConstantFirst !== undefined;
    if (secondIsConstant || firstIsConstant) {
      const constant = secondIsConstant ? second : first;
      let low = operands.low(constant);
      let high = operands.high(constant);
      if (plan.negateConstant) {
        high = ~high + (low === 0 ? 1 : 0) | 0;
        low = -low | 0;
      }
      operands.pop();
      if (firstIsConstant) {
        const register = operands.register(second);
        operands.pop();
        this.#emitResult(firstIsConstant ? plan.opConstantFirst! : 0, plan.result!, register, low, high);
      } else this.#emitResult(plan.opConstant!, plan.result!, this.#pop(), low, high);
      return;
    }
    const b = this.#pop();
    const a = this.#pop();
    if (plan.swap) this.#emitResult(plan.op, plan.result!, b, a);
    else this.#emitResult(plan.op, plan.result!, a, b);
  }

  /** Emits an op with destination and three more words, and pushes its result. */
  #emitResult(op: number, type: ValueType, a = 0, b = 0, c = 0): void {
    const at = this.#at;
    this.#emit(op, this.#operands.home(this.#operands.height), a, b, c);
    this.#pushResult(type, at);
  }

  /** Address of the last op if it gave the top entry, or else 0. */
  #producer(): number {
    const at = this.#last;
    if (at === 0) return 0;
    const top = this.#operands.height - 1;
    const home = this.#operands.home(top);
    return this.#operands.register(top) === home && CODE[at + DESTINATION[CODE[at]]] === home ? at : 0;
  }

  /** Turns a comparison that was just emitted into its opposite, for `i32.eqz`. */
  #negateComparison(): boolean {
    const at = this.#producer();
    const negated = at === 0 ? undefined : NEGATED.get(CODE[at]);
    if (negated === undefined) return false;
    CODE[at] = negated.op;
    if (negated.swap) [CODE[at + 2], CODE[at + 3]] = [CODE[at + 3], CODE[at + 2]];
    return true;
  }

  // Locals

  #assign(local: number): ValueType {
    const operands = this.#operands;
    const producer = this.#producer();
    operands.pop();
    const height = operands.height;
    const target = local << 1;
    const type = operands.type(height);
    if (operands.register(height) === target) return type;
    const spilled = operands.settleLocal(local, (pending) => this.#move(pending, operands.home(pending)));
    if (producer !== 0 && !spilled) {
      CODE[producer + DESTINATION[CODE[producer]]] = target;
      this.#last = 0;
    } else this.#move(height, target);
    return type;
  }

  // Control

  #open(kind: Label["kind"], params: readonly ValueType[], results: readonly ValueType[], toElse = 0): void {
    this.#last = 0;
    this.#labels.push({
      kind,
      height: this.#operands.height - params.length,
      params,
      results,
      address: this.#at,
      cost: this.#cost,
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
    const operands = this.#operands;
    for (let index = 0; index < count; index++) {
      this.#move(operands.height - count + index, operands.home(label.height + index));
    }
  }

  /** Whether what a branch carries, under `above` other entries, is not yet where the label expects it. */
  #needsMoves(label: Label, above = 0): boolean {
    const operands = this.#operands;
    const count = this.#carried(label).length;
    const first = operands.height - above - count;
    for (let index = 0; index < count; index++) {
      if (operands.register(first + index) !== operands.home(label.height + index)) return true;
    }
    return false;
  }

  /** Fills in the last two words of a branch at `t`: target and fuel, or the link to be resolved at the label's end. */
  #target(label: Label, t: number): void {
    if (label.kind === "loop") {
      CODE[t] = label.address;
      CODE[t + 1] = this.#cost - label.cost;
    } else {
      CODE[t] = label.branches;
      CODE[t + 1] = this.#cost;
      label.branches = t;
    }
  }

  /** Arrives here with the branches of a chain. */
  #bind(chain: number): void {
    for (let t = chain; t !== 0;) {
      const next = CODE[t];
      CODE[t] = this.#at;
      CODE[t + 1] = CODE[t + 1] - this.#cost | 0;
      t = next;
    }
    this.#last = 0;
  }

  #branch(label: Label): void {
    if (label.kind === "function") return this.#return();
    this.#moveTo(label, this.#carried(label).length);
    this.#emit(OP.jump);
    this.#target(label, this.#at - 2);
  }

  /**
   * Pops the condition, taking back the comparison that gave it if one op can compare and branch. Moves may be emitted
   * between this and {@linkcode #branchOn}: they go to homes below the condition's, so they do not change its operands.
   */
  #takeCondition(branchIf: boolean): Condition {
    const operands = this.#operands;
    const at = this.#producer();
    if (at !== 0) {
      const op = CODE[at];
      const [a, b, c] = [CODE[at + 2], CODE[at + 3], CODE[at + 4]];
      const fused = op === OP.i32_eqz
        ? { op: branchIf ? OP.br_unless : OP.br_if, swap: false }
        : (branchIf ? BRANCH_IF : BRANCH_UNLESS).get(op);
      if (fused !== undefined) {
        operands.pop();
        this.#at = at;
        return fused.swap ? { op: fused.op, a: b, b: a, c } : { op: fused.op, a, b, c };
      }
    }
    return { op: branchIf ? OP.br_if : OP.br_unless, a: this.#pop(), b: 0, c: 0 };
  }

  /** Emits the branch; returns the address of its `t` word. */
  #branchOn({ op, a, b, c }: Condition): number {
    this.#emit(op, a, b, c);
    return this.#at - 2;
  }

  /** A branch over what follows, to be bound later; returns the address of its `t` word. */
  #branchOver(condition: Condition): number {
    const t = this.#branchOn(condition);
    CODE[t] = 0;
    CODE[t + 1] = this.#cost;
    return t;
  }

  #branchIf(label: Label): void {
    // The condition is above what the branch carries, and an op that is taken back can't be put back.
    if (label.kind !== "function" && !this.#needsMoves(label, 1)) {
      return this.#target(label, this.#branchOn(this.#takeCondition(true)));
    }
    const over = this.#branchOver(this.#takeCondition(false));
    this.#branch(label);
    this.#bind(over);
  }

  #branchTable(): void {
    const cursor = this.#cursor;
    const count = cursor.u32();
    const depths = new Uint32Array(count + 1);
    for (let index = 0; index <= count; index++) depths[index] = cursor.u32();
    const index = this.#pop();
    this.#reserve(ROOM + (count + 1) * 2);
    this.#emit(OP.br_table, index, count);
    const table = this.#at;
    this.#at += (count + 1) * 2;
    /** Where each label's values are moved, for labels that need it. */
    const stubs = new Map<Label, number>();
    for (const [place, depth] of depths.entries()) {
      const label = this.#label(depth);
      const t = table + place * 2;
      if (label.kind !== "function" && !this.#needsMoves(label)) {
        this.#target(label, t);
        continue;
      }
      let stub = stubs.get(label);
      if (stub === undefined) {
        stub = this.#at;
        stubs.set(label, stub);
        this.#branch(label);
      }
      CODE[t] = stub;
      CODE[t + 1] = 0;
    }
    this.#unreachable();
  }

  #label(depth: number): Label {
    return this.#labels[this.#labels.length - 1 - depth];
  }

  #return(): void {
    const operands = this.#operands;
    const { results } = this.#type;
    const count = results.length;
    if (count === 0) return this.#emit(OP.return, this.#cost);
    if (count === 1) {
      const top = operands.height - 1;
      let register = operands.register(top);
      if (register === CONSTANT) this.#move(top, register = operands.home(top));
      return this.#emit(is64(results[0]) ? OP.return64 : OP.return32, register, this.#cost);
    }
    // Results go to the frame's first registers, where locals live: first out of the locals, then down in order.
    const first = operands.height - count;
    const homes = results.map((_, index) => operands.home(first + index));
    for (const [index, home] of homes.entries()) this.#move(first + index, home);
    for (const [index, home] of homes.entries()) {
      this.#emit(is64(results[index]) ? OP.mov64 : OP.mov32, index << 1, home);
    }
    this.#emit(OP.return, this.#cost);
  }

  #end(): void {
    const label = this.#labels.pop()!;
    if (label.kind === "function") return this.#return();
    this.#moveTo(label, label.results.length);
    this.#closeAt(label);
  }

  /** Arrives at the end of a block whose results are in place. */
  #closeAt(label: Label): void {
    this.#bind(label.branches);
    if (label.toElse !== 0) this.#bind(label.toElse);
    this.#restack(label.height, label.results);
  }

  /** Sets the operand stack to a height and values at home above it. */
  #restack(height: number, types: readonly ValueType[]): void {
    this.#operands.popTo(height);
    for (const type of types) this.#operands.push(type);
    this.#last = 0;
  }

  #else(label: Label): void {
    this.#emit(OP.jump);
    this.#target(label, this.#at - 2);
    this.#startElse(label);
  }

  #startElse(label: Label): void {
    this.#bind(label.toElse);
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
    const operands = this.#operands;
    const count = type.params.length;
    const first = operands.height - count;
    for (let height = first; height < operands.height; height++) this.#move(height, operands.home(height));
    operands.popTo(first);
    return operands.home(first);
  }

  #afterCall(type: FuncType): void {
    this.#restack(this.#operands.height, type.results);
  }

  #call(functionIndex: number): void {
    const { record } = this.#module;
    const type = record.types[record.functions[functionIndex]];
    const first = this.#arguments(type);
    if (functionIndex < record.importedFunctions) this.#emit(OP.call_import, functionIndex, first);
    else {
      this.#emit(OP.call_lazy, functionIndex, first, this.#cost);
      this.#cost = 0;
    }
    this.#afterCall(type);
  }

  #callIndirect(): void {
    const { record, canonicalTypes } = this.#module;
    const typeIndex = this.#cursor.u32();
    const table = this.#cursor.u32();
    const element = this.#pop();
    const type = record.types[typeIndex];
    const first = this.#arguments(type);
    const op = table === 0 && record.importedTables === 0 ? OP.call_indirect : OP.call_indirect_any;
    this.#emit(op, element, canonicalTypes[typeIndex], first, this.#cost, table);
    this.#cost = 0;
    this.#afterCall(type);
  }

  #returnCall(functionIndex: number): void {
    const { record } = this.#module;
    const type = record.types[record.functions[functionIndex]];
    if (functionIndex < record.importedFunctions) this.#call(functionIndex);
    else {
      const first = this.#arguments(type);
      this.#emit(OP.return_call, functionIndex, first, type.params.length, this.#cost);
      this.#afterReturnCall(type);
    }
    this.#return();
    this.#unreachable();
  }

  #returnCallIndirect(): void {
    const { record, canonicalTypes } = this.#module;
    const typeIndex = this.#cursor.u32();
    const table = this.#cursor.u32();
    const element = this.#pop();
    const type = record.types[typeIndex];
    const first = this.#arguments(type);
    this.#emit(
      OP.return_call_indirect,
      element,
      canonicalTypes[typeIndex],
      first,
      type.params.length,
      this.#cost,
      table,
    );
    this.#afterReturnCall(type);
    this.#return();
    this.#unreachable();
  }

  /** A function of a host or of another instance is called, not jumped to: a return follows. */
  #afterReturnCall(type: FuncType): void {
    this.#cost = 0;
    this.#afterCall(type);
  }

  // Everything whose types depend on immediates or on the stack

  #special(code: number): void {
    const cursor = this.#cursor;
    const operands = this.#operands;
    switch (code) {
      case 0x00:
        this.#emit(OP.unreachable);
        return this.#unreachable();
      case 0x01:
        return;
      case 0x02: {
        const [params, results] = this.#blockType();
        this.#settleAll();
        return this.#open("block", params, results);
      }
      case 0x03: {
        const [params, results] = this.#blockType();
        this.#settleAll();
        return this.#open("loop", params, results);
      }
      case 0x04: {
        const [params, results] = this.#blockType();
        const condition = this.#takeCondition(false);
        this.#settleAll();
        return this.#open("if", params, results, this.#branchOver(condition));
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
        this.#assign(cursor.u32());
        return;
      case 0x22: {
        const local = cursor.u32();
        return operands.pushLocal(this.#assign(local), local);
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
        return this.#emitResult(OP.i32_eqz, I32, this.#pop());
      case 0xd2:
        return this.#emitResult(OP.ref_func, FUNCREF, cursor.u32());
      default:
        return this.#bulk(code);
    }
  }

  #select(): void {
    const condition = this.#pop();
    const second = this.#pop();
    const first = this.#pop();
    const type = this.#operands.type(this.#operands.height);
    this.#emitResult(is64(type) ? OP.select64 : OP.select32, type, first, second, condition);
  }

  #globalGet(index: number): void {
    const { globals, importedGlobals } = this.#module.record;
    const { value, mutable } = globals[index];
    if (value === FUNCREF || value === EXTERNREF) this.#emitResult(OP.global_get_ref, value, index);
    else if (mutable && index < importedGlobals) this.#emitResult(OP.global_get_shared, value, index);
    else this.#emitResult(is64(value) ? OP.global_get64 : OP.global_get32, value, index << 1);
  }

  #globalSet(index: number): void {
    const { globals, importedGlobals } = this.#module.record;
    const { value } = globals[index];
    const register = this.#pop();
    if (value === FUNCREF || value === EXTERNREF) this.#emit(OP.global_set_ref, index, register);
    else if (index < importedGlobals) this.#emit(OP.global_set_shared, index, register);
    else this.#emit(is64(value) ? OP.global_set64 : OP.global_set32, index << 1, register);
  }

  /** Tables, memory as a whole, and bulk operations: rare ops, with their indices after their registers. */
  #bulk(code: number): void {
    const cursor = this.#cursor;
    switch (code) {
      case 0x25: {
        const table = cursor.u32();
        return this.#emitResult(OP.table_get, this.#module.record.tables[table].element, this.#pop(), table);
      }
      case 0x26: {
        const value = this.#pop();
        return this.#emit(OP.table_set, cursor.u32(), this.#pop(), value);
      }
      case 0x3f:
        cursor.u32();
        return this.#emitResult(OP.memory_size, I32);
      case 0x40:
        cursor.u32();
        return this.#emitResult(OP.memory_grow, I32, this.#pop());
      case 0xfc08: {
        const segment = cursor.u32();
        cursor.u32();
        return this.#emitBulk(OP.memory_init, segment);
      }
      case 0xfc09:
        return this.#emit(OP.data_drop, cursor.u32());
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
        return this.#emit(OP.elem_drop, cursor.u32());
      case 0xfc0e: {
        const to = cursor.u32();
        return this.#emitBulk(OP.table_copy, to, cursor.u32());
      }
      case 0xfc0f: {
        const delta = this.#pop();
        return this.#emitResult(OP.table_grow, I32, this.#pop(), delta, cursor.u32());
      }
      case 0xfc10:
        return this.#emitResult(OP.table_size, I32, cursor.u32());
      case 0xfc11:
        return this.#emitBulk(OP.table_fill, cursor.u32());
      default:
        throw new InternalError(`no translation of opcode 0x${code.toString(16)}`);
    }
  }

  #emitBulk(op: number, i = 0, j = 0): void {
    const c = this.#pop();
    const b = this.#pop();
    this.#emit(op, this.#pop(), b, c, i, j);
  }
}

/** What a conditional branch tests: the op and its operands before `t` and `u`. */
interface Condition {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
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
