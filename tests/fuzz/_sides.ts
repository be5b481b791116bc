/**
 * One module on two machines, ours and the host's own WebAssembly, behind one interface: the same imports, the same
 * arguments, and what can be seen of each call in a form that can be compared. What to call is compare.ts's business.
 *
 * @module
 */

import { Global, instantiate, Memory, Table, Trap } from "../../src/vm/mod.ts";
import type { FuncTypeDescriptor, HostFunction, ImportDescriptor, Imports, Module, ValueTypeName } from "../../src/vm/mod.ts";
import { funcOf } from "../../src/vm/func.ts";
import { codeOf } from "../../src/vm/module.ts";
import { valueTypeName } from "../../src/vm/types.ts";
import type { Limits } from "../../src/vm/types.ts";

/** An argument; `func` stands for the side's own exported function of that name. */
export type Argument = number | bigint | null | { readonly func: string } | { readonly host: unknown };

/** What one step showed. */
export interface Observation {
  /** Why it failed: the reasons that the message may mean; empty if it did not. */
  readonly traps: readonly string[];
  /** Results, values given to host functions, globals, tables, size and hash of memory: all to be `Object.is` equal. */
  readonly seen: readonly unknown[];
  /** Fuel used, on our side. */
  readonly fuel: number;
}

/** A module on one of the machines. */
export interface Side {
  /** The first observation: of the start function, and of what the segments did. */
  readonly start: Observation;
  /** Calls an exported function. */
  step(name: string, args: readonly Argument[]): Observation | Promise<Observation>;
}

/** How our machine is to run. */
export interface Manner {
  /** Fuel between two suspensions. */
  readonly slice: number;
  /** Done between two slices. */
  readonly meanwhile?: () => void;
  /** Whether host functions give promises. */
  readonly waits?: boolean;
}

/** Fuel after which a call is taken for endless: generated code burns far less. */
const ENDLESS = 50_000_000;
/** What the global `fuel` is set to before each call. */
const FUEL = 40;

/** The reason that stands for too deep recursion, where the machines need not agree. */
export const EXHAUSTED = "call stack exhausted";

/** Parts of V8's messages, and the reasons that they may stand for. */
const MESSAGES: readonly (readonly [part: string, ...reasons: string[]])[] = [
  ["unreachable", "unreachable"],
  ["divide by zero", "integer divide by zero"],
  ["remainder by zero", "integer divide by zero"],
  ["divide result unrepresentable", "integer overflow"],
  ["float unrepresentable in integer range", "integer overflow", "invalid conversion to integer"],
  ["memory access out of bounds", "out of bounds memory access"],
  ["data segment", "out of bounds memory access"],
  ["table index is out of bounds", "undefined element", "out of bounds table access"],
  ["table access out of bounds", "out of bounds table access"],
  ["element segment", "out of bounds table access"],
  ["null function", "uninitialized element"],
  ["function signature mismatch", "indirect call type mismatch"],
  ["Maximum call stack size exceeded", EXHAUSTED],
];

function nativeReasons(error: unknown): readonly string[] {
  const message = error instanceof Error ? error.message : String(error);
  const found = MESSAGES.find(([part]) => message.includes(part));
  return found === undefined ? [message] : found.slice(1);
}

/** A trap of a call that a host function made is the caller's trap too. */
function ownReasons(error: unknown): readonly string[] {
  if (!(error instanceof Trap)) return [String(error)];
  return error.cause === undefined ? [error.reason] : ownReasons(error.cause);
}

/** What an instance's imports share. */
interface Host {
  /** What host functions were given. */
  readonly log: unknown[];
  /** What a value is called on both sides. */
  readonly nameOf: (value: unknown) => unknown;
  readonly waits: boolean;
  exports: Readonly<Record<string, unknown>>;
}

/**
 * Notes its arguments, and gives what these and the length of the notes say. Some calls call the guest: a function
 * without parameters, if there is one.
 */
function hostFunction({ params, results }: FuncTypeDescriptor, host: Host): HostFunction {
  return (...args: unknown[]) => {
    const { log } = host;
    log.push(params.length, ...args.map(host.nameOf));
    const number = log.length + args.reduce<number>((sum, arg) => sum + (typeof arg === "number" ? arg | 0 : 0), 0);
    if (!host.waits && number % 4 === 0) {
      const guest = Object.values(host.exports).find((value) => typeof value === "function" && arityOf(value) === 0);
      if (guest !== undefined) log.push(...listOf((guest as () => unknown)()).map(host.nameOf));
    }
    const values = results.map((type) => type === "i64" ? BigInt(number) << 30n : type.endsWith("ref") ? null : number);
    const result = values.length > 1 ? values : values[0];
    return host.waits ? Promise.resolve(result) : result;
  };
}

/** What the imports other than functions are made of; the two machines' constructors take the same descriptors. */
interface Makers {
  memory(descriptor: { readonly initial: number; readonly maximum?: number }): unknown;
  table(element: "externref" | "funcref", limits: { readonly initial: number; readonly maximum?: number }): unknown;
  global(descriptor: { readonly value: ValueTypeName; readonly mutable: boolean }, value: unknown): unknown;
}

const GLOBAL_VALUES: Readonly<Record<string, unknown>> = { i32: 7, i64: -7n, f32: 0.5, f64: -0.5, funcref: null };

