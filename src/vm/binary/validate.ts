/**
 * Checks that the parts of a decoded module fit together: indices, limits, constant expressions, exports, segments.
 * validate_body.ts validates the bodies. As in WebAssembly 2.0, a constant expression may read only imported immutable
 * globals.
 *
 * @see https://webassembly.github.io/spec/core/valid/modules.html
 * @module
 */

import { quoted } from "../../base/text.ts";
import { walkConstExpr } from "./const_expr.ts";
import { Cursor } from "./cursor.ts";
import { BodyValidator } from "./validate_body.ts";
import type { ModuleVisitor } from "./decode.ts";
import { CompileError } from "../errors.ts";
import { MAX_SHOWN_NAME_BYTES, MAX_SPEC_PAGES } from "../limits.ts";
import {
  EXTERNREF,
  FIRST_GLOBAL,
  FUNCREF,
  funcTypeName,
  I32,
  I64,
  NULL_EXTERN,
  NULL_FUNC,
  V128,
  valueTypeName,
} from "./types.ts";
import type { ByteRange, ElementSegment, ExternKind, Limits, ModuleRecord, SectionName, ValueType } from "./types.ts";

/**
 * Validates one module, as a visitor of its decoder while bytes arrive, or afterwards by {@linkcode validateModule}.
 * Every method throws a {@linkcode CompileError} at the first fault.
 */
export class ModuleValidator implements ModuleVisitor {
  readonly #admit: ((record: ModuleRecord) => void) | undefined;
  #bodies: BodyValidator | undefined;

  /**
   * @param admit throws for a valid module that an engine can't run, as far as the record shows. It is called with the
   * declarations and after each part of a body, so that a module which arrives slowly is refused early.
   */
  constructor(admit?: (record: ModuleRecord) => void) {
    this.#admit = admit;
  }

  /** Validates everything before the code section. */
  declarations(record: ModuleRecord): void {
    this.#admit?.(record);
    const declared = new Uint8Array(record.functions.length);
    checkFunctionTypes(record);
    checkTables(record);
    checkMemories(record);
    checkGlobals(record, declared);
    checkExports(record, declared);
    checkStart(record);
    checkElements(record, declared);
    this.#bodies = new BodyValidator(record, declared);
  }

  /** Validates the next part of a defined function's body. Returns whether it was the last; `declarations` comes first. */
  body(record: ModuleRecord, index: number): boolean {
    const isComplete = this.#bodies!.validate(index);
    this.#admit?.(record);
    return isComplete;
  }

  /** Validates everything after the code section. */
  end(record: ModuleRecord): void {
    checkData(record);
  }
}

/**
 * Validates a decoded module as a whole.
 *
 * @throws {CompileError} at the first fault
 */
export function validateModule(record: ModuleRecord): void {
  const validator = new ModuleValidator();
  validator.declarations(record);
  for (let index = 0; index < record.bodies.length; index++) while (!validator.body(record, index));
  validator.end(record);
}

/** The error for a fault in a section, at the section's first byte. */
function fault(record: ModuleRecord, section: SectionName, message: string): CompileError {
  return new CompileError(message, record.sections.get(section)?.start ?? 0);
}

// Definitions

function checkFunctionTypes(record: ModuleRecord): void {
  const { functions, importedFunctions, types } = record;
  const index = functions.findIndex((typeIndex) => typeIndex >= types.length);
  if (index < 0) return;
  throw fault(
    record,
    index < importedFunctions ? "import" : "function",
    `unknown type ${functions[index]}: function ${index}`,
  );
}

function checkLimits(record: ModuleRecord, section: SectionName, what: string, { minimum, maximum }: Limits): void {
  if (maximum !== undefined && minimum > maximum) {
    throw fault(
      record,
      section,
      `size minimum must not be greater than maximum: ${what} has minimum ${minimum} and maximum ${maximum}`,
    );
  }
}

function checkTables(record: ModuleRecord): void {
  for (const [index, { limits }] of record.tables.entries()) {
    checkLimits(record, index < record.importedTables ? "import" : "table", `table ${index}`, limits);
  }
}

function checkMemories(record: ModuleRecord): void {
  for (const [index, { limits }] of record.memories.entries()) {
    const section = index < record.importedMemories ? "import" : "memory";
    if (Math.max(limits.minimum, limits.maximum ?? 0) > MAX_SPEC_PAGES) {
      throw fault(record, section, `memory size must be at most ${MAX_SPEC_PAGES} pages (4GiB)`);
    }
    checkLimits(record, section, `memory ${index}`, limits);
  }
}

function checkGlobals(record: ModuleRecord, declared: Uint8Array): void {
  for (const [index, range] of record.globalInits.entries()) {
    checkConstExpr(record, range, record.globals[record.importedGlobals + index].value, declared);
  }
}

const SPACES: Readonly<Record<ExternKind, (record: ModuleRecord) => readonly unknown[]>> = {
  function: (record) => record.functions,
  table: (record) => record.tables,
  memory: (record) => record.memories,
  global: (record) => record.globals,
};

