/**
 * One reader for each section: it decodes the bytes of a whole section into the fields of a module record. Readers
 * check the binary format and the limits; the validator checks how sections fit together. decode.ts reads the code
 * section.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#sections
 * @module
 */

import { readConstExpr, readConstReference, readFunctionIndex, readReferenceType } from "./const_expr.ts";
import { quoted } from "../../base/text.ts";
import type { Cursor } from "./cursor.ts";
import { refuseLimitsFlags, refuseType, unsupported } from "./unsupported.ts";
import { CompileError } from "../errors.ts";
import {
  MAX_CUSTOM_SECTIONS,
  MAX_DATA_SEGMENTS,
  MAX_ELEMENT_SEGMENTS,
  MAX_EXPORTS,
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_IMPORTS,
  MAX_MEMORIES,
  MAX_PARAMS,
  MAX_RESULTS,
  MAX_SHOWN_NAME_BYTES,
  MAX_TABLE_ELEMENTS,
  MAX_TABLES,
  MAX_TYPES,
} from "../limits.ts";
import { namesOf } from "./names.ts";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, V128 } from "./types.ts";
import type {
  ByteRange,
  DataSegment,
  ElementSegment,
  Export,
  ExternKind,
  ExternType,
  FuncType,
  GlobalType,
  Import,
  Limits,
  MemoryType,
  ModuleRecord,
  Names,
  ReferenceType,
  SectionName,
  TableType,
  ValueType,
} from "./types.ts";

/** A module record under construction. */
export class ModuleDraft implements ModuleRecord {
  bytes: Uint8Array = new Uint8Array(0);
  readonly sections: Map<SectionName, ByteRange> = new Map();
  readonly types: FuncType[] = [];
  readonly imports: Import[] = [];
  readonly functions: number[] = [];
  readonly tables: TableType[] = [];
  readonly memories: MemoryType[] = [];
  readonly globals: GlobalType[] = [];
  importedFunctions = 0;
  importedTables = 0;
  importedMemories = 0;
  importedGlobals = 0;
  readonly globalInits: ByteRange[] = [];
  readonly exports: Export[] = [];
  readonly exportsByName: Map<string, Export> = new Map();
  start: number | undefined = undefined;
  readonly elements: ElementSegment[] = [];
  entries: Int32Array = new Int32Array(0);
  readonly data: DataSegment[] = [];
  dataCount: number | undefined = undefined;
  readonly bodies: ByteRange[] = [];
  simdAt: number | undefined = undefined;
  heaviestBody = 0;
  readonly customSections: { name: string; contents: ByteRange }[] = [];
  #names: Names | undefined = undefined;

  get names(): Names {
    return this.#names ??= namesOf(this);
  }
}

/** Decodes a whole section, from the cursor to its end, into the draft. */
type SectionReader = (cursor: Cursor, draft: ModuleDraft) => void;

/**
 * A kind of section: its name, its place in the order, and its reader. A custom section may be anywhere. The code
 * section has no reader, because decode.ts reads it body by body.
 */
export type Section =
  | { readonly name: SectionName; readonly order: number; readonly read: SectionReader | undefined }
  | { readonly name: "custom"; readonly order: undefined; readonly read: SectionReader };

const IN_ORDER: readonly (readonly [id: number, name: SectionName, read: SectionReader | undefined])[] = [
  [1, "type", readTypes],
  [2, "import", readImports],
  [3, "function", readFunctions],
  [4, "table", readTables],
  [5, "memory", readMemories],
  [6, "global", readGlobals],
  [7, "export", readExports],
  [8, "start", readStart],
  [9, "element", readElements],
  [12, "data count", readDataCount],
  [10, "code", undefined],
  [11, "data", readData],
];

const SECTIONS: ReadonlyMap<number, Section> = new Map<number, Section>([
  [0, { name: "custom", order: undefined, read: readCustom }],
  ...IN_ORDER.map(([id, name, read], order) => [id, { name, order, read }] as const),
]);

/** The number of each section. */
export const SECTION_IDS: Readonly<Record<SectionName | "custom", number>> = Object.fromEntries(
  [...SECTIONS].map(([id, { name }]) => [name, id]),
) as Record<SectionName | "custom", number>;

/** The section with a number that was read at `offset`. */
export function findSection(id: number, offset: number): Section {
  const section = SECTIONS.get(id);
  if (section !== undefined) return section;
  if (id === 13) throw unsupported("exception handling", "tag section", offset);
  throw new CompileError(`malformed section id: ${id}`, offset);
}

const EMPTY: readonly never[] = [];
const VALUE_TYPES: readonly ValueType[] = [I32, I64, F32, F64, V128, FUNCREF, EXTERNREF];
/** Lists of one type, by its code. They are the most frequent, so they are shared. */
const SINGLE: readonly (readonly ValueType[] | undefined)[] = byType((type) => [type]);
/** Types of globals, also shared: a module may have a million globals. */
const IMMUTABLE: readonly (GlobalType | undefined)[] = byType((value) => ({ value, mutable: false }));
const MUTABLE: readonly (GlobalType | undefined)[] = byType((value) => ({ value, mutable: true }));

