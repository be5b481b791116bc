/**
 * What a module may have for the native engine. Beyond that, the host would do something in one piece that takes too long
 * for a thread that others share: the interpreter does it in parts.
 *
 * @module
 */

import {
  MAX_NATIVE_BODY_BYTES,
  MAX_NATIVE_DATA_BYTES,
  MAX_NATIVE_ELEMENTS,
  MAX_NATIVE_EXPORTS,
  MAX_NATIVE_FUNCTIONS,
} from "../limits.ts";
import type { ModuleRecord } from "../binary/types.ts";
import { layoutOf } from "./layout.ts";

/** Why a module is too large, as its declarations say, if it is. */
export function declarationsOverCap(record: ModuleRecord): string | undefined {
  const { exports, functions, elements, entries } = record;
  const { escapes, declared } = layoutOf(record);
  const reachable = escapes ? declared.reduce((sum, one) => sum + one, 0) : 0;
  if (exports.length + reachable > MAX_NATIVE_EXPORTS) {
    return over(`${exports.length + reachable} exports and functions that others can reach`, MAX_NATIVE_EXPORTS);
  }
  if (functions.length > MAX_NATIVE_FUNCTIONS) return over(`${functions.length} functions`, MAX_NATIVE_FUNCTIONS);
  if (elements.length > 0 && entries.length > MAX_NATIVE_ELEMENTS) {
    return over(`${entries.length} elements in its segments`, MAX_NATIVE_ELEMENTS);
  }
  return undefined;
}

/** Why a body is too long, if it is. */
export function bodyOverCap({ bodies }: ModuleRecord, index: number): string | undefined {
  const bytes = bodies[index].end - bodies[index].start;
  return bytes > MAX_NATIVE_BODY_BYTES ? over(`a function of ${bytes} bytes`, MAX_NATIVE_BODY_BYTES) : undefined;
}

/** Why a module's data is too much, if it is. */
export function dataOverCap({ data }: ModuleRecord): string | undefined {
  const bytes = data.reduce((sum, { mode, start, end }) => mode === "active" ? sum + end - start : sum, 0);
  return bytes > MAX_NATIVE_DATA_BYTES ? over(`${bytes} bytes of data`, MAX_NATIVE_DATA_BYTES) : undefined;
}

function over(what: string, most: number): string {
  return `the module has ${what}, and the native engine takes ${most}`;
}
