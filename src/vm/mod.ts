/**
 * A WebAssembly interpreter in TypeScript, which does not use the host's `WebAssembly`. Compile a module, instantiate
 * it and call its functions. A call can be suspended at any instruction. Its fuel, memory and time can be limited, and
 * host functions may be asynchronous.
 *
 * It runs WebAssembly 2.0 without SIMD, with extended constant expressions and tail calls.
 *
 * @example Call a function
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
 * const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97,
 *   100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11);
 * const instance = await instantiate(await compile(bytes), {}, { limits: { fuel: 1_000_000 } });
 * if (await instance.call("add", [2, 3]) !== 5) throw new Error("it is 5");
 * ```
 *
 * @module
 */

import "../base/requirements.ts";
export { LimitError } from "../base/limits.ts";
export { compile, compileSync } from "./compile.ts";
export type { CompileOptions, Source } from "./compile.ts";
export type { ExternKind, ValueTypeName } from "./binary/types.ts";
export type { Call, CallStatus, EngineChoice, EngineName, EngineOption, RunLimits } from "./engine.ts";
export { CompileError, EngineError, IntegrityError, InternalError, LinkError, Trap } from "./errors.ts";
export type { StackFrame, TrapReason } from "./errors.ts";
export { Instance, instantiate } from "./instance.ts";
export type { InstantiateOptions } from "./instance.ts";
export { Module } from "./module.ts";
export type { CustomSectionOptions, ExportDescriptor, ImportDescriptor } from "./module.ts";
export { hostFunction } from "./objects/function.ts";
export type { ExportedFunction, FuncTypeDescriptor, HostFunction, Value } from "./objects/function.ts";
export { Global } from "./objects/global.ts";
export type { GlobalDescriptor } from "./objects/global.ts";
export type { ExportValue, Imports, ImportValue } from "./objects/link.ts";
export { Memory } from "./objects/memory.ts";
export type { MemoryDescriptor } from "./objects/memory.ts";
export { Table } from "./objects/table.ts";
export type { TableDescriptor } from "./objects/table.ts";
export type { CallOptions } from "./run/drive.ts";
