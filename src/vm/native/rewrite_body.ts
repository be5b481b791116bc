/**
 * Rewrites the bodies of a validated module's functions with metering, in one pass and in parts. Most instructions are
 * copied in ranges. Code that follows a branch, up to the end of its block, is left out. What is counted and paid where
 * mirrors the interpreter's translate.ts exactly; runs.ts has the counts.
 *
 * @module
 */

import { FUEL, ZEROED_LOCALS_PER_FUEL } from "../costs.ts";
import { densePrefixed } from "../binary/opcodes.ts";
import type { ModuleRecord } from "../binary/types.ts";
import type { Helpers } from "./helpers.ts";
import {
  BLOCK,
  BR,
  BR_IF,
  BR_TABLE,
  BYTES,
  CALL,
  CALL_INDIRECT,
  EIGHT_BYTES,
  ELSE,
  END,
  FOUR_BYTES,
  IF,
  LOOP,
  MAY_TRAP,
  NOTHING,
  ONE_NUMBER,
  ONE_NUMBER_MAY_TRAP,
  REF_FUNC,
  RETURN,
  RETURN_CALL,
  RETURN_CALL_INDIRECT,
  SIXTEEN_BYTES,
  SKIP,
  THREE_NUMBERS,
  THREE_NUMBERS_MAY_TRAP,
  TWO_NUMBERS,
  TWO_NUMBERS_MAY_TRAP,
  UNREACHABLE,
  WHAT,
} from "./instructions.ts";
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
import { newIndex } from "./layout.ts";
import type { Layout } from "./layout.ts";
import type { Payments } from "./payments.ts";
import { movesFuel, Runs } from "./runs.ts";
import type { Types } from "./types.ts";
import type { Writer } from "./writer.ts";

/** Bytes of a body that are rewritten without a pause: about a millisecond. */
const PART_BYTES = 32_768;
/** Bytes of a body whose rewritten form has a length of three bytes. */
const SHORT_BODY = 100_000;

const OP_ELSE = 0x05;
const OP_IF = 0x04;
const OP_BLOCK = 0x02;
const OP_END = 0x0b;
const OP_BR = 0x0c;
const OP_BR_TABLE = 0x0e;
const OP_CALL = 0x10;
const OP_RETURN_CALL = 0x12;
const OP_REF_FUNC = 0xd2;
const EMPTY_BLOCK = 0x40;
/** Higher bytes do not begin instructions but as prefixes. */
const FIRST_PREFIX = 0xfc;

/** Rewrites the bodies of one module, in their order. */
export class BodyRewriter {
  readonly #record: ModuleRecord;
  readonly #layout: Layout;
  readonly #helpers: Helpers;
  readonly #types: Types;
  readonly #out: Writer;
  readonly #payments: Payments;
  readonly #runs: Runs;
  /** Why the module can't be rewritten. */
  refusal: string | undefined;

  #body = -1;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The first byte that has not been copied. */
  #from = 0;
  #size = 0;
  #width = 3;
  readonly #labels = new Labels();
  /** The depth of blocks in code that is left out, or -1. */
  #dead = -1;
  #tables = 0;
  #slots = new Int32Array(64);

  constructor(record: ModuleRecord, layout: Layout, types: Types, helpers: Helpers, payments: Payments) {
    this.#record = record;
    this.#layout = layout;
    this.#types = types;
    this.#helpers = helpers;
    this.#out = payments.out;
    this.#payments = payments;
    this.#runs = new Runs(payments);
  }

