/**
 * Instances as users hold them: making one, its exports, and calls of its functions. How an instance is kept and a call is
 * run is an engine's business.
 *
 * @module
 */

import { limitError, resolveLimit, resolveLimits } from "../base/limits.ts";
import { checkNames, notAModule } from "../base/options.ts";
import type { Call, Engine, EngineInstance, RunLimits } from "./engine.ts";
import { Module, preparedOf } from "./module.ts";
import type { Func, Value } from "./objects/function.ts";
import type { ExportValue, Imports } from "./objects/link.ts";
import { drive, runNow } from "./run/drive.ts";
import type { CallOptions } from "./run/drive.ts";

/** What bounds an instance. */
export interface InstantiateOptions {
  /** Bounds of the instance. */
  readonly limits?: RunLimits;
  /** Stops the making of the instance, where that takes more than a turn of the event loop, and the start function. */
  readonly signal?: AbortSignal;
  /** Is given the instance before its start function runs, which waits for a promise: for functions that need its memory. */
  readonly onInstance?: (instance: Instance) => void | PromiseLike<void>;
}

const INSTANTIATE_OPTIONS: readonly (keyof InstantiateOptions)[] = ["limits", "signal", "onInstance"];
const CALL_OPTIONS: readonly (keyof CallOptions)[] = ["signal", "deadlineMs"];

/**
 * Makes an instance of a module and runs its start function. The event loop turns while a large one is made.
 *
 * @param module what `compile` gave; any number of instances may share it
 * @param imports by module and name
 * @param options bounds, which hold for all calls of the instance
 * @throws {LinkError} if an import is missing or of another type
 * @throws {LimitError} if memory or a table would start larger than its limit, or the deadline is used up
 * @throws {TypeError} if the module is not one, or an option or a limit is unknown or of the wrong type
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
  const { limits = {}, signal, onInstance } = options;
  const { engine, record, makeInstance } = preparedOf(module);
  const resolved = resolveLimits<RunLimits>("instantiate", limits);
  const due = performance.now() + resolved.deadlineMs;
  const making = makeInstance(imports, resolved, (func) => (...args) => {
    if (func.host !== undefined) return func.host(...args);
    return runNow(engine.start(func, args), func.owner as EngineInstance);
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
  if (record.start !== undefined) await run(engine, state.func(record.start), [], { signal });
  return instance;
}

async function run(engine: Engine, func: Func, args: readonly Value[], options: CallOptions): Promise<Value> {
  if (func.host !== undefined) return await func.host(...args);
  return await drive(engine.start(func, args), func.owner as EngineInstance, options);
}

/**
 * A module with memory, tables and globals of its own. Made by {@linkcode instantiate}.
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
  /** What it is an instance of. */
  readonly module: Module;
  readonly #state: EngineInstance;
  #exports: Readonly<Record<string, ExportValue>> | undefined;

  /** @ignore made by `instantiate` */
  constructor(module: Module, state: EngineInstance) {
    this.module = module;
    this.#state = state;
  }

  /**
   * All exports by name; a function runs to its end at once when called, and throws if it would have to wait. The object is
   * made when it is first asked for, which takes about a microsecond an export: of 100,000, which a module may have, `export`
   * finds one in less.
   */
  get exports(): Readonly<Record<string, ExportValue>> {
    return this.#exports ??= this.#allExports();
  }

  /** The export of that name, as in `exports`, if there is one: cheap, however many there are. */
  export(name: string): ExportValue | undefined {
    return this.#state.export(name);
  }

  /** Fuel used by all calls so far. */
  get fuelUsed(): number {
    return this.#state.fuelUsed;
  }

  /**
   * Calls an exported function. The event loop turns between slices, and the guest waits for host functions' promises.
   *
   * @returns one value, an array of several, or undefined
   * @throws {Trap} if the guest traps or a host function fails
   * @throws {LimitError} if the budget or the deadline is used up
   * @throws {TypeError} if there is no such function, or an option is unknown or of the wrong type
   * @throws {RangeError} if the deadline is not in its range
   */
  async call(name: string, args: readonly Value[] = [], options: CallOptions = {}): Promise<Value> {
    checkNames("call option", options, CALL_OPTIONS);
    const { signal, deadlineMs } = options;
    if (deadlineMs !== undefined) resolveLimit("deadlineMs", deadlineMs);
    return await run(preparedOf(this.module).engine, this.#function(name), args, { signal, deadlineMs });
  }

  /**
   * Starts a call of an exported function, which the caller resumes with fuel.
   *
   * @throws {TypeError} if there is no such function, or it is a host's that was imported
   */
  start(name: string, args: readonly Value[] = []): Call {
    const func = this.#function(name);
    if (func.host !== undefined) throw new TypeError("a host function is called directly");
    return preparedOf(this.module).engine.start(func, args);
  }

  /** Adds to the fuel of the call that runs: for a host function whose work is not a matter of one call, such as copying. */
  charge(fuel: number): void {
    this.#state.charge(fuel);
  }

  /** An object without prototype, in the module's order. */
  #allExports(): Readonly<Record<string, ExportValue>> {
    const exports: Record<string, ExportValue> = Object.create(null);
    for (const { name } of preparedOf(this.module).record.exports) {
      Object.defineProperty(exports, name, { enumerable: true, get: () => this.#state.export(name) });
    }
    // None of them can be changed, so it is frozen; to be told so takes longer when there are many.
    return Object.preventExtensions(exports);
  }

  #function(name: string): Func {
    const entry = preparedOf(this.module).record.exportsByName.get(name);
    if (entry?.kind !== "function") throw new TypeError(`the module exports no function ${JSON.stringify(name)}`);
    return this.#state.func(entry.index);
  }
}
