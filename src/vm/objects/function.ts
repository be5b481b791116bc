/**
 * Functions as values, of a guest or the host: what an instance's tables and exports hold, and what JavaScript sees of
 * it. Who makes a function instance passes `wrap`, which makes the JavaScript function that runs it.
 *
 * @module
 */

import { valueTypeCode } from "../binary/types.ts";
import type { FuncType, ValueTypeName } from "../binary/types.ts";

/**
 * A value that passes between a guest and JavaScript: a number for i32 (signed), f32 and f64, a signed 64-bit bigint
 * for i64, an exported function or null for funcref, and any value for externref.
 */
export type Value = unknown;

/**
 * A host function that a guest may import. It returns the result, or an array if the type has several results. If it
 * returns a promise of that, the guest waits for it.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { HostFunction } from "@rivulet/rivulet/vm";
 *
 * const log: HostFunction = (value: number) => console.log(value);
 * // (module (import "env" "log" (func $log (param i32))) (func (export "run") (call $log (i32.const 42))))
 * const bytes = Uint8Array.fromBase64(
 *   "AGFzbQEAAAABCAJgAX8AYAAAAgsBA2VudgNsb2cAAAMCAQEHBwEDcnVuAAEKCAEGAEEqEAAL",
 * );
 * const instance = await instantiate(await compile(bytes), { env: { log } });
 * await instance.call("run"); // prints 42
 * ```
 */
// deno-lint-ignore no-explicit-any -- a handler names the types of its own parameters, which only the guest's type fixes
export type HostFunction = (...args: any[]) => unknown;

/**
 * A guest's function as JavaScript sees it. It runs to its end synchronously, and throws a trap if the guest traps.
 */
export type ExportedFunction = (...args: Value[]) => Value;

/** A function type by the names of its value types. */
export interface FuncTypeDescriptor {
  /** Types of the parameters. */
  readonly params: readonly ValueTypeName[];
  /** Types of the results. */
  readonly results: readonly ValueTypeName[];
}

/** An instance, as the owner of its functions. */
export interface FunctionOwner {
  /** The function at an index. */
  func(index: number): Func;
}

/** A function instance. */
export class Func {
  readonly type: FuncType;
  /** The instance that it belongs to, and its index there; undefined for a host function. */
  readonly owner: FunctionOwner | undefined;
  readonly index: number;
  readonly host: HostFunction | undefined;
  readonly #wrap: (func: Func) => ExportedFunction;
  #exported: ExportedFunction | undefined;

  constructor(
    type: FuncType,
    origin: { readonly owner: FunctionOwner; readonly index: number } | { readonly host: HostFunction },
    wrap: (func: Func) => ExportedFunction,
  ) {
    this.type = type;
    this.owner = "owner" in origin ? origin.owner : undefined;
    this.index = "owner" in origin ? origin.index : -1;
    this.host = "host" in origin ? origin.host : undefined;
    this.#wrap = wrap;
  }

  /** The JavaScript function: the same one each time. */
  get exported(): ExportedFunction {
    if (this.#exported === undefined) {
      this.#exported = this.#wrap(this);
      FUNCS.set(this.#exported, this);
    }
    return this.#exported;
  }
}

const FUNCS = new WeakMap<HostFunction, Func>();
const HOST_TYPES = new WeakMap<HostFunction, FuncType>();

/** The function instance behind an exported function. */
export function funcOf(value: unknown): Func | undefined {
  return typeof value === "function" ? FUNCS.get(value as ExportedFunction) : undefined;
}

/**
 * Declares the type of a host function, so that importing it with another type is a `LinkError`. A plain function takes
 * the type of the import.
 *
 * @param type the types of the parameters and results
 * @param run the function
 * @returns a function to import
 *
 * @example
 * ```ts
 * import { hostFunction } from "@rivulet/rivulet/vm";
 *
 * const now = hostFunction({ params: [], results: ["f64"] }, () => Date.now());
 * ```
 */
export function hostFunction(type: FuncTypeDescriptor, run: HostFunction): HostFunction {
  const typed: HostFunction = (...args) => run(...args);
  HOST_TYPES.set(typed, { params: type.params.map(valueTypeCode), results: type.results.map(valueTypeCode) });
  return typed;
}

/** The type that `hostFunction` declared. */
export function hostFunctionType(run: HostFunction): FuncType | undefined {
  return HOST_TYPES.get(run);
}
