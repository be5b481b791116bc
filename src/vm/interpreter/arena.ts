/**
 * The code arena: where translated functions live, shared by all modules of the realm, and the way back from an address
 * to its function. It is a cache: when it is full everything is dropped, and functions are translated again at their
 * next call. It knows nothing of how code is made or run.
 *
 * @module
 */

import { foldConstants } from "./constants.ts";
import type { Constants } from "./constants.ts";
import { OP } from "./ops.ts";
import type { ModuleRecord } from "../binary/types.ts";

/** Words of the arena (16 MiB): about a megabyte of hot WebAssembly; more is translated again now and then. */
export const CODE_WORDS: number = 1 << 22;

/**
 * The arena. Address 0 stands for "not translated"; nothing leads there, and the op that it holds stops whatever does.
 * Where the bottom of a stack returns to is `finish`, with a word before it as after any call: the fuel, 0, of returning.
 */
export const CODE: Int32Array = new Int32Array(CODE_WORDS);
CODE[0] = OP.nowhere;

/** The return address of a stack segment's bottom frame. */
export const FINISH = 2;
CODE[FINISH] = OP.finish;
const BOTTOM = 3;

/** Words before a function's first op: frame words, the range of the frame that a call sets to zero, its first run's fuel. */
export const ENTRY_WORDS = 4;

/** The fuel of the run that a call of the function at an entry begins. */
export function entryFuel(entry: number): number {
  return CODE[entry + 3];
}

/** The fuel of the run that returning to an address begins: the last operand of the call before it. */
export function returnFuel(address: number): number {
  return CODE[address - 1];
}

/** A module as the translator and the loop see it; all its instances share it. */
export interface ModuleCode {
  readonly record: ModuleRecord;
  /** The constant expressions' values, so far as they are the same in every instance. */
  readonly constants: Constants;
  /** Entry address of each function, or 0 while it is not translated; imports stay 0. */
  readonly entries: Int32Array;
  /** For each function, 1 if it has ever been translated. */
  readonly known: Uint8Array;
  /** Type of each function: the index of the first equal type. */
  readonly functionTypes: Int32Array;
  /** For each type index, that of the first equal type. */
  readonly canonicalTypes: Int32Array;
  /** Whether each instruction charges its fuel at once, so that a call can be suspended after any of them: for tests. */
  stepping: boolean;
}

/** Prepares a validated module for translation. */
export function createModuleCode(record: ModuleRecord): ModuleCode {
  const firstByText = new Map<string, number>();
  const canonicalTypes = Int32Array.from(record.types, (type, index) => {
    const text = `${String.fromCharCode(...type.params)}:${String.fromCharCode(...type.results)}`;
    const first = firstByText.get(text);
    if (first !== undefined) return first;
    firstByText.set(text, index);
    return index;
  });
  return {
    record,
    constants: foldConstants(record),
    entries: new Int32Array(record.functions.length),
    known: new Uint8Array(record.functions.length),
    functionTypes: Int32Array.from(record.functions, (typeIndex) => canonicalTypes[typeIndex]),
    canonicalTypes,
    stepping: false,
  };
}

/** Where an address is: a function and the offset from its entry. */
export interface CodePosition {
  readonly functionIndex: number;
  readonly offset: number;
}

interface Resident {
  readonly entry: number;
  readonly functionIndex: number;
  /** Weak, so that the arena keeps no module alive. */
  readonly module: WeakRef<ModuleCode>;
}

let residents: Resident[] = [];
let top = BOTTOM;
let flushes = 0;

/** The first free address. */
export function codeTop(): number {
  return top;
}

/** How often the arena was flushed: addresses mean something within one generation only. */
export function codeGeneration(): number {
  return flushes;
}

/** Takes a finished translation, from `codeTop()` to `end`, into the arena. */
export function commitCode(module: ModuleCode, functionIndex: number, end: number): void {
  module.entries[functionIndex] = top;
  residents.push({ entry: top, functionIndex, module: new WeakRef(module) });
  top = end;
}

/** The function that an address is in. */
export function positionOf(address: number): CodePosition {
  let low = 0;
  let high = residents.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (residents[middle].entry <= address) low = middle;
    else high = middle - 1;
  }
  const { entry, functionIndex } = residents[low];
  return { functionIndex, offset: address - entry };
}

/** The entry of the function that an address is in. */
export function entryAt(address: number): number {
  return address - positionOf(address).offset;
}

/** Drops all code. No address may be live: call.ts turns return addresses into positions first. */
export function flushCode(): void {
  for (const { module, functionIndex } of residents) {
    const alive = module.deref();
    if (alive !== undefined) alive.entries[functionIndex] = 0;
  }
  residents = [];
  top = BOTTOM;
  flushes++;
}
