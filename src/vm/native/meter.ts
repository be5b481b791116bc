/**
 * The fuel of native instances. A guest counts down a global, the fuel that is left of what it was lent, and asks for
 * more when it is below zero. A run (a call, or a synchronous call) lends its slice to one instance at a time: it
 * settles with one before it lends to another.
 *
 * @module
 */

import { budgetError, isBudgetUsed } from "../budget.ts";
import type { Metered, RunLimits } from "../engine.ts";
import { InternalError } from "../errors.ts";
import { lowerStackLimit, raiseStackLimit } from "./stack.ts";

/** Fuel of a unit of work: the host's WebAssembly is many times faster than the interpreter. */
export const FUEL_PER_WORK = 4;
/** Fuel that is lent at most, before the clock is asked whether the slice takes long. */
const MAX_LOAN = 100_000;
/** Milliseconds that a slice takes at most. Some instructions take long for their fuel, such as those on tables. */
const SLICE_MS = 2;
/** The greatest debt that the guest's counter shows. */
const MAX_DEBT = 1 << 30;
/** Fuel that host functions charge by lowering the guest's counter. More is settled at once, so that it can't overflow. */
const MAX_LOWERED = 4_096;

/** The run whose guest, or whose guest's host function, is running now. */
let current: Run | undefined;

/** The run whose guest, or whose guest's host function, is running now. */
export function currentRun(): Run {
  if (current === undefined) throw new InternalError("a guest runs outside of a call");
  return current;
}

/** Thrown to unwind a guest whose run is over. */
export class Unwound {
  readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }
}

/** Carries what a host function threw through the guest. */
export class HostFailure {
  readonly cause: unknown;
  /** An error with the guest's stack: it is made where the host function was called. */
  readonly site: Error = new Error();

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** What runs a guest: it has fuel to lend. */
export class Run {
  /** The number of a call that may wait; 0 for a synchronous one. */
  readonly id: number;
  fuelUsed = 0;
  /** What is left of the slice; below 0 when it is over. */
  left = 0;
  /** When the slice began. */
  since = 0;
  /** Whether it has been stopped or has reached a limit. Its guest may not go on. */
  isOver = false;
  error: unknown;
  /** The instance that has the fuel, or had it when the guest was suspended. */
  meter: Meter | undefined;
  /** The instance that had the fuel first. */
  home: Meter | undefined;
  #outer: Run | undefined;

  constructor(id: number) {
    this.id = id;
  }

  /** Makes it the current run, with a slice. */
  enter(fuel: number): void {
    this.#outer = current;
    if (current === undefined) raiseStackLimit();
    else current.#pause();
    current = this;
    this.left = fuel;
    if (this.id !== 0) this.since = performance.now();
  }

  /** Ends what `enter` began. Has no effect if the run is not the current one. */
  leave(): void {
    if (current !== this) return;
    this.#pause();
    current = this.#outer;
    this.#outer = undefined;
    if (current === undefined) lowerStackLimit();
    else current.#goOn();
  }

  /** Settles with the instance that has the fuel. */
  giveBack(): void {
    if (this.meter?.holder === this) this.meter.takeBack();
  }

  #pause(): void {
    this.giveBack();
    const { meter, home } = this;
    if (home === undefined || (meter === home && !home.hasLinks)) return;
    // A guest's function may have run without a check, and has lowered the counter of its instance below zero.
    const seen = new Set([home, ...meter === undefined ? [] : [meter]]);
    for (const one of seen) {
      one.settleWith(this);
      for (const linked of one.links()) seen.add(linked);
    }
  }

  #goOn(): void {
    this.meter?.lendNow(this);
  }

  /** Ends the run with an error. */
  end(error: unknown): Unwound {
    if (!this.isOver) {
      this.isOver = true;
      this.error = error;
    }
    return new Unwound(this);
  }
}

/** The instances that have a table in common, or functions in it. */
export class TableUsers {
  readonly meters = new Set<WeakRef<Meter>>();

  add(meter: Meter): void {
    for (const known of this.meters) if (known.deref() === undefined) this.meters.delete(known);
    this.meters.add(new WeakRef(meter));
  }
}

/** The fuel of an instance. */
export class Meter implements Metered {
  readonly limits: Required<RunLimits>;
  readonly retranslatedBytes = 0;
  /** The run that has lent the fuel. */
  holder: Run | undefined;
  /** Fuel that host functions have charged and no run has counted yet. */
  charged = 0;
  /** The instances whose functions this one imports, and the users of its tables. */
  #exporters: Meter[] | undefined;
  #tables: TableUsers[] | undefined;
  /** Fuel used, without what the guest's counter shows beyond the loan. */
  #settled = 0;
  /** What the counter showed when it was last settled. */
  #loan = 0;
  #read: () => number = () => 0;
  #write: (fuel: number) => void = () => {};
  #lower: (fuel: number) => void = () => {};

