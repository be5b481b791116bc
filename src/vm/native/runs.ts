/**
 * Counts a function's fuel, and decides where it is paid and checked. The counts are those of the interpreter's
 * emitter.ts: fuel is paid a run at a time, by whatever takes control to the beginning of the run. Here a payment is
 * written as late as nobody can tell the difference: before the first instruction of the run that may trap, call or
 * leave the function. Until then it is a debt, which later runs may add to. Where ways join, either all of them have
 * paid for the run that goes on there, or all have the same debt. An amount that is not known is set when the run ends.
 *
 * A global holds the fuel that is left. Each payment writes it, so that it is exact at traps and calls. In loops a local
 * has the same number, which is faster to read. It is stale after a call, which may change the global.
 *
 * @module
 */

import { MAX_UNCHECKED, MOVES_PER_FUEL } from "../costs.ts";
import { grown, NO_CHAIN } from "./labels.ts";
import type { Payments } from "./payments.ts";
import { Ways } from "./ways.ts";

/** A larger debt is paid before a branch. An amount that is set later has two bytes. */
const MAX_DEBT = 2_000;
/** There is no debt: the current run is paid. A debt may begin below 0, by what a branch itself has cost. */
const PAID = -0x40000000;
/** The words of a branch to the end of a block: its payment, its debt, the next of the chain, whether the local is stale. */
const WORDS = 4;

/** The runs of one function at a time. */
export class Runs {
  readonly #payments: Payments;
  readonly ways: Ways = new Ways();
  /** Fuel so far: instructions, the current one included, and what is charged like instructions. */
  count = 0;
  /** Whether the local for fuel may differ from the global. */
  isStale = true;
  /** The loops around the current instruction. */
  loops = 0;
  /** The count from which on nothing is paid, or `PAID`. */
  #unpaidFrom: number = PAID;
  /** The count at the interpreter's last check of fuel that all paths pass. */
  #checkedAt = 0;
  /** Payments for the current run, each with the count where control enters. */
  #entrances = new Int32Array(256);
  #entered = 0;
  #branches = new Int32Array(256 * WORDS);
  #branched = WORDS;

  constructor(payments: Payments) {
    this.#payments = payments;
  }

  /** Begins a function. @param count what its first run costs already */
  begin(count: number): void {
    this.count = count;
    this.isStale = true;
    this.loops = 0;
    this.ways.begin();
    this.#unpaidFrom = 0;
    this.#checkedAt = 0;
    this.#entered = 0;
    this.#branched = WORDS;
  }

  // The current run

  /** Whether the current run is paid, as far as it goes. */
  get isPaid(): boolean {
    return this.#unpaidFrom === PAID;
  }

  /** What has not been paid. */
  get debt(): number {
    return this.#unpaidFrom === PAID ? 0 : this.count - this.#unpaidFrom;
  }

  set debt(fuel: number) {
    this.#unpaidFrom = this.count - fuel;
  }

  get isDebtLarge(): boolean {
    return this.debt > MAX_DEBT;
  }

