/**
 * Blocks and branches of a function that is rewritten: what each branch pays, and what the code after a block owes.
 *
 * @module
 */

import type { ModuleRecord } from "../binary/types.ts";
import {
  ARITY,
  CARRIED,
  CHAIN,
  COST,
  ELSE_DEBT,
  ELSE_STALE,
  ELSE_WAYS,
  grown,
  KIND,
  Labels,
  LOOPS,
  NO_CHAIN,
  OF_BLOCK,
  OF_FUNCTION,
  OF_IF,
  OF_LOOP,
  SLOT,
  TABLE_AT,
  WAYS,
  WORDS,
} from "./labels.ts";
import * as op from "./opcodes.ts";
import type { Payments } from "./payments.ts";
import { movesFuel } from "./runs.ts";
import type { Runs } from "./runs.ts";
import type { Scanner } from "./scanner.ts";
import type { Types } from "./types.ts";
import type { Writer } from "./writer.ts";

/** The blocks and branches of one function at a time. The scanner has read the opcode of the current instruction. */
export class Control {
  readonly #record: ModuleRecord;
  readonly #types: Types;
  readonly #scanner: Scanner;
  readonly #out: Writer;
  readonly #payments: Payments;
  readonly #runs: Runs;
  readonly #labels = new Labels();
  #tables = 0;
  /** The depths of the labels that a `br_table` pays for. */
  #slots = new Int32Array(64);

  constructor(record: ModuleRecord, types: Types, scanner: Scanner, payments: Payments, runs: Runs) {
    this.#record = record;
    this.#types = types;
    this.#scanner = scanner;
    this.#out = scanner.out;
    this.#payments = payments;
    this.#runs = runs;
  }

  /** Begins a function of a type. */
  begin(typeIndex: number): void {
    this.#labels.clear();
    const { length } = this.#record.types[typeIndex].results;
    this.#labels.push(OF_FUNCTION, length, this.#types.keyOfResults(typeIndex), 0);
  }

  /** Whether the function has not ended. */
  get isOpen(): boolean {
    return this.#labels.top >= 0;
  }

  /** Ends the run. @param fuel what the branch that ends it costs  @param isConditional whether it may go on */
  endRun(fuel: number, isConditional: boolean): void {
    this.#runs.endRun(fuel, isConditional);
    this.#labels.setLoops(this.#runs.count);
  }

  /** Ends a run that is too long, and begins another. */
  split(): void {
    this.#scanner.copy(this.#scanner.at);
    this.endRun(0, false);
    this.#runs.split();
  }

  // Blocks

  block(): void {
    this.#open(OF_BLOCK);
  }

  loop(): void {
    const runs = this.#runs;
    const scanner = this.#scanner;
    scanner.copyBefore();
    runs.loops++;
    this.#open(OF_LOOP);
    if (runs.isPaid) this.#labels.enterLoop(runs.count);
    else runs.payDebt();
    runs.refresh();
    scanner.copy(scanner.at);
    runs.check();
  }

  if(): void {
    const runs = this.#runs;
    this.endRun(0, true);
    this.#limitDebt();
    this.#open(OF_IF);
    const label = this.#labels.top;
    const labels = this.#labels.words;
    labels[label + ELSE_DEBT] = runs.debt;
    labels[label + ELSE_STALE] = runs.isStale ? 1 : 0;
    runs.ways.save(runs.count, labels, label + ELSE_WAYS);
    runs.beginRun();
  }

  /** @param isReached whether the code before may come here */
  else(isReached: boolean): void {
    const runs = this.#runs;
    const label = this.#labels.top;
    const labels = this.#labels.words;
    if (isReached) {
      this.endRun(0, false);
      this.#scanner.copyBefore();
      this.#payBranch(label, 0);
    }
    labels[label + KIND] = OF_BLOCK;
    runs.debt = labels[label + ELSE_DEBT];
    runs.isStale = labels[label + ELSE_STALE] !== 0;
    runs.ways.restore(runs.count, labels, label + ELSE_WAYS);
  }

