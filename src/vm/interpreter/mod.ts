/**
 * The interpreter as an engine. It runs register code in TypeScript, needs no feature of its host, and can suspend a
 * guest at any instruction.
 *
 * @module
 */

import { budgetError, isBudgetUsed } from "../budget.ts";
import type { ModuleRecord } from "../binary/types.ts";
import { refuseSimd } from "../binary/unsupported.ts";
import type { Engine, EngineModule, Metered } from "../engine.ts";
import { InternalError, waitError } from "../errors.ts";
import { createModuleCode } from "./arena.ts";
import type { ModuleCode } from "./arena.ts";
import { InterpretedCall } from "./call.ts";
import { createInstance } from "./instantiate.ts";
import { ownerOf } from "./instance_state.ts";
import type { Func, Value } from "../objects/function.ts";

const CODES = new WeakMap<EngineModule, ModuleCode>();

/** What the interpreter keeps for a module besides its record. */
export function codeOf(module: EngineModule): ModuleCode {
  const code = CODES.get(module);
  if (code === undefined) throw new InternalError("the module was not prepared by the interpreter");
  return code;
}

/** The engine. */
export const interpreter: Engine = {
  name: "interpreter",
  fuelPerWork: undefined,
  start: (func, args) => new InterpretedCall(func, args),
  callNow,
};

/** Throws a `CompileError` for a valid module that the interpreter can't run, as far as its record shows. */
export const admit: (record: ModuleRecord) => void = refuseSimd;

/** Prepares a validated module. @param reason why it is for this engine */
export function interpret(record: ModuleRecord, reason: string): EngineModule {
  admit(record);
  const code = createModuleCode(record);
  const module: EngineModule = {
    engine: Object.freeze({ name: interpreter.name, reason }),
    record,
    makeInstance: (imports, limits, wrap) => createInstance(interpreter, code, imports, limits, wrap),
  };
  CODES.set(module, code);
  return module;
}

/** Runs a call to its end. */
function callNow(func: Func, args: readonly Value[]): Value {
  const call = new InterpretedCall(func, args);
  const instance: Metered = ownerOf(func);
  for (;;) {
    const { limits, fuelUsed } = instance;
    const status = call.resume(Math.max(0, Math.min(limits.sliceFuel, limits.fuel - fuelUsed)));
    if (status === "failed") throw call.error;
    if (isBudgetUsed(instance)) {
      const error = budgetError(instance);
      call.stop(error);
      throw error;
    }
    if (status === "finished") return call.result;
    if (status === "pending") {
      const error = waitError();
      call.stop(error);
      throw error;
    }
  }
}
