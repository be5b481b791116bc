/**
 * Instances as users hold them: how to make one, read its exports and call its functions. The engine keeps an
 * instance's state and runs its calls.
 *
 * @module
 */

import { limitError, resolveLimit, resolveLimits } from "../base/limits.ts";
import { checkNames, checkSignal, notAModule } from "../base/options.ts";
import type { Call, Engine, EngineInstance, RunLimits } from "./engine.ts";
import { Module, preparedOf } from "./module.ts";
import type { Func, Value } from "./objects/function.ts";
import type { ExportValue, Imports } from "./objects/link.ts";
import { drive } from "./run/drive.ts";
import type { CallOptions } from "./run/drive.ts";

/** Options of {@linkcode instantiate}. */
export interface InstantiateOptions {
  /** The limits of the instance. */
  readonly limits?: RunLimits;
  /** Aborts instantiation, if that takes more than a turn of the event loop, and the start function. */
  readonly signal?: AbortSignal;
  /** Receives the instance before the start function runs. If it returns a promise, the start function waits for it. */
  readonly onInstance?: (instance: Instance) => void | PromiseLike<void>;
}

const INSTANTIATE_OPTIONS: readonly (keyof InstantiateOptions)[] = ["limits", "signal", "onInstance"];
const CALL_OPTIONS: readonly (keyof CallOptions)[] = ["signal", "deadlineMs"];

/**
 * Makes an instance of a module and runs its start function. While a large instance is made, the event loop turns.
 *
 * @param module what `compile` returned; any number of instances may share it
 * @param imports the imports by module and name
 * @param options limits, which hold for all calls of the instance together
 * @throws {LinkError} if an import is missing or has another type
 * @throws {LimitError} if memory or a table would start larger than its limit, or the deadline is used up
 * @throws {TypeError} if `module` is not a module, or an option or a limit is unknown or has the wrong type
 * @throws {RangeError} if a limit is not in its range
 * @throws {Trap} if a segment does not fit or the start function traps
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 *
 * // (module (import "env" "log" (func $log (param i32))) (func (export "run") (call $log (i32.const 42))))
 * const bytes = Uint8Array.fromBase64(
 *   "AGFzbQEAAAABCAJgAX8AYAAAAgsBA2VudgNsb2cAAAMCAQEHBwEDcnVuAAEKCAEGAEEqEAAL",
 * );
 * const instance = await instantiate(await compile(bytes), { env: { log: console.log } });
 * await instance.call("run"); // prints 42
 * ```
 */
export async function instantiate(
  module: Module,
  imports: Imports = {},
  options: InstantiateOptions = {},
): Promise<Instance> {
  if (!(module instanceof Module)) throw notAModule(module);
  checkNames("instantiate option", options, INSTANTIATE_OPTIONS);
  const { limits, signal, onInstance } = options;
  checkSignal(signal);
  const { record, makeInstance } = preparedOf(module);
  const resolved = resolveLimits<RunLimits>("instantiate", limits);
  const due = performance.now() + resolved.deadlineMs;
  const making = makeInstance(imports, resolved, (func) => (...args) => {
    if (func.host !== undefined) return func.host(...args);
    return engineOf(func).callNow(func, args);
  });
  let made = making.next();
  for (; !made.done; made = making.next()) {
    await made.value;
    signal?.throwIfAborted();
    if (performance.now() >= due) throw limitError("deadlineMs", resolved.deadlineMs);
  }
  const state = made.value;
  const instance = new Instance(module, state);
  if (onInstance !== undefined) await onInstance(instance);
  if (record.start !== undefined) await run(state.func(record.start), [], { signal });
  return instance;
}

async function run(func: Func, args: readonly Value[], options: CallOptions): Promise<Value> {
  if (func.host !== undefined) return await func.host(...args);
  return await drive(engineOf(func).start(func, args), func.owner as EngineInstance, options);
}

/** The engine of the instance that a function belongs to. */
function engineOf(func: Func): Engine {
  return (func.owner as EngineInstance).engine;
}