  /** Closes the innermost block at its `end`. @param isReached whether the code before may come here */
  end(isReached: boolean): void {
    const runs = this.#runs;
    const scanner = this.#scanner;
    const labels = this.#labels.words;
    const label = this.#labels.top;
    const kind = labels[label + KIND];
    this.#labels.top -= WORDS;
    if (kind === OF_FUNCTION) {
      if (isReached) this.#leave(labels[label + ARITY]);
      return scanner.copy(scanner.at);
    }
    if (kind === OF_LOOP) runs.loops--;
    if (!isReached) {
      runs.isStale = false;
      runs.ways.clear(runs.count);
    }
    const chain = labels[label + CHAIN];
    if (isReached && runs.isPaid) {
      if (kind === OF_IF) this.#writeElse(label);
      runs.joinPaid(chain);
    } else if (kind === OF_IF || chain !== NO_CHAIN) {
      const debt = kind === OF_IF ? labels[label + ELSE_DEBT] : runs.debtOf(chain);
      if (isReached && runs.debt !== debt) {
        scanner.copyBefore();
        runs.payDebt(debt);
      }
      if (kind === OF_IF) {
        runs.isStale ||= labels[label + ELSE_STALE] !== 0;
        runs.ways.join(runs.count, labels, label + ELSE_WAYS);
      }
      runs.joinOwing(chain, debt);
    } else if (!isReached) runs.debt = 0;
    runs.ways.join(runs.count, labels, label + WAYS);
    if (runs.loops === 0) runs.isStale = true;
    if (runs.ways.isFar(runs.count)) {
      scanner.copy(scanner.at);
      runs.check();
    }
  }