  /** Rewrites the next part of a defined function's body. Returns whether it was the last. */
  rewrite(index: number): boolean {
    this.#bytes = this.#record.bytes;
    if (this.#body !== index) this.#begin(index);
    this.#pass();
    if (this.#labels.top >= 0) return false;
    this.#body = -1;
    this.#payments.compact(this.#size + this.#width);
    this.#out.close(this.#size, this.#width);
    return true;
  }

  #begin(index: number): void {
    const { start, end } = this.#record.bodies[index];
    this.#body = index;
    this.#width = end - start < SHORT_BODY ? 3 : 5;
    this.#size = this.#out.open(this.#width);
    this.#open(start);
  }

  /** Writes the locals. */
  #open(start: number): void {
    const { types, functions, importedFunctions } = this.#record;
    const bytes = this.#bytes;
    const typeIndex = functions[importedFunctions + this.#body];
    const { params, results } = types[typeIndex];
    this.#at = start;
    const groups = this.#u32();
    const from = this.#at;
    let locals = 0;
    for (let group = 0; group < groups; group++) {
      locals += this.#u32();
      this.#at++;
    }
    this.#out.u32(groups + 1);
    this.#out.range(bytes, from, this.#at);
    this.#out.all([1, 0x7f]);
    this.#from = this.#at;
    this.#dead = -1;
    this.#labels.clear();
    this.#labels.push(OF_FUNCTION, results.length, this.#types.keyOfResults(typeIndex), 0);
    this.#payments.begin(params.length + locals);
    this.#runs.begin(Math.floor(locals / ZEROED_LOCALS_PER_FUEL));
  }

  #u32(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++];
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7;; shift += 7) {
      byte = bytes[this.#at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  // The pass

  #pass(): void {
    const runs = this.#runs;
    const bytes = this.#bytes;
    const until = this.#at + PART_BYTES;
    let at = this.#at;
    let { count } = runs;
    // The count at which the run is too long.
    let most = runs.longAt;
    let isUnpaid = !runs.isPaid;
    while (this.#labels.top >= 0 && at < until) {
      if (this.#dead >= 0) {
        this.#at = at;
        this.#skipDead(until);
        at = this.#at;
        count = runs.count;
        most = runs.longAt;
        isUnpaid = !runs.isPaid;
        continue;
      }
      const begin = at;
      let code = bytes[at++];
      if (code >= FIRST_PREFIX) {
        this.#at = at;
        code = densePrefixed(code, this.#u32());
        at = this.#at;
      }
      count += FUEL[code];
      const what = WHAT[code];
      if (isUnpaid && what >= MAY_TRAP && what < BLOCK) {
        this.#copy(begin);
        runs.payRun();
        isUnpaid = false;
      }
      switch (what) {
        case NOTHING:
        case MAY_TRAP:
          break;
        case TWO_NUMBERS:
        case TWO_NUMBERS_MAY_TRAP:
          while (bytes[at++] >= 0x80);
          while (bytes[at++] >= 0x80);
          break;
        case ONE_NUMBER:
        case ONE_NUMBER_MAY_TRAP:
          while (bytes[at++] >= 0x80);
          break;
        case FOUR_BYTES:
          at += 4;
          break;
        case EIGHT_BYTES:
          at += 8;
          break;
        case BYTES:
          this.#at = at;
          at = this.#u32();
          at += this.#at;
          break;
        case THREE_NUMBERS:
        case THREE_NUMBERS_MAY_TRAP:
          while (bytes[at++] >= 0x80);
          while (bytes[at++] >= 0x80);
          at++;
          break;
        case SIXTEEN_BYTES:
          at += 16;
          break;
        default:
          runs.count = count;
          this.#at = at;
          this.#act(what, code, begin);
          at = this.#at;
          count = runs.count;
          most = runs.longAt;
          isUnpaid = !runs.isPaid;
          isUnpaid = !runs.isPaid;
      }
      if (count >= most) {
        runs.count = count;
        this.#at = at;
        this.#split();
        count = runs.count;
        most = runs.longAt;
        isUnpaid = !runs.isPaid;
      }
    }
    runs.count = count;
    this.#at = at;
  }

  #split(): void {
    if (this.#labels.top < 0 || this.#dead >= 0) return;
    this.#copy(this.#at);
    this.#runs.split();
    this.#labels.setLoops(this.#runs.count);
  }

  /** Copies up to an offset. */
  #copy(to: number): void {
    if (to > this.#from) this.#out.range(this.#bytes, this.#from, to);
    this.#from = to;
  }

  /** Leaves out unreachable instructions, up to a reachable `else` or `end`. */
  #skipDead(until: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let depth = this.#dead;
    while (at < until) {
      const begin = at;
      let code = bytes[at++];
      if (code >= FIRST_PREFIX) {
        this.#at = at;
        code = densePrefixed(code, this.#u32());
        at = this.#at;
      }
      const what = WHAT[code];
      if (what === ELSE && depth === 0) {
        this.#at = at;
        this.#dead = -1;
        this.#from = begin;
        this.#startElse();
        return;
      }
      if (what === END && depth-- === 0) {
        this.#at = at;
        this.#dead = -1;
        this.#from = begin;
        this.#close(begin, false);
        return;
      }
      if (what === BLOCK || what === LOOP || what === IF) depth++;
      this.#at = at;
      this.#skip(SKIP[code]);
      at = this.#at;
    }
    this.#at = at;
    this.#dead = depth;
  }

  #skip(kind: number): void {
    const bytes = this.#bytes;
    switch (kind) {
      case NOTHING:
        return;
      case TWO_NUMBERS:
        while (bytes[this.#at++] >= 0x80);
        while (bytes[this.#at++] >= 0x80);
        return;
      case ONE_NUMBER:
        while (bytes[this.#at++] >= 0x80);
        return;
      case FOUR_BYTES:
        this.#at += 4;
        return;
      case EIGHT_BYTES:
        this.#at += 8;
        return;
      case BYTES:
        for (let count = this.#u32(); count > 0; count--) this.#at++;
        return;
      case THREE_NUMBERS:
        while (bytes[this.#at++] >= 0x80);
        while (bytes[this.#at++] >= 0x80);
        this.#at++;
        return;
      case SIXTEEN_BYTES:
        this.#at += 16;
        return;
      default:
        for (let count = this.#u32(); count >= 0; count--) while (bytes[this.#at++] >= 0x80);
    }
  }

  // Labels

  /** Reads a block type and opens a label. */
  #openBlock(kind: number): void {
    const first = this.#bytes[this.#at];
    if (first === EMPTY_BLOCK) {
      this.#at++;
      return this.#labels.push(kind, 0, 0, this.#runs.loops);
    }
    if (first > 0x40 && first < 0x80) {
      this.#at++;
      return kind === OF_LOOP
        ? this.#labels.push(kind, 0, 0, this.#runs.loops)
        : this.#labels.push(kind, 1, first, this.#runs.loops);
    }
    this.#openTyped(kind);
  }

  #openTyped(kind: number): void {
    const before = this.#at;
    const typeIndex = this.#u32();
    const last = this.#bytes[this.#at - 1];
    if ((last & 0x40) !== 0) {
      // A type of one value, or none, in more bytes than necessary.
      const code = this.#bytes[before] & 0x7f;
      const isEmpty = code === EMPTY_BLOCK || kind === OF_LOOP;
      return this.#labels.push(kind, isEmpty ? 0 : 1, isEmpty ? 0 : code, this.#runs.loops);
    }
    const { params, results } = this.#record.types[typeIndex];
    const { loops } = this.#runs;
    if (kind === OF_LOOP) this.#labels.push(kind, params.length, this.#types.keyOfParams(typeIndex), loops);
    else this.#labels.push(kind, results.length, this.#types.keyOfResults(typeIndex), loops);
  }

  #endRun(fuel: number, isConditional: boolean): void {
    this.#runs.endRun(fuel, isConditional);
    this.#labels.setLoops(this.#runs.count);
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
    const { debt } = this.#runs;
    return (kind === OF_FUNCTION || kind === OF_LOOP) &&
      this.#runs.isFree(labels[label + COST] + debt + fuel, labels[label + LOOPS] > 0);
  }

  // Actions

  #act(what: number, code: number, begin: number): void {
    const runs = this.#runs;
    switch (what) {
      case BLOCK:
        return this.#openBlock(OF_BLOCK);
      case LOOP:
        return this.#loop(begin);
      case IF:
        return this.#if(begin);
      case ELSE:
        this.#endRun(0, false);
        this.#copy(begin);
        this.#payBranch(this.#labels.top, 0);
        return this.#startElse();
      case END:
        return this.#close(begin, true);
      case BR:
        return this.#branch(begin);
      case BR_IF:
        return this.#branchIf(begin);
      case BR_TABLE:
        return this.#branchTable(begin);
      case RETURN:
        return this.#return(begin);
      case CALL:
        this.#call(OP_CALL, begin);
        return runs.called();
      case CALL_INDIRECT:
        this.#callIndirect(begin);
        this.#copy(this.#at);
        return runs.called();
      case RETURN_CALL:
        this.#call(OP_RETURN_CALL, begin);
        return this.#die();
      case RETURN_CALL_INDIRECT:
        this.#callIndirect(begin);
        return this.#die();
      case UNREACHABLE:
        this.#endRun(0, false);
        this.#copy(begin);
        runs.payDebt();
        return this.#die();
      case REF_FUNC: {
        const index = this.#u32();
        this.#copy(begin);
        this.#out.u8(OP_REF_FUNC);
        this.#out.u32(this.#function(index));
        this.#from = this.#at;
        return;
      }
      default:
        return this.#help(code, begin);
    }
  }

  #loop(begin: number): void {
    const runs = this.#runs;
    this.#copy(begin);
    runs.loops++;
    this.#openBlock(OF_LOOP);
    if (runs.isPaid) this.#labels.enterLoop(runs.count);
    else runs.payDebt();
    runs.refresh();
    this.#copy(this.#at);
    runs.check();
  }

  #if(begin: number): void {
    const runs = this.#runs;
    this.#endRun(0, true);
    this.#limitDebt(begin);
    this.#openBlock(OF_IF);
    const label = this.#labels.top;
    const labels = this.#labels.words;
    labels[label + ELSE_DEBT] = runs.debt;
    labels[label + ELSE_STALE] = runs.isStale ? 1 : 0;
    runs.ways.save(runs.count, labels, label + ELSE_WAYS);
    runs.beginRun();
  }

  /** Pays a large debt before a branch. */
  #limitDebt(begin: number): void {
    if (!this.#runs.isDebtLarge) return;
    this.#copy(begin);
    this.#runs.payDebt();
  }

  /** Writes a call, and before it what is owed. */
  #call(opcode: number, begin: number): void {
    const index = this.#u32();
    this.#beforeCall(begin);
    this.#out.u8(opcode);
    this.#out.u32(this.#function(index));
    this.#from = this.#at;
  }

  #callIndirect(begin: number): void {
    this.#skip(TWO_NUMBERS);
    this.#beforeCall(begin);
  }

  #beforeCall(begin: number): void {
    this.#endRun(0, false);
    this.#copy(begin);
    this.#runs.payDebt();
    this.#runs.checkBeforeCall();
  }

  #function(index: number): number {
    return newIndex(this.#layout, this.#record.importedFunctions, index);
  }

  /** Replaces an instruction whose work depends on its operands by a call. */
  #help(code: number, begin: number): void {
    const first = this.#u32();
    const second = SKIP[code] === TWO_NUMBERS ? this.#u32() : 0;
    this.#copy(begin);
    this.#runs.payRun();
    this.#out.u8(OP_CALL);
    this.#out.u32(this.#helpers.indexOf(code, first, second));
    this.#from = this.#at;
    this.#runs.isStale = true;
  }

  /** The rest of the block is unreachable. */
  #die(): void {
    this.#copy(this.#at);
    this.#dead = 0;
  }

  #startElse(): void {
    const label = this.#labels.top;
    this.#labels.words[label + KIND] = OF_BLOCK;
    this.#restoreElse(label);
  }

  /** Continues on the other side of an `if`. */
  #restoreElse(label: number): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    runs.debt = labels[label + ELSE_DEBT];
    runs.isStale = labels[label + ELSE_STALE] !== 0;
    runs.ways.restore(runs.count, labels, label + ELSE_WAYS);
  }