function checkExports(record: ModuleRecord, declared: Uint8Array): void {
  for (const { name, kind, index } of record.exports) {
    if (index >= SPACES[kind](record).length) {
      throw fault(record, "export", `unknown ${kind} ${index}: export ${quoted(name, MAX_SHOWN_NAME_BYTES)}`);
    }
    if (kind === "function") declared[index] = 1;
  }
}

function checkStart(record: ModuleRecord): void {
  const { start, functions, types } = record;
  if (start === undefined) return;
  if (start >= functions.length) throw fault(record, "start", `unknown function ${start}: start function`);
  const type = types[functions[start]];
  if (type.params.length > 0 || type.results.length > 0) {
    throw fault(record, "start", `start function ${start} must have type () -> (), not ${funcTypeName(type)}`);
  }
}

// Segments

function checkElements(record: ModuleRecord, declared: Uint8Array): void {
  for (const [index, segment] of record.elements.entries()) {
    if (segment.offset !== undefined) checkElementTarget(record, index, segment, segment.offset, declared);
    for (let at = segment.first; at < segment.first + segment.length; at++) {
      const entry = record.entries[at];
      const type = entry >= 0 || entry === NULL_FUNC
        ? FUNCREF
        : entry === NULL_EXTERN
        ? EXTERNREF
        : constGlobal(record, FIRST_GLOBAL - entry, record.sections.get("element")!.start);
      if (entry >= declared.length) {
        throw fault(record, "element", `unknown function ${entry}: element segment ${index}`);
      }
      if (entry >= 0) declared[entry] = 1;
      if (type !== segment.type) {
        const types = `an element of ${valueTypeName(type)} in a segment of ${valueTypeName(segment.type)}`;
        throw fault(record, "element", `type mismatch: ${types}, element segment ${index}`);
      }
    }
  }
}

function checkElementTarget(
  record: ModuleRecord,
  index: number,
  { table, type }: ElementSegment,
  offset: ByteRange,
  declared: Uint8Array,
): void {
  if (table >= record.tables.length) {
    throw fault(record, "element", `unknown table ${table}: element segment ${index}`);
  }
  const { element } = record.tables[table];
  if (element !== type) {
    const types = `${valueTypeName(type)} for a table of ${valueTypeName(element)}`;
    throw fault(record, "element", `type mismatch: element segment ${index} has ${types}`);
  }
  checkConstExpr(record, offset, I32, declared);
}

function checkData(record: ModuleRecord): void {
  const declared = new Uint8Array(record.functions.length);
  for (const [index, { memory, offset }] of record.data.entries()) {
    if (offset === undefined) continue;
    if (memory >= record.memories.length) {
      throw fault(record, "data", `unknown memory ${memory}: data segment ${index}`);
    }
    checkConstExpr(record, offset, I32, declared);
  }
}

// Constant expressions

/** The most types that an error's text lists. */
const NAMED_TYPES = 10;

/** Validates a constant expression, which the decoder found well formed, and marks the functions that it names. */
function checkConstExpr(record: ModuleRecord, range: ByteRange, expected: ValueType, declared: Uint8Array): void {
  const cursor = new Cursor(record.bytes, range.start, range.end);
  const stack: ValueType[] = [];
  const end = walkConstExpr(cursor, {
    number: (type) => void stack.push(type),
    vector: () => void stack.push(V128),
    global: (index, at) => void stack.push(constGlobal(record, index, at)),
    nullReference: (type) => void stack.push(type),
    func(index, at) {
      if (index >= declared.length) throw cursor.error(`unknown function ${index}`, at);
      declared[index] = 1;
      stack.push(FUNCREF);
    },
    operation(name, at) {
      const type = name.startsWith("i32") ? I32 : I64;
      if (stack.at(-1) !== type || stack.at(-2) !== type) {
        const names = stack.slice(-2).map(valueTypeName).join(", ");
        throw cursor.error(`type mismatch: expected two operands of ${valueTypeName(type)}, found (${names})`, at);
      }
      stack.pop();
    },
  });
  if (stack.length === 1 && stack[0] === expected) return;
  const names = stack.slice(0, NAMED_TYPES).map(valueTypeName).join(", ") + (stack.length > NAMED_TYPES ? ", ..." : "");
  throw cursor.error(`type mismatch: constant expression of ${valueTypeName(expected)} has the type (${names})`, end);
}

function constGlobal(record: ModuleRecord, index: number, at: number): ValueType {
  const { globals, importedGlobals } = record;
  if (index >= importedGlobals) {
    const of = index < globals.length ? ": constant expressions may read only imported globals" : "";
    throw new CompileError(`unknown global ${index}${of}`, at);
  }
  if (globals[index].mutable) throw new CompileError(`constant expression required: global ${index} is mutable`, at);
  return globals[index].value;
}
