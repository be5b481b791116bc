/**
 * A call of a guest's function: run it, stop it for want of fuel or because a host function's promise is pending, and go
 * on later. It owns the frames while the call does not run; when to go on is drive.ts's business.
 *
 * All calls of a realm share the register file and the call stack that the dispatch loop runs on. A call that stops
 * leaves its registers there until another one needs the place, then takes a copy with it. Frames that are not on the
 * shared stack are kept as positions, function and offset, so the code arena can be flushed at any time.
 *
 * @module
 */

import { LimitError } from "../_limits.ts";
import { budgetError, isBudgetUsed } from "./_budget.ts";
import { isAccessFault, useInstance } from "./_context.ts";
import { findEntry, takeTranslationWork } from "./_entry.ts";
import { Fault } from "./_fault.ts";
import { readValues, resultValues, translateReferences, writeValues } from "./border.ts";
import { BULK_OPS, bulkOperands } from "./bulk_ops.ts";
import type { BulkOp } from "./bulk_ops.ts";
import { CODE, ENTRY_WORDS, entryAt, entryFuel, FINISH, flushCode, positionOf, returnFuel } from "./code.ts";
import { InternalError, Trap } from "./errors.ts";
import type { StackFrame, TrapReason } from "./errors.ts";
import * as loop from "./execute.ts";
import { execute, REGISTER_WORDS, REGISTERS, STACK, STACK_WORDS, STATE } from "./execute.ts";
import type { Func, Value } from "./func.ts";
import type { Instance } from "./instance.ts";
import { PAGE_BYTES } from "./limits.ts";
import { OP, OP_WORDS } from "./ops.ts";
import { RARE_OPS } from "./rare_ops.ts";
import { sameFuncType } from "./types.ts";
import type { FuncType } from "./types.ts";

/**
 * Fuel for one entry of the loop. Entering anew lets an engine switch to code that it has optimised meanwhile: one long
 * matrix product took 330 ms in pieces of this size and 1,034 ms in one.
 */
const QUANTUM = 20_000;
/** Fuel of calling a host function, beyond that of the instruction: leaving and entering the loop. */
const HOST_CALL_FUEL = 50;
/** Work of a parameter or result that leaves the guest or comes to it: some 20 ns. */
const VALUE_WORK = 10;
/** Work of a rare op, in units of fuel; see `Call.work`. */
const RARE_WORK = 50;
/** Work of copying a word of a call's registers, when others need their place and when they come back. */
const WORK_PER_WORD = 1 / 4;
/** Fuel of growing memory by a page: it is zeroed. */
const FUEL_PER_PAGE = PAGE_BYTES / 64;
/** Bytes that are copied at once when memory grows: about a millisecond's work, since the new pages come from the system. */
const GROWTH_BYTES = 1 << 20;
/** Calls of guests by host functions that guests have called, one inside the other, on JavaScript's own stack. */
const MAX_NESTED_CALLS = 100;
/** Frames that a trap tells of: the innermost and the outermost. */
const TRAP_FRAMES = { innermost: 48, outermost: 16 };

const STOP_TRAPS: Readonly<Record<number, TrapReason>> = {
  [loop.DIVIDE_BY_ZERO]: "integer divide by zero",
  [loop.INTEGER_OVERFLOW]: "integer overflow",
  [loop.INVALID_CONVERSION]: "invalid conversion to integer",
  [loop.OUT_OF_BOUNDS]: "out of bounds memory access",
  [loop.STACK_EXHAUSTED]: "call stack exhausted",
};

/**
 * How a call stands: `ready` to start, `suspended` for want of fuel, `pending` on a host function's promise, `finished`,
 * or `failed`, by a trap or because it was stopped.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { CallStatus } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "spin") (loop (br 0))))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBAFgAAADAgEABwgBBHNwaW4AAAoJAQcAA0AMAAsL");
 * const call = (await instantiate(await compile(bytes))).start("spin");
 * const status: CallStatus = call.resume(1_000);
 * console.log(status); // suspended
 * ```
 */
export type CallStatus = "ready" | "suspended" | "pending" | "finished" | "failed";

/** A caller that is not on the shared stack; `fp` counts from the call's first register. */
interface Frame {
  readonly instance: Instance;
  readonly functionIndex: number;
  readonly offset: number;
  readonly fp: number;
  /** Where a function of another instance will leave its results. */
  readonly foreign: { readonly type: FuncType; readonly at: number } | undefined;
}