  /** Closes the innermost block at its `end`. */
  #close(begin: number, isReached: boolean): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    const label = this.#labels.top;
    const kind = labels[label + KIND];
    this.#labels.top -= WORDS;
    if (kind === OF_FUNCTION) {
      if (isReached) this.#leave(begin, labels[label + ARITY]);
      return this.#copy(this.#at);
    }
    if (kind === OF_LOOP) runs.loops--;
    if (!isReached) {
      runs.isStale = false;
      runs.ways.clear(runs.count);
    }
    const chain = labels[label + CHAIN];
    if (isReached && runs.isPaid) {
      if (kind === OF_IF) this.#writeElse(label, begin);
      runs.joinPaid(chain);
    } else if (kind === OF_IF || chain !== NO_CHAIN) {
      const debt = kind === OF_IF ? labels[label + ELSE_DEBT] : runs.debtOf(chain);
      if (isReached && runs.debt !== debt) {
        this.#copy(begin);
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
      this.#copy(this.#at);
      runs.check();
    }
  }

  /** Writes the side of an `if` that has no code, to pay there for what follows. */
  #writeElse(label: number, begin: number): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    const { isStale } = runs;
    this.#copy(begin);
    this.#out.u8(OP_ELSE);
    runs.debt = labels[label + ELSE_DEBT];
    runs.isStale = labels[label + ELSE_STALE] !== 0;
    runs.payRun();
    runs.isStale ||= isStale;
    runs.ways.join(runs.count, labels, label + ELSE_WAYS);
  }

  #branch(begin: number): void {
    const label = this.#labels.at(this.#u32());
    const arity = this.#labels.words[label + ARITY];
    if (this.#labels.words[label + KIND] === OF_FUNCTION) this.#leave(begin, arity);
    else {
      this.#endRun(movesFuel(arity), false);
      this.#copy(begin);
      this.#payBranch(label, 0);
    }
    this.#die();
  }

  #return(begin: number): void {
    this.#leave(begin, this.#labels.words[ARITY]);
    this.#die();
  }

  /** Pays before the instruction that leaves the function. */
  #leave(begin: number, results: number): void {
    this.#endRun(movesFuel(results), false);
    this.#copy(begin);
    this.#runs.payDebt();
    this.#runs.checkBeforeReturn();
  }

  #branchIf(begin: number): void {
    const depth = this.#u32();
    const runs = this.#runs;
    const label = this.#labels.at(depth);
    const labels = this.#labels.words;
    const fuel = movesFuel(labels[label + ARITY]);
    this.#endRun(0, true);
    this.#copy(begin);
    if (labels[label + KIND] === OF_FUNCTION) runs.payDebt();
    else this.#limitDebt(begin);
    if (this.#isFree(label, fuel)) this.#copy(this.#at);
    else {
      const out = this.#out;
      const from = out.at;
      out.u8(OP_IF);
      this.#blockType(labels[label + CARRIED]);
      this.#payBranch(label, fuel);
      out.u8(OP_BR);
      out.u32(depth + 1);
      out.u8(OP_END);
      if (labels[label + CHAIN] !== NO_CHAIN) this.#payments.isBranch(runs.siteOf(labels[label + CHAIN]), from, depth);
      this.#from = this.#at;
    }
    runs.skip(fuel);
    runs.beginRun();
    runs.checkWay();
  }

  /** Writes the type of a block that takes and returns values. */
  #blockType(key: number): void {
    if (key === 0) this.#out.u8(EMPTY_BLOCK);
    else this.#out.s32(this.#types.same(key));
  }

  /** Each label that is paid for gets a block around the table, after which its payment is. */
  #branchTable(begin: number): void {
    const out = this.#out;
    const labels = this.#labels.words;
    const count = this.#u32();
    const table = this.#at;
    const id = this.#tables++;
    let slots = 0;
    this.#endRun(0, false);
    this.#copy(begin);
    this.#limitDebt(begin);
    for (let place = 0; place <= count; place++) {
      const depth = this.#u32();
      const label = this.#labels.at(depth);
      if (labels[label + TABLE_AT] === id || this.#isFree(label, movesFuel(labels[label + ARITY]))) continue;
      labels[label + TABLE_AT] = id;
      if (slots === this.#slots.length) this.#slots = grown(this.#slots);
      this.#slots[slots++] = depth;
    }
    this.#at = table;
    const type = this.#types.switched(labels[this.#labels.at(this.#u32()) + CARRIED]);
    for (let slot = 0; slot < slots; slot++) {
      out.u8(OP_BLOCK);
      out.s32(type);
      labels[this.#labels.at(this.#slots[slot]) + SLOT] = slot;
    }
    this.#at = table;
    out.u8(OP_BR_TABLE);
    out.u32(count);
    for (let place = 0; place <= count; place++) {
      const depth = this.#u32();
      const label = this.#labels.at(depth);
      out.u32(labels[label + TABLE_AT] === id ? labels[label + SLOT] : depth + slots);
    }
    for (let slot = 0; slot < slots; slot++) {
      const depth = this.#slots[slot];
      const label = this.#labels.at(depth);
      out.u8(OP_END);
      this.#payBranch(label, movesFuel(labels[label + ARITY]));
      out.u8(OP_BR);
      out.u32(depth + slots - 1 - slot);
    }
    this.#from = this.#at;
    this.#dead = 0;
  }
}
