/**
 * A call of a guest's function: runs it, suspends it when its fuel runs out or a host function's promise is pending,
 * and resumes it. frames.ts keeps its frames, and drive.ts decides when it resumes.
 *
 * @module
 */

import { wordsOf } from "../objects/layout.ts";
import { isPromiseLike } from "../../base/callbacks.ts";
import { LimitError } from "../../base/limits.ts";
import { sameFuncType } from "../binary/types.ts";
import type { FuncType } from "../binary/types.ts";
import { budgetError, isBudgetUsed } from "../budget.ts";
import type { Call, CallStatus } from "../engine.ts";
import { InternalError, Trap } from "../errors.ts";
import type { StackFrame, TrapReason } from "../errors.ts";
import { FUEL_PER_PAGE, HOST_CALL_FUEL } from "../costs.ts";
import type { Func, Value } from "../objects/function.ts";
import { readValues, resultValues, translateReferences, writeValues } from "../objects/values.ts";
import { CODE, ENTRY_WORDS, entryFuel, FINISH, returnFuel } from "./arena.ts";
import { BULK_OPS, bulkOperands } from "./bulk_ops.ts";
import type { BulkOp } from "./bulk_ops.ts";
import { isAccessFault, useInstance } from "./context.ts";
import { takeTranslationWork } from "./entry.ts";
import * as loop from "./execute.ts";
import { execute, REGISTERS, STACK, STATE } from "./execute.ts";
import { Fault } from "./fault.ts";
import { claim, entryOf, Frames } from "./frames.ts";
import { InstanceState, ownerOf } from "./instance_state.ts";
import { OP, OP_WORDS } from "./ops.ts";
import { RARE_OPS } from "./rare_ops.ts";

/**
 * Fuel for one entry of the loop. A new entry lets an engine switch to code that it has optimised: one long matrix
 * product took 330 ms in pieces of this size and 1,034 ms in one.
 */
const QUANTUM = 20_000;
/** Work of converting a parameter or result: some 20 ns. */
const VALUE_WORK = 10;
/** Work of a rare op, in units of fuel; see `Call.work`. */
const RARE_WORK = 50;
/** Bytes that growing memory copies without a pause: about a millisecond, because the system allocates the new pages. */
const GROWTH_BYTES = 1 << 20;
/** Frames that a trap shows: the innermost and the outermost. */
const TRAP_FRAMES = { innermost: 48, outermost: 16 };

const STOP_TRAPS: Readonly<Record<number, TrapReason>> = {
  [loop.DIVIDE_BY_ZERO]: "integer divide by zero",
  [loop.INTEGER_OVERFLOW]: "integer overflow",
  [loop.INVALID_CONVERSION]: "invalid conversion to integer",
  [loop.OUT_OF_BOUNDS]: "out of bounds memory access",
  [loop.STACK_EXHAUSTED]: "call stack exhausted",
};

/** A call of a function of one of the interpreter's instances. */
export class InterpretedCall implements Call {
  readonly #func: Func;
  readonly #arguments: readonly Value[];
  #status: CallStatus = "ready";
  #result: Value;
  #error: unknown;
  #settled: Promise<void> | undefined;
  #fuelUsed = 0;
  #work = 0;
  /** Bytes or elements that the bulk op at the program counter has done. */
  #done = 0;

  readonly #frames: Frames;
  /** The outcome of a pending promise, and where the results go. */
  #answer: { readonly value: Value } | { readonly error: unknown } | undefined;
  #answerType: FuncType | undefined;
  #answerAt = 0;
  /** The fuel of the run after the host call. */
  #answerFuel = 0;

  constructor(func: Func, args: readonly Value[]) {
    this.#func = func;
    this.#arguments = args;
    this.#frames = new Frames(ownerOf(func));
  }

  get status(): CallStatus {
    return this.#status;
  }

  get result(): Value {
    return this.#result;
  }

  get error(): unknown {
    return this.#error;
  }

  get fuelUsed(): number {
    return this.#fuelUsed;
  }

  get work(): number {
    return this.#work;
  }

