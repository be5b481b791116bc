/**
 * Functions as values: a guest's or a host's, what an instance holds in its tables and exports, and what JavaScript sees
 * of it. Running one is call.ts's business, which arrives here as `wrap`.
 *
 * @module
 */

import { valueTypeCode } from "../binary/types.ts";
import type { FuncType, ValueTypeName } from "../binary/types.ts";

/**
 * A value at the border: a number for i32 (signed), f32 and f64, a signed 64-bit bigint for i64, an exported function or
 * null for funcref, anything for externref.
 */
export type Value = unknown;

/**
 * A function of the host that a guest may call. It gives the result; an array if the type has several results; or a
 * promise of that, and the guest waits for it.
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

/** A guest's function as JavaScript sees it: it runs to the end at once, and throws what the guest's fault is. */
export type ExportedFunction = (...args: Value[]) => Value;

/** A function type by names, as descriptors have it. */
export interface FuncTypeDescriptor {
  /** Types of the parameters. */
  readonly params: readonly ValueTypeName[];
  /** Types of the results. */
  readonly results: readonly ValueTypeName[];
}

/** Who has functions by index: an instance. */
export interface FunctionOwner {
  /** The function at an index. */
  func(index: number): Func;
}

/** A function instance. */
export class Func {
  readonly type: FuncType;
  /** The instance whose code it is, and its index there; undefined for a host's function. */
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

  /** The JavaScript function: always the same one. */
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
 * Gives a host function a type, so that importing it as another one is a `LinkError`. A plain function takes the type
 * of the import.
 *
 * @param type names of the parameters' and results' types
 * @param run the function
 * @returns a function to be imported
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

/** The type that `hostFunction` gave. */
export function hostFunctionType(run: HostFunction): FuncType | undefined {
  return HOST_TYPES.get(run);
}
