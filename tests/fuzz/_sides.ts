/**
 * One module on several machines behind one interface: on our engines, and as it is on the host's own WebAssembly. All
 * have the same imports and arguments, and return the visible effects of each call in a comparable form. compare.ts
 * chooses the calls.
 *
 * @module
 */

import { Global, instantiate, LimitError, Memory, Table, Trap } from "../../src/vm/mod.ts";
import type { Call, ExportedFunction, Imports, Instance, Module, ValueTypeName } from "../../src/vm/mod.ts";
import { funcOf } from "../../src/vm/objects/function.ts";
import { oldIndex } from "../../src/vm/native/layout.ts";
import { instantiateMetered, meter } from "../../tools/metered.ts";
import type { MeteredInstance } from "../../tools/metered.ts";
import { importsOf, listOf } from "./_host.ts";
import type { Host } from "./_host.ts";

/** An argument. `func` stands for the side's own exported function with that name. */
export type Argument = number | bigint | null | { readonly func: string } | { readonly host: unknown };

/** The visible effects of one step. */
export interface Observation {
  /** Why it failed: the reasons that the message can mean. Empty if it did not fail. */
  readonly traps: readonly string[];
  /** Results, arguments of host functions, globals, tables, size and hash of memory. All must be `Object.is` equal. */
  readonly seen: readonly unknown[];
  /** The fuel used by our engines. */
  readonly fuel: number;
  /** The fuel that was used when host functions were called. */
  readonly fuels: readonly number[];
}

/** A module on one of the machines. */
export interface Side {
  /** The first observation: the effects of the start function and of the segments. */
  readonly start: Observation;
  /** Calls an exported function. */
  step(name: string, args: readonly Argument[]): Observation | Promise<Observation>;
}

/** How our engines must run. */
export interface Manner {
  /** Fuel between two suspensions. */
  readonly slice: number;
  /** Called between two slices. */
  readonly meanwhile?: () => unknown;
  /** Whether host functions return promises. */
  readonly waits?: boolean;
  /** The budget of fuel. Calls then run to their ends by themselves, and one that exceeds it ends with `BUDGET`. */
  readonly budget?: number;
}

/** The fuel after which a call counts as endless. Generated code uses far less. */
const ENDLESS = 50_000_000;
/** The value of the global `fuel` before each call. */
const FUEL = 40;

/** The reason of a call that has exceeded the budget. */
export const BUDGET = "budget";
/** The reason of too deep recursion, on which the machines need not agree. */
export const EXHAUSTED = "call stack exhausted";

/** Parts of V8's messages, and the reasons that they can mean. */
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

function hostReasons(error: unknown): readonly string[] {
  const message = error instanceof Error ? error.message : String(error);
  const found = MESSAGES.find(([part]) => message.includes(part));
  return found === undefined ? [message] : found.slice(1);
}

/** Reasons that the native engine can't tell apart, because the host's text is the same. */
const UNCLEAR: Readonly<Record<string, readonly string[]>> = {
  "invalid conversion to integer": ["invalid conversion to integer", "integer overflow"],
};

/** A trap in a call that a host function made is also the caller's trap. */
function ownReasons(error: unknown): readonly string[] {
  if (error instanceof LimitError && error.limit === "fuel") return [BUDGET];
  if (!(error instanceof Trap)) return [String(error)];
  return error.cause === undefined ? UNCLEAR[error.reason] ?? [error.reason] : ownReasons(error.cause);
}

/** A hash of bytes, which other bytes hardly ever share. */
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

/** All exports that have a state. */
function stateOf({ exports, nameOf }: Host, bytesOf: (value: unknown) => Uint8Array | undefined): unknown[] {
  return Object.values(exports).flatMap((value) => {
    if (typeof value === "function") return [];
    const bytes = bytesOf(value);
    if (bytes !== undefined) return [bytes.length, hash(bytes)];
    if ("value" in (value as object)) return [nameOf((value as { value: unknown }).value)];
    const table = value as TableLike;
    return [table.length, ...Array.from({ length: table.length }, (_, index) => nameOf(table.get(index)))];
  });
}

function guestOf(module: Module): string | undefined {
  return module.exports.find(({ kind, type }) => kind === "function" && type!.params.length === 0)?.name;
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

/** The module as it is, on the host's own machine. */
export function hostSide(bytes: Uint8Array<ArrayBuffer>, module: Module): Side {
  return nativeSide(module, (index) => index, (imports) => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports as WebAssembly.Imports);
    return { exports, fuelUsed: 0, start() {}, charge() {} };
  });
}

/** The module with metering, on the host's own machine, without an engine. */
export function meteredSide(bytes: Uint8Array<ArrayBuffer>, module: Module): Side {
  const { record, metered: { layout } } = meter(bytes);
  return nativeSide(
    module,
    (index) => oldIndex(layout, record.importedFunctions, index),
    (imports) => instantiateMetered(bytes, imports),
  );
}

/**
 * A module on the host's machine.
 *
 * @param indexOf the index of a function in the module as it is, of that in the module that is run
 */
