/**
 * The operand stack of a function under translation. The value of an entry may still be in a local or be a constant, so
 * that `local.get` and `const` emit nothing. The emitter emits the moves to the entry's own register.
 *
 * @module
 */

import { indexAt, placeOf } from "../objects/layout.ts";
import type { ValueType } from "../binary/types.ts";

/** The register of an entry that is a constant. */
export const CONSTANT = -1;

/**
 * Parallel stacks of types, registers (offsets in int32 units from the frame pointer) and constants. The *home* of an
 * entry is the frame's register for its height. Entries that are still in a local are linked by local, topmost first,
 * so that an assignment finds exactly the entries that it would change.
 */
export class Operands {
  readonly #locals: number;
  readonly #types: ValueType[] = [];
  readonly #registers: number[] = [];
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];
  /** For an entry that is in a local: the next lower entry of the same local, or -1. */
  readonly #next: number[] = [];
  readonly #topmost: Int32Array;
  /** Entries below this height are at home. */
  #settled = 0;
  height = 0;
  /** The greatest height so far, which determines the frame's size. */
  maxHeight = 0;

  constructor(locals: number) {
    this.#locals = locals;
    this.#topmost = new Int32Array(locals).fill(-1);
  }

  home(height: number): number {
    return placeOf(this.#locals + height);
  }

  /** Whether a register is the home of an entry, and not a local. */
  isHome(register: number): boolean {
    return register >= placeOf(this.#locals);
  }

  type(height: number): ValueType {
    return this.#types[height];
  }

  register(height: number): number {
    return this.#registers[height];
  }

  low(height: number): number {
    return this.#lows[height];
  }

  high(height: number): number {
    return this.#highs[height];
  }

  /** Pushes a value that is at home. */
  push(type: ValueType): void {
    this.#push(type, this.home(this.height), 0, 0);
  }

  pushLocal(type: ValueType, local: number): void {
    this.#next[this.height] = this.#topmost[local];
    this.#topmost[local] = this.height;
    this.#push(type, placeOf(local), 0, 0);
  }

  pushConstant(type: ValueType, low: number, high: number): void {
    this.#push(type, CONSTANT, low, high);
  }

  #push(type: ValueType, register: number, low: number, high: number): void {
    const height = this.height++;
    this.#types[height] = type;
    this.#registers[height] = register;
    this.#lows[height] = low;
    this.#highs[height] = high;
    if (this.height > this.maxHeight) this.maxHeight = this.height;
  }

  /** Drops the top entry. Its height is then `this.height`, and its data can be read until the next push. */
  pop(): void {
    const height = --this.height;
    const local = this.#localAt(height);
    if (local >= 0) this.#topmost[local] = this.#next[height];
    if (this.#settled > height) this.#settled = height;
  }

  popTo(height: number): void {
    while (this.height > height) this.pop();
  }

  /** Changes the type of the top entry. A narrower type reads the low half of the same register. */
  retype(type: ValueType): void {
    this.#types[this.height - 1] = type;
  }

  /** Records that an entry's value has been moved to its home. */
  settle(height: number): void {
    this.#registers[height] = this.home(height);
  }

  /** Calls `move` for each entry that is still in a local, and records it as moved to its home. Returns whether any was. */
  settleLocal(local: number, move: (height: number) => void): boolean {
    let height = this.#topmost[local];
    if (height < 0) return false;
    for (; height >= 0; height = this.#next[height]) {
      move(height);
      this.settle(height);
    }
    this.#topmost[local] = -1;
    return true;
  }

  /** Calls `move` for each entry that is not at home, and records it as moved there. */
  settleAll(move: (height: number) => void): void {
    for (let height = this.#settled; height < this.height; height++) {
      const local = this.#localAt(height);
      if (this.#registers[height] === this.home(height)) continue;
      move(height);
      this.settle(height);
      if (local >= 0) this.#topmost[local] = -1;
    }
    this.#settled = this.height;
  }

  #localAt(height: number): number {
    const register = this.#registers[height];
    return register >= 0 && register < placeOf(this.#locals) ? indexAt(register) : -1;
  }
}
