/**
 * A metered module, compiled by the host, and what its instances and stacks need to know of it.
 *
 * @module
 */

import { stackFrame } from "../binary/names.ts";
import type { ModuleRecord } from "../binary/types.ts";
import type { StackFrame } from "../errors.ts";
import { layoutOf, oldIndex } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { meterRecord } from "./rewriter.ts";
import type { Metered } from "./rewriter.ts";
import type { HostModule } from "./support.ts";

/** A metered module that the host has compiled. */
export class NativeModule {
  readonly record: ModuleRecord;
  readonly compiled: HostModule;
  readonly layout: Layout;
  /** Bytes of the metered module, if they are known. */
  readonly bytes: number;
  #bodies: Uint32Array | undefined;
  #rewritten: WeakRef<Metered> | undefined;
  #names: ReadonlyMap<number, string> | undefined;

  constructor(record: ModuleRecord, compiled: HostModule, metered?: Metered) {
    this.record = record;
    this.compiled = compiled;
    this.layout = metered?.layout ?? layoutOf(record);
    this.bytes = metered?.bytes.length ?? record.bytes.length;
    this.#bodies = metered?.bodies;
  }

  /** The name of an export of the metered module that is a function of the guest, if there is one. */
  exportOf(index: number): string | undefined {
    this.#names ??= this.#namesOfFunctions();
    const { prefix, escapes, declared } = this.layout;
    return this.#names.get(index) ?? (escapes && declared[index] === 1 ? `${prefix}f${index}` : undefined);
  }

  #namesOfFunctions(): ReadonlyMap<number, string> {
    const { exports, start } = this.record;
    const names = new Map<number, string>();
    if (start !== undefined) names.set(start, `${this.layout.prefix}start`);
    for (const { name, kind, index } of exports) if (kind === "function") names.set(index, name);
    return names;
  }

  /**
   * The guest's function of a frame, or -1 if it is ours.
   *
   * @param index in the metered module; not every host tells it
   * @param offset in the metered module's bytes
   */
  guestFunction(index: number, offset: number | undefined): number {
    const { layout, record: { importedFunctions, functions } } = this;
    if (offset === undefined) {
      const found = oldIndex(layout, importedFunctions, index);
      return found < importedFunctions ? -1 : found;
    }
    const bodies = this.#bodies ??= this.#metered().bodies;
    let [from, to] = [0, bodies.length];
    while (from < to) {
      const middle = from + to >> 1;
      if (bodies[middle] <= offset) from = middle + 1;
      else to = middle;
    }
    const found = from - 1 + importedFunctions;
    return from > 0 && found < functions.length ? found : -1;
  }

  /** The metered module's bytes from an offset. */
  bytesAt(offset: number): Uint8Array {
    return this.#metered().bytes.subarray(offset);
  }

  /** The metered module, rewritten once more: rare enough that nobody should hold its bytes. */
  #metered(): Metered {
    let metered = this.#rewritten?.deref();
    if (metered === undefined) {
      metered = meterRecord(this.record);
      this.#rewritten = new WeakRef(metered);
    }
    return metered;
  }

  /** A frame of a stack, with names for people. */
  frame(functionIndex: number): StackFrame {
    return stackFrame(this.record.names, functionIndex);
  }
}
