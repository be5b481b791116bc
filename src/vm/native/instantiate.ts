/**
 * Makes a native instance: links its imports, and lets the host initialise memory, tables and globals. The caller runs
 * the start function.
 *
 * @module
 */

import { spend } from "../../base/schedule.ts";
import type { FuncType } from "../binary/types.ts";
import type { Engine, Making, RunLimits, Wrap } from "../engine.ts";
import { Trap } from "../errors.ts";
import type { Func, HostFunction } from "../objects/function.ts";
import { linkFunction, linkGlobal, linkMemory, linkTable, lookUp } from "../objects/link.ts";
import type { Imports } from "../objects/link.ts";
import { Memory } from "../objects/memory.ts";
import { takeRoom } from "../objects/table.ts";
import { runOf } from "./call.ts";
import { addSource, rawOf } from "./values.ts";
import { hostImport } from "./host_functions.ts";
import { NativeInstance } from "./instance.ts";
import { GUEST_IMPORTS, RUNTIME_IMPORTS } from "./layout.ts";
import { MEMORIES } from "./memories.ts";
import type { NativeModule } from "./module.ts";
import { rawGlobal, rawTable, usersOf } from "./host_objects.ts";
import { theHost } from "./support.ts";
import type { HostImports, HostInstance } from "./support.ts";
import { trapOf } from "./traps.ts";

/** Work of making an instance, in units of fuel: about 500 a microsecond, as measured. */
const WORK = { instance: 8_000, import: 200, page: 32, dataByte: 0.1, element: 10 };
/** Bytes of a metered module whose instances are made asynchronously: browsers refuse larger ones, of 8 MB. */
const MAX_SYNC_BYTES = 4 << 20;

/** What all instances import: functions that suspend are made once. */
interface Shared {
  readonly wait: object;
  readonly answer: object;
  readonly resumed: (id: number) => number;
}

let shared: Shared | undefined;

function sharedImports(): Shared {
  const { Suspending } = theHost();
  return shared ??= {
    wait: new Suspending((id) => runOf(id as number).wait()),
    answer: new Suspending((id) => runOf(id as number).pending()),
    resumed: (id) => runOf(id).resumed(),
  };
}

/**
 * Makes an instance without running its start function.
 *
 * @throws {LinkError} if an import is missing or has another type
 * @throws {LimitError} if memory or a table would start larger than its limit
 * @throws {Trap} if an active segment does not fit
 */
export function* createInstance(
  engine: Engine,
  module: NativeModule,
  imports: Imports,
  limits: Required<RunLimits>,
  wrap: Wrap,
): Making {
  const { record, layout } = module;
  const instance = new NativeInstance(engine, module, limits, wrap);
  const guest = linkImports(instance, imports);
  let work = WORK.instance + record.imports.length * WORK.import + record.entries.length * WORK.element;
  for (const { limits: { minimum, maximum } } of record.memories.slice(record.importedMemories)) {
    instance.memory = new Memory({ initial: minimum, maximum }, limits.memoryPages, MEMORIES);
    instance.memory.claim(engine.name);
    guest["m0"] = instance.memory.hostMemory(MEMORIES);
    work += minimum * WORK.page;
  }
  for (const { limits: { minimum } } of record.tables.slice(record.importedTables)) takeRoom(instance.room, minimum);
  for (const { start, end } of record.data) work += (end - start) * WORK.dataByte;
  const { wait, answer, resumed } = sharedImports();
  const { meter } = instance;
  const runtime: Record<string, unknown> = {
    refill: (fuel: number) => meter.refill(fuel),
    wait,
    resumed,
    growTable: (table: number, _size: number, delta: number) => instance.growTable(table, delta >>> 0),
  };
  for (let place = 0; place < layout.answers.length; place++) runtime[`answer${place}`] = answer;
  const all: HostImports = { [GUEST_IMPORTS]: guest, [RUNTIME_IMPORTS]: runtime };
  const turn = spend(work);
  if (turn !== undefined) yield turn;
  let made: HostInstance | undefined;
  let failure: { readonly error: unknown } | undefined;
  if (module.bytes <= MAX_SYNC_BYTES) {
    try {
      made = new (theHost().Instance)(module.compiled, all);
    } catch (error) {
      failure = { error };
    }
  } else {
    yield theHost().instantiate(module.compiled, all).then(
      (instance) => void (made = instance),
      (error) => void (failure = { error }),
    );
  }
  if (failure !== undefined) throw failureOf(failure.error, instance);
  instance.connect(made!);
  if (layout.escapes) addSource(instance);
  return instance;
}

/** What the host threw: a trap, if a segment does not fit. Not every host tells whether that is one of elements. */
function failureOf(error: unknown, { module }: NativeInstance): unknown {
  if (!(error instanceof theHost().RuntimeError)) return error;
  const trap = trapOf(error, module);
  if (!(trap instanceof Trap)) return trap;
  const hasData = module.record.data.some(({ mode }) => mode === "active");
  return new Trap(hasData ? trap.reason : "out of bounds table access");
}

/** What the metered module imports for the guest's imports. */
function linkImports(instance: NativeInstance, imports: Imports): Record<string, unknown> {
  const { engine: { name }, module: { record } } = instance;
  const guest: Record<string, unknown> = {};
  const next = { function: 0, table: 0, global: 0 };
  for (const entry of record.imports) {
    const value = lookUp(imports, entry, record);
    switch (entry.type.kind) {
      case "function": {
        const type = record.types[entry.type.typeIndex];
        const func = linkFunction(type, entry, value);
        instance.setFunc(next.function, func);
        guest[next.function++] = importOf(instance, type, func);
        break;
      }
      case "memory":
        instance.memory = linkMemory(entry.type.type, entry, value, name);
        guest["m0"] = instance.memory.hostMemory(MEMORIES);
        break;
      case "table": {
        const table = linkTable(entry.type.type, entry, value, name);
        instance.setTable(next.table, table);
        const raw = rawTable(table);
        instance.meter.linkTable(usersOf(raw));
        guest[`t${next.table++}`] = raw;
        break;
      }
      case "global": {
        const global = linkGlobal(entry, value, name);
        instance.setGlobal(next.global, global);
        guest[`v${next.global++}`] = rawGlobal(global);
      }
    }
  }
  return guest;
}

/** What the metered module imports for a function. Functions of other native instances are called by the host itself. */
function importOf(instance: NativeInstance, type: FuncType, func: Func | HostFunction): unknown {
  if (typeof func === "function") return hostImport(instance, type, func);
  if (!(func.owner instanceof NativeInstance)) return hostImport(instance, type, func.host ?? func.exported);
  instance.meter.linkFunction(func.owner.meter);
  return rawOf(func);
}
