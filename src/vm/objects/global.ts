/**
 * A global: one cell, either its own or one among the cells of the instance that defines it.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#global-instances
 * @module
 */

import { fromReference, readNumber, toReference, writeNumber } from "./values.ts";
import type { Value } from "./function.ts";
import { EXTERNREF, FUNCREF, V128, valueTypeCode } from "../binary/types.ts";
import type { GlobalType, ValueTypeName } from "../binary/types.ts";

/** A global's type by names. */
export interface GlobalDescriptor {
  /** The type of its value. */
  readonly value: ValueTypeName;
  /** Whether it can be set; false by default. */
  readonly mutable?: boolean;
}

/** A global of the host. A reference is a function instance, a host value or null. */
export interface HostGlobal {
  value: unknown;
}

/**
 * A global, which guests may import and instances may export.
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
  /** @ignore the words that hold a number, two of them at `offset` */
  readonly cells: Int32Array;
  /** @ignore where in `cells` it is */
  readonly offset: number;
  /** @ignore the reference, for a global that holds one: a function instance, a host value or null */
  reference: unknown = null;
  #host: HostGlobal | undefined;
  #engine: string | undefined;

  /**
   * A new global. Only instances pass the last three parameters. With a global of the host, it is a view of that.
   *
   * @param descriptor its type
   * @param value its initial value
   * @throws {TypeError} if the value can't be converted to the type, or the type is v128
   */
  constructor(
    descriptor: GlobalDescriptor | GlobalType,
    value?: Value,
    cells?: Int32Array,
    offset = 0,
    host?: HostGlobal,
  ) {
    if (descriptor.value === "v128") throw noVector();
    this.type = typeof descriptor.value === "string"
      ? { value: valueTypeCode(descriptor.value), mutable: descriptor.mutable ?? false }
      : descriptor as GlobalType;
    this.cells = cells ?? new Int32Array(2);
    this.offset = offset;
    this.#host = host;
    if (value !== undefined) this.#write(value);
  }

  /** The value. Setting an immutable global throws a `TypeError`, and so does any use of one that holds a v128. */
  get value(): Value {
    if (this.type.value === V128) throw noVector();
    if (this.#host !== undefined) {
      return this.holdsReference ? fromReference(this.#host.value) : this.#host.value;
    }
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

  /** @ignore notes that an engine uses it; returns false if another one does */
  claim(engine: string): boolean {
    this.#engine ??= engine;
    return this.#engine === engine;
  }

  /** @ignore the global of the host; the first time, one is made by `make` with a value or reference */
  hostGlobal(make: (value: unknown) => HostGlobal): HostGlobal {
    return this.#host ??= make(this.holdsReference ? this.reference : this.value);
  }

  #write(value: Value): void {
    if (this.type.value === V128) throw noVector();
    if (this.#host !== undefined) {
      this.#host.value = this.holdsReference ? toReference(this.type.value, value) : value;
    } else if (this.holdsReference) this.reference = toReference(this.type.value, value);
    else writeNumber(this.type.value, this.cells, this.offset, value);
  }
}

function noVector(): TypeError {
  return new TypeError("JavaScript has no value for a global of type v128");
}
