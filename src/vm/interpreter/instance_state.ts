/**
 * An instance: a module's code with memory, tables and globals of its own. It holds them; making one is
 * instantiate.ts's business, running one call.ts's.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#module-instances
 * @module
 */

import { placeOf, wordsOf } from "../objects/layout.ts";
import { printable } from "../../base/text.ts";
import { Handles } from "../objects/values.ts";
import type { ModuleCode } from "./arena.ts";
import { Func } from "../objects/function.ts";
import type { HostFunction } from "../objects/function.ts";
import type { ExportValue } from "../objects/link.ts";
import type { EngineInstance, RunLimits, Wrap } from "../engine.ts";
import { Global } from "../objects/global.ts";
import type { Memory } from "../objects/memory.ts";
import type { Table } from "../objects/table.ts";
import type { StackFrame } from "../errors.ts";
import { FIRST_GLOBAL, NULL_EXTERN } from "../binary/types.ts";
import type { ConstReference } from "../binary/types.ts";

/** The state of an instance, as the interpreter keeps it. */
export class InstanceState implements EngineInstance {
  readonly code: ModuleCode;
  readonly limits: Required<RunLimits>;
  readonly handles: Handles = new Handles();
  memory: Memory | undefined;
  readonly tables: Table[] = [];
  /** Bits of the globals, two words each; a shared mutable one and references are in `#globals`. */
  readonly cells: Int32Array;
  readonly #globals: (Global | undefined)[] = [];
  readonly #funcs: (Func | HostFunction | undefined)[] = [];
  readonly #wrap: Wrap;
  /** Segments that were dropped, or used up by instantiation. */
  readonly droppedElements: Uint8Array;
  readonly droppedData: Uint8Array;
  /** Fuel used by all calls so far. */
  fuelUsed = 0;
  /** Bytes of bodies that were translated again, because the arena had been flushed. */
  retranslatedBytes = 0;
  /** Fuel that host functions charged and no call has taken up yet. */
  charged = 0;

  constructor(code: ModuleCode, limits: Required<RunLimits>, wrap: Wrap) {
    const { record } = code;
    this.code = code;
    this.limits = limits;
    this.#wrap = wrap;
    this.cells = new Int32Array(wordsOf(record.globals.length));
    this.cells.set(code.constants.globals.words, placeOf(record.importedGlobals));
    this.droppedElements = new Uint8Array(record.elements.length);
    this.droppedData = new Uint8Array(record.data.length);
  }

  /** The function at an index; one that is not another instance's is made when first asked for. */
  func(index: number): Func {
    const known = this.#funcs[index];
    if (typeof known === "object") return known;
    const { record } = this.code;
    const origin = known === undefined ? { owner: this, index } : { host: known };
    return this.#funcs[index] = new Func(record.types[record.functions[index]], origin, this.#wrap);
  }

  /** Puts an imported function in its place. */
  setFunc(index: number, func: Func | HostFunction): void {
    this.#funcs[index] = func;
  }

  /**
   * The global at an index; a guest's own is made when first asked for: a number's is a view of its cell, and a reference
   * is found by the number in its cell, since nothing that it depends on can have changed.
   */
  global(index: number): Global {
    const known = this.#globals[index];
    if (known !== undefined) return known;
    const { globals } = this.code.record;
    const global = this.#globals[index] = new Global(globals[index], undefined, this.cells, placeOf(index));
    if (global.holdsReference) global.reference = this.constReference(this.cells[placeOf(index)]);
    return global;
  }

  /** What a constant reference stands for: a function instance, a host value or null. */
  constReference(reference: ConstReference): unknown {
    if (reference >= 0) return this.func(reference);
    return reference >= NULL_EXTERN ? null : this.global(FIRST_GLOBAL - reference).reference;
  }

  /** Puts an imported global in its place; an immutable number is copied, since nobody can change it. */
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

  /** A frame of a stack for people. */
  stackFrame(functionIndex: number): StackFrame {
    const { names } = this.code.record;
    const functionName = printable(names.functionName(functionIndex) ?? `func[${functionIndex}]`);
    const { shownModule } = names;
    return { functionIndex, functionName, moduleName: shownModule === undefined ? undefined : printable(shownModule) };
  }
}

/** The state behind a function that an instance of the interpreter has. */
export function ownerOf(func: Func): InstanceState {
  return func.owner as InstanceState;
}
