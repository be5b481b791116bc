/**
 * The interface of an engine: it makes instances of a module, and runs calls in slices. All engines share the memories,
 * tables, globals and functions of `objects/`. compile.ts and choose.ts give a module its engine, and run/drive.ts
 * decides when a call resumes.
 *
 * @module
 */

import type { ModuleRecord } from "./binary/types.ts";
import type { StackFrame } from "./errors.ts";
import type { ExportedFunction, Func, FunctionOwner, Value } from "./objects/function.ts";
import type { ExportValue, Imports } from "./objects/link.ts";
import type { Memory } from "./objects/memory.ts";

/** The limits of an instance. `Infinity` means no limit, where that is the default. */
export interface RunLimits {
  /** Fuel for all calls of the instance together; no limit by default. */
  readonly fuel?: number;
  /** Fuel of a slice, after which other calls and the event loop have their turn: 100,000 by default. */
  readonly sliceFuel?: number;
  /** Pages of 64 KiB that the guest's memory may have, even if its module allows more: 32,767 by default and at most. */
  readonly memoryPages?: number;
  /** Elements that the guest's tables may have together, even if its module allows more: 1,000,000 by default. */
  readonly tableElements?: number;
  /** Milliseconds that a call may take, waiting included; no limit by default. */
  readonly deadlineMs?: number;
}

/**
 * The status of a call: `ready` to start, `suspended` because its fuel ran out, `pending` on a host function's promise,
 * `finished`, or `failed` because it trapped or was stopped.
 */
export type CallStatus = "ready" | "suspended" | "pending" | "finished" | "failed";

/**
 * One call. The caller resumes it with fuel until it has finished or failed.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "answer") (result i32) i32.const 42))
 * const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 10, 1, 6, 97, 110, 115,
 *   119, 101, 114, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11);
 * const instance = await instantiate(await compile(bytes));
 * const call = instance.start("answer");
 * while (await call.resume(1_000) === "suspended");
 * if (call.result !== 42) throw new Error("it is 42");
 * ```
 */
export interface Call {
  /** Its status. */
  readonly status: CallStatus;
  /** The result of a finished call: one value, an array of several, or undefined. */
  readonly result: Value;
  /** Why it failed: a {@linkcode Trap}, or the reason that it was stopped with. */
  readonly error: unknown;
  /** Fuel used so far. */
  readonly fuelUsed: number;
  /**
   * @ignore what it has cost its thread, in units of fuel. Beyond the fuel, that includes work that depends on more than
   * the module and its input, such as retranslating code. It ends slices, and does not count towards the budget.
   */
  readonly work: number;
  /** While the call is pending: resolves when the call can be resumed. It never rejects. */
  readonly settled: Promise<void> | undefined;
  /** The guest's current calls, innermost first, as in a trap. */
  readonly guestStack: readonly StackFrame[];

  /**
   * Runs until the fuel is used up, a host function returns a promise, or the call ends. The branch or call that uses
   * the last fuel is still executed.
   *
   * @param fuel a number of instructions, 0 or more
   * @param work the work after which it stops even if fuel is left
   * @returns the new status, or a promise of it where the host runs the guest in microtasks: await it. Neither throws nor
   * rejects for a guest's fault
   */
  resume(fuel: number, work?: number): CallStatus | Promise<CallStatus>;

  /** Fails the call with a reason and drops its frames. Has no effect on a call that has ended. */
  stop(reason: unknown): void;
}

/** The part of an instance that budgets concern. */
export interface Metered {
  readonly limits: Required<RunLimits>;
  /** Fuel used by all calls so far. */
  readonly fuelUsed: number;
  /** Bytes of bodies that were retranslated, because other code had needed their place. */
  readonly retranslatedBytes: number;
}

/** An instance as an engine keeps it. */
export interface EngineInstance extends FunctionOwner, Metered {
  /** The engine that made it. */
  readonly engine: Engine;
  /** The export with a name, if it exists. */
  export(name: string): ExportValue | undefined;
  /** Charges fuel to the running call. */
  charge(fuel: number): void;
  /** Its memory, if it has one. */
  readonly memory: Memory | undefined;
  /** Whether no call of it is under way. */
  readonly isIdle: boolean;
  /** Lets go of its imports, when nobody will call it any more. A call that is being stopped may still end. */
  release(): void;
}

/** Makes the JavaScript function of a function instance. */
export type Wrap = (func: Func) => ExportedFunction;

/** Makes an instance without running its start function. Yields a promise whenever the event loop must turn. */
export type Making = Generator<Promise<void>, EngineInstance, void>;

/** A module as an engine has prepared it. All its instances share it. */
export interface EngineModule {
  /** Which engine makes its instances. */
  readonly engine: EngineChoice;
  readonly record: ModuleRecord;
  /**
   * @throws {LinkError} if an import is missing or has another type
   * @throws {LimitError} if memory or a table would start larger than its limit
   * @throws {Trap} if an active segment does not fit
   */
  makeInstance(imports: Imports, limits: Required<RunLimits>, wrap: Wrap): Making;
  /** Is told of each instance that is released, before its memory is. */
  ended?(instance: EngineInstance): void;
}

/** Which engine runs a module, and why. */
export interface EngineChoice {
  /** `native` for the host's WebAssembly, or `interpreter` for the one of this library. */
  readonly name: EngineName;
  /** Why it is this one, such as `asked for`. */
  readonly reason: string;
}

/** The name of an engine. */
export type EngineName = "native" | "interpreter";

/** Which engine is to run a module. */
export interface EngineOption {
  /**
   * `"auto"`, the default, is the native engine where the runtime may compile WebAssembly and can suspend it, and else the
   * interpreter. Both run a module alike. `module.engine` says which it is, and why.
   */
  readonly engine?: "auto" | EngineName;
}

/** What that option may be. */
export const ENGINE_CHOICES: readonly string[] = ["auto", "interpreter", "native"] satisfies EngineOption["engine"][];

/** An engine. */
export interface Engine {
  readonly name: EngineName;
  /**
   * The fuel that it runs in a unit of work, if it is fast and suspending a call is not. Then a call that is alone gets
   * the rest of a turn as one slice.
   */
  readonly fuelPerWork: number | undefined;
  /** Starts a call of a function whose instance this engine made. */
  start(func: Func, args: readonly Value[]): Call;
  /**
   * Calls such a function synchronously.
   *
   * @throws {Trap} if the guest traps or a host function fails
   * @throws {LimitError} if the budget is used up
   * @throws {TypeError} if a host function returns a promise
   */
  callNow(func: Func, args: readonly Value[]): Value;
}
