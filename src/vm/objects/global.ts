/**
 * A global: one cell, of its own or in the cells of the instance that defines it.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#global-instances
 * @module
 */

import { fromReference, readNumber, toReference, writeNumber } from "./values.ts";
import type { Value } from "./function.ts";
import { EXTERNREF, FUNCREF, valueTypeCode } from "../binary/types.ts";
import type { GlobalType, ValueTypeName } from "../binary/types.ts";

/** A global's type by names. */
export interface GlobalDescriptor {
  /** The type of its value. */
  readonly value: ValueTypeName;
  /** Whether it can be set; not, by default. */
  readonly mutable?: boolean;
}

/**
 * A global, to be imported by guests or found among an instance's exports.
 *
 * @example
 * ```ts
 * import { Global } from "@rivulet/rivulet/vm";
 *
 * const counter = new Global({ value: "i64", mutable: true }, 1n);
 * counter.value = 2n;
 * ```
 */
export class Global {
  /** @ignore its type by codes */
  readonly type: GlobalType;
  /** @ignore two words at `offset` hold the bits of a number */
  readonly cells: Int32Array;
  /** @ignore where in `cells` it is */
  readonly offset: number;
  /** @ignore the reference, for a global that holds one: a function instance, a host value or null */
  reference: unknown = null;

  /**
   * A global of its own; the other parameters are for instances.
   *
   * @param descriptor its type
   * @param value what it starts with
   * @throws {TypeError} if the value can't be converted to the type
   */
  constructor(descriptor: GlobalDescriptor | GlobalType, value?: Value, cells?: Int32Array, offset = 0) {
    this.type = typeof descriptor.value === "string"
      ? { value: valueTypeCode(descriptor.value), mutable: descriptor.mutable ?? false }
      : descriptor as GlobalType;
    this.cells = cells ?? new Int32Array(2);
    this.offset = offset;
    if (value !== undefined) this.#write(value);
  }

  /** The value; setting an immutable global is a `TypeError`. */
  get value(): Value {
    return this.holdsReference ? fromReference(this.reference) : readNumber(this.type.value, this.cells, this.offset);
  }

  set value(value: Value) {
    if (!this.type.mutable) throw new TypeError("the global is immutable");
    this.#write(value);
  }

  /** @ignore whether its type is a reference type */
  get holdsReference(): boolean {
    return this.type.value === FUNCREF || this.type.value === EXTERNREF;
  }

  #write(value: Value): void {
    if (this.holdsReference) this.reference = toReference(this.type.value, value);
    else writeNumber(this.type.value, this.cells, this.offset, value);
  }
}
