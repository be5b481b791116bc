/**
 * Writes payments and checks of fuel. A payment whose amount is not known yet has two bytes for it. When a function is
 * complete, it is compacted: most amounts then take one byte, and payments that turned out not to be needed are cut out.
 * Checks are hinted at: they rarely find that no fuel is left.
 *
 * @module
 */

import { grown } from "./labels.ts";
import {
  BR_IF,
  CALL,
  DROP,
  EMPTY_BLOCK,
  END,
  GLOBAL_GET,
  GLOBAL_SET,
  I32_CONST,
  I32_LT_S,
  I32_SUB,
  IF,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
} from "./opcodes.ts";
import { Writer } from "./writer.ts";

/** More bytes than a payment or a check takes. */
const ROOM = 64;
/** Ranges up to this long are moved byte by byte. */
const SHORT_RANGE = 64;

// A site is a payment whose amount is set later: the place of the amount, or -1 if it is cut; the range that can be cut;
// the depth of the branch if the range is a conditional one, or -1; whether it also sets the local.

const WORDS = 5;
const CUT = -1;
/** The byte of a hint. */
const UNLIKELY = 0;
const NO_BRANCH = -1;

/** The payments of one function at a time. */
export class Payments {
  readonly out: Writer;
  readonly #global: number;
  readonly #refuel: number;
  #local = 0;
  #sites = new Int32Array(256 * WORDS);
  #end = 0;
  /** The places of the checks' branches. */
  #checks = new Int32Array(256);
  #checked = 0;
  /** How many of them the function keeps so far when it is compacted. */
  #kept = 0;
  /** For each function with checks: its index, and the offsets of their branches with a hint each. */
  readonly hints: Writer = new Writer(1 << 12);
  /** How many functions that is. */
  hinted = 0;

  /** @param global that of fuel  @param refuel the index of the function that is called when no fuel is left */
  constructor(out: Writer, global: number, refuel: number) {
    this.out = out;
    this.#global = global;
    this.#refuel = refuel;
  }

  /** Begins a function. */
  begin(local: number): void {
    this.#local = local;
    this.#end = 0;
    this.#checked = 0;
  }

