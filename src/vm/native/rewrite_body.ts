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
  NOTHING,
  ONE_NUMBER,
  REF_FUNC,
  RETURN,
  RETURN_CALL,
  RETURN_CALL_INDIRECT,
  SIXTEEN_BYTES,
  SKIP,
  THREE_NUMBERS,
  TWO_NUMBERS,
  UNREACHABLE,
  WHAT,
} from "./instructions.ts";
import {
  ARITY,
  CARRIED,
  CHAIN,
  COST,
  ELSE_WAY,
  grown,
  KIND,
  Labels,
  OF_BLOCK,
  OF_FUNCTION,
  OF_IF,
  OF_LOOP,
  SLOT,
  TABLE_AT,
  WAY,
  WORDS,
} from "./labels.ts";
import { newIndex } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { movesFuel, NO_CHAIN, type Runs } from "./runs.ts";
import type { Types } from "./types.ts";
import type { Writer } from "./writer.ts";

/** Bytes of a body that are rewritten without a pause: about a millisecond. */
const PART_BYTES = 32_768;
/**
 * Bytes of a function that is called without a check of fuel, if it has no calls and loops. Its caller checks, after
 * some of them.
 */
const LEAF_BYTES = 48;
/** Locals of such a function. */
const LEAF_LOCALS = 64;
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
  readonly #runs: Runs;
  /** Why the module can't be rewritten. */
  refusal: string | undefined;

  #body = -1;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #at = 0;
  /** The first byte that has not been copied. */
  #from = 0;
  #size = 0;
  #width = 3;
  #isLeaf = false;
  readonly #labels = new Labels();
  /** The depth of blocks in code that is left out, or -1. */
  #dead = -1;
  #tables = 0;
  #slots = new Int32Array(64);

  constructor(record: ModuleRecord, layout: Layout, types: Types, helpers: Helpers, out: Writer, runs: Runs) {
    this.#record = record;
    this.#layout = layout;
    this.#types = types;
    this.#helpers = helpers;
    this.#out = out;
    this.#runs = runs;
  }

  /** Rewrites the next part of a defined function's body. Returns whether it was the last. */
  rewrite(index: number): boolean {
    this.#bytes = this.#record.bytes;
    if (this.#body !== index) this.#begin(index);
    this.#pass();
    if (this.#labels.top >= 0) return false;
    this.#body = -1;
    this.#out.close(this.#size, this.#width);
    return true;
  }

  #begin(index: number): void {
    const { start, end } = this.#record.bodies[index];
    this.#body = index;
    this.#start = start;
    this.#width = end - start < SHORT_BODY ? 3 : 5;
    this.#size = this.#out.open(this.#width);
    this.#open(end - start <= LEAF_BYTES);
  }

  /** Writes the locals and the function's first payment. */
  #open(isLeaf: boolean): void {
    const { types, functions, importedFunctions } = this.#record;
    const bytes = this.#bytes;
    const typeIndex = functions[importedFunctions + this.#body];
    const { params, results } = types[typeIndex];
    this.#at = this.#start;
    const groups = this.#u32();
    const from = this.#at;
    let locals = 0;
    for (let group = 0; group < groups; group++) {
      locals += this.#u32();
      this.#at++;
    }
    this.#isLeaf = isLeaf = isLeaf && locals < LEAF_LOCALS;
    this.#out.u32(isLeaf ? groups : groups + 1);
    this.#out.range(bytes, from, this.#at);
    if (!isLeaf) this.#out.all([1, 0x7f]);
    this.#from = this.#at;
    this.#dead = -1;
    this.#labels.clear();
    this.#labels.push(OF_FUNCTION, results.length, this.#types.keyOfResults(typeIndex));
    this.#runs.begin(isLeaf ? -1 : params.length + locals, Math.floor(locals / ZEROED_LOCALS_PER_FUEL));
  }

  /** Begins the function again, with a local for fuel: it has a loop or a call. */
  #reopen(): void {
    this.#out.at = this.#size + this.#width;
    this.#open(false);
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
    while (this.#labels.top >= 0 && at < until) {
      if (this.#dead >= 0) {
        this.#at = at;
        this.#skipDead(until);
        at = this.#at;
        count = runs.count;
        most = runs.longAt;
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
      switch (what) {
        case NOTHING:
          break;
        case TWO_NUMBERS:
          while (bytes[at++] >= 0x80);
          while (bytes[at++] >= 0x80);
          break;
        case ONE_NUMBER:
          while (bytes[at++] >= 0x80);
          break;
        case FOUR_BYTES:
          at += 4;
          break;
        case EIGHT_BYTES:
          at += 8;
          break;
        case BYTES:
          at += bytes[at] + 1;
          break;
        case THREE_NUMBERS:
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
      }
      if (count >= most) {
        runs.count = count;
        this.#at = at;
        this.#split();
        count = runs.count;
        most = runs.longAt;
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
        this.#from = at;
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
        this.#at += bytes[this.#at] + 1;
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
      return this.#labels.push(kind, 0, 0);
    }
    if (first > 0x40 && first < 0x80) {
      this.#at++;
      return kind === OF_LOOP ? this.#labels.push(kind, 0, 0) : this.#labels.push(kind, 1, first);
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
      return this.#labels.push(kind, isEmpty ? 0 : 1, isEmpty ? 0 : code);
    }
    const { params, results } = this.#record.types[typeIndex];
    if (kind === OF_LOOP) this.#labels.push(kind, params.length, this.#types.keyOfParams(typeIndex));
    else this.#labels.push(kind, results.length, this.#types.keyOfResults(typeIndex));
  }

  #endRun(fuel: number, isConditional: boolean): void {
    this.#runs.endRun(fuel, isConditional);
    this.#labels.setLoops(this.#runs.count);
  }

  /** Writes what a branch to a label pays, which itself costs `fuel`. */
  #payBranch(label: number, fuel: number): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    const kind = labels[label + KIND];
    if (kind === OF_FUNCTION) runs.payAmount(fuel);
    else if (kind === OF_LOOP) runs.payAmount(labels[label + COST] + fuel);
    else {
      labels[label + CHAIN] = runs.chain(runs.pay(), fuel, labels[label + CHAIN]);
      if (runs.way > labels[label + WAY]) labels[label + WAY] = runs.way;
    }
  }

  // Actions

  #act(what: number, code: number, begin: number): void {
    const runs = this.#runs;
    switch (what) {
      case BLOCK:
        return this.#openBlock(OF_BLOCK);
      case LOOP:
        if (this.#isLeaf) return this.#reopen();
        this.#openBlock(OF_LOOP);
        this.#labels.enterLoop(runs.count);
        this.#copy(this.#at);
        return runs.check();
      case IF:
        this.#endRun(0, true);
        this.#openBlock(OF_IF);
        this.#labels.words[this.#labels.top + ELSE_WAY] = runs.way;
        this.#copy(this.#at);
        return runs.enter(runs.pay());
      case ELSE:
        this.#endRun(0, false);
        this.#copy(begin);
        this.#payBranch(this.#labels.top, 0);
        this.#from = this.#at;
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
      case CALL: {
        if (this.#isLeaf) return this.#reopen();
        const index = this.#u32();
        this.#endRun(0, false);
        this.#copy(begin);
        this.#out.u8(OP_CALL);
        this.#out.u32(this.#function(index));
        this.#from = this.#at;
        return this.#afterCall();
      }
      case CALL_INDIRECT:
        if (this.#isLeaf) return this.#reopen();
        this.#skip(TWO_NUMBERS);
        this.#endRun(0, false);
        this.#copy(this.#at);
        return this.#afterCall();
      case RETURN_CALL: {
        if (this.#isLeaf) return this.#reopen();
        const index = this.#u32();
        this.#endRun(0, false);
        this.#copy(begin);
        this.#out.u8(OP_RETURN_CALL);
        this.#out.u32(this.#function(index));
        this.#from = this.#at;
        return this.#die();
      }
      case RETURN_CALL_INDIRECT:
        if (this.#isLeaf) return this.#reopen();
        this.#skip(TWO_NUMBERS);
        this.#endRun(0, false);
        return this.#die();
      case UNREACHABLE:
        this.#endRun(0, false);
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

  #function(index: number): number {
    return newIndex(this.#layout, this.#record.importedFunctions, index);
  }

  #afterCall(): void {
    const runs = this.#runs;
    runs.enter(runs.payAfterCall());
    runs.called();
    runs.checkWay();
  }

  /** Replaces an instruction whose work depends on its operands by a call. */
  #help(code: number, begin: number): void {
    if (this.#isLeaf) return this.#reopen();
    const first = this.#u32();
    const second = SKIP[code] === TWO_NUMBERS ? this.#u32() : 0;
    this.#copy(begin);
    this.#out.u8(OP_CALL);
    this.#out.u32(this.#helpers.indexOf(code, first, second));
    this.#from = this.#at;
    this.#runs.reload();
  }

  /** The rest of the block is unreachable. */
  #die(): void {
    this.#copy(this.#at);
    this.#dead = 0;
  }

  #startElse(): void {
    const runs = this.#runs;
    const label = this.#labels.top;
    this.#out.u8(OP_ELSE);
    this.#labels.words[label + KIND] = OF_BLOCK;
    runs.way = this.#labels.words[label + ELSE_WAY];
    runs.enter(runs.pay());
  }

  /** Closes the innermost block at its `end`. */
  #close(begin: number, isReached: boolean): void {
    const runs = this.#runs;
    const labels = this.#labels.words;
    const label = this.#labels.top;
    const kind = labels[label + KIND];
    this.#labels.top -= WORDS;
    if (kind === OF_FUNCTION) {
      if (isReached) {
        this.#endRun(movesFuel(labels[label + ARITY]), false);
        this.#copy(begin);
        runs.checkWay();
      }
      this.#copy(this.#at);
      return;
    }
    let way = isReached ? runs.way : 0;
    if (kind === OF_IF) {
      this.#copy(begin);
      this.#out.u8(OP_ELSE);
      runs.enter(runs.pay());
      way = Math.max(way, labels[label + ELSE_WAY]);
    }
    if (labels[label + CHAIN] !== NO_CHAIN) runs.bind(labels[label + CHAIN]);
    runs.way = Math.max(way, labels[label + WAY]);
    if (runs.isFar) {
      this.#copy(this.#at);
      runs.check();
    }
  }

  #branch(begin: number): void {
    const label = this.#labels.at(this.#u32());
    this.#endRun(movesFuel(this.#labels.words[label + ARITY]), false);
    this.#copy(begin);
    if (this.#labels.words[label + KIND] === OF_FUNCTION) this.#runs.checkWay();
    else this.#payBranch(label, 0);
    this.#die();
  }

  #return(begin: number): void {
    this.#endRun(movesFuel(this.#labels.words[ARITY]), false);
    this.#copy(begin);
    this.#runs.checkWay();
    this.#die();
  }

  #branchIf(begin: number): void {
    const depth = this.#u32();
    const runs = this.#runs;
    const out = this.#out;
    const label = this.#labels.at(depth);
    const fuel = movesFuel(this.#labels.words[label + ARITY]);
    this.#endRun(0, true);
    if (this.#isFree(label)) this.#copy(this.#at);
    else {
      this.#copy(begin);
      out.u8(OP_IF);
      this.#blockType(this.#labels.words[label + CARRIED]);
      this.#payBranch(label, fuel);
      out.u8(OP_BR);
      out.u32(depth + 1);
      out.u8(OP_END);
      this.#from = this.#at;
    }
    runs.count += fuel;
    runs.enter(runs.pay());
    runs.checkWay();
  }

  /** Whether a branch to the label pays nothing. */
  #isFree(label: number): boolean {
    return this.#labels.words[label + KIND] === OF_FUNCTION && movesFuel(this.#labels.words[label + ARITY]) === 0;
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
    for (let place = 0; place <= count; place++) {
      const depth = this.#u32();
      const label = this.#labels.at(depth);
      if (labels[label + TABLE_AT] === id || this.#isFree(label)) continue;
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
