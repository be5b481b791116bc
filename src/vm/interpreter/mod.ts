/**
 * The interpreter as an engine. It runs register code in TypeScript, needs no feature of its host, and can suspend a
 * guest at any instruction.
 *
 * @module
 */

import type { Engine, EngineModule } from "../engine.ts";
import { InternalError } from "../errors.ts";
import { createModuleCode } from "./arena.ts";
import type { ModuleCode } from "./arena.ts";
import { InterpretedCall } from "./call.ts";
import { createInstance } from "./instantiate.ts";

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
  prepare(record) {
    const code = createModuleCode(record);
    const module: EngineModule = {
      engine: interpreter,
      record,
      makeInstance: (imports, limits, wrap) => createInstance(code, imports, limits, wrap),
    };
    CODES.set(module, code);
    return module;
  },
  start: (func, args) => new InterpretedCall(func, args),
};
