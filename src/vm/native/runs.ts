/**
 * Counts a function's fuel, and writes the instructions that pay for it and check it. The counts are those of the
 * interpreter's emitter.ts: fuel is paid a run at a time, by whatever takes control to the beginning of the run. Here a
 * payment is written as late as nobody can tell the difference: before the first instruction of the run that may trap,
 * call or leave the function, or where ways join. Until then the run is a debt, which later runs may add to. Where the
 * amount is not known yet, it is set when the run ends. rewrite_body.ts decides what happens at each instruction.
 *
 * A global holds the fuel that is left. Each payment writes it, so that it is exact at traps and calls. In loops a local
 * has the same number, which is faster to read. It is stale after a call, which may change the global.
 *
 * @module
 */

import { MAX_UNCHECKED, MOVES_PER_FUEL } from "../costs.ts";
import { grown, NO_CHAIN } from "./labels.ts";
import type { Writer } from "./writer.ts";

/**
 * The most instructions on any way between two checks, calls excepted. Ways join behind branches that have jumped over
 * checks, so this is more than the interpreter's.
 */
const MAX_WAY = 1_000;
/**
 * The most instructions between a call and the next check, and between the beginning of a function and the first.
 * Returns are not checked, so a recursion that ends may run so many in each of a hundred thousand frames.
 */
const MAX_AROUND_CALL = 64;
/** A larger debt is paid. An amount that is set later has two bytes. */
export const MAX_DEBT = 2_000;
/** More bytes than a payment or a check takes. */
const ROOM = 64;

const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_SUB = 0x6b;
const I32_LT_S = 0x48;
const IF = 0x04;
const END = 0x0b;
const CALL = 0x10;
const DROP = 0x1a;
const EMPTY_BLOCK = 0x40;

/** An amount that is set later. */
const UNKNOWN = -1;
/** There is no debt: the current run is paid. */
const PAID = -1;

/** The code of one module's functions, one after the other. */
export class Runs {
  readonly out: Writer;
  /** Fuel so far: instructions, the current one included, and what is charged like instructions. */
  count = 0;
  /** The count from which on nothing is paid, or -1. */
  unpaidFrom: number = PAID;
  /** Whether the local for fuel differs from the global. */
  isStale = true;
  /** The loops around the current instruction. */
  loops = 0;
  /** Whether there is a way from the function's beginning without a check. */
  isEntered = true;
  /** The count at the interpreter's last check of fuel that all paths pass. */
  #checkedAt = 0;
  /** The count minus the most instructions on any way here since our last check. */
  #safeAt = 0;
  readonly #global: number;
  readonly #refuel: number;
  #local = 0;

  /** Payments for the current run: the place of the amount, and the count where control enters. */
  #entrances = new Int32Array(256);
  #entered = 0;
  /** Payments at branches to ends of blocks: the place of the amount, what else it pays for, the next of the chain. */
  #branches = new Int32Array(3 * 256);
  #branched = 3;

  /** @param fuel the index of the global  @param refuel the index of the function that is called when no fuel is left */
  constructor(out: Writer, fuel: number, refuel: number) {
    this.out = out;
    this.#global = fuel;
    this.#refuel = refuel;
  }

  /** Begins a function. @param local the local for fuel  @param count what its first run costs already */
  begin(local: number, count: number): void {
    this.count = count;
    this.unpaidFrom = 0;
    this.isStale = true;
    this.loops = 0;
    this.isEntered = true;
    this.#local = local;
    this.#checkedAt = 0;
    this.#safeAt = MAX_AROUND_CALL - MAX_WAY;
    this.#entered = 0;
    this.#branched = 3;
  }

  // Payments

