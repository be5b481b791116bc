/**
 * A table: references by index. A table stores functions of the instance that defines it as indices, so that the
 * dispatch loop can call them without leaving and a large table needs no objects.
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
  /** Its initial number of elements. */
  readonly initial: number;
  /** Its maximum number of elements. */
  readonly maximum?: number;
}

/** The elements that several tables may have together. */
export interface TableRoom {
  readonly limit: number;
  /** How many of them are left. */
  left: number;
}

/** A table of the host. Its elements are function instances, host values or null. */
export interface HostTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, reference: unknown): void;
  /** Returns the size before, or -1. */
  grow(delta: number, reference: unknown): number;
}

/** Takes the elements that a table starts with. @throws {LimitError} if there is no room for them */
export function takeRoom(room: TableRoom, initial: number): void {
  const { limit, left } = room;
  if (initial > left) {
    const others = left < limit ? `, and others have ${limit - left}` : "";
    throw limitError("tableElements", limit, `one starts with ${initial}${others}`);
  }
  room.left -= initial;
}

/** The code of an element that is in `#others`. */
const OTHER = -1;

/**
 * A table, which guests may import and instances may export.
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
  /** @ignore the type of its elements, by code */
  readonly element: ReferenceType;
  /** @ignore the maximum of its type */
  readonly declaredMaximum: number | undefined;
  readonly #room: TableRoom;
  readonly #owner: FunctionOwner | undefined;
  /** For each element: the index of the owner's function plus 1, 0 for null, or `OTHER`. */
  #codes: Int32Array;
  /** The other references by index. An array, since a map pauses for long when it grows. */
  #others: unknown[] | undefined;
  #host: HostTable | undefined;
  #engine: string | undefined;

  /**
   * A new table. Only instances pass the last three parameters. With a table of the host, it is a view of that.
   *
   * @param descriptor its type
   * @param value the initial value of every element; null by default
   * @throws {LimitError} if it starts with more elements than the limit
   */
  constructor(
    descriptor: TableDescriptor,
    value: Value = null,
    room: TableRoom = { limit: MAX_TABLE_ELEMENTS, left: MAX_TABLE_ELEMENTS },
    owner?: FunctionOwner,
    host?: HostTable,
  ) {
    const { initial, maximum } = descriptor;
    this.element = valueTypeCode(descriptor.element) as ReferenceType;
    this.declaredMaximum = maximum;
    this.#room = room;
    this.#owner = owner;
    this.#host = host;
    this.#codes = new Int32Array(0);
    if (host !== undefined) return;
    takeRoom(room, initial);
    this.#codes = new Int32Array(initial);
    const reference = toReference(this.element, value);
    if (reference !== null) this.fill(0, reference, initial);
  }

  /** Its number of elements. */
  get length(): number {
    return this.#host?.length ?? this.#codes.length;
  }

  /** @ignore see `#codes`; the dispatch loop reads them */
  get codes(): Int32Array {
    return this.#codes;
  }

  /** Returns an element. @throws {RangeError} if the index is out of range */
  get(index: number): Value {
    this.#check(index);
    return fromReference(this.reference(index));
  }

  /** Sets an element. @throws {RangeError} if the index is out of range  @throws {TypeError} if the value has another type */
  set(index: number, value: Value = null): void {
    this.#check(index);
    this.setReference(index, toReference(this.element, value));
  }

  /** Adds elements; returns the size before. @throws {RangeError} if the maximum does not allow it */
  grow(delta: number, value: Value = null): number {
    const before = this.growBy(delta, toReference(this.element, value));
    if (before < 0) {
      throw new RangeError(
        `the table can't grow by ${delta}: it has ${this.length} of ${this.length + this.#growth} elements`,
      );
    }
    return before;
  }

  /** The number of elements by which it can grow. */
  get #growth(): number {
    return Math.min((this.declaredMaximum ?? Infinity) - this.length, this.#room.left);
  }

  #check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`the index ${index} is out of range: the table has ${this.length} elements`);
    }
  }

  /** @ignore the element at an index that exists: a function instance, a host value or null */
  reference(index: number): unknown {
    if (this.#host !== undefined) return this.#host.get(index);
    const code = this.#codes[index];
    if (code === 0) return null;
    return code > 0 ? this.#owner!.func(code - 1) : this.#others![index];
  }

  /** @ignore sets an element that exists */
  setReference(index: number, reference: unknown): void {
    if (this.#host !== undefined) return this.#host.set(index, reference);
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
    if (count === 0) return;
    this.setReference(from, reference);
    const code = this.#codes[from];
    this.#codes.fill(code, from, from + count);
    // `#others` may be shorter than the table, which has grown since.
    while (code === OTHER && this.#others!.length < from + count) this.#others!.push(undefined);
    this.#others?.fill(code === OTHER ? reference : undefined, from, from + count);
  }

  /** @ignore adds elements with a reference; returns the size before, or -1 */
  growBy(delta: number, reference: unknown): number {
    const before = this.length;
    if (!this.mayGrow(delta)) return -1;
    if (this.#host !== undefined) {
      if (this.#host.grow(delta, reference) < 0) return -1;
      this.#room.left -= delta;
      return before;
    }
    this.#room.left -= delta;
    const codes = new Int32Array(before + delta);
    codes.set(this.#codes);
    this.#codes = codes;
    if (reference !== null) this.fill(before, reference, delta);
    return before;
  }

  /** @ignore whether its maximum and the limit allow it to grow */
  mayGrow(delta: number): boolean {
    return delta >= 0 && delta <= this.#growth;
  }

  /** @ignore counts elements that the guest has added to the table of the host */
  countGrowth(delta: number): void {
    this.#room.left -= delta;
  }

  /** @ignore notes that an engine uses it; returns false if another one does */
  claim(engine: string): boolean {
    this.#engine ??= engine;
    return this.#engine === engine;
  }

  /** @ignore the table of the host; the first time, one is made by `make`, and the elements are copied to it */
  hostTable(make: () => HostTable): HostTable {
    if (this.#host === undefined) {
      const host = make();
      for (let index = 0; index < this.length; index++) {
        const reference = this.reference(index);
        if (reference !== null) host.set(index, reference);
      }
      this.#host = host;
      this.#codes = new Int32Array(0);
      this.#others = undefined;
    }
    return this.#host;
  }

  /** @ignore whether it stores functions of that instance as indices */
  isOwnedBy(instance: FunctionOwner): boolean {
    return this.#owner === instance;
  }
}