  /** Pays for the current run, of which there may be more. */
  payRun(): void {
    if (this.#unpaidFrom === PAID) return;
    const setsLocal = this.loops > 0;
    this.#enter(this.#payments.payLater(this.isStale, setsLocal), this.#unpaidFrom);
    this.#unpaidFrom = PAID;
    this.isStale = !setsLocal;
  }

  /** Pays all but a part of the debt, if the run has ended or goes on as that part. */
  payDebt(part: number = 0): void {
    const amount = this.debt - part;
    if (amount === 0) return;
    const setsLocal = this.loops > 0;
    this.#payments.pay(amount, this.isStale, setsLocal);
    this.debt = part;
    this.isStale = !setsLocal;
  }

  /** Begins a run. What was not paid before stays a debt. */
  beginRun(): void {
    if (this.#unpaidFrom === PAID) this.#unpaidFrom = this.count;
  }

  /** Ends the run. @param fuel what the branch that ends it costs  @param isConditional whether it may go on */
  endRun(fuel: number, isConditional: boolean): void {
    const count = this.count += fuel;
    const entrances = this.#entrances;
    for (let index = 0; index < this.#entered; index += 2) {
      this.#payments.setAmount(entrances[index], count - entrances[index + 1]);
    }
    this.#entered = 0;
    if (!isConditional) this.#checkedAt = count;
  }

  #enter(site: number, count: number): void {
    if (this.#entered + 2 > this.#entrances.length) this.#entrances = grown(this.#entrances);
    this.#entrances[this.#entered] = site;
    this.#entrances[this.#entered + 1] = count;
    this.#entered += 2;
  }

  /** Counts what only the other side of a condition has paid. */
  skip(fuel: number): void {
    this.count += fuel;
    if (this.#unpaidFrom !== PAID) this.#unpaidFrom += fuel;
  }

  /** The count from which on the run must be split. */
  get longAt(): number {
    return this.#checkedAt + MAX_UNCHECKED;
  }

  /** Begins another run after one that was too long and has been ended. */
  split(): void {
    this.payDebt();
    this.check();
    this.beginRun();
  }

  // Branches and joins

  /** Writes what a branch pays, where the other side of a condition continues as if nothing was written. */
  payBranch(amount: number, isIntoLoop: boolean): void {
    if (amount !== 0) this.#payments.pay(amount, this.isStale, isIntoLoop);
    else if (isIntoLoop && this.isStale) this.#payments.reload();
  }

  /** Whether that would write nothing. */
  isFree(amount: number, isIntoLoop: boolean): boolean {
    return amount === 0 && !(isIntoLoop && this.isStale);
  }

  /** The same for a branch to the end of a block, to a chain of them; returns the chain. @param fuel what it costs beside the debt */
  payChained(fuel: number, isIntoLoop: boolean, chain: number): number {
    const entry = this.#branched;
    if (entry === this.#branches.length) this.#branches = grown(this.#branches);
    this.#branches[entry] = this.#payments.payLater(this.isStale, isIntoLoop);
    this.#branches[entry + 1] = this.debt + fuel;
    this.#branches[entry + 2] = chain;
    this.#branches[entry + 3] = this.isStale ? 1 : 0;
    this.#branched = entry + WORDS;
    return entry;
  }

  /** The payment of the last branch of a chain. */
  siteOf(chain: number): number {
    return this.#branches[chain];
  }

  /** The debt of the last branch of a chain. */
  debtOf(chain: number): number {
    return this.#branches[chain + 1];
  }

  /** Joins ways that all pay for the run that goes on here. */
  joinPaid(chain: number): void {
    const branches = this.#branches;
    for (let entry = chain; entry !== NO_CHAIN; entry = branches[entry + 2]) {
      this.#enter(branches[entry], this.count - branches[entry + 1]);
    }
    this.#unpaidFrom = PAID;
  }

  /** Joins ways that all have one debt here. Those that had another pay the difference. */
  joinOwing(chain: number, debt: number): void {
    const branches = this.#branches;
    for (let entry = chain; entry !== NO_CHAIN; entry = branches[entry + 2]) {
      const difference = branches[entry + 1] - debt;
      if (difference !== 0) this.#payments.setAmount(branches[entry], difference);
      else {
        this.#payments.cut(branches[entry]);
        if (branches[entry + 3] !== 0) this.isStale = true;
      }
    }
    this.debt = debt;
  }

  // Checks

  /** Makes the local the same as the global. */
  refresh(): void {
    if (!this.isStale) return;
    this.#payments.reload();
    this.isStale = false;
  }

  /** Writes a check. The debt need not be paid: it is bounded. */
  check(): void {
    this.#payments.check(this.isStale);
    this.ways.clear(this.count);
  }

  /** Writes a check if the longest way here is too long. */
  checkWay(): void {
    if (this.ways.isFar(this.count)) this.check();
  }

  checkBeforeCall(): void {
    if (this.ways.needsCheckBeforeCall(this.count)) this.check();
  }

  checkBeforeReturn(): void {
    if (this.ways.needsCheckBeforeReturn(this.count)) this.check();
  }

  /** Declares that a call has returned, and begins the run after it. */
  called(): void {
    this.ways.called(this.count);
    this.isStale = true;
    this.beginRun();
  }
}

/** What a branch or return that moves values costs. */
export function movesFuel(values: number): number {
  return Math.floor(values / MOVES_PER_FUEL);
}