  constructor(limits: Required<RunLimits>) {
    this.limits = limits;
  }

  /** Takes the guest's functions that read, write and lower its counter. */
  connect(read: () => number, write: (fuel: number) => void, lower: (fuel: number) => void): void {
    this.#read = read;
    this.#write = write;
    this.#lower = lower;
  }

  /** Whether the guest may call functions of other native instances. */
  get hasLinks(): boolean {
    return this.#exporters !== undefined || this.#tables !== undefined;
  }

  /** The instances whose functions the guest may call. */
  *links(): Generator<Meter> {
    if (this.#exporters !== undefined) yield* this.#exporters;
    for (const { meters } of this.#tables ?? []) {
      for (const reference of meters) {
        const meter = reference.deref();
        if (meter !== undefined) yield meter;
      }
    }
  }

  /** Notes that the guest imports a function of another instance. */
  linkFunction(exporter: Meter): void {
    if (exporter === this) return;
    this.#exporters ??= [];
    if (!this.#exporters.includes(exporter)) this.#exporters.push(exporter);
  }

  /** Notes that the guest has a table that others have too, or that its functions are in one. */
  linkTable(users: TableUsers): void {
    this.#tables ??= [];
    if (this.#tables.includes(users)) return;
    this.#tables.push(users);
    users.add(this);
  }

  /** Fuel used by all calls so far. */
  get fuelUsed(): number {
    return this.#settled + this.#loan - this.#read();
  }

  /** Fuel used since the last settlement. */
  get unsettled(): number {
    return this.#loan - this.#read();
  }

  /** Makes a run the holder: another instance of the run, or another run here, gives the fuel back. */
  hold(run: Run): void {
    if (this.holder === run) return;
    run.giveBack();
    this.holder?.giveBack();
    this.holder = run;
    run.meter = this;
  }

  /** Lends what is left of the slice and the budget. @returns what the counter must show */
  lend(run: Run): number {
    this.holder = run;
    run.meter = this;
    run.home ??= this;
    const fuel = Math.min(run.left, this.limits.fuel - this.#settled, MAX_LOAN);
    return this.#loan = Math.max(Math.floor(fuel), -MAX_DEBT);
  }

  /** As `lend`, for a guest that will go on: what nobody has counted yet is counted for the run. */
  lendAgain(run: Run): number {
    this.holder = run;
    this.#settle(this.#read());
    return this.lend(run);
  }

  /** Lends, and sets the counter. */
  lendNow(run: Run): void {
    this.#write(this.lendAgain(run));
  }

  /** Settles, and leaves no fuel. */
  takeBack(): void {
    this.#settle(this.#read());
    if (this.charged !== 0) this.#countCharge();
    this.#write(0);
    this.#loan = 0;
    this.holder = undefined;
  }

  #countCharge(): void {
    const fuel = this.charged;
    this.charged = 0;
    this.#count(fuel);
  }

  /** Counts for a run what was used while no run was the holder. */
  settleWith(run: Run): void {
    if (this.holder !== undefined) return;
    this.holder = run;
    this.takeBack();
  }

  /**
   * The guest's counter is below zero. Lends more if the slice and the budget allow it.
   *
   * @returns what the counter must show, or -id if the slice is over
   * @throws {Unwound} if the run is over or the budget is used up
   */
  refill(fuel: number): number {
    const run = currentRun();
    this.hold(run);
    this.#settle(fuel);
    if (run.isOver) throw new Unwound(run);
    if (isBudgetUsed(this.#figures())) throw run.end(budgetError(this.#figures()));
    // A synchronous run can't wait.
    if (run.id !== 0 && (run.left < 0 || performance.now() - run.since > SLICE_MS)) return -run.id;
    return this.lend(run);
  }

  #figures(): Metered {
    return { limits: this.limits, fuelUsed: this.#settled, retranslatedBytes: 0 };
  }

  /** Counts what host functions have charged. The guest must read its counter again. */
  takeCharge(run: Run): void {
    if (this.charged <= MAX_LOWERED) {
      this.#lower(this.charged);
      this.charged = 0;
      return;
    }
    this.hold(run);
    this.#countCharge();
    this.lendNow(run);
  }

  /** Settles what the counter shows. */
  #settle(fuel: number): void {
    const used = this.#loan - fuel;
    this.#loan = fuel;
    this.#count(used);
  }

  #count(used: number): void {
    this.#settled += used;
    const run = this.holder;
    if (run === undefined) return;
    run.fuelUsed += used;
    run.left -= used;
  }
}
