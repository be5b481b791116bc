/**
 * The types that a metered module has beyond the guest's: those of helpers, and of blocks around branches that carry
 * values. They follow the guest's types.
 *
 * @module
 */

import { I32 } from "../binary/types.ts";
import type { FuncType, ModuleRecord, ValueType } from "../binary/types.ts";
import { Writer } from "./writer.ts";

/** Lists of values of one type, or none, have keys below this: 0 or the type. */
const FIRST_LISTED = 0x80;
const FUNCTION_TYPE = 0x60;

/** The types of one module. A key stands for a list of value types. */
export class Types {
  readonly #record: ModuleRecord;
  /** The types, encoded. */
  readonly out: Writer = new Writer(256);
  count = 0;
  readonly #known = new Map<string, number>();
  readonly #same = new Map<number, number>();
  readonly #switched = new Map<number, number>();

  constructor(record: ModuleRecord) {
    this.#record = record;
  }

  /** The index of a type. */
  indexOf(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}:${results.join()}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#record.types.length + this.count++;
      this.#known.set(key, index);
      writeFuncType(this.out, { params, results });
    }
    return index;
  }

  keyOfParams(typeIndex: number): number {
    return keyOf(this.#record.types[typeIndex].params, FIRST_LISTED + typeIndex * 2);
  }

  keyOfResults(typeIndex: number): number {
    return keyOf(this.#record.types[typeIndex].results, FIRST_LISTED + typeIndex * 2 + 1);
  }

  #listOf(key: number): readonly ValueType[] {
    if (key < FIRST_LISTED) return key === 0 ? [] : [key as ValueType];
    const { params, results } = this.#record.types[key - FIRST_LISTED >> 1];
    return (key & 1) === 0 ? params : results;
  }

  /** The type of a block that takes and returns the values of a list. */
  same(key: number): number {
    let index = this.#same.get(key);
    if (index === undefined) {
      const list = this.#listOf(key);
      this.#same.set(key, index = this.indexOf(list, list));
    }
    return index;
  }

  /** The type of a block that takes the values of a list and an i32, and returns the values. */
  switched(key: number): number {
    let index = this.#switched.get(key);
    if (index === undefined) {
      const list = this.#listOf(key);
      this.#switched.set(key, index = this.indexOf([...list, I32], list));
    }
    return index;
  }
}

/** Writes a function type. */
export function writeFuncType(out: Writer, { params, results }: FuncType): void {
  out.u8(FUNCTION_TYPE);
  out.u32(params.length);
  out.all(params);
  out.u32(results.length);
  out.all(results);
}

function keyOf(list: readonly ValueType[], key: number): number {
  return list.length === 0 ? 0 : list.length === 1 ? list[0] : key;
}
