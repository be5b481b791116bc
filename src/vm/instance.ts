/**
 * An instance: a module's code with memory, tables and globals of its own. It holds them; making one is
 * instantiate.ts's business, running one call.ts's.
 *
 * @see https://webassembly.github.io/spec/core/exec/runtime.html#module-instances
 * @module
 */

import { printable } from "../_text.ts";
import { Handles } from "./border.ts";
import type { ModuleCode } from "./code.ts";
import { Func } from "./func.ts";
import type { ExportedFunction, HostFunction } from "./func.ts";
import { Global } from "./global.ts";
import type { Memory } from "./memory.ts";
import type { Table } from "./table.ts";
import type { StackFrame } from "./errors.ts";
import { FIRST_GLOBAL, NULL_EXTERN } from "./types.ts";
import type { ConstReference } from "./types.ts";

/**
 * What an instance may use. Where a limit is none by default, `Infinity` stands for that.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { RunLimits } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "spin") (loop (br 0))))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBAFgAAADAgEABwgBBHNwaW4AAAoJAQcAA0AMAAsL");
 * const limits: RunLimits = { deadlineMs: 20, memoryPages: 16 };
 * const instance = await instantiate(await compile(bytes), {}, { limits });
 * await instance.call("spin").catch((error) => console.log(error.limit)); // deadlineMs
 * ```
 */
export interface RunLimits {
  /** Fuel for all calls of the instance together; none by default. */
  readonly fuel?: number;
  /** Fuel after which a call lets others have their turn, and the event loop turn: 100,000 by default. */
  readonly sliceFuel?: number;
  /** Pages of 64 KiB that the guest's memory may have, whatever its module says: 32,767 by default, and at most. */
  readonly memoryPages?: number;
  /** Elements that the tables of the guest may have together, whatever the module says: 1,000,000 by default. */
  readonly tableElements?: number;
  /** Milliseconds that a call may take, waiting included; none by default. */
  readonly deadlineMs?: number;
}

/**
 * What an export is.
 *
 * @example
 * ```ts
 * import { compile, instantiate, Memory } from "@rivulet/rivulet/vm";
 * import type { ExportValue } from "@rivulet/rivulet/vm";
 *
 * // (module (memory (export "memory") 1) (global (export "answer") i32 (i32.const 42)))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAAFAwEAAQYGAX8AQSoLBxMCBm1lbW9yeQIABmFuc3dlcgMA");
 * const { exports } = await instantiate(await compile(bytes));
 * const memory: ExportValue = exports.memory;
 * console.log(memory instanceof Memory && memory.pages); // 1
 * ```
 */
export type ExportValue = ExportedFunction | Memory | Table | Global;

/** The state of an instance that the virtual machine shares among its parts; users see {@linkcode Instance} in mod.ts. */
export class Instance {
  readonly code: ModuleCode;
  readonly limits: Required<RunLimits>;
  readonly handles: Handles = new Handles();
  memory: Memory | undefined;
  readonly tables: Table[] = [];
  /** Bits of the globals, two words each; a shared mutable one and references are in `#globals`. */
  readonly cells: Int32Array;
  readonly #globals: (Global | undefined)[] = [];
  readonly #funcs: (Func | HostFunction | undefined)[] = [];
  readonly #wrap: (func: Func) => ExportedFunction;
  /** Segments that were dropped, or used up by instantiation. */
  readonly droppedElements: Uint8Array;
  readonly droppedData: Uint8Array;
  /** Fuel used by all calls so far. */
  fuelUsed = 0;
  /** Bytes of bodies that were translated again, because the arena had been flushed. */
  retranslatedBytes = 0;
  /** Fuel that host functions charged and no call has taken up yet. */
  charged = 0;

  constructor(code: ModuleCode, limits: Required<RunLimits>, wrap: (func: Func) => ExportedFunction) {
    const { record } = code;
    this.code = code;
    this.limits = limits;
    this.#wrap = wrap;
    this.cells = new Int32Array(record.globals.length * 2);
    this.cells.set(code.constants.globals.words, record.importedGlobals * 2);
    this.droppedElements = new Uint8Array(record.elements.length);
    this.droppedData = new Uint8Array(record.data.length);
  }

  /** The function at an index; one that is not another instance's is made when first asked for. */
  func(index: number): Func {
    const known = this.#funcs[index];
    if (typeof known === "object") return known;
    const { record } = this.code;
    const origin = known === undefined ? { instance: this, index } : { host: known };
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
    const global = this.#globals[index] = new Global(globals[index], undefined, this.cells, index * 2);
    if (global.holdsReference) global.reference = this.constReference(this.cells[index * 2]);
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
    this.cells[index * 2] = global.cells[global.offset];
    this.cells[index * 2 + 1] = global.cells[global.offset + 1];
  }

  /** A frame of a stack for people. */
  stackFrame(functionIndex: number): StackFrame {
    const { names } = this.code.record;
    const functionName = printable(names.functionName(functionIndex) ?? `func[${functionIndex}]`);
    const { shownModule } = names;
    return { functionIndex, functionName, moduleName: shownModule === undefined ? undefined : printable(shownModule) };
  }
}
