/**
 * Writes payments and checks of fuel. A payment whose amount is not known yet has two bytes for it. When a function is
 * complete, it is compacted: most amounts then take one byte, and payments that turned out not to be needed are cut out.
 * Checks are hinted at: they rarely find that no fuel is left.
 *
 * @module
 */

import { grown } from "./labels.ts";
import { Writer } from "./writer.ts";

/** Ranges up to this long are moved byte by byte. */
const SHORT_RANGE = 16;

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
const BR_IF = 0x0d;
const EMPTY_BLOCK = 0x40;

// A site is a payment whose amount is set later: the place of the amount, or -1 if it is cut; the range that can be cut;
// the depth of the branch if the range is a conditional one, or -1; whether it also sets the local.

const WORDS = 5;
const CUT = -1;
/** A hint has one byte: that the branch is unlikely. */
const UNLIKELY = [1, 0];
const NO_BRANCH = -1;

/** The bytes of a payment or check, and where in them the amount or the branch is. */
interface Template {
  readonly bytes: Uint8Array;
  readonly placeAt: number;
}

/** What is written into functions with the same local for fuel. */
interface Templates {
  /** By whether the local is stale, and 2 if the payment sets it. */
  readonly payments: readonly Template[];
  readonly freshCheck: Template;
  readonly staleCheck: Template;
  readonly reload: Uint8Array;
}

/** The payments of one function at a time. */
export class Payments {
  readonly out: Writer;
  readonly #global: number;
  readonly #refuel: number;
  /** By the local for fuel. */
  readonly #known: Templates[] = [];
  #templates: Templates;
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
    this.#templates = this.#templatesOf(0);
  }

  /** Begins a function. */
  begin(local: number): void {
    this.#templates = this.#known[local] ?? this.#templatesOf(local);
    this.#end = 0;
    this.#checked = 0;
  }

  #templatesOf(local: number): Templates {
    const index = u32(local);
    const global = u32(this.#global);
    const payments = [false, true].flatMap((setsLocal) =>
      [false, true].map((isStale): Template => {
        const read = isStale ? [GLOBAL_GET, ...global] : [LOCAL_GET, ...index];
        const set = setsLocal ? [LOCAL_TEE, ...index] : [];
        const bytes = [...read, I32_CONST, 0x80, 0, I32_SUB, ...set, GLOBAL_SET, ...global];
        return { bytes: Uint8Array.from(bytes), placeAt: read.length + 1 };
      })
    );
    const check = (read: readonly number[], after: readonly number[]): Template => {
      const isBelow = [...read, I32_CONST, 0, I32_LT_S];
      const then = [IF, EMPTY_BLOCK, CALL, ...u32(this.#refuel), ...after, END];
      return { bytes: Uint8Array.from([...isBelow, ...then]), placeAt: isBelow.length };
    };
    return this.#known[local] = {
      payments,
      freshCheck: check([LOCAL_GET, ...index], [LOCAL_SET, ...index]),
      staleCheck: check([GLOBAL_GET, ...global], [DROP]),
      reload: Uint8Array.from([GLOBAL_GET, ...global, LOCAL_SET, ...index]),
    };
  }

  #write(bytes: Uint8Array): void {
    const { out } = this;
    out.reserve(bytes.length);
    out.bytes.set(bytes, out.at);
    out.at += bytes.length;
  }

  /** Writes a payment. */
  pay(amount: number, isStale: boolean, setsLocal: boolean): void {
    this.setAmount(this.payLater(isStale, setsLocal), amount);
  }

  /** Writes a payment whose amount is set later; returns its site. */
  payLater(isStale: boolean, setsLocal: boolean): number {
    const { bytes, placeAt } = this.#templates.payments[(isStale ? 1 : 0) + (setsLocal ? 2 : 0)];
    const site = this.#end;
    if (site === this.#sites.length) this.#sites = grown(this.#sites);
    const sites = this.#sites;
    const { at } = this.out;
    sites[site] = at + placeAt;
    sites[site + 1] = at;
    sites[site + 2] = at + bytes.length;
    sites[site + 3] = NO_BRANCH;
    sites[site + 4] = isStale && setsLocal ? 1 : 0;
    this.#end = site + WORDS;
    this.#write(bytes);
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
    this.#write(this.#templates.reload);
  }

  check(isStale: boolean): void {
    const { bytes, placeAt } = isStale ? this.#templates.staleCheck : this.#templates.freshCheck;
    if (this.#checked === this.#checks.length) this.#checks = grown(this.#checks);
    this.#checks[this.#checked++] = this.out.at + placeAt;
    this.#write(bytes);
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
      hints.all(UNLIKELY);
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
      if (place === CUT) {
        const end = this.#uncut(site);
        next = this.#keep(next, from, to, sites[site + 1]);
        to = move(bytes, to, from, sites[site + 1]);
        from = end;
        continue;
      }
      const amount = (bytes[place] & 0x7f | bytes[place + 1] << 7) << 18 >> 18;
      if (amount === 0 && sites[site + 4] === 0) {
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
    const branch = [BR_IF, ...u32(depth)];
    this.out.bytes.set(branch, end - branch.length);
    return end - branch.length;
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

function u32(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  bytes.push(value);
  return bytes;
}