function nativeSide(
  module: Module,
  indexOf: (index: number) => number,
  make: (
    imports: Record<string, Record<string, unknown>>,
  ) => Pick<MeteredInstance, "exports" | "fuelUsed" | "start" | "charge">,
): Side {
  const hosts = module.imports.filter(({ kind }) => kind === "function").length;
  const fuels: number[] = [];
  let instance: ReturnType<typeof make> | undefined;
  let before = 0;
  const host: Host = {
    log: [],
    // The name of a function is its index in the module that defines it.
    nameOf(value) {
      if (typeof value !== "function") return value;
      const index = indexOf(Number(value.name));
      return value.name === "" || index < hosts ? "host" : index;
    },
    waits: false,
    charge(number) {
      if (instance === undefined) return;
      fuels.push(instance.fuelUsed - before);
      if (number % 3 === 0) instance.charge(number & 0xff);
    },
    guest: guestOf(module),
    exports: {},
  };
  const { log, nameOf } = host;
  const bytesOf = (value: unknown) => value instanceof WebAssembly.Memory ? new Uint8Array(value.buffer) : undefined;
  const imports = importsOf(module, {
    memory: (descriptor) => new WebAssembly.Memory(descriptor),
    table: (element, limits) => new WebAssembly.Table({ element: nativeName(element) as "anyfunc", ...limits }),
    global: ({ value, mutable }, initial) =>
      new WebAssembly.Global({ value: nativeName(value) as "i64", mutable }, initial as bigint),
  }, host);
  const observe = (run: () => unknown): Observation => {
    log.length = 0;
    fuels.length = 0;
    before = instance?.fuelUsed ?? 0;
    const spent = () => ({ fuel: (instance?.fuelUsed ?? 0) - before, fuels: [...fuels] });
    try {
      const results = listOf(run()).map(nameOf);
      return { traps: [], seen: [...results, ...log, ...stateOf(host, bytesOf)], ...spent() };
    } catch (error) {
      return { traps: hostReasons(error), seen: [...log, ...stateOf(host, bytesOf)], ...spent() };
    }
  };
  const start = observe(() => {
    instance = make(imports);
    instance.start();
    host.exports = instance.exports;
  });
  return {
    start,
    step(name, args) {
      return observe(() => {
        refuel(host.exports);
        return (host.exports[name] as ExportedFunction)(...passed(args, host.exports));
      });
    },
  };
}

/** The module on the engine that it was compiled for. */
export async function ownSide(module: Module, { slice, meanwhile, waits = false, budget }: Manner): Promise<Side> {
  const nameOf = (value: unknown) => {
    const func = funcOf(value);
    return func === undefined ? value : func.owner === undefined ? "host" : func.index;
  };
  let instance: Instance | undefined;
  const fuels: number[] = [];
  /** Records the fuel that was used until now, and sometimes adds some. */
  const charge = (number: number) => {
    if (instance === undefined) return;
    fuels.push(instance.fuelUsed);
    if (number % 3 === 0) instance.charge(number & 0xff);
  };
  const host: Host = { log: [], nameOf, waits, charge, guest: guestOf(module), exports: {} };
  const { log } = host;
  const bytesOf = (value: unknown) => value instanceof Memory ? value.bytes : undefined;
  const imports = importsOf(module, {
    memory: (descriptor) => new Memory(descriptor),
    table: (element, limits) => new Table({ element, ...limits }),
    global: (descriptor, initial) => new Global(descriptor, initial),
  }, host) as Imports;
  const limits = { sliceFuel: slice, fuel: budget };
  try {
    instance = await instantiate(module, imports, { limits, onInstance: (made) => void (instance = made) });
  } catch (error) {
    const start = { traps: ownReasons(error), seen: [...log], fuel: instance?.fuelUsed ?? 0, fuels: [...fuels] };
    return { start, step: () => start };
  }
  const made = instance;
  host.exports = made.exports;
  const state = () => [...log, ...stateOf(host, bytesOf)];
  const inSlices = async (call: Call): Promise<unknown> => {
    for (;;) {
      const status = await call.resume(slice);
      if (status === "finished") return call.result;
      if (status === "failed") throw call.error;
      if (call.fuelUsed > ENDLESS) {
        call.stop("endless");
        throw call.error;
      }
      await meanwhile?.();
      if (status === "pending") await call.settled;
    }
  };
  return {
    start: { traps: [], seen: [undefined, ...state()], fuel: made.fuelUsed, fuels: [...fuels] },
    async step(name, args) {
      log.length = 0;
      fuels.length = 0;
      refuel(host.exports);
      const before = made.fuelUsed;
      const given = passed(args, host.exports);
      const spent = () => ({ fuel: made.fuelUsed - before, fuels: fuels.map((fuel) => fuel - before) });
      try {
        const result = budget === undefined ? await inSlices(made.start(name, given)) : await made.call(name, given);
        return { traps: [], seen: [...listOf(result).map(nameOf), ...state()], ...spent() };
      } catch (error) {
        return { traps: ownReasons(error), seen: state(), ...spent() };
      }
    },
  };
}