/** The call that runs now; those that wait for it to return are its `#outer` ones. */
let active: Call | undefined;
/** The stopped call whose registers are still at the bottom of the register file. */
let parked: Call | undefined;
let nested = 0;

/**
 * One call, to be resumed with fuel until it has finished or failed.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "answer") (result i32) i32.const 42))
 * const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 10, 1, 6, 97, 110, 115,
 *   119, 101, 114, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11);
 * const instance = await instantiate(await compile(bytes));
 * const call = instance.start("answer");
 * while (call.resume(1_000) === "suspended");
 * if (call.result !== 42) throw new Error("it is 42");
 * ```
 */
export class Call {
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

  #instance: Instance;
  readonly #frames: Frame[] = [];
  #outer: Call | undefined;
  /** Where the call's registers and stack begin while it runs or is parked. */
  #base = 0;
  #stackBase = 0;
  /** Whether the top frame is on the shared stack, as `#pc`, `#fp` and `#sp` say; if not it is the last of `#frames`. */
  #live = false;
  #pc = 0;
  #fp = 0;
  #sp = 0;
  /** First register above what the call uses. */
  #top = 0;
  /** The copy of the registers, while others use the file. */
  #registers: Int32Array | undefined;
  /** What a pending promise gave, and where the results go. */
  #answer: { readonly value: Value } | { readonly error: unknown } | undefined;
  #answerType: FuncType | undefined;
  #answerAt = 0;

  /** @ignore made by `Instance.start` */
  constructor(func: Func, args: readonly Value[]) {
    this.#func = func;
    this.#arguments = args;
    if (func.instance === undefined) throw new TypeError("a host function is called directly");
    this.#instance = func.instance;
  }

  /** How it stands. */
  get status(): CallStatus {
    return this.#status;
  }

  /** The result when finished: one value, an array of several, or undefined. */
  get result(): Value {
    return this.#result;
  }

  /** Why it failed: a {@linkcode Trap}, or what it was stopped with. */
  get error(): unknown {
    return this.#error;
  }

  /** Fuel used so far. */
  get fuelUsed(): number {
    return this.#fuelUsed;
  }

  /**
   * @ignore what it has cost its thread, in units of fuel: besides the fuel that which depends on more than the module
   * and its input, such as translating code again, or an op's own cost. It ends slices, and is no part of the budget.
   */
  get work(): number {
    return this.#work;
  }

  /** While pending: settles, without a value and never rejecting, when the call can go on. */
  get settled(): Promise<void> | undefined {
    return this.#settled;
  }

