/**
 * The imports of generated modules, the same for all machines. They are functions that record their arguments and call
 * back, and memories, tables and globals of the types that the module declares.
 *
 * @module
 */

import type { ExportedFunction, FuncTypeDescriptor, HostFunction, ImportDescriptor } from "../../src/vm/mod.ts";
import type { Module, ValueTypeName } from "../../src/vm/mod.ts";
import { valueTypeName } from "../../src/vm/binary/types.ts";
import type { Limits } from "../../src/vm/binary/types.ts";
import { preparedOf } from "../../src/vm/module.ts";

/** The state that an instance's imports share. */
export interface Host {
  /** The arguments that host functions received. */
  readonly log: unknown[];
  /** The name of a value, the same on both sides. */
  readonly nameOf: (value: unknown) => unknown;
  /** Whether host functions return promises. */
  readonly waits: boolean;
  /** Charges a number of units to the running call, or not, depending on the number. */
  readonly charge: (number: number) => void;
  /** The name of an exported function without parameters. */
  readonly guest: string | undefined;
  /** Empty until there is an instance. */
  exports: Readonly<Record<string, unknown>>;
}

/**
 * Records its arguments, and returns results that depend on them and on the length of the record. Sometimes it calls
 * the guest.
 */
function hostFunction({ params, results }: FuncTypeDescriptor, host: Host): HostFunction {
  return (...args: unknown[]) => {
    const { log } = host;
    log.push(params.length, ...args.map(host.nameOf));
    host.charge(log.length);
    const number = log.length + args.reduce<number>((sum, arg) => sum + (typeof arg === "number" ? arg | 0 : 0), 0);
    if (!host.waits && host.guest !== undefined && host.guest in host.exports && number % 4 === 0) {
      log.push(...listOf((host.exports[host.guest] as ExportedFunction)()).map(host.nameOf));
    }
    const values = results.map((type) => type === "i64" ? BigInt(number) << 30n : type.endsWith("ref") ? null : number);
    const result = values.length > 1 ? values : values[0];
    return host.waits ? Promise.resolve(result) : result;
  };
}

/** Results as a list. */
export function listOf(result: unknown): readonly unknown[] {
  return Array.isArray(result) ? result : [result];
}

/** Creates the imports that are not functions. The constructors of both machines take the same descriptors. */
export interface Makers {
  memory(descriptor: { readonly initial: number; readonly maximum?: number }): unknown;
  table(element: "externref" | "funcref", limits: { readonly initial: number; readonly maximum?: number }): unknown;
  global(descriptor: { readonly value: ValueTypeName; readonly mutable: boolean }, value: unknown): unknown;
}

const GLOBAL_VALUES: Readonly<Record<string, unknown>> = { i32: 7, i64: -7n, f32: 0.5, f64: -0.5, funcref: null };

/** The imports of the module, made by one of the machines. */
export function importsOf(module: Module, makers: Makers, host: Host): Record<string, Record<string, unknown>> {
  const { tables, memories, globals } = preparedOf(module).record;
  const limits = ({ minimum, maximum }: Limits) => ({ initial: minimum, maximum });
  const place = { table: 0, memory: 0, global: 0 };
  const make = ({ kind, type }: ImportDescriptor) => {
    if (kind === "function") return hostFunction(type!, host);
    const index = place[kind]++;
    if (kind === "memory") return makers.memory(limits(memories[index].limits));
    if (kind === "table") {
      return makers.table(valueTypeName(tables[index].element) as "funcref", limits(tables[index].limits));
    }
    const value = valueTypeName(globals[index].value);
    const initial = value in GLOBAL_VALUES ? GLOBAL_VALUES[value] : "host";
    return makers.global({ value, mutable: globals[index].mutable }, initial);
  };
  const imports: Record<string, Record<string, unknown>> = {};
  for (const descriptor of module.imports) (imports[descriptor.module] ??= {})[descriptor.name] = make(descriptor);
  return imports;
}
