/**
 * A table: references by index. Functions of the instance that defines the table are kept as their indices, so that the
 * dispatch loop finds them without leaving it and a table of thousands costs no objects.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#table-instances
 * @module
 */

import { limitError } from "../../base/limits.ts";
import { fromReference, toReference } from "./values.ts";
import { Func } from "./function.ts";
import type { FunctionOwner, Value } from "./function.ts";
import { MAX_TABLE_ELEMENTS } from "../limits.ts";
import { valueTypeCode } from "../binary/types.ts";
import type { ReferenceType } from "../binary/types.ts";

/** A table's type by names. */
export interface TableDescriptor {
  /** The type of its elements. */
  readonly element: "funcref" | "externref";
  /** How many it starts with. */
  readonly initial: number;
  /** How many it may have. */
  readonly maximum?: number;
}

/** How many elements several tables may have together. */
export interface TableRoom {
  readonly limit: number;
  /** What is left of it. */
  left: number;
}

/** The element is in `#others`. */
const OTHER = -1;

/**
 * A table, to be imported by guests or found among an instance's exports.
 *
 * @example
 * ```ts
 * import { Table } from "@rivulet/rivulet/vm";
 *
 * const table = new Table({ element: "externref", initial: 2 });
 * table.set(0, "anything");
 * ```
 */
export class Table {
  /** @ignore its type by code */
  readonly element: ReferenceType;
  /** @ignore what its type says */
  readonly declaredMaximum: number | undefined;
  readonly #room: TableRoom;
  readonly #owner: FunctionOwner | undefined;
  /** A function of the owner as its index plus 1; 0 is null; `OTHER` is anything else. */
  #codes: Int32Array;
  /** By index; not a map, which stands still for long when it grows. */
  #others: unknown[] | undefined;

  /**
   * A table of its own; the last two parameters are for instances.
   *
   * @param descriptor its type
   * @param value what every element starts as; null if not given
   * @throws {LimitError} if it starts with more elements than the limit
   */
  constructor(
    descriptor: TableDescriptor,
    value: Value = null,
    room: TableRoom = { limit: MAX_TABLE_ELEMENTS, left: MAX_TABLE_ELEMENTS },
    owner?: FunctionOwner,
  ) {
    const { initial, maximum } = descriptor;
    this.element = valueTypeCode(descriptor.element) as ReferenceType;
    this.declaredMaximum = maximum;
    this.#room = room;
    this.#owner = owner;
    if (initial > room.left) {
      const { limit, left } = room;
      const others = left < limit ? `, and others have ${limit - left}` : "";
      throw limitError("tableElements", limit, `one starts with ${initial}${others}`);
    }
    room.left -= initial;
    this.#codes = new Int32Array(initial);
    const reference = toReference(this.element, value);
    if (reference !== null) this.fill(0, reference, initial);
  }

  /** How many elements it has. */
  get length(): number {
    return this.#codes.length;
  }

  /** @ignore what the dispatch loop reads: see `#codes` */
  get codes(): Int32Array {
    return this.#codes;
  }

  /** The element as JavaScript sees it. @throws {RangeError} if there is no such element */
  get(index: number): Value {
    this.#check(index);
    return fromReference(this.reference(index));
  }

  /** Sets an element. @throws {RangeError} if there is no such element  @throws {TypeError} if it is no such reference */
  set(index: number, value: Value = null): void {
    this.#check(index);
    this.setReference(index, toReference(this.element, value));
  }

  /** Adds elements; gives the size before. @throws {RangeError} if the maximum does not allow it */
  grow(delta: number, value: Value = null): number {
    const before = this.growBy(delta, toReference(this.element, value));
    if (before < 0) {
      throw new RangeError(`the table can't grow by ${delta} beyond ${this.length + this.#growth} elements`);
    }
    return before;
  }

  /** Elements by which it can grow. */
  get #growth(): number {
    return Math.min((this.declaredMaximum ?? Infinity) - this.length, this.#room.left);
  }

  #check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`the table has ${this.length} elements, none at ${index}`);
    }
  }

  /** @ignore the element at an index that exists: a function instance, a host value or null */
  reference(index: number): unknown {
    const code = this.#codes[index];
    if (code === 0) return null;
    return code > 0 ? this.#owner!.func(code - 1) : this.#others![index];
  }

  /** @ignore sets an element that exists */
  setReference(index: number, reference: unknown): void {
    if (this.#codes[index] === OTHER) this.#others![index] = undefined;
    if (reference === null) this.#codes[index] = 0;
    else if (reference instanceof Func && reference.owner !== undefined && reference.owner === this.#owner) {
      this.#codes[index] = reference.index + 1;
    } else {
      this.#codes[index] = OTHER;
      this.#others ??= new Array<unknown>(this.length);
      this.#others[index] = reference;
    }
  }

  /** @ignore sets an element to a function of the owner, by index */
  setOwnFunction(index: number, functionIndex: number): void {
    if (this.#codes[index] === OTHER) this.#others![index] = undefined;
    this.#codes[index] = functionIndex + 1;
  }

  /** @ignore sets a range that exists */
  fill(from: number, reference: unknown, count: number): void {
    for (let index = from; index < from + count; index++) this.setReference(index, reference);
  }

  /** @ignore grows with a reference; gives the size before, or -1 */
  growBy(delta: number, reference: unknown): number {
    const before = this.length;
    if (!(delta >= 0 && delta <= this.#growth)) return -1;
    this.#room.left -= delta;
    const codes = new Int32Array(before + delta);
    codes.set(this.#codes);
    this.#codes = codes;
    if (reference !== null) this.fill(before, reference, delta);
    return before;
  }

  /** @ignore whether functions of that instance are kept as indices */
  isOwnedBy(instance: FunctionOwner): boolean {
    return this.#owner === instance;
  }
}
