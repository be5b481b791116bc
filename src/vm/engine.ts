/**
 * What an engine is to the rest of the virtual machine: it prepares a validated module, makes its instances, and runs calls
 * in slices. Memories, tables, globals and functions (`objects/`) are the same for every engine. Which engine a module gets
 * is module.ts's business, when a call goes on is run/drive.ts's.
 *
 * @module
 */

import type { ModuleRecord } from "./binary/types.ts";
import type { StackFrame } from "./errors.ts";
import type { ExportedFunction, Func, FunctionOwner, Value } from "./objects/function.ts";
import type { ExportValue, Imports } from "./objects/link.ts";

/** What an instance may use. Where a limit is none by default, `Infinity` stands for that. */
export interface RunLimits {
  /** Fuel for all calls of the instance together; none by default. */
  readonly fuel?: number;
  /** Fuel after which a call lets others have their turn, and the event loop turn: 100,000 by default. */
  readonly sliceFuel?: number;
  /** Pages of 64 KiB that the guest's memory may have, whatever its module says: 32,767 by default, and at most. */
  readonly memoryPages?: number;
  /** Elements that the tables of the guest may have together, whatever the module says: 1,000,000 by default. */
  readonly tableElements?: number;
  /** Milliseconds that a call may take, waiting included; none by default. */
  readonly deadlineMs?: number;
}

/**
 * How a call stands: `ready` to start, `suspended` for want of fuel, `pending` on a host function's promise, `finished`,
 * or `failed`, by a trap or because it was stopped.
 */
export type CallStatus = "ready" | "suspended" | "pending" | "finished" | "failed";

/**
 * One call, to be resumed with fuel until it has finished or failed.
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
 * while (call.resume(1_000) === "suspended");
 * if (call.result !== 42) throw new Error("it is 42");
 * ```
 */
export interface Call {
  /** How it stands. */
  readonly status: CallStatus;
  /** The result when finished: one value, an array of several, or undefined. */
  readonly result: Value;
  /** Why it failed: a {@linkcode Trap}, or what it was stopped with. */
  readonly error: unknown;
  /** Fuel used so far. */
  readonly fuelUsed: number;
  /**
   * @ignore what it has cost its thread, in units of fuel: besides the fuel that which depends on more than the module
   * and its input, such as translating code again, or an op's own cost. It ends slices, and is no part of the budget.
   */
  readonly work: number;
  /** While pending: settles, without a value and never rejecting, when the call can be resumed. */
  readonly settled: Promise<void> | undefined;
  /** The guest's calls now, innermost first, as a trap would tell them. */
  readonly guestStack: readonly StackFrame[];

  /**
   * Runs until the fuel is used up (the branch or call that uses the last of it is still made), a host function's
   * promise is pending, or the end.
   *
   * @param fuel a number of instructions, 0 or more
   * @param work as much as that may be: stops earlier when its work has grown by so much
   * @returns how the call stands then; never throws what the guest did
   */
  resume(fuel: number, work?: number): CallStatus;

  /** Ends the call, unless it has ended: it fails with the reason, and its frames are gone. */
  stop(reason: unknown): void;
}

/** What is metered: an instance, as far as budgets go. */
export interface Metered {
  readonly limits: Required<RunLimits>;
  /** Fuel used by all calls so far. */
  readonly fuelUsed: number;
  /** Bytes of bodies that were translated again, since an engine's room for code had been needed by others. */
  readonly retranslatedBytes: number;
}

/** An instance as an engine keeps it. */
export interface EngineInstance extends FunctionOwner, Metered {
  /** The export of a name, if there is one. */
  export(name: string): ExportValue | undefined;
  /** Adds to the fuel of the call that runs. */
  charge(fuel: number): void;
}

/** Makes the JavaScript function of a function instance. */
export type Wrap = (func: Func) => ExportedFunction;

/** Makes an instance, and yields a promise wherever a turn of the event loop is over. Its start function is not run. */
export type Making = Generator<Promise<void>, EngineInstance, void>;

/** A module as an engine has prepared it; all its instances share it. */
export interface EngineModule {
  readonly engine: Engine;
  readonly record: ModuleRecord;
  /**
   * @throws {LinkError} if an import is missing or of another type
   * @throws {LimitError} if memory or a table would start larger than its limit
   * @throws {Trap} if an active segment does not fit
   */
  makeInstance(imports: Imports, limits: Required<RunLimits>, wrap: Wrap): Making;
}

/** An engine. */
export interface Engine {
  readonly name: string;
  /** Prepares a validated module. */
  prepare(record: ModuleRecord): EngineModule;
  /** Starts a call of a function of an instance that this engine made. */
  start(func: Func, args: readonly Value[]): Call;
}
