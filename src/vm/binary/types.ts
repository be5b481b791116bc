/**
 * The data of a module: value types, function types, and the record that the decoder fills, the validator checks and an
 * engine reads.
 *
 * @see https://webassembly.github.io/spec/core/syntax/types.html
 * @module
 */

/** A value type by its binary code: i32 0x7f, i64 0x7e, f32 0x7d, f64 0x7c, v128 0x7b, funcref 0x70, externref 0x6f. */
export type ValueType = 0x7f | 0x7e | 0x7d | 0x7c | 0x7b | 0x70 | 0x6f;

/** A reference type by its binary code: funcref 0x70, externref 0x6f. */
export type ReferenceType = 0x70 | 0x6f;

/** 32-bit integer. */
export const I32 = 0x7f;
/** 64-bit integer. */
export const I64 = 0x7e;
/** 32-bit IEEE 754 float. */
export const F32 = 0x7d;
/** 64-bit IEEE 754 float. */
export const F64 = 0x7c;
/** Vector of 128 bits. */
export const V128 = 0x7b;
/** Reference to a function. */
export const FUNCREF = 0x70;
/** Opaque reference to a host value. */
export const EXTERNREF = 0x6f;

/** A value type's name in the text format. */
export type ValueTypeName = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

const NAMES: Readonly<Record<ValueType, ValueTypeName>> = {
  [I32]: "i32",
  [I64]: "i64",
  [F32]: "f32",
  [F64]: "f64",
  [V128]: "v128",
  [FUNCREF]: "funcref",
  [EXTERNREF]: "externref",
};

/** The text-format name of a value type. */
export function valueTypeName(type: ValueType): ValueTypeName {
  return NAMES[type];
}

const CODES: ReadonlyMap<string, ValueType> = new Map(
  Object.entries(NAMES).map(([code, name]) => [name, Number(code) as ValueType]),
);

/** The binary code of a value type's text-format name. @throws {TypeError} if the name is unknown */
export function valueTypeCode(name: ValueTypeName): ValueType {
  const code = CODES.get(name);
  if (code === undefined) throw new TypeError(`unknown value type ${JSON.stringify(name)}`);
  return code;
}

/** A function type. */
export interface FuncType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function type as text, such as `(i32, i64) -> (f64)`. */
export function funcTypeName(type: FuncType): string {
  const names = (types: readonly ValueType[]) => `(${types.map(valueTypeName).join(", ")})`;
  return `${names(type.params)} -> ${names(type.results)}`;
}

/** Whether two function types are structurally equal. */
export function sameFuncType(a: FuncType, b: FuncType): boolean {
  return a === b || (sameTypes(a.params, b.params) && sameTypes(a.results, b.results));
}

function sameTypes(a: readonly ValueType[], b: readonly ValueType[]): boolean {
  return a.length === b.length && a.every((type, index) => type === b[index]);
}

/** Size bounds of a memory (in pages of 64 KiB) or of a table (in elements). */
export interface Limits {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

/** A table's type. */
export interface TableType {
  readonly element: ReferenceType;
  readonly limits: Limits;
}

/** A memory's type. */
export interface MemoryType {
  readonly limits: Limits;
}

/** A global's type. */
export interface GlobalType {
  readonly value: ValueType;
  readonly mutable: boolean;
}

/** The kind of an import or export. */
export type ExternKind = "function" | "table" | "memory" | "global";

/** The type of an import. `typeIndex` is an index into the module's types. */
export type ExternType =
  | { readonly kind: "function"; readonly typeIndex: number }
  | { readonly kind: "table"; readonly type: TableType }
  | { readonly kind: "memory"; readonly type: MemoryType }
  | { readonly kind: "global"; readonly type: GlobalType };

/** One import, in the module's order. */
export interface Import {
  readonly module: string;
  readonly name: string;
  readonly type: ExternType;
}

/** One export. `index` is an index into the index space of `kind`. */
export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** A range of the module's bytes: `start` is inclusive, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A constant expression of a reference type as a number: the index of a function, one of the two nulls, or
 * `FIRST_GLOBAL` minus the index of a global. Such an expression is one instruction.
 */
export type ConstReference = number;

/** `ref.null func` */
export const NULL_FUNC: ConstReference = -1;
/** `ref.null extern` */
export const NULL_EXTERN: ConstReference = -2;
/** `global.get 0` */
export const FIRST_GLOBAL: ConstReference = -3;

/** An element segment. Its entries are `length` of the record's `entries`, starting at `first`. */
export interface ElementSegment {
  readonly mode: "active" | "passive" | "declarative";
  readonly table: number;
  /** The constant expression of an active segment's offset, its final `end` included. */
  readonly offset: ByteRange | undefined;
  readonly type: ReferenceType;
  readonly first: number;
  readonly length: number;
}

/** A data segment, with the range of its contents. */
export interface DataSegment extends ByteRange {
  readonly mode: "active" | "passive";
  readonly memory: number;
  readonly offset: ByteRange | undefined;
}

/** Names for people. They are not unique, and nothing is looked up by them. */
export interface Names {
  /** The module's, from the name section. */
  readonly module: string | undefined;
  /** The same for stacks, where a long one is cut. */
  readonly shownModule: string | undefined;
  /** A function's, from the name section or else its first export. A long one is cut. */
  functionName(index: number): string | undefined;
}

/** The name of a section that is not custom. */
export type SectionName =
  | "type"
  | "import"
  | "function"
  | "table"
  | "memory"
  | "global"
  | "export"
  | "start"
  | "element"
  | "data count"
  | "code"
  | "data";

/**
 * A decoded module: every section as data. Index spaces (`functions`, `tables`, `memories`, `globals`) list imports
 * first. All ranges are byte offsets into `bytes`, a copy that nobody else can change.
 */
export interface ModuleRecord {
  readonly bytes: Uint8Array;
  /** The ranges of the module's sections, without their headers. */
  readonly sections: ReadonlyMap<SectionName, ByteRange>;
  readonly types: readonly FuncType[];
  readonly imports: readonly Import[];
  /** Type index of each function. */
  readonly functions: readonly number[];
  readonly tables: readonly TableType[];
  readonly memories: readonly MemoryType[];
  readonly globals: readonly GlobalType[];
  readonly importedFunctions: number;
  readonly importedTables: number;
  readonly importedMemories: number;
  readonly importedGlobals: number;
  /** Constant expression of each defined global, its final `end` included. */
  readonly globalInits: readonly ByteRange[];
  readonly exports: readonly Export[];
  readonly exportsByName: ReadonlyMap<string, Export>;
  /** Function index of the start function. */
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  /** The entries of all element segments, one after the other. */
  readonly entries: Int32Array;
  readonly data: readonly DataSegment[];
  readonly dataCount: number | undefined;
  /** Body of each defined function: local declarations and expression, its final `end` included. */
  readonly bodies: readonly ByteRange[];
  /**
   * The offset of the first type or instruction of SIMD, if there is one. What declarations use is known when they are
   * decoded; what a body uses, when it is validated, and so the validator sets it too.
   */
  simdAt: number | undefined;
  /**
   * What a compiler of one pass has to keep in mind for a body, at most: the locals and operands that are there at its
   * control instructions, all added up. The validator counts it.
   */
  heaviestBody: number;
  readonly customSections: readonly { readonly name: string; readonly contents: ByteRange }[];
  /** Decoded at their first use. */
  readonly names: Names;
}