  /** Writes the side of an `if` that has no code, to pay there for what follows. */
  #writeElse(label: number): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    const { isStale } = runs;
    this.#scanner.copyBefore();
    this.#out.u8(op.ELSE);
    runs.debt = labels[label + ELSE_DEBT];
    runs.isStale = labels[label + ELSE_STALE] !== 0;
    runs.payRun();
    runs.isStale ||= isStale;
    runs.ways.join(runs.count, labels, label + ELSE_WAYS);
  }

  /** Reads a block type and opens a label. */
  #open(kind: number): void {
    const scanner = this.#scanner;
    const { loops } = this.#runs;
    const first = scanner.bytes[scanner.at];
    const index = scanner.u32();
    if (first >= op.EMPTY_BLOCK && first < 0x80) {
      // A type of one value, or none.
      const isEmpty = first === op.EMPTY_BLOCK || kind === OF_LOOP;
      return this.#labels.push(kind, isEmpty ? 0 : 1, isEmpty ? 0 : first, loops);
    }
    const { params, results } = this.#record.types[index];
    if (kind === OF_LOOP) this.#labels.push(kind, params.length, this.#types.keyOfParams(index), loops);
    else this.#labels.push(kind, results.length, this.#types.keyOfResults(index), loops);
  }

  // Branches

  /** Pays a large debt before a branch. */
  #limitDebt(): void {
    if (!this.#runs.isDebtLarge) return;
    this.#scanner.copyBefore();
    this.#runs.payDebt();
  }

  /** Writes what a branch to a label pays: the debt, what the run there costs, and `fuel`. */
  #payBranch(label: number, fuel: number): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    const isIntoLoop = labels[label + LOOPS] > 0;
    switch (labels[label + KIND]) {
      case OF_FUNCTION:
      case OF_LOOP:
        return runs.payBranch(labels[label + COST] + runs.debt + fuel, isIntoLoop);
      default:
        labels[label + CHAIN] = runs.payChained(fuel, isIntoLoop, labels[label + CHAIN]);
        runs.ways.joinTo(runs.count, labels, label + WAYS);
    }
  }

  /** Whether a branch to the label pays nothing. */
  #isFree(label: number, fuel: number): boolean {
    const labels = this.#labels.words;
    const kind = labels[label + KIND];
    return (kind === OF_FUNCTION || kind === OF_LOOP) &&
      this.#runs.isFree(labels[label + COST] + this.#runs.debt + fuel, labels[label + LOOPS] > 0);
  }

  br(): void {
    const label = this.#labels.at(this.#scanner.u32());
    const arity = this.#labels.words[label + ARITY];
    if (this.#labels.words[label + KIND] === OF_FUNCTION) this.#leave(arity);
    else {
      this.endRun(movesFuel(arity), false);
      this.#scanner.copyBefore();
      this.#payBranch(label, 0);
    }
    this.#scanner.die();
  }

  return(): void {
    this.#leave(this.#labels.words[ARITY]);
    this.#scanner.die();
  }

  /** Pays before the instruction that leaves the function. */
  #leave(results: number): void {
    this.endRun(movesFuel(results), false);
    this.#scanner.copyBefore();
    this.#runs.payDebt();
    this.#runs.checkBeforeReturn();
  }

  brIf(): void {
    const scanner = this.#scanner;
    const runs = this.#runs;
    const depth = scanner.u32();
    const label = this.#labels.at(depth);
    const labels = this.#labels.words;
    const fuel = movesFuel(labels[label + ARITY]);
    this.endRun(0, true);
    scanner.copyBefore();
    if (labels[label + KIND] === OF_FUNCTION) runs.payDebt();
    else this.#limitDebt();
    if (this.#isFree(label, fuel)) scanner.copy(scanner.at);
    else {
      const out = this.#out;
      const from = out.at;
      const carried = labels[label + CARRIED];
      if (carried === 0) out.two(op.IF, op.EMPTY_BLOCK);
      else {
        out.u8(op.IF);
        out.s32(this.#types.same(carried));
      }
      this.#payBranch(label, fuel);
      out.indexed(op.BR, depth + 1);
      out.u8(op.END);
      const chain = labels[label + CHAIN];
      if (chain !== NO_CHAIN) this.#payments.isBranch(runs.siteOf(chain), from, depth);
      scanner.drop();
    }
    runs.skip(fuel);
    runs.beginRun();
    runs.checkWay();
  }

  /** Each label that is paid for gets a block around the table, after which its payment is. */
  brTable(): void {
    const scanner = this.#scanner;
    const out = this.#out;
    const labels = this.#labels.words;
    const count = scanner.u32();
    const table = scanner.at;
    const id = this.#tables++;
    let slots = 0;
    this.endRun(0, false);
    scanner.copyBefore();
    this.#limitDebt();
    for (let place = 0; place <= count; place++) {
      const depth = scanner.u32();
      const label = this.#labels.at(depth);
      if (labels[label + TABLE_AT] === id || this.#isFree(label, movesFuel(labels[label + ARITY]))) continue;
      labels[label + TABLE_AT] = id;
      if (slots === this.#slots.length) this.#slots = grown(this.#slots);
      this.#slots[slots++] = depth;
    }
    scanner.at = table;
    const type = this.#types.switched(labels[this.#labels.at(scanner.u32()) + CARRIED]);
    for (let slot = 0; slot < slots; slot++) {
      out.u8(op.BLOCK);
      out.s32(type);
      labels[this.#labels.at(this.#slots[slot]) + SLOT] = slot;
    }
    scanner.at = table;
    out.u8(op.BR_TABLE);
    out.u32(count);
    for (let place = 0; place <= count; place++) {
      const depth = scanner.u32();
      const label = this.#labels.at(depth);
      out.u32(labels[label + TABLE_AT] === id ? labels[label + SLOT] : depth + slots);
    }
    for (let slot = 0; slot < slots; slot++) {
      const depth = this.#slots[slot];
      const label = this.#labels.at(depth);
      out.u8(op.END);
      this.#payBranch(label, movesFuel(labels[label + ARITY]));
      out.indexed(op.BR, depth + slots - 1 - slot);
    }
    scanner.drop();
    scanner.dead = 0;
  }
}