function importsOf(module: Module, makers: Makers, host: Host): Record<string, Record<string, unknown>> {
  const { tables, memories, globals } = codeOf(module).record;
  const limits = ({ minimum, maximum }: Limits) => ({ initial: minimum, maximum });
  const place = { table: 0, memory: 0, global: 0 };
  const make = ({ kind, type }: ImportDescriptor) => {
    if (kind === "func") return hostFunction(type!, host);
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

/** A number that hardly any other bytes have. */
function hash(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let [a, b] = [words.length, 1];
  for (let index = 0; index < words.length; index += 2) {
    a = Math.imul(a ^ words[index], 0x01000193);
    b = Math.imul(b ^ words[index + 1], 0x01000193);
    a ^= b >>> 15;
    b ^= a >>> 15;
  }
  return a ^ b;
}

interface TableLike {
  readonly length: number;
  get(index: number): unknown;
}

/** Everything that is exported and has a state, `instance.exports` of either side. */
function stateOf(
  exports: Readonly<Record<string, unknown>>,
  bytesOf: (value: unknown) => Uint8Array | undefined,
  nameOf: (value: unknown) => unknown,
): unknown[] {
  return Object.values(exports).flatMap((value) => {
    if (typeof value === "function") return [];
    const bytes = bytesOf(value);
    if (bytes !== undefined) return [bytes.length, hash(bytes)];
    if ("value" in (value as object)) return [nameOf((value as { value: unknown }).value)];
    const table = value as TableLike;
    return [table.length, ...Array.from({ length: table.length }, (_, index) => nameOf(table.get(index)))];
  });
}

function listOf(result: unknown): readonly unknown[] {
  return Array.isArray(result) ? result : [result];
}

function refuel(exports: Readonly<Record<string, unknown>>): void {
  const { fuel, hangLimitInitializer } = exports as { fuel?: { value: number }; hangLimitInitializer?: () => void };
  if (fuel !== undefined) fuel.value = FUEL;
  hangLimitInitializer?.();
}

function passed(args: readonly Argument[], exports: Readonly<Record<string, unknown>>): unknown[] {
  return args.map((arg) =>
    typeof arg !== "object" || arg === null ? arg : "func" in arg ? exports[arg.func] : arg.host
  );
}

function nativeName(type: ValueTypeName): string {
  return type === "funcref" ? "anyfunc" : type;
}

/** The module on the host's own machine. */
export function nativeSide(bytes: Uint8Array<ArrayBuffer>, module: Module): Side {
  const log: unknown[] = [];
  const hosts = module.imports.filter(({ kind }) => kind === "func").length;
  // A function's name is its index in the module that defines it.
  const nameOf = (value: unknown) =>
    typeof value !== "function" ? value : Number(value.name) < hosts ? "host" : Number(value.name);
  const bytesOf = (value: unknown) => value instanceof WebAssembly.Memory ? new Uint8Array(value.buffer) : undefined;
  const makers: Makers = {
    memory: (descriptor) => new WebAssembly.Memory(descriptor),
    table: (element, limits) => new WebAssembly.Table({ element: nativeName(element) as "anyfunc", ...limits }),
    global: ({ value, mutable }, initial) =>
      new WebAssembly.Global({ value: nativeName(value) as "i64", mutable }, initial as bigint),
  };
  const imports = importsOf(module, makers, log, nameOf);
  let exports: Readonly<Record<string, unknown>> = {};
  const observe = (run: () => unknown): Observation => {
    log.length = 0;
    try {
      const results = listOf(run()).map(nameOf);
      return { traps: [], seen: [...results, ...log, ...stateOf(exports, bytesOf, nameOf)], fuel: 0 };
    } catch (error) {
      return { traps: nativeReasons(error), seen: [...log, ...stateOf(exports, bytesOf, nameOf)], fuel: 0 };
    }
  };
  const start = observe(() => {
    exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports as WebAssembly.Imports).exports;
  });
  return {
    start,
    step(name, args) {
      return observe(() => {
        refuel(exports);
        return (exports[name] as (...args: unknown[]) => unknown)(...passed(args, exports));
      });
    },
  };
}

/** The module on our machine, in slices of that much fuel. */
export async function ownSide(module: Module, slice: number): Promise<Side> {
  const log: unknown[] = [];
  const nameOf = (value: unknown) => {
    const func = funcOf(value);
    return func === undefined ? value : func.instance === undefined ? "host" : func.index;
  };
  const bytesOf = (value: unknown) => value instanceof Memory ? value.bytes : undefined;
  const makers: Makers = {
    memory: (descriptor) => new Memory(descriptor),
    table: (element, limits) => new Table({ element, ...limits }),
    global: (descriptor, initial) => new Global(descriptor, initial),
  };
  const imports = importsOf(module, makers, log, nameOf) as Imports;
  let instance;
  try {
    instance = await instantiate(module, imports, { limits: { slice } });
  } catch (error) {
    const start = { traps: ownReasons(error), seen: [...log], fuel: 0 };
    return { start, step: () => start };
  }
  const { exports } = instance;
  const state = () => [...log, ...stateOf(exports, bytesOf, nameOf)];
  const start = { traps: [], seen: [undefined, ...state()], fuel: instance.fuelUsed };
  return {
    start,
    step(name, args) {
      log.length = 0;
      refuel(exports);
      const call = instance.start(name, passed(args, exports));
      while (call.resume(slice) === "suspended" && call.fuelUsed < ENDLESS);
      const { status, fuelUsed: fuel } = call;
      if (status === "suspended") return { traps: ["endless"], seen: [], fuel };
      if (status === "failed") return { traps: ownReasons(call.error), seen: state(), fuel };
      return { traps: [], seen: [...listOf(call.result).map(nameOf), ...state()], fuel };
    },
  };
}

