/**
 * Writes register code for one function into the arena: ops with their operands, and moves of values to their homes.
 * Four optimisations look back at the last ops: a result written straight into a local, a comparison merged with its
 * branch, a negated comparison, and fused ops. translate.ts decides what to write for each instruction.
 *
 * @module
 */

import { placeOf, wordsOf } from "../objects/layout.ts";
import type { Cursor } from "../binary/cursor.ts";
import { findFusions } from "./fusions.ts";
import type { Fusion } from "./fusions.ts";
import { CONSTANT, Operands } from "./operands.ts";
import { BRANCH_IF, BRANCH_UNLESS, NEGATED } from "./plans.ts";
import type { Plan } from "./plans.ts";
import { CODE, CODE_WORDS, codeTop, ENTRY_WORDS } from "./arena.ts";
import { DESTINATION, OP, OP_WORDS } from "./ops.ts";
import { F64, I64 } from "../binary/types.ts";
import { MOVES_PER_FUEL, ZEROED_LOCALS_PER_FUEL } from "../costs.ts";
import type { ValueType } from "../binary/types.ts";

/** Thrown when the arena has no room for the function. The caller flushes the arena and tries again. */
export const ARENA_FULL: unique symbol = Symbol("arena full");

/**
 * An offset that is beyond any memory. Larger ones are replaced by it and trap too, so that the loop's sum of address,
 * offset and access size can't wrap around to a valid address.
 */
const UNREACHABLE_OFFSET = 0x7fff0000;

/** A function takes at most half of the arena, minus reserved words, so that a caller and its callee always fit together. */
const MAX_FUNCTION_WORDS = (CODE_WORDS >> 1) - 16;

/** More words than any op has, not counting the targets of a `br_table`. */
export const ROOM = 16;

/** The words of two ops while they are fused. */
const SCRATCH = new Int32Array(2 * ROOM);

/** The op of a conditional branch, and its operands before `t` and `u`. */
export interface Condition {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** The run that a branch to a loop begins. */
export interface LoopRun {
  readonly start: number;
  fuel: number;
}

/** Whether a value of the type fills a register. */
export function is64(type: ValueType): boolean {
  return type === I64 || type === F64;
}

/** Writes the code of one function, from the arena's first free address. */
export class Emitter {
  readonly operands: Operands;
  readonly entry: number = codeTop();
  /** Where the next op goes. */
  at: number = this.entry;
  /** Fuel so far: instructions, the current one included, and what is charged like instructions. */
  count: number;
  /** The count at the last check of fuel that all paths pass. */
  #checkedAt = 0;
  /** The words that will hold the fuel of the current run, each with the count where control enters. */
  readonly #entrances: number[] = [];
  readonly #loops: LoopRun[] = [];
  readonly #cursor: Cursor;
  /** Addresses of the ops since the last label. */
  readonly #line: number[] = [];

  /** @param cursor where the instructions' immediates are read  @param params locals that the caller sets */
  constructor(cursor: Cursor, locals: number, params: number) {
    this.#cursor = cursor;
    this.operands = new Operands(locals);
    this.reserve(ENTRY_WORDS);
    CODE[this.at + 1] = wordsOf(params);
    CODE[this.at + 2] = wordsOf(locals);
    this.at += ENTRY_WORDS;
    this.count = 0;
    this.enterAt(this.at - 1);
    this.count = Math.floor((locals - params) / ZEROED_LOCALS_PER_FUEL);
  }

  /** Declares that control enters here and pays the fuel in the word at an address. */
  enterAt(word: number): void {
    CODE[word] = 0;
    this.#entrances.push(word, this.count);
  }

  /** Declares that control enters here at each iteration of a loop. `fuel` is set before a branch to the loop is emitted. */
  enterLoop(): LoopRun {
    const run = { start: this.count, fuel: 0 };
    this.#loops.push(run);
    return run;
  }

