/**
 * The frames of one call: where its registers and its part of the call stack are, while it runs and while it is
 * suspended. call.ts runs them.
 *
 * All calls of a realm share the register file and the call stack of the dispatch loop. These invariants hold:
 *
 * - At most one call runs: `active`. The calls that wait for it to return follow by `#outer`. Each call has its
 *   registers, from its base to `top`, and its part of the stack above those of its outer call.
 * - At most one suspended call has its registers in the file: `parked`, at the bottom, while no call runs. The
 *   registers of all others were evicted to a copy.
 * - A frame is either *live*, on the shared stack with addresses, or *saved* as a position: a function and an offset in
 *   its code. The live frames of a call are its innermost ones. Only saved frames survive a flush of the arena.
 * - A live part of the stack begins with a return to `finish`, which restores the next saved frame. A frame of another
 *   instance is always saved, because an address does not identify an instance.
 * - `claim` checks that there is room before a frame is entered.
 *
 * @module
 */

import type { FuncType } from "../binary/types.ts";
import { CODE, entryAt, FINISH, flushCode, positionOf } from "./arena.ts";
import { findEntry } from "./entry.ts";
import { REGISTER_WORDS, REGISTERS, STACK, STACK_WORDS } from "./execute.ts";
import { Fault } from "./fault.ts";
import type { InstanceState } from "./instance_state.ts";

/** Nested calls of guests by host functions that guests have called. They use JavaScript's own stack. */
const MAX_NESTED_CALLS = 100;

/** Work of copying a word of a call's registers, when they are evicted or restored. */
const WORK_PER_WORD = 1 / 4;

/** A saved frame; `fp` counts from the call's first register. */
export interface SavedFrame {
  readonly instance: InstanceState;
  readonly functionIndex: number;
  readonly offset: number;
  readonly fp: number;
  /** Where a function of another instance will return its results. */
  readonly foreign: { readonly type: FuncType; readonly at: number } | undefined;
}

/** The frames of the running call. The calls that wait for it to return follow by `#outer`. */
let active: Frames | undefined;
/** The frames of the suspended call whose registers are still at the bottom of the register file. */
let parked: Frames | undefined;
let nested = 0;

/**
 * Checks that there is room for a frame. The dispatch loop makes the same check for its own calls. All other ways to
 * enter a frame use this one: a call that begins or is restored, and a call, tail call or return outside the loop.
 * Typed arrays ignore writes beyond their ends, so nothing else would detect the overflow.
 *
 * @param registers where the frame's registers would end
 * @param stack where the call stack would end
 * @throws {Fault} if one of the two is too small
 */
export function claim(registers: number, stack: number): void {
  if (registers > REGISTER_WORDS || stack > STACK_WORDS) throw new Fault("call stack exhausted");
}

/** The entry of a function, which is translated if necessary. That may save every live frame and drop all code. */
export function entryOf(instance: InstanceState, functionIndex: number): number {
  return findEntry(instance, functionIndex, flushFrames);
}

/** Saves all live frames, then drops all code. */
export function flushFrames(): void {
  for (let frames = active; frames !== undefined; frames = frames.outer) frames.save();
  parked?.save();
  flushCode();
}

/** The frames of one call. */
export class Frames {
  /** The instance of the innermost frame. */
  instance: InstanceState;
  /** Whether the innermost frame is live, at `pc`, `fp` and `sp`. Otherwise it is the last saved one. */
  isLive = false;
  pc = 0;
  fp = 0;
  sp = 0;
  /** The first register above the call's frames. */
  top = 0;
  /** The call's first register while it runs or is parked. */
  base = 0;
  #stackBase = 0;
  readonly #saved: SavedFrame[] = [];
  /** The copy of the registers, while others use the file. */
  #registers: Int32Array | undefined;
  #outer: Frames | undefined;

  constructor(instance: InstanceState) {
    this.instance = instance;
  }

  /** The frames of the call that waits for this one to return. */
  get outer(): Frames | undefined {
    return this.#outer;
  }