function byType<T>(make: (type: ValueType) => T): readonly (T | undefined)[] {
  const list: (T | undefined)[] = [];
  for (const type of VALUE_TYPES) list[type] = make(type);
  return list;
}

/** Reads the number of items in a section. With `already` imported ones it must not exceed `limit`. */
function readCount(cursor: Cursor, items: string, limit: number, already = 0): number {
  const at = cursor.offset;
  const count = cursor.count();
  if (already + count > limit) throw cursor.error(`too many ${items}: ${already + count}, the limit is ${limit}`, at);
  return count;
}

// Types

/** A value type. */
export function readValueType(cursor: Cursor): ValueType {
  const code = cursor.u8();
  if (code >= F64 && code <= I32 || code === FUNCREF || code === EXTERNREF) return code as ValueType;
  if (code === V128) {
    cursor.simdAt ??= cursor.offset - 1;
    return code;
  }
  throw refuseType(code, "malformed value type", cursor.offset - 1);
}

function readValueTypes(cursor: Cursor, index: number, what: string, limit: number): readonly ValueType[] {
  const at = cursor.offset;
  const count = cursor.count();
  if (count > limit) {
    throw cursor.error(`type section: function type ${index} has ${count} ${what}, the limit is ${limit}`, at);
  }
  if (count === 0) return EMPTY;
  if (count === 1) return SINGLE[readValueType(cursor)]!;
  // Allocated at its final size: pushing would leave spare room in each of a million types.
  const types = new Array<ValueType>(count);
  for (let at = 0; at < count; at++) types[at] = readValueType(cursor);
  return types;
}

function readTypes(cursor: Cursor, draft: ModuleDraft): void {
  const count = readCount(cursor, "types", MAX_TYPES);
  for (let index = 0; index < count; index++) {
    const form = cursor.u8();
    if (form !== 0x60) throw refuseType(form, "malformed function type", cursor.offset - 1);
    const params = readValueTypes(cursor, index, "parameters", MAX_PARAMS);
    const results = readValueTypes(cursor, index, "results", MAX_RESULTS);
    draft.types.push({ params, results });
  }
}

function readLimits(cursor: Cursor): Limits {
  const flags = cursor.u8();
  if (flags > 1) throw refuseLimitsFlags(flags, cursor.offset - 1);
  const minimum = cursor.u32();
  return { minimum, maximum: flags === 0 ? undefined : cursor.u32() };
}

function readTableType(cursor: Cursor): TableType {
  const at = cursor.offset;
  const first = cursor.u8();
  if (first === 0x40) throw unsupported("typed function references", "table with an initial value", at);
  cursor.offset = at;
  return { element: readReferenceType(cursor), limits: readLimits(cursor) };
}

function readGlobalType(cursor: Cursor): GlobalType {
  const value = readValueType(cursor);
  const mutability = cursor.u8();
  if (mutability > 1) throw cursor.error(`malformed mutability: 0x${mutability.toString(16)}`, cursor.offset - 1);
  return (mutability === 1 ? MUTABLE : IMMUTABLE)[value]!;
}

function addMemory(cursor: Cursor, draft: ModuleDraft): MemoryType {
  if (draft.memories.length === MAX_MEMORIES) {
    throw cursor.error(`multiple memories: the limit is ${MAX_MEMORIES}, multi-memory is not supported`);
  }
  const type = { limits: readLimits(cursor) };
  draft.memories.push(type);
  return type;
}

// Imports and definitions

/** The kinds of imports and exports, by their codes. */
export const EXTERN_KINDS: readonly ExternKind[] = ["function", "table", "memory", "global"];

function readExternKind(cursor: Cursor, of: "import" | "export"): ExternKind {
  const code = cursor.u8();
  if (code === 4) throw unsupported("exception handling", `${of} of a tag`, cursor.offset - 1);
  if (code > 4) throw cursor.error(`malformed ${of} kind: 0x${code.toString(16)}`, cursor.offset - 1);
  return EXTERN_KINDS[code];
}

function readExternType(cursor: Cursor, draft: ModuleDraft): ExternType {
  const kind = readExternKind(cursor, "import");
  switch (kind) {
    case "function": {
      const typeIndex = cursor.u32();
      draft.functions.push(typeIndex);
      return { kind, typeIndex };
    }
    case "table": {
      const type = readTableType(cursor);
      draft.tables.push(type);
      return { kind, type };
    }
    case "memory":
      return { kind, type: addMemory(cursor, draft) };
    case "global": {
      const type = readGlobalType(cursor);
      draft.globals.push(type);
      return { kind, type };
    }
  }
}

function readImports(cursor: Cursor, draft: ModuleDraft): void {
  for (let count = readCount(cursor, "imports", MAX_IMPORTS); count > 0; count--) {
    draft.imports.push({ module: cursor.name(), name: cursor.name(), type: readExternType(cursor, draft) });
  }
  draft.importedFunctions = draft.functions.length;
  draft.importedTables = draft.tables.length;
  draft.importedMemories = draft.memories.length;
  draft.importedGlobals = draft.globals.length;
}