  /**
   * Ends the run: the next op takes control elsewhere, always or on a condition.
   *
   * @param moves the number of values that the branch moves
   */
  endRun(moves = 0, isConditional = false): void {
    this.count += Math.floor(moves / MOVES_PER_FUEL);
    const entrances = this.#entrances;
    for (let index = 0; index < entrances.length; index += 2) {
      CODE[entrances[index]] = this.count - entrances[index + 1];
    }
    entrances.length = 0;
    for (const run of this.#loops) run.fuel = this.count - run.start;
    this.#loops.length = 0;
    if (!isConditional) this.#checkedAt = this.count;
  }

  /** Instructions that may have been executed since fuel was checked. */
  get unchecked(): number {
    return this.count - this.#checkedAt;
  }

  /** Declares that control may enter here, so that earlier ops must not be changed any more. */
  forget(): void {
    this.#line.length = 0;
  }

  reserve(words: number): void {
    const end = this.at + words;
    if (end > CODE_WORDS || end - this.entry > MAX_FUNCTION_WORDS) throw ARENA_FULL;
  }

  emit(op: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    const at = this.at;
    this.reserve(ROOM);
    CODE[at] = op;
    CODE[at + 1] = a;
    CODE[at + 2] = b;
    CODE[at + 3] = c;
    CODE[at + 4] = d;
    CODE[at + 5] = e;
    CODE[at + 6] = f;
    this.at = at + OP_WORDS[op];
    this.#line.push(at);
    this.#fuse();
  }

  /** Fuses the last two ops, repeatedly, while a fused op for them exists. */
  #fuse(): void {
    const line = this.#line;
    while (line.length > 1) {
      const first = line[line.length - 2];
      const second = line[line.length - 1];
      const fusion = findFusions(CODE[first], CODE[second])?.find((fusion) => this.#fits(fusion, first, second));
      if (fusion === undefined) return;
      line.pop();
      this.at = fuseWords(fusion, first, second);
    }
  }

  /** Whether the second op uses the first one's result as the fusion requires, and nothing else needs an unwritten one. */
  #fits({ word, isKept }: Fusion, first: number, second: number): boolean {
    if (word === 0) return true;
    const register = CODE[first + DESTINATION[CODE[first]]];
    return CODE[second + word] === register && (isKept || this.operands.isHome(register));
  }

  /** Ends the run and begins another, by a jump to the next op, which checks fuel. */
  splitRun(): void {
    this.forget();
    this.endRun();
    this.emit(OP.jump, this.at + OP_WORDS[OP.jump]);
    this.enterAt(this.at - 1);
  }

  /** Emits the move of an entry to a register. */
  move(height: number, destination: number): void {
    const { type, register, low, high } = this.#entryAt(height);
    if (register === destination) return;
    if (register === CONSTANT) this.emit(is64(type) ? OP.const64 : OP.const32, destination, low, high);
    else this.emit(is64(type) ? OP.mov64 : OP.mov32, destination, register);
  }

  #entryAt(height: number): { type: ValueType; register: number; low: number; high: number } {
    const { operands } = this;
    return {
      type: operands.type(height),
      register: operands.register(height),
      low: operands.low(height),
      high: operands.high(height),
    };
  }

  settleAll(): void {
    this.operands.settleAll((height) => this.move(height, this.operands.home(height)));
  }

  /** Pops the top entry and returns its register. A constant is moved to one. */
  pop(): number {
    const { operands } = this;
    operands.pop();
    const register = operands.register(operands.height);
    if (register !== CONSTANT) return register;
    const home = operands.home(operands.height);
    this.move(operands.height, home);
    return home;
  }

