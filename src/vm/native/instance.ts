/**
 * The state of a native instance: the host's instance, and the objects that JavaScript sees of it. instantiate.ts makes
 * instances, and call.ts runs their functions.
 *
 * @module
 */

import { EXTERNREF, FUNCREF, V128, valueTypeName } from "../binary/types.ts";
import type { GlobalType } from "../binary/types.ts";
import type { Engine, EngineInstance, RunLimits, Wrap } from "../engine.ts";
import { InternalError } from "../errors.ts";
import { Func } from "../objects/function.ts";
import type { HostFunction } from "../objects/function.ts";
import { Global } from "../objects/global.ts";
import type { ExportValue } from "../objects/link.ts";
import type { Memory } from "../objects/memory.ts";
import { Table } from "../objects/table.ts";
import type { TableRoom } from "../objects/table.ts";
import { hostGlobal, hostTable, usersOf } from "./host_objects.ts";
import { oldIndex } from "./layout.ts";
import { Meter } from "./meter.ts";
import type { NativeModule } from "./module.ts";
import type { HostFunc, HostInstance, RawGlobal, RawTable } from "./support.ts";
import { fromHost, pair } from "./values.ts";
import type { FunctionSource } from "./values.ts";

/** An instance. */
export class NativeInstance implements EngineInstance, FunctionSource {
  readonly engine: Engine;
  readonly module: NativeModule;
  readonly limits: Required<RunLimits>;
  readonly meter: Meter;
  readonly room: TableRoom;
  memory: Memory | undefined;
  /** The host functions that it imports. */
  readonly hosts: HostFunction[] = [];
  /** Stacks of calls that are under way. */
  stacks = 0;
  readonly retranslatedBytes = 0;
  readonly #wrap: Wrap;
  /** Functions by index: imports as they were linked, or as objects. */
  readonly #funcs: (Func | HostFunction | undefined)[] = [];
  readonly #tables: (Table | undefined)[] = [];
  readonly #globals: (Global | undefined)[] = [];
  #exports: HostInstance["exports"] = {};
  #pend: (id: number) => void = () => {};

  constructor(engine: Engine, module: NativeModule, limits: Required<RunLimits>, wrap: Wrap) {
    this.engine = engine;
    this.module = module;
    this.limits = limits;
    this.meter = new Meter(limits);
    this.room = { limit: limits.tableElements, left: limits.tableElements };
    this.#wrap = wrap;
  }

  /** Takes the host's instance. */
  connect({ exports }: HostInstance): void {
    const { prefix } = this.module.layout;
    this.#exports = exports;
    this.meter.connect(
      exports[`${prefix}fuel`] as () => number,
      exports[`${prefix}setFuel`] as (fuel: number) => void,
      exports[`${prefix}charge`] as (fuel: number) => void,
    );
    this.#pend = exports[`${prefix}pending`] as (id: number) => void;
  }

  get fuelUsed(): number {
    return this.meter.fuelUsed;
  }

  charge(fuel: number): void {
    this.meter.charged += fuel;
  }

  get isIdle(): boolean {
    return this.stacks === 0;
  }

  /** The host keeps an instance until its old space is collected. What its imports refer to need not wait for that. */
  release(): void {
    this.hosts.length = 0;
    this.#funcs.length = 0;
  }

  /** Tells the stub of a host function that an answer follows for the call with that number. */
  pend(id: number): void {
    this.#pend(id);
  }

  // Functions

  /** Sets an imported function. */
  setFunc(index: number, func: Func | HostFunction): void {
    this.#funcs[index] = func;
  }

  func(index: number): Func {
    const known = this.#funcs[index];
    if (typeof known === "object") return known;
    const { types, functions } = this.module.record;
    const origin = known === undefined ? { owner: this, index } : { host: known };
    const func = this.#funcs[index] = new Func(types[functions[index]], origin, this.#wrap);
    const raw = this.rawOf(index);
    if (raw !== undefined) pair(func, raw);
    return func;
  }

  /** The host's function at an index, if JavaScript can have it. */
  rawOf(index: number): HostFunc | undefined {
    const name = this.module.exportOf(index);
    return name === undefined ? undefined : this.#exports[name] as HostFunc;
  }

  /** The host's function at an index that is exported, or the start function. */
  raw(index: number): HostFunc {
    const raw = this.rawOf(index);
    if (raw === undefined) throw new InternalError(`function ${index} is not exported`);
    return raw;
  }

  /** The function instance of a function of the host, if it is of this instance. */
  funcOfRaw(raw: HostFunc): Func | undefined {
    const { layout, record: { importedFunctions } } = this.module;
    const index = oldIndex(layout, importedFunctions, Number(raw.name));
    return index >= 0 && this.rawOf(index) === raw ? this.func(index) : undefined;
  }

  // Exports

  /** Sets an imported table. */
  setTable(index: number, table: Table): void {
    this.#tables[index] = table;
  }

  /** Sets an imported global. */
  setGlobal(index: number, global: Global): void {
    this.#globals[index] = global;
  }

  export(name: string): ExportValue | undefined {
    const entry = this.module.record.exportsByName.get(name);
    switch (entry?.kind) {
      case "function":
        return this.func(entry.index).exported;
      case "table":
        return this.#tables[entry.index] ??= this.#table(entry.index, this.#exports[name] as RawTable);
      case "memory":
        return this.memory;
      case "global":
        return this.#globals[entry.index] ??= this.#global(entry.index, this.#exports[name] as RawGlobal);
    }
    return undefined;
  }

  /** Whether a table may grow; it does if so. */
  growTable(index: number, delta: number): number {
    const table = this.#tables[index];
    const room = this.room;
    if (table !== undefined) {
      if (!table.mayGrow(delta)) return 0;
      table.countGrowth(delta);
      return 1;
    }
    if (delta > room.left) return 0;
    room.left -= delta;
    return 1;
  }

  #table(index: number, raw: RawTable): Table {
    const { element, limits: { minimum, maximum } } = this.module.record.tables[index];
    const descriptor = { element: valueTypeName(element) as "funcref" | "externref", initial: minimum, maximum };
    const table = new Table(descriptor, null, this.room, this, hostTable(raw, element));
    table.claim(this.engine.name);
    this.meter.linkTable(usersOf(raw));
    return table;
  }

  #global(index: number, raw: RawGlobal): Global {
    const type: GlobalType = this.module.record.globals[index];
    if (type.mutable || type.value === V128) {
      const global = new Global(type, undefined, undefined, 0, hostGlobal(raw, type.value));
      if (type.mutable) global.claim(this.engine.name);
      return global;
    }
    const isReference = type.value === FUNCREF || type.value === EXTERNREF;
    const value = fromHost(type.value, raw.value);
    return new Global(type, isReference ? value ?? null : value);
  }
}