  /** The guest's calls now, innermost first, as a trap would tell them. */
  get guestStack(): readonly StackFrame[] {
    if (this.#status === "finished" || this.#status === "failed") return [];
    const places: (readonly [Instance, number])[] = [];
    if (this.#live) {
      places.push([this.#instance, positionOf(this.#pc).functionIndex]);
      for (let sp = this.#sp - 2; sp > this.#segment(); sp -= 2) {
        places.push([this.#instance, positionOf(STACK[sp]).functionIndex]);
      }
    }
    for (let index = this.#frames.length - 1; index >= 0; index--) {
      places.push([this.#frames[index].instance, this.#frames[index].functionIndex]);
    }
    const { innermost, outermost } = TRAP_FRAMES;
    if (places.length > innermost + outermost) places.splice(innermost, places.length - innermost - outermost);
    return places.map(([instance, functionIndex]) => instance.stackFrame(functionIndex));
  }

  /**
   * Runs until the fuel is used up (the branch or call that uses the last of it is still made), a host function's
   * promise is pending, or the end.
   *
   * @param fuel a number of instructions, 0 or more
   * @param work as much as that may be: stops earlier when its {@linkcode Call.work} has grown by so much
   * @returns how the call stands then; never throws what the guest did
   */
  resume(fuel: number, work: number = Infinity): CallStatus {
    if (this.#status === "finished" || this.#status === "failed") return this.#status;
    if (this.#status === "pending" && this.#answer === undefined) return this.#status;
    if (!(fuel >= 0)) throw new RangeError(`fuel is 0 or more, not ${fuel}`);
    if (this.#isRunning) throw new TypeError("the call is running");
    if (nested >= MAX_NESTED_CALLS) {
      this.#fail(new Fault("call stack exhausted"));
      return this.#status;
    }
    this.#occupy();
    try {
      this.#restoreRegisters();
      const workEnd = this.#work + work;
      const begun = this.#status === "ready" ? this.#begin() : 0;
      if (this.#status === "pending") this.#takeAnswer();
      // What converted the host's values may have stopped the call.
      if (this.status !== "failed") this.#status = "suspended";
      this.#run(Math.floor(fuel) - this.#count(begun), workEnd);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#release();
    }
    return this.#status;
  }

  /** Ends the call, unless it has ended: it fails with the reason, and its frames are gone. */
  stop(reason: unknown): void {
    if (this.#status === "finished" || this.#status === "failed") return;
    this.#end("failed");
    this.#error = reason;
    if (parked === this) parked = undefined;
  }

  get #isRunning(): boolean {
    for (let call = active; call !== undefined; call = call.#outer) if (call === this) return true;
    return false;
  }

  // The shared register file

  /** Takes a place in the register file: above the caller's registers, or at the bottom. */
  #occupy(): void {
    const outer = active;
    if (outer !== undefined) nested++;
    else {
      if (parked !== undefined && parked !== this) this.#work += parked.#evict();
      parked = undefined;
    }
    active = this;
    this.#outer = outer;
    if (this.#live) return;
    const size = this.#top - this.#base;
    this.#base = outer === undefined ? 0 : outer.#top;
    this.#stackBase = outer === undefined ? 0 : outer.#sp;
    // Converting a host's values may call guests before there is a frame: their places begin where this call's end.
    this.#top = this.#base + size;
    this.#sp = this.#segment();
  }

  /** Brings back the registers that were taken away, to wherever the call now has its place. */
  #restoreRegisters(): void {
    const registers = this.#registers;
    if (registers === undefined) return;
    claim(this.#base + registers.length, this.#segment());
    REGISTERS.set(registers, this.#base);
    this.#work += registers.length * WORK_PER_WORD;
    this.#registers = undefined;
  }

  /** Gives the place up. At the bottom of the file the registers may stay until somebody needs them. */
  #release(): void {
    const isNested = this.#outer !== undefined;
    active = this.#outer;
    this.#outer = undefined;
    if (isNested) nested--;
    if (this.#status === "finished" || this.#status === "failed") return;
    if (isNested) this.#work += this.#evict();
    else parked = this;
  }

  /** Takes registers and frames away from the shared arrays; returns the work of that, which whoever needs the place has. */
  #evict(): number {
    this.#spill();
    this.#registers = REGISTERS.slice(this.#base, this.#top);
    return this.#registers.length * WORK_PER_WORD;
  }

  /** Where the part of the shared stack that is this call's begins; frames that were taken away count for its depth. */
  #segment(): number {
    return this.#stackBase + this.#frames.length * 2;
  }

  /** Turns the frames on the shared stack into positions. */
  #spill(): void {
    if (!this.#live) return;
    const segment = this.#segment();
    for (let sp = segment + 2; sp < this.#sp; sp += 2) this.#saveFrame(STACK[sp], STACK[sp + 1]);
    this.#saveFrame(this.#pc, this.#fp);
    this.#live = false;
  }

  #saveFrame(address: number, fp: number, foreign?: Frame["foreign"]): void {
    const { functionIndex, offset } = positionOf(address);
    this.#frames.push({ instance: this.#instance, functionIndex, offset, fp: fp - this.#base, foreign });
  }

  /** Puts the last of `#frames` on the shared stack, as the top frame. */
  #restoreFrame(): void {
    const frame = this.#frames[this.#frames.length - 1];
    const entry = entryOf(frame.instance, frame.functionIndex);
    const fp = this.#base + frame.fp;
    claim(fp + CODE[entry], this.#segment());
    this.#frames.pop();
    this.#instance = frame.instance;
    this.#enterSegment(entry + frame.offset, fp);
    this.#top = fp + CODE[entry];
  }

  /** Starts a part of the shared stack whose bottom returns to `finish`. There must be room for it. */
  #enterSegment(pc: number, fp: number): void {
    const segment = this.#segment();
    STACK[segment] = FINISH;
    STACK[segment + 1] = this.#base;
    this.#sp = segment + 2;
    this.#pc = pc;
    this.#fp = fp;
    this.#live = true;
  }

  // Running

  /** Makes the first frame; returns the fuel of its first run. */
  #begin(): number {
    const { type, index } = this.#func;
    const params = this.#base + type.params.length * 2;
    claim(params, this.#stackBase + 2);
    this.#top = params;
    // Before the entry is asked for: converting a host's values may call guests, which may flush the arena.
    writeValues(type.params, REGISTERS, this.#base, this.#arguments, this.#instance.handles);
    const entry = entryOf(this.#instance, index);
    this.#top = this.#base + CODE[entry];
    claim(this.#top, this.#stackBase + 2);
    REGISTERS.fill(0, params, this.#top);
    this.#enterSegment(entry + ENTRY_WORDS, this.#base);
    return entryFuel(entry);
  }

  #run(fuel: number, workEnd: number): void {
    let remaining = fuel - this.#count(this.#takeCharge());
    // What `#begin` translated.
    this.#work += takeTranslationWork();
    while (this.#isGoingOn && remaining >= 0 && this.#work < workEnd) {
      if (!this.#live) this.#restoreFrame();
      const budget = this.#foreignBudget();
      const { memory } = this.#instance;
      // This call or another one has grown it: what is left to be copied is done first, since the loop needs all of it.
      if (memory?.isGrowing) {
        memory.continueGrowth(GROWTH_BYTES);
        this.#work += GROWTH_BYTES / 2;
        continue;
      }
      // The rest of a bulk op.
      if (this.#done > 0) {
        remaining -= this.#count(this.#runRare());
        continue;
      }
      const quantum = Math.min(remaining, QUANTUM, budget);
      STATE[0] = this.#pc;
      STATE[1] = this.#fp;
      STATE[2] = this.#sp;
      STATE[3] = quantum;
      useInstance(this.#instance);
      let stop: number;
      try {
        stop = execute();
      } catch (error) {
        if (!isAccessFault(error)) throw error;
        stop = loop.OUT_OF_BOUNDS;
      } finally {
        this.#pc = STATE[0];
        this.#fp = STATE[1];
        this.#sp = STATE[2];
        remaining -= this.#count(quantum - STATE[3]);
      }
      // A return that uses up the fuel may be the bottom frame's: `finish` belongs to it, since no function has its address.
      if (stop === loop.RARE || this.#pc === FINISH) {
        remaining -= this.#count(this.#runRare());
        this.#work += RARE_WORK + takeTranslationWork();
      } else if (stop !== loop.OUT_OF_FUEL) throw new Fault(STOP_TRAPS[stop]);
    }
    if (!this.#isGoingOn) return;
    if (this.#live) this.#top = this.#fp + CODE[entryAt(this.#pc)];
    else this.#restoreFrame();
  }

  /**
   * The fuel that the running instance has left, if another one has called it: nobody else looks at its budget then. That
   * of the instance whose function the call is of is in the fuel that the call is given.
   */
  #foreignBudget(): number {
    const instance = this.#instance;
    if (instance === this.#func.instance) return Infinity;
    if (isBudgetUsed(instance)) throw budgetError(instance);
    return instance.limits.fuel - instance.fuelUsed;
  }

  /** False once a host function is pending, the call has finished, or a host function has stopped it. */
  get #isGoingOn(): boolean {
    return this.#status === "suspended";
  }

  /** Adds to the fuel used, and gives it back. */
  #count(fuel: number): number {
    this.#fuelUsed += fuel;
    this.#instance.fuelUsed += fuel;
    this.#work += fuel;
    return fuel;
  }

  /** Runs the op at the program counter; returns the fuel that it costs beyond its instruction. */
  #runRare(): number {
    const pc = this.#pc;
    const op = CODE[pc];
    const run = RARE_OPS[op];
    if (run !== undefined) {
      const fuel = run(this.#instance, this.#fp, pc + 1) ?? 0;
      this.#pc = pc + OP_WORDS[op];
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
        const entry = this.#entryOf(this.#instance, CODE[pc + 1]);
        CODE[this.#pc] = OP.call;
        CODE[this.#pc + 1] = entry;
        return this.#enter(entry, this.#fp + CODE[this.#pc + 2]);
      }
      case OP.call_import:
        return this.#callFunc(this.#instance.func(CODE[pc + 1]), this.#fp + CODE[pc + 2]);
      case OP.call_indirect:
        return this.#callIndirect(0);
      case OP.call_indirect_any:
        return this.#callIndirect(CODE[pc + 4]);
      case OP.return_call:
        return this.#tailCall(this.#instance.func(CODE[pc + 1]), CODE[pc + 2], CODE[pc + 3]);
      case OP.return_call_indirect:
        return this.#tailCall(this.#tableFunction(CODE[pc + 5]), CODE[pc + 3], CODE[pc + 4]);
      default:
        throw new InternalError(`no code is at ${pc}: ${op}`);
    }
  }

  /** Does a part of the op at the program counter, which stays there until all of it is done. */
  #runBulk(bulk: BulkOp): number {
    const at = this.#pc + 1;
    const done = this.#done;
    const operands = bulkOperands(this.#fp, at);
    const [, , count] = operands;
    if (done === 0) bulk.check(this.#instance, at, operands);
    const until = Math.min(done + bulk.part, count);
    bulk.run(this.#instance, at, operands, done, until);
    this.#work += (until - done) * bulk.work;
    this.#done = until < count ? until : 0;
    if (until === count) this.#pc += OP_WORDS[CODE[this.#pc]];
    return until - done;
  }

  /** Grows the memory, but for copying what there is, which `#run` does. */
  #growMemory(): number {
    const delta = REGISTERS[this.#fp + CODE[this.#pc + 2]] >>> 0;
    const before = this.#instance.memory!.beginGrowth(delta);
    REGISTERS[this.#fp + CODE[this.#pc + 1]] = before;
    this.#pc += OP_WORDS[OP.memory_grow];
    return before < 0 ? 0 : delta * FUEL_PER_PAGE;
  }

  /** The function that an indirect call at the program counter names; its first two operands are element and type. */
  #tableFunction(tableIndex: number): Func {
    const element = REGISTERS[this.#fp + CODE[this.#pc + 1]] >>> 0;
    const typeIndex = CODE[this.#pc + 2];
    const table = this.#instance.tables[tableIndex];
    if (element >= table.length) throw new Fault("undefined element");
    const func = table.reference(element) as Func | null;
    if (func === null) throw new Fault("uninitialized element");
    const type = this.#instance.code.record.types[typeIndex];
    if (func.type !== type) this.#work += valuesOf(type) * VALUE_WORK;
    if (!sameFuncType(func.type, type)) throw new Fault("indirect call type mismatch");
    return func;
  }

  #callIndirect(tableIndex: number): number {
    const func = this.#tableFunction(tableIndex);
    return this.#callFunc(func, this.#fp + CODE[this.#pc + 3]);
  }

  /** Calls any function with its arguments at a register, returning to the op after the one at the program counter. */
  #callFunc(func: Func, at: number): number {
    if (func.instance !== this.#instance) this.#work += valuesOf(func.type) * VALUE_WORK;
    if (func.host !== undefined) return this.#callHost(func, at, this.#pc + OP_WORDS[CODE[this.#pc]]);
    const entry = this.#entryOf(func.instance!, func.index);
    if (func.instance === this.#instance) return this.#enter(entry, at);
    claim(at + CODE[entry], this.#sp + 2);
    this.#pc += OP_WORDS[CODE[this.#pc]];
    this.#spill();
    const caller = this.#frames.pop()!;
    this.#frames.push({ ...caller, foreign: { type: func.type, at: at - this.#base } });
    translateReferences(func.type.params, REGISTERS, at, this.#instance.handles, func.instance!.handles);
    this.#instance = func.instance!;
    this.#enterSegment(entry + ENTRY_WORDS, at);
    REGISTERS.fill(0, at + CODE[entry + 1], at + CODE[entry + 2]);
    return entryFuel(entry);
  }

  /** Does what the loop's `call` does, for a function of the same instance. */
  #enter(entry: number, at: number): number {
    claim(at + CODE[entry], this.#sp + 2);
    STACK[this.#sp] = this.#pc + OP_WORDS[CODE[this.#pc]];
    STACK[this.#sp + 1] = this.#fp;
    this.#sp += 2;
    this.#pc = entry + ENTRY_WORDS;
    this.#fp = at;
    REGISTERS.fill(0, at + CODE[entry + 1], at + CODE[entry + 2]);
    return entryFuel(entry);
  }

  /**
   * The entry of a function that the top frame calls. Making room may flush the arena: the top frame is then brought back,
   * for which there is room, since a function takes less than half.
   */
  #entryOf(instance: Instance, functionIndex: number): number {
    const entry = entryOf(instance, functionIndex);
    if (!this.#live) this.#restoreFrame();
    return entry;
  }

  /**
   * Replaces the top frame by a call whose `count` arguments are `first` words into it. A host's or another instance's
   * function is called instead: the translator has put a return after the op.
   */
  #tailCall(func: Func, first: number, count: number): number {
    if (func.instance !== this.#instance) return this.#callFunc(func, this.#fp + first);
    const entry = this.#entryOf(this.#instance, func.index);
    claim(this.#fp + CODE[entry], this.#sp);
    REGISTERS.copyWithin(this.#fp, this.#fp + first, this.#fp + first + count * 2);
    REGISTERS.fill(0, this.#fp + CODE[entry + 1], this.#fp + CODE[entry + 2]);
    this.#pc = entry + ENTRY_WORDS;
    return entryFuel(entry);
  }

  /** The bottom frame of a segment has returned: go on in the frame before, or finish. Returns the fuel of the run there. */
  #finishSegment(): number {
    const frame = this.#frames[this.#frames.length - 1];
    if (frame === undefined) {
      const { type } = this.#func;
      const results = readValues(type.results, REGISTERS, this.#base, this.#instance.handles);
      this.#result = results.length > 1 ? results : results[0];
      this.#end("finished");
      return 0;
    }
    const from = this.#instance;
    this.#live = false;
    this.#restoreFrame();
    const { foreign } = frame;
    if (foreign !== undefined) {
      translateReferences(
        foreign.type.results,
        REGISTERS,
        this.#base + foreign.at,
        from.handles,
        this.#instance.handles,
      );
    }
    return returnFuel(this.#pc);
  }

  // Host functions

  #callHost(func: Func, at: number, returnAddress: number): number {
    const { params, results } = func.type;
    const args = readValues(params, REGISTERS, at, this.#instance.handles);
    this.#pc = returnAddress;
    this.#top = at + Math.max(params.length, results.length) * 2;
    // The arena may be flushed while the host function runs.
    const fuel = HOST_CALL_FUEL + returnFuel(returnAddress);
    const result = callHostFunction(func, args);
    if (this.#isGoingOn) {
      if (isPromiseLike(result)) this.#await(result, func.type, at);
      else this.#writeResults(func.type, at, result);
    }
    return fuel + this.#takeCharge();
  }

  /** What host functions have charged since this was last asked. */
  #takeCharge(): number {
    const { charged } = this.#instance;
    this.#instance.charged = 0;
    return charged;
  }

  #writeResults(type: FuncType, at: number, result: Value): void {
    try {
      writeValues(type.results, REGISTERS, at, resultValues(type, result), this.#instance.handles);
    } catch (cause) {
      throw cause instanceof LimitError ? cause : new HostFailure(cause);
    }
  }

  #await(promise: PromiseLike<Value>, type: FuncType, at: number): void {
    this.#answerType = type;
    this.#answerAt = at - this.#base;
    this.#status = "pending";
    this.#settled = Promise.resolve(promise).then(
      (value) => void (this.#answer = { value }),
      (error) => void (this.#answer = { error }),
    );
  }

  #takeAnswer(): void {
    const answer = this.#answer!;
    this.#answer = undefined;
    this.#settled = undefined;
    if ("error" in answer) throw new HostFailure(answer.error);
    this.#writeResults(this.#answerType!, this.#base + this.#answerAt, answer.value);
  }

  // The end

  #fail(error: unknown): void {
    // A host function may have stopped the call, and then thrown.
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
    this.#frames.length = 0;
    this.#registers = undefined;
    this.#settled = undefined;
    this.#live = false;
  }

  /** Turns all frames on the shared stack into positions, then drops all code. */
  static flushCode(): void {
    for (let call = active; call !== undefined; call = call.#outer) call.#spill();
    if (parked !== undefined) parked.#spill();
    flushCode();
  }
}

/** Parameters and results of a type. */
function valuesOf({ params, results }: FuncType): number {
  return params.length + results.length;
}

/** What a host function threw, on its way to `#fail`. */
class HostFailure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/**
 * The one check of room, made before a frame is entered in any way but by the dispatch loop, which makes the same one: a
 * call that begins or is brought back, and a call, tail call or return that leaves the loop. Typed arrays ignore what is
 * written beyond their ends, so nothing else would notice.
 *
 * @param registers where the frame's registers would end
 * @param stack where the call stack would end
 * @throws {Fault} if one of the two is too small
 */
function claim(registers: number, stack: number): void {
  if (registers > REGISTER_WORDS || stack > STACK_WORDS) throw new Fault("call stack exhausted");
}

function callHostFunction(func: Func, args: readonly Value[]): Value {
  try {
    return func.host!(...args);
  } catch (cause) {
    throw new HostFailure(cause);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The entry of a function, translating it if need be. */
function entryOf(instance: Instance, functionIndex: number): number {
  return findEntry(instance, functionIndex, Call.flushCode);
}
