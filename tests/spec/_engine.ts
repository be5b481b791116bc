/**
 * The virtual machine for the suite's runner: values are bits, so that NaN payloads are preserved. JavaScript's numbers
 * do not preserve them, so a call with floats goes through a small module that reinterprets the floats as integers.
 *
 * @module
 */

import { compileSync, instantiate } from "../../src/vm/mod.ts";
import type { ExportedFunction, FuncTypeDescriptor, Global, Imports, Instance, Module } from "../../src/vm/mod.ts";
import { codeOf } from "../../tools/code_of.ts";
import { valueTypeName } from "../../src/vm/binary/types.ts";
import { toBinary } from "./translate.ts";

export { CompileError, LimitError, LinkError, Trap } from "../../src/vm/mod.ts";
export type { Imports, Instance, Module } from "../../src/vm/mod.ts";

/** A value: the unsigned bits of a number, or a reference. */
export type Value =
  | { readonly type: "i32" | "i64" | "f32" | "f64"; readonly bits: bigint }
  | { readonly type: "funcref" | "externref"; readonly reference: unknown };

/** Stops a guest that would run for ever. This is far more than any assertion takes. */
const FUEL = 2_000_000_000;

/** Whether guests are suspended after every instruction: `--step`. */
let isStepping = false;

/** From now on, suspends and resumes all guests after every instruction. */
export function stepEverything(): void {
  isStepping = true;
}

/** Compiles a binary. */
export function compileBinary(bytes: Uint8Array<ArrayBuffer>): Module {
  const module = compileSync(bytes);
  codeOf(module).stepping = isStepping;
  return module;
}

/** Makes an instance and runs its start function. */
export function link(module: Module, imports: Imports): Promise<Instance> {
  return instantiate(module, imports, { limits: { fuel: FUEL, sliceFuel: isStepping ? 0 : undefined } });
}

/** The module that the suite's modules import as `spectest`. */
export function createSpectest(): Promise<Instance> {
  const prints = ["i32", "i64", "f32", "f64", "i32 f32", "f64 f64"];
  return link(
    compileSync(toBinary(`(module
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
export function getGlobal(instance: Instance, field: string): Value {
  const { type, value } = exportOf(instance, field, "global") as Global;
  return fromBorder(value, valueTypeName(type.value));
}

/** Calls an exported function. */
export async function call(instance: Instance, field: string, args: readonly Value[]): Promise<Value[]> {
  const target = exportOf(instance, field, "function") as ExportedFunction;
  const { params, results } = typeOf(instance, field);
  if (![...params, ...results].some(isFloat)) return fromResult(target(...args.map(toBorder)), results);
  const wrapper = await wrapperOf(target, params, results);
  const integers = fromResult(wrapper(...args.map((arg) => toBorder(asInteger(arg)))), results.map(integerType));
  return integers.map((value, index) => ({ ...value, type: results[index] } as Value));
}

function typeOf(instance: Instance, field: string): FuncTypeDescriptor {
  return instance.module.exports.find((entry) => entry.name === field)!.type!;
}

function exportOf(instance: Instance, field: string, kind: string): unknown {
  const known = instance.module.exports.some((entry) => entry.name === field && entry.kind === kind);
  if (!known) throw new TypeError(`no ${kind} is exported as ${JSON.stringify(field)}`);
  return instance.exports[field];
}

function fromResult(result: unknown, types: readonly Value["type"][]): Value[] {
  const values = types.length === 0 ? [] : types.length === 1 ? [result] : result as unknown[];
  return types.map((type, index) => fromBorder(values[index], type));
}

// Conversion of JavaScript's values

function toBorder(value: Value): unknown {
  switch (value.type) {
    case "i32":
      return Number(BigInt.asIntN(32, value.bits));
    case "i64":
      return BigInt.asIntN(64, value.bits);
    case "funcref":
    case "externref":
      return value.reference;
    default:
      throw new TypeError("floats pass the border as integers");
  }
}

function fromBorder(value: unknown, type: Value["type"]): Value {
  const view = new DataView(new ArrayBuffer(8));
  switch (type) {
    case "i32":
      return { type, bits: BigInt.asUintN(32, BigInt(value as number)) };
    case "i64":
      return { type, bits: BigInt.asUintN(64, value as bigint) };
    case "f32":
      view.setFloat32(0, value as number);
      return { type, bits: BigInt(view.getUint32(0)) };
    case "f64":
      view.setFloat64(0, value as number);
      return { type, bits: view.getBigUint64(0) };
    default:
      return { type, reference: value };
  }
}

// Floats as integers

const isFloat = (type: Value["type"]): boolean => type === "f32" || type === "f64";

function integerType(type: Value["type"]): Value["type"] {
  return type === "f32" ? "i32" : type === "f64" ? "i64" : type;
}

function asInteger(value: Value): Value {
  return { ...value, type: integerType(value.type) } as Value;
}

const wrappers = new WeakMap<ExportedFunction, Map<string, ExportedFunction>>();
const wrapperModules = new Map<string, Module>();

async function wrapperOf(
  target: ExportedFunction,
  params: readonly Value["type"][],
  resultTypes: readonly Value["type"][],
): Promise<ExportedFunction> {
  const type = `(param ${params.join(" ")}) (result ${resultTypes.join(" ")})`;
  let ofTarget = wrappers.get(target);
  if (ofTarget === undefined) wrappers.set(target, ofTarget = new Map());
  let wrapper = ofTarget.get(type);
  if (wrapper === undefined) {
    let module = wrapperModules.get(type);
    if (module === undefined) {
      module = compileSync(toBinary(wrapperText(type, params, resultTypes)));
      wrapperModules.set(type, module);
    }
    const { exports } = await link(module, { target: { call: target } });
    ofTarget.set(type, wrapper = exports.call as ExportedFunction);
  }
  return wrapper;
}

/** A module that calls `target.call`, with floats passed and returned as integers. */
function wrapperText(type: string, params: readonly Value["type"][], resultTypes: readonly Value["type"][]): string {
  const integers = resultTypes.map(integerType);
  const args = params.map((param, index) =>
    isFloat(param) ? `(${param}.reinterpret_${integerType(param)} (local.get ${index}))` : `(local.get ${index})`
  );
  const local = (index: number) => params.length + index;
  const stores = resultTypes.map((_, index) => `(local.set ${local(index)})`).reverse();
  const loads = resultTypes.map((result, index) =>
    isFloat(result)
      ? `(${integers[index]}.reinterpret_${result} (local.get ${local(index)}))`
      : `(local.get ${local(index)})`
  );
  return `(module (func $target (import "target" "call") ${type})
    (func (export "call") (param ${params.map(integerType).join(" ")}) (result ${integers.join(" ")})
      (local ${resultTypes.join(" ")})
      (call $target ${args.join(" ")}) ${stores.join(" ")} ${loads.join(" ")}))`;
}
