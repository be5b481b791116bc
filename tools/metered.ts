/**
 * Runs metered modules on the host's WebAssembly without an engine: refuelling counts and never stops, and no host
 * function may return a promise.
 *
 * @module
 */

import { decodeModule } from "../src/vm/binary/decode.ts";
import { validateModule } from "../src/vm/binary/validate.ts";
import type { ModuleRecord } from "../src/vm/binary/types.ts";
import { meterRecord } from "../src/vm/native/rewriter.ts";
import type { Metered } from "../src/vm/native/rewriter.ts";

/** Fuel of one refill. */
const GRANT = 2 ** 30;
/** Pages that memory may have, as on the interpreter. */
const MAX_PAGES = 32_767;

/** The bytes of a validated module, metered, with its record. */
export function meter(bytes: Uint8Array): { readonly record: ModuleRecord; readonly metered: Metered } {
  const record = decodeModule(bytes);
  validateModule(record);
  return { record, metered: meterRecord(record) };
}

/** An instance of a metered module. */
export interface MeteredInstance {
  readonly exports: WebAssembly.Exports;
  /** Fuel used so far. */
  readonly fuelUsed: number;
  /** Fuel beyond a grant when it was refilled, at most. */
  readonly mostBelow: number;
  /** Runs the start function, if the module has one. */
  start(): void;
  charge(fuel: number): void;
}

/** Options of {@linkcode instantiateMetered}. */
export interface MeteredOptions {
  readonly grant?: number;
  /** Called when a grant is used up. */
  readonly onRefill?: () => void;
}

/** Makes an instance. Imports are the host's own objects. */
export function instantiateMetered(
  bytes: Uint8Array,
  imports: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  { grant = GRANT, onRefill }: MeteredOptions = {},
): MeteredInstance {
  const { record, metered } = meter(bytes);
  const { layout } = metered;
  const guest: Record<string, unknown> = {};
  const next = { function: 0, table: 0, memory: 0, global: 0 };
  for (const { module, name, type } of record.imports) {
    const index = next[type.kind]++;
    const prefix = { function: "", table: "t", memory: "m", global: "v" }[type.kind];
    guest[`${prefix}${index}`] = imports[module]?.[name];
  }
  if (record.memories.length > record.importedMemories) {
    const { minimum, maximum = MAX_PAGES } = record.memories[0].limits;
    guest.m0 = new WebAssembly.Memory({ initial: minimum, maximum: Math.max(minimum, Math.min(maximum, MAX_PAGES)) });
  }
  let used = 0;
  let mostBelow = 0;
  const runtime: Record<string, unknown> = {
    refill(fuel: number) {
      used += grant - fuel;
      mostBelow = Math.max(mostBelow, -fuel);
      onRefill?.();
      return grant;
    },
    wait: unexpected,
    resumed: unexpected,
    growTable: (table: number, size: number, delta: number) => {
      const maximum = record.tables[table].limits.maximum ?? 1e6;
      return (size >>> 0) + (delta >>> 0) <= Math.min(maximum, 1e6) ? 1 : 0;
    },
  };
  for (const index of layout.answers.keys()) runtime[`answer${index}`] = unexpected;
  const module = new WebAssembly.Module(metered.bytes);
  const { exports } = new WebAssembly.Instance(module, { g: guest, r: runtime } as WebAssembly.Imports);
  const ours = (name: string) => exports[layout.prefix + name] as (fuel?: number) => number;
  ours("setFuel")(grant);
  return {
    exports,
    get fuelUsed() {
      return used + grant - ours("fuel")();
    },
    get mostBelow() {
      return Math.max(mostBelow, -ours("fuel")());
    },
    start: () => void ours("start")?.(),
    charge: (fuel) => void ours("charge")(fuel),
  };
}

function unexpected(): never {
  throw new Error("nothing is pending");
}
