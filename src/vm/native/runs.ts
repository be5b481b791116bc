/**
 * Counts a function's fuel, and writes the instructions that pay for it and check it. The counts are those of the
 * interpreter's emitter.ts: fuel is paid a run at a time, by whatever takes control to the beginning of the run. Where a
 * payment is written, its amount is often not known: it is set when the run ends. rewrite_body.ts decides what happens
 * at each instruction.
 *
 * A global holds the fuel that is left. Each payment writes it, so that it is exact at traps and calls. A local has the
 * same number, which is faster to read. Every call may change the global.
 *
 * @module
 */

import { MAX_UNCHECKED, MOVES_PER_FUEL } from "../costs.ts";
import type { Writer } from "./writer.ts";

/**
 * The most instructions on any way between two checks, calls excepted. Ways join behind branches that have jumped over
 * checks, so this is more than the interpreter's.
 */
const MAX_WAY = 1_000;
/**
 * The most instructions between a call and the next check. Returns are not checked, so a recursion that ends may run so
 * many in each of a hundred thousand frames.
 */
const MAX_AFTER_CALL = 64;
/** More bytes than a payment and a check take. */
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
const EMPTY_BLOCK = 0x40;

/** A chain of payments without an entry. */
export const NO_CHAIN = 0;

/** The code of one module's functions, one after the other. */
export class Runs {
  readonly out: Writer;
  /** Fuel so far: instructions, the current one included, and what is charged like instructions. */
  count = 0;
  /** The count at the interpreter's last check of fuel that all paths pass. */
  #checkedAt = 0;
  /** The count minus the most instructions on any way here since our last check. */
  #safeAt = 0;
  /** Whether the function has no local for fuel. */
  #isLeaf = false;
  readonly #global: readonly number[];
  readonly #refuel: readonly number[];
  /** A payment from the local, and one from the global. The amount's place is in it. */
  #pay: Uint8Array = new Uint8Array(0);
  #payAt = 0;
  #payAfterCall: Uint8Array = new Uint8Array(0);
  #payAfterCallAt = 0;
  #check: Uint8Array = new Uint8Array(0);
  #reload: Uint8Array = new Uint8Array(0);
  #local = -1;

  /** Payments for the current run: the place of the amount, and the count where control enters. */
  #entrances = new Int32Array(256);
  #entered = 0;
  /** Payments at branches to ends of blocks: the place of the amount, what the branch costs, the next of the chain. */
  #branches = new Int32Array(3 * 256);
  #branched = 3;

  /** @param fuel the index of the global  @param refuel the index of the function that is called when no fuel is left */
  constructor(out: Writer, fuel: number, refuel: number) {
    this.out = out;
    this.#global = leb(fuel);
    this.#refuel = leb(refuel);
  }

  /** Begins a function. @param local the local for fuel, or -1 if it is a leaf @param count what its first run costs already */
  begin(local: number, count: number): void {
    this.count = count;
    this.#checkedAt = 0;
    this.#safeAt = 0;
    this.#entered = 0;
    this.#branched = 3;
    this.#isLeaf = local < 0;
    if (local !== this.#local || this.#pay.length === 0) this.#prepare(local);
    this.#enter(this.payAfterCall(), 0);
    if (!this.#isLeaf) this.check();
  }

  #prepare(local: number): void {
    const set = [GLOBAL_SET, ...this.#global];
    const amount = [I32_CONST, 0x80, 0, I32_SUB];
    const index = leb(local < 0 ? 0 : local);
    const fromGlobal = [GLOBAL_GET, ...this.#global];
    const fromLocal = [LOCAL_GET, ...index];
    const isLeaf = local < 0;
    this.#local = local;
    this.#payAfterCall = Uint8Array.from([...fromGlobal, ...amount, ...isLeaf ? [] : [LOCAL_TEE, ...index], ...set]);
    this.#payAfterCallAt = fromGlobal.length + 1;
    this.#pay = isLeaf ? this.#payAfterCall : Uint8Array.from([...fromLocal, ...amount, LOCAL_TEE, ...index, ...set]);
    this.#payAt = isLeaf ? this.#payAfterCallAt : fromLocal.length + 1;
    const call = [CALL, ...this.#refuel];
    this.#check = Uint8Array.from([
      ...isLeaf ? fromGlobal : fromLocal,
      ...[I32_CONST, 0, I32_LT_S, IF, EMPTY_BLOCK],
      ...isLeaf ? [...call, ...set] : [...call, LOCAL_SET, ...index],
      END,
    ]);
    this.#reload = isLeaf ? new Uint8Array(0) : Uint8Array.from([...fromGlobal, LOCAL_SET, ...index]);
  }

  #emit(bytes: Uint8Array): void {
    const { out } = this;
    out.reserve(ROOM);
    const target = out.bytes;
    const { at } = out;
    for (let index = 0; index < bytes.length; index++) target[at + index] = bytes[index];
    out.at = at + bytes.length;
  }

  /** Writes a payment; returns the place of its amount. */
  pay(): number {
    const place = this.out.at + this.#payAt;
    this.#emit(this.#pay);
    return place;
  }

  /** The same after a call, which may have changed the global. */
  payAfterCall(): number {
    const place = this.out.at + this.#payAfterCallAt;
    this.#emit(this.#payAfterCall);
    return place;
  }

  /** Writes a payment of a known amount. */
  payAmount(amount: number): void {
    if (amount !== 0) this.setAmount(this.pay(), amount);
  }

  setAmount(place: number, amount: number): void {
    const { bytes } = this.out;
    bytes[place] = amount & 0x7f | 0x80;
    bytes[place + 1] = amount >> 7;
  }

  /** Reads the global after a call that may have changed it, where no payment follows. */
  reload(): void {
    this.#emit(this.#reload);
  }

  check(): void {
    this.#emit(this.#check);
    this.#safeAt = this.count;
  }

  // Runs

  /** Declares that control enters here, and that the payment at a place is for the run that begins here. */
  enter(place: number): void {
    this.#enter(place, this.count);
  }

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

  /** Adds a branch's payment to a chain; returns the chain. @param fuel what the branch itself costs */
  chain(place: number, fuel: number, chain: number): number {
    const entry = this.#branched;
    if (entry + 3 > this.#branches.length) this.#branches = grown(this.#branches);
    this.#branches[entry] = place;
    this.#branches[entry + 1] = fuel;
    this.#branches[entry + 2] = chain;
    this.#branched = entry + 3;
    return entry;
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
    this.enter(this.pay());
    this.check();
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

  /** Declares that a call has returned. */
  called(): void {
    this.#safeAt = Math.min(this.#safeAt, this.count - (MAX_WAY - MAX_AFTER_CALL));
  }
}

/** What a branch or return that moves values costs. */
export function movesFuel(values: number): number {
  return Math.floor(values / MOVES_PER_FUEL);
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  bytes.push(value);
  return bytes;
}

function grown(list: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(list.length * 2);
  larger.set(list);
  return larger;
}