  /** Whether the call runs, or waits for a call that a host function made. */
  get isRunning(): boolean {
    for (let frames = active; frames !== undefined; frames = frames.#outer) if (frames === this) return true;
    return false;
  }

  /** The frames by instance and function, innermost first. */
  get places(): (readonly [InstanceState, number])[] {
    const places: (readonly [InstanceState, number])[] = [];
    if (this.isLive) {
      places.push([this.instance, positionOf(this.pc).functionIndex]);
      for (let sp = this.sp - 2; sp > this.segment; sp -= 2) {
        places.push([this.instance, positionOf(STACK[sp]).functionIndex]);
      }
    }
    for (let index = this.#saved.length - 1; index >= 0; index--) {
      places.push([this.#saved[index].instance, this.#saved[index].functionIndex]);
    }
    return places;
  }

  /**
   * Takes a place in the register file: above the registers of the running call, or at the bottom.
   *
   * @returns the work of that, in units of fuel
   * @throws {Fault} if too many calls are nested; nothing has changed then
   */
  occupy(): number {
    const outer = active;
    let work = 0;
    if (outer !== undefined) {
      if (nested >= MAX_NESTED_CALLS) throw new Fault("call stack exhausted");
      nested++;
    } else {
      if (parked !== undefined && parked !== this) work = parked.#evict();
      parked = undefined;
    }
    active = this;
    this.#outer = outer;
    if (this.isLive) return work;
    const size = this.top - this.base;
    this.base = outer === undefined ? 0 : outer.top;
    this.#stackBase = outer === undefined ? 0 : outer.sp;
    // Converting a host's values may call guests before there is a frame. Their places begin where this call's end.
    this.top = this.base + size;
    this.sp = this.segment;
    return work;
  }

  /** Restores evicted registers to the call's current place. Returns the work of that. */
  restoreRegisters(): number {
    const registers = this.#registers;
    if (registers === undefined) return 0;
    claim(this.base + registers.length, this.segment);
    REGISTERS.set(registers, this.base);
    this.#registers = undefined;
    return registers.length * WORK_PER_WORD;
  }

  /**
   * Leaves the place. At the bottom of the file, the registers stay until another call needs the place.
   *
   * @param isOver whether the call has ended
   * @returns the work of that
   */
  release(isOver: boolean): number {
    const isNested = this.#outer !== undefined;
    active = this.#outer;
    this.#outer = undefined;
    if (isNested) nested--;
    if (isOver) return 0;
    if (isNested) return this.#evict();
    parked = this;
    return 0;
  }

  /** Drops all frames: the call has ended. */
  drop(): void {
    this.#saved.length = 0;
    this.#registers = undefined;
    this.isLive = false;
    if (parked === this) parked = undefined;
  }

  /** Copies registers and frames out of the shared arrays. Returns the work, which counts for the call that needs the place. */
  #evict(): number {
    this.save();
    this.#registers = REGISTERS.slice(this.base, this.top);
    return this.#registers.length * WORK_PER_WORD;
  }

  /** Where this call's part of the shared stack begins. Saved frames count towards its depth. */
  get segment(): number {
    return this.#stackBase + this.#saved.length * 2;
  }

  /** Saves the live frames. */
  save(): void {
    if (!this.isLive) return;
    const { segment } = this;
    for (let sp = segment + 2; sp < this.sp; sp += 2) this.#saveFrame(STACK[sp], STACK[sp + 1]);
    this.#saveFrame(this.pc, this.fp);
    this.isLive = false;
  }

  #saveFrame(address: number, fp: number): void {
    const { functionIndex, offset } = positionOf(address);
    this.#saved.push({ instance: this.instance, functionIndex, offset, fp: fp - this.base, foreign: undefined });
  }

  /**
   * Saves the live frames. The innermost waits for a function of another instance.
   *
   * @param at the register where that function returns its results
   */
  saveForForeign(type: FuncType, at: number): void {
    this.save();
    const caller = this.#saved.pop()!;
    this.#saved.push({ ...caller, foreign: { type, at: at - this.base } });
  }

  /** Makes the last saved frame live and returns it, if one exists. */
  restore(): SavedFrame | undefined {
    const frame = this.#saved.at(-1);
    if (frame === undefined) return undefined;
    const entry = entryOf(frame.instance, frame.functionIndex);
    const fp = this.base + frame.fp;
    claim(fp + CODE[entry], this.segment);
    this.#saved.pop();
    this.instance = frame.instance;
    this.enterSegment(entry + frame.offset, fp);
    this.top = fp + CODE[entry];
    return frame;
  }

  /** Starts a live part of the shared stack, whose bottom returns to `finish`. The caller has claimed the room. */
  enterSegment(pc: number, fp: number): void {
    const { segment } = this;
    STACK[segment] = FINISH;
    STACK[segment + 1] = this.base;
    this.sp = segment + 2;
    this.pc = pc;
    this.fp = fp;
    this.isLive = true;
  }

  /** Sets `top` to the end of the innermost frame, which is restored if necessary. */
  settleTop(): void {
    if (this.isLive) this.top = this.fp + CODE[entryAt(this.pc)];
    else this.restore();
  }
}
