/**
 * What a module may have for the native engine. Beyond that, the host would do something in one piece that takes too long
 * for a thread that others share: the interpreter does it in parts.
 *
 * @module
 */

import {
  MAX_NATIVE_BODY_BYTES,
  MAX_NATIVE_BODY_WEIGHT,
  MAX_NATIVE_BORDER_VALUES,
  MAX_NATIVE_DATA_BYTES,
  MAX_NATIVE_DATA_PLACES,
  MAX_NATIVE_ELEMENTS,
  MAX_NATIVE_EXPORTS,
  MAX_NATIVE_FUNCTIONS,
  MAX_NATIVE_GLOBALS,
  MAX_NATIVE_IMPORTS,
} from "../limits.ts";
import { Cursor } from "../binary/cursor.ts";
import type { ByteRange, FuncType, ModuleRecord } from "../binary/types.ts";
import type { Layout } from "./layout.ts";
import { END, I32_CONST } from "./opcodes.ts";

/** Of the machine, most often: 4 KiB. */
const SMALL_PAGE_BITS = 12;

/** Why a module is too large, as its declarations say, if it is. */
export function declarationsOverCap(record: ModuleRecord): string | undefined {
  const { functions, elements, entries, imports, globals } = record;
  if (imports.length > MAX_NATIVE_IMPORTS) return over(`${imports.length} imports`, MAX_NATIVE_IMPORTS);
  if (globals.length > MAX_NATIVE_GLOBALS) return over(`${globals.length} globals`, MAX_NATIVE_GLOBALS);
  const values = borderValues(record);
  if (values > MAX_NATIVE_BORDER_VALUES) {
    return over(`${values} parameters and results of imports and exports`, MAX_NATIVE_BORDER_VALUES);
  }
  if (functions.length > MAX_NATIVE_FUNCTIONS) return over(`${functions.length} functions`, MAX_NATIVE_FUNCTIONS);
  if (elements.length > 0 && entries.length > MAX_NATIVE_ELEMENTS) {
    return over(`${entries.length} elements in its segments`, MAX_NATIVE_ELEMENTS);
  }
  return undefined;
}

/** Why its exports are too many, those of ours included, if they are. */
export function exportsOverCap({ exports }: ModuleRecord, { escapes, declared }: Layout): string | undefined {
  const reachable = escapes ? declared.reduce((sum, one) => sum + one, 0) : 0;
  const count = exports.length + reachable;
  return count > MAX_NATIVE_EXPORTS
    ? over(`${count} exports and functions that others can reach`, MAX_NATIVE_EXPORTS)
    : undefined;
}

/** The values of the imported functions, and of the types of the exported ones: the host makes code for each. */
function borderValues({ importedFunctions, functions, types, exports }: ModuleRecord): number {
  const valuesOf = ({ params, results }: FuncType) => params.length + results.length;
  let sum = 0;
  for (let index = 0; index < importedFunctions; index++) sum += valuesOf(types[functions[index]]);
  const exported = exports.filter(({ kind }) => kind === "function").map(({ index }) => functions[index]);
  for (const type of new Set(exported)) sum += valuesOf(types[type]);
  return sum;
}

/** Why a body is too long, or takes a compiler too long, if it is. It is valid. */
export function bodyOverCap({ bodies, heaviestBody }: ModuleRecord, index: number): string | undefined {
  const bytes = bodies[index].end - bodies[index].start;
  if (bytes > MAX_NATIVE_BODY_BYTES) return over(`a function of ${bytes} bytes`, MAX_NATIVE_BODY_BYTES);
  if (heaviestBody <= MAX_NATIVE_BODY_WEIGHT) return undefined;
  return "the module has a function of too many branches among too many locals and operands for the native engine";
}

/** Why a module's data is too much, if it is. */
export function dataOverCap({ bytes, data }: ModuleRecord): string | undefined {
  let [total, places, last] = [0, 0, -1];
  for (const { mode, start, end, offset } of data) {
    if (mode !== "active") continue;
    total += end - start;
    const page = pageOf(bytes, offset!);
    if (page < 0 || page !== last) places++;
    last = page;
  }
  if (total > MAX_NATIVE_DATA_BYTES) return over(`${total} bytes of data`, MAX_NATIVE_DATA_BYTES);
  return places > MAX_NATIVE_DATA_PLACES ? over(`data in ${places} places`, MAX_NATIVE_DATA_PLACES) : undefined;
}

/** The page where a segment begins, or -1 if that is not a plain constant. */
function pageOf(bytes: Uint8Array, { start, end }: ByteRange): number {
  if (bytes[start] !== I32_CONST) return -1;
  const cursor = new Cursor(bytes, start + 1, end);
  const value = cursor.i32();
  return bytes[cursor.offset] === END ? value >>> SMALL_PAGE_BITS : -1;
}

function over(what: string, most: number): string {
  return `the module has ${what}, and the native engine takes ${most}`;
}