  /** Writes an instruction and its index. */
  #indexed(opcode: number, index: number): void {
    const { out } = this;
    const { bytes } = out;
    bytes[out.at++] = opcode;
    for (; index > 0x7f; index >>>= 7) bytes[out.at++] = index & 0x7f | 0x80;
    bytes[out.at++] = index;
  }

  #read(isStale: boolean): void {
    if (isStale) this.#indexed(GLOBAL_GET, this.#global);
    else this.#indexed(LOCAL_GET, this.#local);
  }

  #subtract(setsLocal: boolean): void {
    this.out.bytes[this.out.at++] = I32_SUB;
    if (setsLocal) this.#indexed(LOCAL_TEE, this.#local);
    this.#indexed(GLOBAL_SET, this.#global);
  }

  /** Writes a payment. */
  pay(amount: number, isStale: boolean, setsLocal: boolean): void {
    const { out } = this;
    out.reserve(ROOM);
    this.#read(isStale);
    out.bytes[out.at++] = I32_CONST;
    out.s32(amount);
    this.#subtract(setsLocal);
  }

  /** Writes a payment whose amount is set later; returns its site. */
  payLater(isStale: boolean, setsLocal: boolean): number {
    const { out } = this;
    out.reserve(ROOM);
    const site = this.#end;
    if (site === this.#sites.length) this.#sites = grown(this.#sites);
    const sites = this.#sites;
    sites[site + 1] = out.at;
    this.#read(isStale);
    out.bytes[out.at++] = I32_CONST;
    sites[site] = out.at;
    out.at += 2;
    this.#subtract(setsLocal);
    sites[site + 2] = out.at;
    sites[site + 3] = NO_BRANCH;
    sites[site + 4] = isStale && setsLocal ? 1 : 0;
    this.#end = site + WORDS;
    return site;
  }

  /** Declares that the payment, and all from an offset until here, stands for a conditional branch. */
  isBranch(site: number, from: number, depth: number): void {
    this.#sites[site + 1] = from;
    this.#sites[site + 2] = this.out.at;
    this.#sites[site + 3] = depth;
  }

  setAmount(site: number, amount: number): void {
    const { bytes } = this.out;
    const place = this.#sites[site];
    bytes[place] = amount & 0x7f | 0x80;
    bytes[place + 1] = amount >> 7 & 0x7f;
  }

  /** Cuts a payment out. */
  cut(site: number): void {
    this.#sites[site] = CUT;
  }

  /** Sets the local from the global. */
  reload(): void {
    this.out.reserve(ROOM);
    this.#indexed(GLOBAL_GET, this.#global);
    this.#indexed(LOCAL_SET, this.#local);
  }

  check(isStale: boolean): void {
    const { out } = this;
    out.reserve(ROOM);
    this.#read(isStale);
    const { bytes } = out;
    bytes[out.at++] = I32_CONST;
    bytes[out.at++] = 0;
    bytes[out.at++] = I32_LT_S;
    if (this.#checked === this.#checks.length) this.#checks = grown(this.#checks);
    this.#checks[this.#checked++] = out.at;
    bytes[out.at++] = IF;
    bytes[out.at++] = EMPTY_BLOCK;
    this.#indexed(CALL, this.#refuel);
    if (isStale) bytes[out.at++] = DROP;
    else this.#indexed(LOCAL_SET, this.#local);
    bytes[out.at++] = END;
  }

  /** Shortens the function that has ended, which begins at `start`, and adds its hints. */
  compact(start: number, index: number): void {
    this.#kept = 0;
    this.#compact(start);
    this.#hint(start, index);
  }

  #hint(start: number, index: number): void {
    if (this.#kept === 0) return;
    const { hints } = this;
    hints.u32(index);
    hints.u32(this.#kept);
    for (let check = 0; check < this.#kept; check++) {
      hints.u32(this.#checks[check] - start);
      hints.two(1, UNLIKELY);
    }
    this.hinted++;
  }

  /** Keeps the checks in a range that is moved; returns the next one. */
  #keep(next: number, from: number, to: number, end: number): number {
    const checks = this.#checks;
    for (; next < this.#checked && checks[next] < end; next++) {
      if (checks[next] >= from) checks[this.#kept++] = checks[next] - from + to;
    }
    return next;
  }

  #compact(start: number): void {
    const { out } = this;
    const { bytes } = out;
    const sites = this.#sites;
    let from = start;
    let to = start;
    let next = 0;
    for (let site = 0; site < this.#end; site += WORDS) {
      const place = sites[site];
      const amount = place === CUT ? 0 : (bytes[place] & 0x7f | bytes[place + 1] << 7) << 18 >> 18;
      if (place === CUT || amount === 0 && sites[site + 4] === 0) {
        const end = this.#uncut(site);
        next = this.#keep(next, from, to, sites[site + 1]);
        to = move(bytes, to, from, sites[site + 1]);
        from = end;
      } else if (amount >= -64 && amount < 64) {
        next = this.#keep(next, from, to, place);
        to = move(bytes, to, from, place);
        bytes[to++] = amount & 0x7f;
        from = place + 2;
      }
    }
    next = this.#keep(next, from, to, out.at);
    to = move(bytes, to, from, out.at);
    out.at = to;
  }

  /** Writes what stays of a range that is cut, at its end; returns where that begins. */
  #uncut(site: number): number {
    const depth = this.#sites[site + 3];
    const end = this.#sites[site + 2];
    if (depth === NO_BRANCH) return end;
    let length = 2;
    for (let rest = depth; rest > 0x7f; rest >>>= 7) length++;
    const { out } = this;
    const { at } = out;
    out.at = end - length;
    this.#indexed(BR_IF, depth);
    out.at = at;
    return end - length;
  }
}

/** Moves bytes towards the start; returns the offset after them. */
function move(bytes: Uint8Array, to: number, from: number, end: number): number {
  if (to === from) return end;
  const count = end - from;
  if (count > SHORT_RANGE) bytes.copyWithin(to, from, end);
  else for (let index = 0; index < count; index++) bytes[to + index] = bytes[from + index];
  return to + count;
}
