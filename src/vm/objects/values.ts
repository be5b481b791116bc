/**
 * Conversions between the bits of a register or global cell and JavaScript values. A register holds a reference as a
 * handle, a number that one instance assigned.
 *
 * @see https://webassembly.github.io/spec/js-api/#tojsvalue
 * @module
 */

import { placeOf } from "./layout.ts";
import { LimitError } from "../../base/limits.ts";
import { Func, funcOf } from "./function.ts";
import type { Value } from "./function.ts";
import { MAX_REFERENCES } from "../limits.ts";
import { EXTERNREF, F32, F64, FUNCREF, funcTypeName, I32, I64, V128 } from "../binary/types.ts";
import type { FuncType, ValueType } from "../binary/types.ts";

const WORDS = new Int32Array(2);
const FLOAT = new Float32Array(WORDS.buffer);
const DOUBLE = new Float64Array(WORDS.buffer);
const BIGINT = new BigInt64Array(WORDS.buffer);

/** The references that an instance has received. Each keeps a number for the instance's lifetime; 0 is null. */
export class Handles {
  readonly #values: unknown[] = [null];
  readonly #numbers = new Map<unknown, number>();

  /** The handle of a function instance or a host value. @throws {LimitError} if there are too many */
  handle(value: unknown): number {
    if (value === null) return 0;
    let number = this.#numbers.get(value);
    if (number === undefined) {
      if (this.#values.length > MAX_REFERENCES) {
        throw new LimitError("references", MAX_REFERENCES, `the guest has seen more than ${MAX_REFERENCES} references`);
      }
      number = this.#values.push(value) - 1;
      this.#numbers.set(value, number);
    }
    return number;
  }

  value(handle: number): unknown {
    return this.#values[handle];
  }
}

/** The JavaScript value of a register. */
export function readValue(type: ValueType, words: Int32Array, at: number, handles: Handles): Value {
  switch (type) {
    case I32:
      return words[at];
    case FUNCREF:
    case EXTERNREF:
      return fromReference(handles.value(words[at]));
    default:
      return readNumber(type, words, at);
  }
}

/** The JavaScript value of a register that holds a number. */
export function readNumber(type: ValueType, words: Int32Array, at: number): number | bigint {
  WORDS[0] = words[at];
  if (type === I32) return WORDS[0];
  if (type === F32) return FLOAT[0];
  WORDS[1] = words[at + 1];
  return type === I64 ? BIGINT[0] : DOUBLE[0];
}

/**
 * Sets a register.
 *
 * @throws {TypeError} if the JavaScript API does not allow the conversion
 */
export function writeValue(type: ValueType, words: Int32Array, at: number, value: Value, handles: Handles): void {
  if (type === I32) words[at] = value as number;
  else if (type === FUNCREF || type === EXTERNREF) words[at] = handles.handle(toReference(type, value));
  else writeNumber(type, words, at, value);
}

/** Sets a register that holds a number. */
export function writeNumber(type: ValueType, words: Int32Array, at: number, value: Value): void {
  switch (type) {
    case I32:
      words[at] = value as number;
      return;
    case I64:
      BIGINT[0] = value as bigint;
      break;
    case F32:
      FLOAT[0] = value as number;
      words[at] = WORDS[0];
      return;
    case F64:
      DOUBLE[0] = value as number;
  }
  words[at] = WORDS[0];
  words[at + 1] = WORDS[1];
}

/** The internal form of a reference: a function instance, or the host's value. */
export function toReference(type: ValueType, value: Value): unknown {
  if (type === EXTERNREF || value === null) return value;
  const func = funcOf(value);
  if (func === undefined) throw new TypeError("a funcref must be an exported function or null");
  return func;
}

/** The JavaScript form of a reference. */
export function fromReference(reference: unknown): Value {
  return reference instanceof Func ? reference.exported : reference;
}

/** Reads consecutive registers. */
export function readValues(types: readonly ValueType[], words: Int32Array, at: number, handles: Handles): Value[] {
  return types.map((type, index) => readValue(type, words, at + placeOf(index), handles));
}

/**
 * Sets consecutive registers to a host function's result or a caller's arguments.
 *
 * @throws {TypeError} if a value can't be converted
 */
export function writeValues(
  types: readonly ValueType[],
  words: Int32Array,
  at: number,
  values: readonly Value[],
  handles: Handles,
): void {
  for (let index = 0; index < types.length; index++) {
    writeValue(types[index], words, at + placeOf(index), values[index], handles);
  }
}

/** Refuses to call a function across the border if it takes or returns vectors, which no JavaScript value can be. */
export function refuseVectors(type: FuncType): void {
  if (!type.params.includes(V128) && !type.results.includes(V128)) return;
  throw new TypeError(`JavaScript can't call or be called by a function of type ${funcTypeName(type)}: it has no v128`);
}

/** A host function's results as a list, as many as the type has. */
export function resultValues(type: FuncType, result: Value): readonly Value[] {
  if (type.results.length === 0) return [];
  if (type.results.length === 1) return [result];
  if (typeof result !== "object" || result === null || !(Symbol.iterator in result)) {
    throw new TypeError(`a host function with ${type.results.length} results must return an array of them`);
  }
  const values = Array.from(result as Iterable<Value>);
  if (values.length !== type.results.length) {
    throw new TypeError(`a host function returned ${values.length} results, but its type has ${type.results.length}`);
  }
  return values;
}

/** Replaces the handles of one instance, in consecutive registers, by those of another. */
export function translateReferences(
  types: readonly ValueType[],
  words: Int32Array,
  at: number,
  from: Handles,
  to: Handles,
): void {
  if (from === to) return;
  for (const [index, type] of types.entries()) {
    if (type !== FUNCREF && type !== EXTERNREF) continue;
    const place = at + placeOf(index);
    words[place] = to.handle(from.value(words[place]));
  }
}
