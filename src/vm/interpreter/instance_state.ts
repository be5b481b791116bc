/**
 * The state of an instance: a module's code with its own memory, tables and globals. instantiate.ts makes instances,
 * and call.ts runs their functions.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#module-instances
 * @module
 */

import { placeOf, wordsOf } from "../objects/layout.ts";
import { stackFrame } from "../binary/names.ts";
import { Handles } from "../objects/values.ts";
import type { ModuleCode } from "./arena.ts";
import { Func } from "../objects/function.ts";
import type { HostFunction } from "../objects/function.ts";
import type { ExportValue } from "../objects/link.ts";
import type { Engine, EngineInstance, RunLimits, Wrap } from "../engine.ts";
import { Global } from "../objects/global.ts";
import type { Memory } from "../objects/memory.ts";
import type { Table } from "../objects/table.ts";
import type { StackFrame } from "../errors.ts";
import { FIRST_GLOBAL, NULL_EXTERN } from "../binary/types.ts";
import type { ConstReference } from "../binary/types.ts";

/** The state of an instance in the interpreter. */
export class InstanceState implements EngineInstance {
  readonly engine: Engine;
  readonly code: ModuleCode;
  readonly limits: Required<RunLimits>;
  readonly handles: Handles = new Handles();
  memory: Memory | undefined;
  readonly tables: Table[] = [];
  /** The bits of the globals, two words each. References and imported mutable globals are in `#globals`. */
  readonly cells: Int32Array;
  readonly #globals: (Global | undefined)[] = [];
  readonly #funcs: (Func | HostFunction | undefined)[] = [];
  readonly #wrap: Wrap;
  /** For each segment, 1 if the guest or instantiation has dropped it. */
  readonly droppedElements: Uint8Array;
  readonly droppedData: Uint8Array;
  /** Fuel used by all calls so far. */
  fuelUsed = 0;
  /** Bytes of bodies that were retranslated after the arena was flushed. */
  retranslatedBytes = 0;
  /** Fuel that host functions charged and no call has counted yet. */
  charged = 0;

  constructor(engine: Engine, code: ModuleCode, limits: Required<RunLimits>, wrap: Wrap) {
    const { record } = code;
    this.engine = engine;
    this.code = code;
    this.limits = limits;
    this.#wrap = wrap;
    this.cells = new Int32Array(wordsOf(record.globals.length));
    this.cells.set(code.constants.globals.words, placeOf(record.importedGlobals));
    this.droppedElements = new Uint8Array(record.elements.length);
    this.droppedData = new Uint8Array(record.data.length);
  }

  /** The function at an index. Its object is made at its first use, unless another instance has made it. */
  func(index: number): Func {
    const known = this.#funcs[index];
    if (typeof known === "object") return known;
    const { record } = this.code;
    const origin = known === undefined ? { owner: this, index } : { host: known };
    return this.#funcs[index] = new Func(record.types[record.functions[index]], origin, this.#wrap);
  }

  /** Sets an imported function. */
  setFunc(index: number, func: Func | HostFunction): void {
    this.#funcs[index] = func;
  }

  /**
   * The global at an index. The object of a global that the module defines is made at its first use: a numeric one is a
   * view of its cell. A reference is found by the number in its cell, because what that depends on can't have changed.
   */
  global(index: number): Global {
    const known = this.#globals[index];
    if (known !== undefined) return known;
    const { globals } = this.code.record;
    const global = this.#globals[index] = new Global(globals[index], undefined, this.cells, placeOf(index));
    if (globals[index].mutable) global.claim(this.engine.name);
    if (global.holdsReference) global.reference = this.constReference(this.cells[placeOf(index)]);
    return global;
  }

  /** The value of a constant reference: a function instance, a host value or null. */
  constReference(reference: ConstReference): unknown {
    if (reference >= 0) return this.func(reference);
    return reference >= NULL_EXTERN ? null : this.global(FIRST_GLOBAL - reference).reference;
  }

  /** Sets an imported global. An immutable number is read from its copy in the cells. */
  setGlobal(index: number, global: Global): void {
    this.#globals[index] = global;
    const { cells, offset } = global;
    this.cells.set(cells.subarray(offset, offset + wordsOf(1)), placeOf(index));
  }

  export(name: string): ExportValue | undefined {
    const entry = this.code.record.exportsByName.get(name);
    switch (entry?.kind) {
      case "function":
        return this.func(entry.index).exported;
      case "table":
        return this.tables[entry.index];
      case "memory":
        return this.memory;
      case "global":
        return this.global(entry.index);
    }
    return undefined;
  }

  charge(fuel: number): void {
    this.charged += fuel;
  }

  /** A call is data: one that is stopped is gone. */
  get isIdle(): boolean {
    return true;
  }

  release(): void {}

  /** A frame of a stack, with names for people. */
  stackFrame(functionIndex: number): StackFrame {
    return stackFrame(this.code.record.names, functionIndex);
  }
}

/** The state of the instance that a function belongs to. */
export function ownerOf(func: Func): InstanceState {
  return func.owner as InstanceState;
}
