/**
 * The code arena, which holds the translated functions of all modules of the realm and maps an address back to its
 * function. It is a cache: when it is full, all code is dropped, and functions are retranslated at their next call.
 *
 * @module
 */

import { foldConstants } from "./constants.ts";
import type { Constants } from "./constants.ts";
import { OP } from "./ops.ts";
import type { ModuleRecord } from "../binary/types.ts";

/** Words of the arena (16 MiB): enough for about a megabyte of hot WebAssembly. More is retranslated now and then. */
export const CODE_WORDS: number = 1 << 22;

/**
 * The arena. Address 0 means "not translated". Nothing should branch there; the op there stops a call that does. The
 * bottom of a stack returns to `finish`. As after any call, the word before it is the fuel of returning, here 0.
 */
export const CODE: Int32Array = new Int32Array(CODE_WORDS);
CODE[0] = OP.nowhere;

/** The return address of a stack segment's bottom frame. */
export const FINISH = 2;
CODE[FINISH] = OP.finish;
const BOTTOM = 3;

/** Words before a function's first op: frame words, start and end of the range that a call zeroes, its first run's fuel. */
export const ENTRY_WORDS = 4;

/** The fuel of the run that a call of the function with an entry begins. */
export function entryFuel(entry: number): number {
  return CODE[entry + 3];
}

/** The fuel of the run that a return to an address begins: the last operand of the call before it. */
export function returnFuel(address: number): number {
  return CODE[address - 1];
}

/** A module as the translator and the loop see it. All its instances share it. */
export interface ModuleCode {
  readonly record: ModuleRecord;
  /** The values of constant expressions that are the same in every instance. */
  readonly constants: Constants;
  /** Entry address of each function, or 0 while it is not translated. Imports stay 0. */
  readonly entries: Int32Array;
  /** For each function, 1 if it has ever been translated. */
  readonly known: Uint8Array;
  /** Type of each function: the index of the first equal type. */
  readonly functionTypes: Int32Array;
  /** For each type index, that of the first equal type. */
  readonly canonicalTypes: Int32Array;
  /** For tests: whether each instruction is a run of its own, so that a call can be suspended after any of them. */
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

/** The position of an address: a function and the offset from its entry. */
export interface CodePosition {
  readonly functionIndex: number;
  readonly offset: number;
}

interface Resident {
  readonly entry: number;
  readonly functionIndex: number;
  /** Weak, so that the arena does not keep a module alive. */
  readonly module: WeakRef<ModuleCode>;
}

let residents: Resident[] = [];
let top = BOTTOM;
let flushes = 0;

/** The first free address. */
export function codeTop(): number {
  return top;
}

/** How often the arena was flushed. An address is valid in one generation only. */
export function codeGeneration(): number {
  return flushes;
}

/** Adds a finished translation, from `codeTop()` to `end`, to the arena. */
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

/** Drops all code. No address may be live: frames.ts saves frames as positions first. */
export function flushCode(): void {
  for (const { module, functionIndex } of residents) {
    const alive = module.deref();
    if (alive !== undefined) alive.entries[functionIndex] = 0;
  }
  residents = [];
  top = BOTTOM;
  flushes++;
}
