/**
 * The virtual machine for the suite's runner, with either engine. Values are bits, so that NaN payloads are preserved:
 * calls with floats or vectors go through the functions that _bits.ts adds.
 *
 * @module
 */

import { instantiate } from "../../src/vm/mod.ts";
import type { ExportedFunction, FuncTypeDescriptor, Global, Imports, Instance, Module } from "../../src/vm/mod.ts";
import { decodeModule } from "../../src/vm/binary/decode.ts";
import { valueTypeName } from "../../src/vm/binary/types.ts";
import { ModuleValidator } from "../../src/vm/binary/validate.ts";
import { preparedOf } from "../../src/vm/module.ts";
import { codeOf } from "../../tools/code_of.ts";
import { compileFor } from "../../tools/compile.ts";
import type { EngineName } from "../../tools/compile.ts";
import { bitsOf, isBits, withBits } from "./_bits.ts";
import { toBinary } from "./translate.ts";

export { CompileError, LimitError, LinkError, Trap } from "../../src/vm/mod.ts";
export type { Imports, Instance, Module } from "../../src/vm/mod.ts";

/** A value: the unsigned bits of a number or a vector, or a reference. */
export type Value =
  | { readonly type: "i32" | "i64" | "f32" | "f64" | "v128"; readonly bits: bigint }
  | { readonly type: "funcref" | "externref"; readonly reference: unknown };

/** Stops a guest that would run for ever. This is far more than any assertion takes. */
const FUEL = 2_000_000_000;

/** How guests run. */
interface Manner {
  /** The engine: `--engine native`. */
  readonly engine: EngineName;
  /** Whether guests are suspended as often as the engine can: after every instruction, or at every check: `--step`. */
  readonly isStepping: boolean;
}

let manner: Manner = { engine: "interpreter", isStepping: false };

/** From now on, runs all guests in a manner. */
export function runAs(chosen: Manner): void {
  manner = chosen;
}

/** Validates a binary, for any engine. */
export function validateBinary(bytes: Uint8Array): void {
  decodeModule(bytes, new ModuleValidator());
}

/** The engine that runs the guests. */
export function engineName(): EngineName {
  return manner.engine;
}

/** Compiles a binary. */
export function compileBinary(bytes: Uint8Array<ArrayBuffer>): Module {
  let module = compileFor(manner.engine, bytes);
  const whole = withBits(bytes, preparedOf(module).record);
  if (whole !== bytes) module = compileFor(manner.engine, whole);
  if (manner.engine === "interpreter") codeOf(module).stepping = manner.isStepping;
  return module;
}

/** Makes an instance and runs its start function. */
export function link(module: Module, imports: Imports): Promise<Instance> {
  return instantiate(module, imports, { limits: { fuel: FUEL, sliceFuel: manner.isStepping ? 0 : undefined } });
}

/** The module that the suite's modules import as `spectest`. */
export function createSpectest(): Promise<Instance> {
  const prints = ["i32", "i64", "f32", "f64", "i32 f32", "f64 f64"];
  return link(
    compileBinary(toBinary(`(module
      (global (export "global_i32") i32 (i32.const 666))
      (global (export "global_i64") i64 (i64.const 666))
      (global (export "global_f32") f32 (f32.const 666.6))
      (global (export "global_f64") f64 (f64.const 666.6))
      (table (export "table") 10 20 funcref)
      (memory (export "memory") 1 2)
      (func (export "print"))
      ${prints.map((types) => `(func (export "print_${types.replace(" ", "_")}") (param ${types}))`).join("\n")})`)),
    {},
  );
}

/** The value of an exported global. */
export async function getGlobal(instance: Instance, field: string): Promise<Value> {
  const global = exportOf(instance, field, "global") as Global;
  const type = valueTypeName(global.type.value);
  return fromWords([type], isBits(type) ? await invoke(instance, bitsOf(field), []) : [global.value])[0];
}

/** Calls an exported function. */
export async function call(instance: Instance, field: string, args: readonly Value[]): Promise<Value[]> {
  exportOf(instance, field, "function");
  const { params, results } = instance.module.export(field)!.type as FuncTypeDescriptor;
  const name = [...params, ...results].some(isBits) ? bitsOf(field) : field;
  return fromWords(results, await invoke(instance, name, args.flatMap(toWords)));
}

/** Calls an exported function with JavaScript's values. In steps, the native engine can only run it asynchronously. */
async function invoke(instance: Instance, field: string, args: readonly unknown[]): Promise<readonly unknown[]> {
  const isAsync = manner.engine === "native" && manner.isStepping;
  const result = isAsync ? await instance.call(field, args) : (instance.export(field) as ExportedFunction)(...args);
  return result === undefined ? [] : Array.isArray(result) ? result : [result];
}

function exportOf(instance: Instance, field: string, kind: string): unknown {
  if (instance.module.export(field)?.kind !== kind) {
    throw new TypeError(`no ${kind} is exported as ${JSON.stringify(field)}`);
  }
  return instance.export(field);
}

// Conversion of JavaScript's values

function toWords(value: Value): unknown[] {
  switch (value.type) {
    case "i32":
    case "f32":
      return [Number(BigInt.asIntN(32, value.bits))];
    case "i64":
    case "f64":
      return [BigInt.asIntN(64, value.bits)];
    case "v128":
      return [BigInt.asIntN(64, value.bits), BigInt.asIntN(64, value.bits >> 64n)];
    default:
      return [value.reference];
  }
}

function fromWords(types: readonly Value["type"][], words: readonly unknown[]): Value[] {
  let at = 0;
  return types.map((type): Value => {
    const word = words[at++];
    switch (type) {
      case "i32":
      case "f32":
        return { type, bits: BigInt.asUintN(32, BigInt(word as number)) };
      case "i64":
      case "f64":
        return { type, bits: BigInt.asUintN(64, word as bigint) };
      case "v128":
        return { type, bits: BigInt.asUintN(64, words[at++] as bigint) << 64n | BigInt.asUintN(64, word as bigint) };
      default:
        return { type, reference: word };
    }
  });
}