/**
 * An instance of a module, made by {@linkcode instantiate}. It has its own memory, tables and globals.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { Instance } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=");
 * const instance: Instance = await instantiate(await compile(bytes));
 * console.log(await instance.call("add", [2, 3])); // 5
 * console.log(instance.fuelUsed > 0); // true
 * ```
 */
export class Instance {
  /** The module that it is an instance of. */
  readonly module: Module;
  readonly #state: EngineInstance;
  #exports: Readonly<Record<string, ExportValue>> | undefined;

  /** @ignore made by `instantiate` */
  constructor(module: Module, state: EngineInstance) {
    this.module = module;
    this.#state = state;
  }

  /**
   * All exports by name. An exported function runs to its end synchronously, and throws if it would have to wait. The
   * object is made at its first use, at about a microsecond an export. A module may have 100,000 exports; `export`
   * finds one faster.
   */
  get exports(): Readonly<Record<string, ExportValue>> {
    return this.#exports ??= this.#allExports();
  }

  /** The export with a name, as in `exports`, if it exists. The lookup takes constant time. */
  export(name: string): ExportValue | undefined {
    return this.#state.export(name);
  }

  /** Fuel used by all calls so far. */
  get fuelUsed(): number {
    return this.#state.fuelUsed;
  }

  /**
   * Calls an exported function. The event loop turns between slices. If a host function returns a promise, the guest
   * waits.
   *
   * @returns one value, an array of several, or undefined
   * @throws {Trap} if the guest traps or a host function fails
   * @throws {LimitError} if the budget or the deadline is used up
   * @throws {TypeError} if the function does not exist, or an option is unknown or has the wrong type
   * @throws {RangeError} if the deadline is not in its range
   */
  async call(name: string, args: readonly Value[] = [], options: CallOptions = {}): Promise<Value> {
    checkNames("call option", options, CALL_OPTIONS);
    const { signal, deadlineMs } = options;
    checkSignal(signal);
    if (deadlineMs !== undefined) resolveLimit("deadlineMs", deadlineMs);
    return await run(this.#function(name), args, { signal, deadlineMs });
  }

  /**
   * Starts a call of an exported function, which the caller resumes with fuel.
   *
   * @throws {TypeError} if the function does not exist, or is an imported host function
   */
  start(name: string, args: readonly Value[] = []): Call {
    const func = this.#function(name);
    if (func.host !== undefined) throw new TypeError("the export is a host function: call it directly");
    return engineOf(func).start(func, args);
  }

  /**
   * Charges fuel to the running call, for a host function whose work depends on its arguments, such as copying. A
   * fraction of a unit counts as a whole one.
   *
   * @throws {RangeError} if the fuel is negative or not finite
   */
  charge(fuel: number): void {
    if (!(fuel >= 0 && fuel <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`fuel must be 0 or more and finite, not ${fuel}`);
    }
    this.#state.charge(Math.ceil(fuel));
  }

  /**
   * @ignore ends the instance, which nobody may call any more. Returns whether no call is under way: then nothing of the
   * guest holds its memory.
   */
  release(): boolean {
    preparedOf(this.module).ended?.(this.#state);
    this.#state.release();
    return this.#state.isIdle;
  }

  /** An object without a prototype, with the exports in the module's order. */
  #allExports(): Readonly<Record<string, ExportValue>> {
    const exports: Record<string, ExportValue> = Object.create(null);
    for (const { name } of preparedOf(this.module).record.exports) {
      Object.defineProperty(exports, name, { enumerable: true, get: () => this.#state.export(name) });
    }
    // No property can change, so the object is frozen. `Object.freeze` itself takes longer with many properties.
    return Object.preventExtensions(exports);
  }

  #function(name: string): Func {
    const entry = preparedOf(this.module).record.exportsByName.get(name);
    if (entry?.kind !== "function") throw new TypeError(`the module exports no function ${JSON.stringify(name)}`);
    return this.#state.func(entry.index);
  }
}