  /** Writes an instruction and its index. */
  #indexed(opcode: number, index: number): void {
    const { out } = this;
    out.bytes[out.at++] = opcode;
    for (; index > 0x7f; index >>>= 7) out.bytes[out.at++] = index & 0x7f | 0x80;
    out.bytes[out.at++] = index;
  }

  /** Writes a payment; returns the place of its amount. @param setsLocal whether the local is read later */
  #pay(amount: number, setsLocal: boolean): number {
    const { out } = this;
    out.reserve(ROOM);
    if (this.isStale) this.#indexed(GLOBAL_GET, this.#global);
    else this.#indexed(LOCAL_GET, this.#local);
    out.bytes[out.at++] = I32_CONST;
    const place = out.at;
    if (amount === UNKNOWN) out.at += 2;
    else out.s32(amount);
    out.bytes[out.at++] = I32_SUB;
    if (setsLocal) this.#indexed(LOCAL_TEE, this.#local);
    this.#indexed(GLOBAL_SET, this.#global);
    return place;
  }

  /** Pays for the current run, of which there may be more. */
  payRun(): void {
    if (this.unpaidFrom === PAID) return;
    const setsLocal = this.loops > 0;
    this.#enter(this.#pay(UNKNOWN, setsLocal), this.unpaidFrom);
    this.unpaidFrom = PAID;
    this.isStale = !setsLocal;
  }

  /** Pays the debt for a run that has ended. */
  payDebt(): void {
    if (this.unpaidFrom === PAID) return;
    const amount = this.count - this.unpaidFrom;
    this.unpaidFrom = PAID;
    if (amount === 0) return;
    const setsLocal = this.loops > 0;
    this.#pay(amount, setsLocal);
    this.isStale = !setsLocal;
  }

  /** Begins a run. What was not paid before stays a debt. */
  beginRun(): void {
    if (this.unpaidFrom === PAID) this.unpaidFrom = this.count;
  }

  /** What has not been paid. */
  get debt(): number {
    return this.unpaidFrom === PAID ? 0 : this.count - this.unpaidFrom;
  }

  /** Whether the current run is not paid, even if it costs nothing so far. */
  get debtIsOpen(): boolean {
    return this.unpaidFrom !== PAID;
  }

  /** Counts what only the other side of a condition has paid. */
  skip(fuel: number): void {
    this.count += fuel;
    if (this.unpaidFrom !== PAID) this.unpaidFrom += fuel;
  }

  /** Declares that only branches lead to the current instruction. Each has paid. */
  closeDead(): void {
    this.unpaidFrom = PAID;
    this.isStale = this.loops === 0;
    this.isEntered = false;
    this.way = 0;
  }

  /** Writes what a branch pays, where the other side of a condition continues as if nothing was written. */
  payBranch(amount: number, isIntoLoop: boolean): void {
    if (amount !== 0) this.#pay(amount, isIntoLoop);
    else if (isIntoLoop && this.isStale) this.#reload();
  }

  /** The same for a branch to the end of a block: adds it to a chain; returns the chain. */
  chainBranch(fuel: number, isIntoLoop: boolean, chain: number): number {
    const place = this.#pay(UNKNOWN, isIntoLoop);
    const entry = this.#branched;
    if (entry + 3 > this.#branches.length) this.#branches = grown(this.#branches);
    this.#branches[entry] = place;
    this.#branches[entry + 1] = fuel;
    this.#branches[entry + 2] = chain;
    this.#branched = entry + 3;
    return entry;
  }

  #reload(): void {
    this.out.reserve(ROOM);
    this.#indexed(GLOBAL_GET, this.#global);
    this.#indexed(LOCAL_SET, this.#local);
  }

  /** Makes the local the same as the global. */
  refresh(): void {
    if (!this.isStale) return;
    this.#reload();
    this.isStale = false;
  }

  /** Writes a check. The debt need not be paid: it is bounded. */
  check(): void {
    const { out, isStale } = this;
    out.reserve(ROOM);
    if (isStale) this.#indexed(GLOBAL_GET, this.#global);
    else this.#indexed(LOCAL_GET, this.#local);
    out.all([I32_CONST, 0, I32_LT_S, IF, EMPTY_BLOCK]);
    this.#indexed(CALL, this.#refuel);
    if (isStale) out.u8(DROP);
    else this.#indexed(LOCAL_SET, this.#local);
    out.u8(END);
    this.#safeAt = this.count;
    this.isEntered = false;
  }

  // Runs

  #enter(place: number, count: number): void {
    if (this.#entered + 2 > this.#entrances.length) this.#entrances = grown(this.#entrances);
    this.#entrances[this.#entered] = place;
    this.#entrances[this.#entered + 1] = count;
    this.#entered += 2;
  }

  /** Ends the run. @param fuel what the branch that ends it costs  @param isConditional whether it may go on */
  endRun(fuel: number, isConditional: boolean): void {
    const count = this.count += fuel;
    const entrances = this.#entrances;
    const { bytes } = this.out;
    for (let index = 0; index < this.#entered; index += 2) {
      const place = entrances[index];
      const amount = count - entrances[index + 1];
      bytes[place] = amount & 0x7f | 0x80;
      bytes[place + 1] = amount >> 7;
    }
    this.#entered = 0;
    if (!isConditional) this.#checkedAt = count;
  }

  /** Declares that the branches of a chain lead here. */
  bind(chain: number): void {
    for (let entry = chain; entry !== NO_CHAIN; entry = this.#branches[entry + 2]) {
      this.#enter(this.#branches[entry], this.count - this.#branches[entry + 1]);
    }
  }

  /** The count from which on the run must be split. */
  get longAt(): number {
    return this.#checkedAt + MAX_UNCHECKED;
  }

  /** Ends the run and begins another. */
  split(): void {
    this.endRun(0, false);
    this.payDebt();
    this.check();
    this.beginRun();
  }

  // Ways

  /** The most instructions on any way here since the last check. */
  get way(): number {
    return this.count - this.#safeAt;
  }

  set way(length: number) {
    this.#safeAt = this.count - length;
  }

  /** Whether the longest way here is too long, so that a check must be written. */
  get isFar(): boolean {
    return this.count - this.#safeAt > MAX_WAY;
  }

  checkWay(): void {
    if (this.isFar) this.check();
  }

  /** Writes the check that each function has before its first call. */
  checkCall(): void {
    if (this.isEntered || this.isFar) this.check();
  }

  /** Declares that a call has returned, and begins the run after it. */
  called(): void {
    this.#safeAt = Math.min(this.#safeAt, this.count - (MAX_WAY - MAX_AROUND_CALL));
    this.isStale = true;
    this.beginRun();
  }
}

/** What a branch or return that moves values costs. */
export function movesFuel(values: number): number {
  return Math.floor(values / MOVES_PER_FUEL);
}
