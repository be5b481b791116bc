/**
 * Where a metered module has what the guest's module does not have, and under which names. All of it follows from the
 * record of the guest's module. rewriter.ts writes the metered module, and the engine links it.
 *
 * Functions: the guest's imports, the runtime's imports, the guest's own functions, a stub for each of the guest's
 * imports, helpers. So an index of an own function is shifted, and a call of an import goes to its stub. Other index
 * spaces keep their indices: the two globals of the meter and all types follow the guest's.
 *
 * @module
 */

import { walkConstExpr } from "../binary/const_expr.ts";
import { Cursor } from "../binary/cursor.ts";
import { FUNCREF, I32 } from "../binary/types.ts";
import type { FuncType, ModuleRecord, ValueType } from "../binary/types.ts";

/** The module name of the guest's imports. The name is `m0` for the memory, `t0` for table 0, `v0` for global 0, `0` for function 0. */
export const GUEST_IMPORTS = "g";
/** The module name of what the engine provides. */
export const RUNTIME_IMPORTS = "r";
/** The name of the custom section of a stamped module. */
export const STAMP_SECTION = "rivulet.metered";

/** A function that the engine provides. */
export interface RuntimeImport {
  readonly name: string;
  readonly type: FuncType;
}

const I32_LIST: readonly ValueType[] = [I32];
const EMPTY: readonly ValueType[] = [];

/** What every metered module imports, before the functions that return answers. */
const ALWAYS: readonly RuntimeImport[] = [
  { name: "refill", type: { params: I32_LIST, results: I32_LIST } },
  { name: "wait", type: { params: I32_LIST, results: EMPTY } },
  { name: "resumed", type: { params: I32_LIST, results: I32_LIST } },
  { name: "growTable", type: { params: [I32, I32, I32], results: I32_LIST } },
];

/** The places of {@linkcode ALWAYS} among the runtime's imports. */
export const REFILL = 0;
export const WAIT = 1;
export const RESUMED = 2;
export const GROW_TABLE = 3;
const FIRST_ANSWER: number = ALWAYS.length;

/** The layout of one metered module. */
export interface Layout {
  /** What the runtime provides, in the order of the imports. */
  readonly runtime: readonly RuntimeImport[];
  /** How far the guest's own functions are shifted: the number of runtime imports. */
  readonly shift: number;
  /** The index of the first stub. */
  readonly firstStub: number;
  /** The different lists of results of the guest's function imports. `answer0` returns the first, and so on. */
  readonly answers: readonly (readonly ValueType[])[];
  /** For each function import of the guest, the place of its results among `answers`. */
  readonly answerOf: readonly number[];
  /** What the names of our exports begin with, and no export of the guest does. */
  readonly prefix: string;
  /** Whether references of functions can reach other instances or the host, beyond the module's exports. */
  readonly escapes: boolean;
  /** For each function of the guest, whether anything outside of bodies names it, so that a reference of it may exist. */
  readonly declared: Uint8Array;
  /** The global that holds the fuel that is left. */
  readonly fuelGlobal: number;
  /** The global that holds the id of a call while its host function's promise is pending. */
  readonly statusGlobal: number;
}

/** The layout of a module's metered form. Everything but the bodies and data of the record must be decoded. */
export function layoutOf(record: ModuleRecord): Layout {
  const { functions, importedFunctions, types, globals } = record;
  const answers: (readonly ValueType[])[] = [];
  const places = new Map<string, number>();
  const answerOf: number[] = [];
  for (let index = 0; index < importedFunctions; index++) {
    const { results } = types[functions[index]];
    const key = results.join();
    let place = places.get(key);
    if (place === undefined) {
      places.set(key, place = answers.length);
      answers.push(results);
    }
    answerOf.push(place);
  }
  const runtime = [
    ...ALWAYS,
    ...answers.map((results, place) => ({ name: `answer${place}`, type: { params: I32_LIST, results } })),
  ];
  return {
    runtime,
    shift: runtime.length,
    firstStub: functions.length + runtime.length,
    answers,
    answerOf,
    prefix: prefixOf(record),
    escapes: hasEscapes(record),
    declared: declaredFunctions(record),
    fuelGlobal: globals.length,
    statusGlobal: globals.length + 1,
  };
}

/** The index that a function of the guest has in the metered module: an import's is that of its stub. */
export function newIndex({ shift, firstStub }: Layout, importedFunctions: number, index: number): number {
  return index < importedFunctions ? firstStub + index : index + shift;
}

/** The function of the guest whose index in the metered module this is, or its stub's; -1 if it is none. */
export function oldIndex({ shift, firstStub }: Layout, importedFunctions: number, index: number): number {
  if (index < importedFunctions) return index;
  if (index < importedFunctions + shift) return -1;
  if (index < firstStub) return index - shift;
  return index < firstStub + importedFunctions ? index - firstStub : -1;
}

/** The index of the function import of the runtime that returns the answers of a guest's import. */
export function answerIndex({ answerOf }: Layout, importedFunctions: number, index: number): number {
  return importedFunctions + FIRST_ANSWER + answerOf[index];
}

function prefixOf({ exports }: ModuleRecord): string {
  // A name begins with at most one of these.
  for (let prefix = "r:";; prefix = `r${prefix}`) {
    if (!exports.some(({ name }) => name.startsWith(prefix))) return prefix;
  }
}

function hasEscapes({ types, imports, exports, globals }: ModuleRecord): boolean {
  return imports.some(({ type }) => type.kind === "table" || type.kind === "global" && type.type.value === FUNCREF) ||
    exports.some(({ kind, index }) => kind === "table" || kind === "global" && globals[index].value === FUNCREF) ||
    types.some(({ params, results }) => params.includes(FUNCREF) || results.includes(FUNCREF));
}

function declaredFunctions({ bytes, functions, exports, entries, globalInits }: ModuleRecord): Uint8Array {
  const declared = new Uint8Array(functions.length);
  for (const { kind, index } of exports) if (kind === "function") declared[index] = 1;
  for (let at = 0; at < entries.length; at++) if (entries[at] >= 0) declared[entries[at]] = 1;
  const func = (index: number) => void (declared[index] = 1);
  for (const { start, end } of globalInits) {
    walkConstExpr(new Cursor(bytes, start, end), {
      number() {},
      global() {},
      nullReference() {},
      vector() {},
      func,
      operation() {},
    });
  }
  return declared;
}