  planned(plan: Plan): void {
    const { operands } = this;
    switch (plan.kind) {
      case "retype":
        operands.retype(plan.result!);
        return;
      case "load": {
        const offset = this.#memoryOffset();
        const address = this.pop();
        this.emit(plan.op, address, offset, operands.home(operands.height));
        return operands.push(plan.result!);
      }
      case "store": {
        const offset = this.#memoryOffset();
        const value = this.pop();
        this.emit(plan.op, this.pop(), offset, value);
        return;
      }
      case "unary": {
        if (plan.op === OP.i32_eqz && this.#negateComparison()) return;
        return this.emitResult(plan.op, plan.result!, this.pop());
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
    const { operands } = this;
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
      // A popped entry's register keeps its value, and so does the constant under it.
      const popped = secondIsConstant ? undefined : this.pop();
      operands.pop();
      const op = secondIsConstant ? plan.opConstant! : plan.opConstantFirst!;
      this.emitResult(op, plan.result!, popped ?? this.pop(), low, high);
      return;
    }
    const b = this.pop();
    const a = this.pop();
    if (plan.swap) this.emitResult(plan.op, plan.result!, b, a);
    else this.emitResult(plan.op, plan.result!, a, b);
  }

  /** Emits an op with a destination and up to three more operands, and pushes its result. */
  emitResult(op: number, type: ValueType, a = 0, b = 0, c = 0): void {
    this.emit(op, this.operands.home(this.operands.height), a, b, c);
    this.operands.push(type);
  }

  /** The address of the last op if it produced the top entry and no label follows it, or else 0. */
  #producer(): number {
    const at = this.#line[this.#line.length - 1];
    if (at === undefined || DESTINATION[CODE[at]] === 0) return 0;
    const top = this.operands.height - 1;
    const home = this.operands.home(top);
    return this.operands.register(top) === home && CODE[at + DESTINATION[CODE[at]]] === home ? at : 0;
  }

  /** Replaces a comparison that was just emitted by its opposite, for `i32.eqz`. */
  #negateComparison(): boolean {
    const at = this.#producer();
    const negated = at === 0 ? undefined : NEGATED.get(CODE[at]);
    if (negated === undefined) return false;
    CODE[at] = negated.op;
    if (negated.swap) [CODE[at + 2], CODE[at + 3]] = [CODE[at + 3], CODE[at + 2]];
    return true;
  }

  assign(local: number): ValueType {
    const { operands } = this;
    const producer = this.#producer();
    operands.pop();
    const height = operands.height;
    const target = placeOf(local);
    const type = operands.type(height);
    if (operands.register(height) === target) return type;
    const spilled = operands.settleLocal(local, (pending) => this.move(pending, operands.home(pending)));
    if (producer !== 0 && !spilled) {
      CODE[producer + DESTINATION[CODE[producer]]] = target;
    } else this.move(height, target);
    return type;
  }

  /**
   * Pops the condition. If one op can compare and branch, the comparison that produced it is removed. Moves may be
   * emitted before {@linkcode branchOn}: they go to homes below the condition's, so they do not change its operands.
   */
  takeCondition(branchIf: boolean): Condition {
    const { operands } = this;
    const at = this.#producer();
    if (at !== 0) {
      const op = CODE[at];
      const [a, b, c] = [CODE[at + 2], CODE[at + 3], CODE[at + 4]];
      const fused = op === OP.i32_eqz
        ? { op: branchIf ? OP.br_unless : OP.br_if, swap: false }
        : (branchIf ? BRANCH_IF : BRANCH_UNLESS).get(op);
      if (fused !== undefined) {
        operands.pop();
        this.#line.pop();
        this.at = at;
        return fused.swap ? { op: fused.op, a: b, b: a, c } : { op: fused.op, a, b, c };
      }
    }
    return { op: branchIf ? OP.br_if : OP.br_unless, a: this.pop(), b: 0, c: 0 };
  }

  /** Emits the branch and returns the address of its `t` word, which is 0. */
  branchOn({ op, a, b, c }: Condition): number {
    this.endRun(0, true);
    this.emit(op, a, b, c);
    const t = this.at - 3;
    CODE[t] = 0;
    this.enterAt(t + 2);
    return t;
  }

  /** Makes the branches of a chain lead here. */
  bind(chain: number): void {
    for (let t = chain; t !== 0;) {
      const next = CODE[t];
      CODE[t] = this.at;
      this.enterAt(t + 1);
      t = next;
    }
    this.forget();
  }
}

/** Replaces two adjacent ops by the fused op; returns the address after it. */
function fuseWords({ op, word, isKept, isExchanged }: Fusion, first: number, second: number): number {
  const middle = OP_WORDS[CODE[first]];
  const end = middle + OP_WORDS[CODE[second]];
  const destination = isKept ? 0 : DESTINATION[CODE[first]];
  SCRATCH.set(CODE.subarray(first, first + end));
  if (isExchanged) SCRATCH[middle + word] = SCRATCH[middle + word - 1];
  const slot = middle + (isExchanged ? word - 1 : word);
  let at = first;
  CODE[at++] = op;
  for (let index = middle + 1; index < slot; index++) CODE[at++] = SCRATCH[index];
  for (let index = 1; index < middle; index++) if (index !== destination) CODE[at++] = SCRATCH[index];
  for (let index = slot + 1; index < end; index++) CODE[at++] = SCRATCH[index];
  return at;
}