  get settled(): Promise<void> | undefined {
    return this.#settled;
  }

  get guestStack(): readonly StackFrame[] {
    if (this.#isOver) return [];
    const { places } = this.#frames;
    const { innermost, outermost } = TRAP_FRAMES;
    if (places.length > innermost + outermost) places.splice(innermost, places.length - innermost - outermost);
    return places.map(([instance, functionIndex]) => instance.stackFrame(functionIndex));
  }

  resume(fuel: number, work: number = Infinity): CallStatus {
    if (this.#isOver) return this.#status;
    if (this.#status === "pending" && this.#answer === undefined) return this.#status;
    if (!(fuel >= 0)) throw new RangeError(`fuel must be 0 or more, not ${fuel}`);
    const frames = this.#frames;
    if (frames.isRunning) throw new TypeError("the call is running");
    try {
      this.#work += frames.occupy();
    } catch (error) {
      this.#fail(error);
      return this.#status;
    }
    try {
      this.#work += frames.restoreRegisters();
      const workEnd = this.#work + work;
      const fuelEnd = this.#fuelUsed + Math.floor(fuel);
      if (this.#status === "ready") this.#count(this.#begin());
      if (this.#status === "pending") this.#count(this.#takeAnswer());
      // Converting the host's values may have stopped the call.
      if (!this.#isOver) this.#status = "suspended";
      this.#run(fuelEnd, workEnd);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#work += frames.release(this.#isOver);
    }
    return this.#status;
  }

  stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#end("failed");
    this.#error = reason;
  }

  get #isOver(): boolean {
    return this.#status === "finished" || this.#status === "failed";
  }

  // Running

  /** Makes the first frame; returns the fuel of its first run. */
  #begin(): number {
    const { type, index } = this.#func;
    const frames = this.#frames;
    const { instance, base } = frames;
    const params = base + wordsOf(type.params.length);
    claim(params, frames.segment + 2);
    frames.top = params;
    // Before finding the entry: converting a host's values may call guests, which may flush the arena.
    writeValues(type.params, REGISTERS, base, this.#arguments, instance.handles);
    const entry = entryOf(instance, index);
    frames.top = base + CODE[entry];
    claim(frames.top, frames.segment + 2);
    REGISTERS.fill(0, params, frames.top);
    frames.enterSegment(entry + ENTRY_WORDS, base);
    return entryFuel(entry);
  }

  /** Runs until more fuel than `fuelEnd` is used. */
  #run(fuelEnd: number, workEnd: number): void {
    this.#count(this.#takeCharge());
    // The work of what `#begin` translated.
    this.#work += takeTranslationWork();
    while (this.#isGoingOn && this.#fuelUsed <= fuelEnd && this.#work < workEnd) {
      if (!this.#frames.isLive) this.#frames.restore();
      const budget = this.#foreignBudget();
      const { memory } = this.#frames.instance;
      // The memory is growing, in this call or another one. Finish that first: the loop needs the whole memory.
      if (memory?.isGrowing) {
        memory.continueGrowth(GROWTH_BYTES);
        this.#work += GROWTH_BYTES / 2;
        continue;
      }
      // The rest of a bulk op.
      if (this.#done > 0) {
        this.#count(this.#runRare());
        continue;
      }
      const quantum = Math.min(fuelEnd - this.#fuelUsed, QUANTUM, budget);
      STATE[0] = this.#frames.pc;
      STATE[1] = this.#frames.fp;
      STATE[2] = this.#frames.sp;
      STATE[3] = quantum;
      useInstance(this.#frames.instance);
      let stop: number;
      try {
        stop = execute();
      } catch (error) {
        if (!isAccessFault(error)) throw error;
        stop = loop.OUT_OF_BOUNDS;
      } finally {
        this.#frames.pc = STATE[0];
        this.#frames.fp = STATE[1];
        this.#frames.sp = STATE[2];
        this.#count(quantum - STATE[3]);
      }
      // If the bottom frame's return uses up the fuel, run `finish` too: its address belongs to no function.
      if (stop === loop.RARE || this.#frames.pc === FINISH) {
        this.#count(this.#runRare());
        this.#work += RARE_WORK + takeTranslationWork();
      } else if (stop !== loop.OUT_OF_FUEL) throw new Fault(STOP_TRAPS[stop]);
    }
    if (this.#isGoingOn) this.#frames.settleTop();
  }

  /**
   * The fuel that the running instance has left, if another one has called it: nobody else checks its budget then. The
   * fuel passed to `resume` respects the budget of the instance whose function the call is of.
   */
  #foreignBudget(): number {
    const { instance } = this.#frames;
    if (instance === this.#func.owner) return Infinity;
    if (isBudgetUsed(instance)) throw budgetError(instance);
    return instance.limits.fuel - instance.fuelUsed;
  }

  /** False once a host function is pending, the call has ended, or a host function has stopped it. */
  get #isGoingOn(): boolean {
    return this.#status === "suspended";
  }

  /** Adds to the fuel used. */
  #count(fuel: number): void {
    this.#fuelUsed += fuel;
    this.#frames.instance.fuelUsed += fuel;
    this.#work += fuel;
  }

  /** Runs the op at the program counter. Returns the fuel that it costs beyond its instruction. */
  #runRare(): number {
    const pc = this.#frames.pc;
    const op = CODE[pc];
    const run = RARE_OPS[op];
    if (run !== undefined) {
      const fuel = run(this.#frames.instance, this.#frames.fp, pc + 1) ?? 0;
      this.#frames.pc = pc + OP_WORDS[op];
      return fuel;
    }
    const bulk = BULK_OPS[op];
    if (bulk !== undefined) return this.#runBulk(bulk);
    switch (op) {
      case OP.finish:
        return this.#finishSegment();
      case OP.memory_grow:
        return this.#growMemory();
      case OP.call_lazy: {
        const entry = this.#entryOf(this.#frames.instance, CODE[pc + 1]);
        CODE[this.#frames.pc] = OP.call;
        CODE[this.#frames.pc + 1] = entry;
        return this.#enter(entry, this.#frames.fp + CODE[this.#frames.pc + 2]);
      }
      case OP.call_import:
        // Whoever implements it: a module does not know.
        this.#count(HOST_CALL_FUEL);
        return this.#callFunc(this.#frames.instance.func(CODE[pc + 1]), this.#frames.fp + CODE[pc + 2]);
      case OP.call_indirect:
        return this.#callIndirect(0);
      case OP.call_indirect_any:
        return this.#callIndirect(CODE[pc + 4]);
      case OP.return_call:
        return this.#tailCall(this.#frames.instance.func(CODE[pc + 1]), CODE[pc + 2], CODE[pc + 3]);
      case OP.return_call_indirect:
        return this.#tailCall(this.#tableFunction(CODE[pc + 5]), CODE[pc + 3], CODE[pc + 4]);
      default:
        throw new InternalError(`unknown op ${op} at address ${pc}`);
    }
  }

  /** Does a part of the op at the program counter, which advances when the op is complete. */
  #runBulk(bulk: BulkOp): number {
    const at = this.#frames.pc + 1;
    const done = this.#done;
    const operands = bulkOperands(this.#frames.fp, at);
    const [, , count] = operands;
    if (done === 0) bulk.check(this.#frames.instance, at, operands);
    const until = Math.min(done + bulk.part, count);
    bulk.run(this.#frames.instance, at, operands, done, until);
    this.#work += (until - done) * bulk.work;
    this.#done = until < count ? until : 0;
    if (until === count) this.#frames.pc += OP_WORDS[CODE[this.#frames.pc]];
    return until - done;
  }

  /** Begins to grow the memory. `#run` does the copying. */
  #growMemory(): number {
    const frames = this.#frames;
    const delta = REGISTERS[frames.fp + CODE[frames.pc + 2]] >>> 0;
    const before = frames.instance.memory!.beginGrowth(delta);
    REGISTERS[frames.fp + CODE[frames.pc + 1]] = before;
    frames.pc += OP_WORDS[OP.memory_grow];
    return before < 0 ? 0 : delta * FUEL_PER_PAGE;
  }

  /** The function that an indirect call at the program counter names. The op's first two operands are element and type. */
  #tableFunction(tableIndex: number): Func {
    const element = REGISTERS[this.#frames.fp + CODE[this.#frames.pc + 1]] >>> 0;
    const typeIndex = CODE[this.#frames.pc + 2];
    const table = this.#frames.instance.tables[tableIndex];
    if (element >= table.length) throw new Fault("undefined element");
    const func = table.reference(element) as Func | null;
    if (func === null) throw new Fault("uninitialized element");
    const type = this.#frames.instance.code.record.types[typeIndex];
    if (func.type !== type) this.#work += valuesOf(type) * VALUE_WORK;
    if (!sameFuncType(func.type, type)) throw new Fault("indirect call type mismatch");
    return func;
  }

  #callIndirect(tableIndex: number): number {
    const func = this.#tableFunction(tableIndex);
    if (func.host !== undefined) this.#count(HOST_CALL_FUEL);
    return this.#callFunc(func, this.#frames.fp + CODE[this.#frames.pc + 3]);
  }

  /** Calls any function with its arguments at a register. It returns to the op after the program counter. */
  #callFunc(func: Func, at: number): number {
    const frames = this.#frames;
    const owner = ownerOf(func);
    if (owner !== frames.instance) this.#work += valuesOf(func.type) * VALUE_WORK;
    if (!(owner instanceof InstanceState)) {
      return this.#callHost(func, at, this.#frames.pc + OP_WORDS[CODE[this.#frames.pc]]);
    }
    const entry = this.#entryOf(owner, func.index);
    if (owner === frames.instance) return this.#enter(entry, at);
    claim(at + CODE[entry], this.#frames.sp + 2);
    this.#frames.pc += OP_WORDS[CODE[this.#frames.pc]];
    frames.saveForForeign(func.type, at);
    translateReferences(func.type.params, REGISTERS, at, frames.instance.handles, owner.handles);
    frames.instance = owner;
    frames.enterSegment(entry + ENTRY_WORDS, at);
    REGISTERS.fill(0, at + CODE[entry + 1], at + CODE[entry + 2]);
    return entryFuel(entry);
  }

  /** Does what the loop's `call` does, for a function of the same instance. */
  #enter(entry: number, at: number): number {
    claim(at + CODE[entry], this.#frames.sp + 2);
    STACK[this.#frames.sp] = this.#frames.pc + OP_WORDS[CODE[this.#frames.pc]];
    STACK[this.#frames.sp + 1] = this.#frames.fp;
    this.#frames.sp += 2;
    this.#frames.pc = entry + ENTRY_WORDS;
    this.#frames.fp = at;
    REGISTERS.fill(0, at + CODE[entry + 1], at + CODE[entry + 2]);
    return entryFuel(entry);
  }

  /**
   * The entry of a function that the top frame calls. Translating it may flush the arena; the top frame is then
   * restored. Both fit, because a function takes less than half of the arena.
   */
  #entryOf(instance: InstanceState, functionIndex: number): number {
    const entry = entryOf(instance, functionIndex);
    if (!this.#frames.isLive) this.#frames.restore();
    return entry;
  }

  /**
   * Replaces the top frame by a call whose `count` arguments are `first` words into it. A function of the host or
   * another instance is called instead, and the return that follows the op completes the tail call.
   */
  #tailCall(func: Func, first: number, count: number): number {
    if (func.owner !== this.#frames.instance) {
      if (func.host !== undefined) this.#count(HOST_CALL_FUEL);
      return this.#callFunc(func, this.#frames.fp + first);
    }
    const entry = this.#entryOf(this.#frames.instance, func.index);
    claim(this.#frames.fp + CODE[entry], this.#frames.sp);
    REGISTERS.copyWithin(this.#frames.fp, this.#frames.fp + first, this.#frames.fp + first + wordsOf(count));
    REGISTERS.fill(0, this.#frames.fp + CODE[entry + 1], this.#frames.fp + CODE[entry + 2]);
    this.#frames.pc = entry + ENTRY_WORDS;
    return entryFuel(entry);
  }

  /** After the return of a segment's bottom frame, resumes the frame before or finishes. Returns the fuel of the run there. */
  #finishSegment(): number {
    const frames = this.#frames;
    const from = frames.instance;
    frames.isLive = false;
    const frame = frames.restore();
    if (frame === undefined) {
      const { type } = this.#func;
      const results = readValues(type.results, REGISTERS, frames.base, from.handles);
      this.#result = results.length > 1 ? results : results[0];
      this.#end("finished");
      return 0;
    }
    const { foreign } = frame;
    if (foreign !== undefined) {
      const at = frames.base + foreign.at;
      translateReferences(foreign.type.results, REGISTERS, at, from.handles, frames.instance.handles);
    }
    return returnFuel(this.#frames.pc);
  }

  // Host functions

  #callHost(func: Func, at: number, returnAddress: number): number {
    const { params, results } = func.type;
    const args = readValues(params, REGISTERS, at, this.#frames.instance.handles);
    this.#frames.pc = returnAddress;
    this.#frames.top = at + wordsOf(Math.max(params.length, results.length));
    // The arena may be flushed while the host function runs.
    const fuel = returnFuel(returnAddress);
    let result: Value;
    try {
      result = callHostFunction(func, args);
    } finally {
      this.#count(this.#takeCharge());
    }
    if (!this.#isGoingOn) return 0;
    if (isPromiseLike(result)) {
      this.#await(result, func.type, at, fuel);
      return 0;
    }
    this.#writeResults(func.type, at, result);
    return fuel;
  }

  /** Returns the fuel that host functions have charged since the last call. */
  #takeCharge(): number {
    const { charged } = this.#frames.instance;
    this.#frames.instance.charged = 0;
    return charged;
  }

  #writeResults(type: FuncType, at: number, result: Value): void {
    try {
      writeValues(type.results, REGISTERS, at, resultValues(type, result), this.#frames.instance.handles);
    } catch (cause) {
      throw cause instanceof LimitError ? cause : new HostFailure(cause);
    }
  }

  #await(promise: PromiseLike<Value>, type: FuncType, at: number, fuel: number): void {
    this.#answerType = type;
    this.#answerFuel = fuel;
    this.#answerAt = at - this.#frames.base;
    this.#status = "pending";
    this.#settled = Promise.resolve(promise).then(
      (value) => void (this.#answer = { value }),
      (error) => void (this.#answer = { error }),
    );
  }

  /** Returns the fuel of the run after the host call. */
  #takeAnswer(): number {
    const answer = this.#answer!;
    this.#answer = undefined;
    this.#settled = undefined;
    if ("error" in answer) throw new HostFailure(answer.error);
    this.#writeResults(this.#answerType!, this.#frames.base + this.#answerAt, answer.value);
    return this.#answerFuel;
  }

  // The end

  #fail(error: unknown): void {
    // A host function may have stopped the call and then thrown.
    if (this.#status === "failed") return;
    const stack = error instanceof Fault || error instanceof HostFailure ? this.guestStack : [];
    this.#error = error instanceof Fault
      ? new Trap(error.reason, stack)
      : error instanceof HostFailure
      ? new Trap("host function failed", stack, { cause: error.cause })
      : error;
    this.#end("failed");
  }

  #end(status: "finished" | "failed"): void {
    this.#status = status;
    this.#settled = undefined;
    this.#frames.drop();
  }
}

/** The number of parameters and results of a type. */
function valuesOf({ params, results }: FuncType): number {
  return params.length + results.length;
}

/** Carries what a host function threw to `#fail`. */
class HostFailure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

function callHostFunction(func: Func, args: readonly Value[]): Value {
  try {
    // A function of another engine's instance is called as the host's.
    return (func.host ?? func.exported)(...args);
  } catch (cause) {
    throw new HostFailure(cause);
  }
}