function readFunctions(cursor: Cursor, draft: ModuleDraft): void {
  let count = readCount(cursor, "functions", MAX_FUNCTIONS, draft.importedFunctions);
  for (; count > 0; count--) draft.functions.push(cursor.u32());
}

function readTables(cursor: Cursor, draft: ModuleDraft): void {
  let count = readCount(cursor, "tables", MAX_TABLES, draft.importedTables);
  for (; count > 0; count--) draft.tables.push(readTableType(cursor));
}

function readMemories(cursor: Cursor, draft: ModuleDraft): void {
  for (let count = cursor.count(); count > 0; count--) addMemory(cursor, draft);
}

function readGlobals(cursor: Cursor, draft: ModuleDraft): void {
  let count = readCount(cursor, "globals", MAX_GLOBALS, draft.importedGlobals);
  for (; count > 0; count--) {
    draft.globals.push(readGlobalType(cursor));
    draft.globalInits.push(readConstExpr(cursor));
  }
}

function readExports(cursor: Cursor, draft: ModuleDraft): void {
  for (let count = readCount(cursor, "exports", MAX_EXPORTS); count > 0; count--) {
    const at = cursor.offset;
    const entry = { name: cursor.name(), kind: readExternKind(cursor, "export"), index: cursor.u32() };
    const { name } = entry;
    if (draft.exportsByName.has(name)) {
      throw cursor.error(`duplicate export name: export ${quoted(name, MAX_SHOWN_NAME_BYTES)}`, at);
    }
    draft.exportsByName.set(name, entry);
    draft.exports.push(entry);
  }
}

function readStart(cursor: Cursor, draft: ModuleDraft): void {
  draft.start = cursor.u32();
}

// Segments

/**
 * Element segments have eight forms. Bit 0 of the flags: passive or declarative, not active. Bit 1: an explicit table
 * index, or declarative if bit 0 is set. Bit 2: constant expressions, not function indices.
 */
function readElements(cursor: Cursor, draft: ModuleDraft): void {
  // An entry takes a byte or more.
  const entries = new Int32Array(Math.min(cursor.end - cursor.offset, MAX_TABLE_ELEMENTS));
  let first = 0;
  for (let count = readCount(cursor, "element segments", MAX_ELEMENT_SEGMENTS); count > 0; count--) {
    const at = cursor.offset;
    const flags = cursor.u32();
    if (flags > 7) throw cursor.error(`malformed elements segment kind: ${flags}`, at);
    const active = (flags & 1) === 0;
    const table = active && (flags & 2) !== 0 ? cursor.u32() : 0;
    const offset = active ? readConstExpr(cursor) : undefined;
    const expressions = (flags & 4) !== 0;
    const type = (flags & 3) === 0 ? FUNCREF : expressions ? readReferenceType(cursor) : readElementKind(cursor);
    const length = readCount(cursor, "elements in segments", MAX_TABLE_ELEMENTS, first);
    for (let at = first; at < first + length; at++) {
      entries[at] = expressions ? readConstReference(cursor) : readFunctionIndex(cursor);
    }
    const mode = active ? "active" : (flags & 2) === 0 ? "passive" : "declarative";
    draft.elements.push({ mode, table, offset, type, first, length });
    first += length;
  }
  draft.entries = entries.slice(0, first);
}

function readElementKind(cursor: Cursor): ReferenceType {
  const kind = cursor.u8();
  if (kind !== 0) throw cursor.error(`malformed element kind: 0x${kind.toString(16)}`, cursor.offset - 1);
  return FUNCREF;
}

function readDataCount(cursor: Cursor, draft: ModuleDraft): void {
  const at = cursor.offset;
  const count = cursor.u32();
  if (count > MAX_DATA_SEGMENTS) {
    throw cursor.error(`too many data segments: ${count}, the limit is ${MAX_DATA_SEGMENTS}`, at);
  }
  draft.dataCount = count;
}

function readData(cursor: Cursor, draft: ModuleDraft): void {
  for (let count = readCount(cursor, "data segments", MAX_DATA_SEGMENTS); count > 0; count--) {
    const at = cursor.offset;
    const flags = cursor.u32();
    if (flags > 2) throw cursor.error(`malformed data segment kind: ${flags}`, at);
    const memory = flags === 2 ? cursor.u32() : 0;
    const offset = flags === 1 ? undefined : readConstExpr(cursor);
    const length = cursor.u32();
    const start = cursor.offset;
    cursor.skip(length);
    draft.data.push({ mode: flags === 1 ? "passive" : "active", memory, offset, start, end: cursor.offset });
  }
}

/** Reads the name of a custom section and skips its contents. */
function readCustom(cursor: Cursor, draft: ModuleDraft): void {
  if (draft.customSections.length === MAX_CUSTOM_SECTIONS) {
    throw cursor.error(`too many custom sections: the limit is ${MAX_CUSTOM_SECTIONS}`);
  }
  const name = cursor.name();
  draft.customSections.push({ name, contents: { start: cursor.offset, end: cursor.end } });
  cursor.offset = cursor.end;
}
