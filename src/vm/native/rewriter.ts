/**
 * Rewrites a validated module to its metered form, as a visitor of the decoder or from a complete record. Sections are
 * written here, bodies in rewrite_body.ts, and what is new by layout.ts and helpers.ts. The guest's type, table, data
 * count and data sections are copied; its start section is dropped, since the engine calls the function.
 *
 * @module
 */

import { EXTERNREF, FIRST_GLOBAL, FUNCREF, I32, NULL_EXTERN, NULL_FUNC } from "../binary/types.ts";
import type { ElementSegment, ExternKind, Limits, ModuleRecord, SectionName } from "../binary/types.ts";
import type { ModuleVisitor } from "../binary/decode.ts";
import { Cursor } from "../binary/cursor.ts";
import { HEADER } from "../binary/header.ts";
import { EXTERN_KINDS, SECTION_IDS } from "../binary/sections.ts";
import { bodyOverCap, dataOverCap, declarationsOverCap, exportsOverCap } from "./caps.ts";
import { Helpers, writeHelper } from "./helpers.ts";
import { GUEST_IMPORTS, layoutOf, newIndex, RUNTIME_IMPORTS, STAMP_SECTION } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { writeNames } from "./names.ts";
import { END, GLOBAL_GET, I32_CONST, REF_FUNC, REF_NULL } from "./opcodes.ts";
import { BodyRewriter } from "./rewrite_body.ts";
import { Payments } from "./payments.ts";
import { stampOf } from "./stamp.ts";
import { Types } from "./types.ts";
import { Writer } from "./writer.ts";

/** A metered module. */
export interface Metered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layout: Layout;
  /** Where each body begins in `bytes`: those of the guest's functions, in their order, and then ours. */
  readonly bodies: Uint32Array;
}

/** Options of metering. */
export interface MeterOptions {
  /** Whether to add a section that names the module that it was made from. */
  readonly stamp?: boolean;
  /** Whether to leave out the name section, for a host that shows names in the place of indices. */
  readonly omitNames?: boolean;
}

/** Of hints which branches are likely, as WebAssembly specifies it: compilers place the code of the others elsewhere. */
const HINT_SECTION = "metadata.code.branch_hint";
/** How much larger code becomes. */
const USUAL_GROWTH = 1.5;
const MINIMUM_CAPACITY = 4096;
const kindCode = (kind: ExternKind): number => EXTERN_KINDS.indexOf(kind);

/** Rewrites one module. It must be valid: its validator comes first. */
export class ModuleRewriter implements ModuleVisitor {
  readonly #options: MeterOptions;
  #code = new Writer(0);
  #ends = new Uint32Array(0);
  #record: ModuleRecord | undefined;
  #layout: Layout | undefined;
  #types: Types | undefined;
  #helpers: Helpers | undefined;
  #payments: Payments | undefined;
  #bodies: BodyRewriter | undefined;
  #refusal: string | undefined;

  constructor(options: MeterOptions = {}) {
    this.#options = options;
  }

  /** Why the module can't be rewritten, as far as has been seen. Then nothing else is done. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  declarations(record: ModuleRecord): void {
    this.#refusal = declarationsOverCap(record);
    if (this.#refusal !== undefined) return;
    const layout = layoutOf(record);
    this.#refusal = exportsOverCap(record, layout);
    if (this.#refusal !== undefined) return;
    const { start, end } = record.sections.get("code") ?? { start: 0, end: 0 };
    // A section may claim any length, but not more bytes than there are.
    this.#code = new Writer(Math.min(end - start, record.bytes.length) * USUAL_GROWTH + MINIMUM_CAPACITY);
    this.#layout = layout;
    this.#types = new Types(record);
    this.#helpers = new Helpers(record, layout, this.#types);
    const payments = new Payments(this.#code, layout.fuelGlobal, this.#helpers.fixed("refuel"));
    this.#payments = payments;
    this.#bodies = new BodyRewriter(record, layout, this.#types, this.#helpers, payments);
    this.#ends = new Uint32Array(record.functions.length - record.importedFunctions);
  }

  /** Rewrites the next part of a body. Returns whether it was the last. */
  body(record: ModuleRecord, index: number): boolean {
    this.#refusal ??= bodyOverCap(record, index);
    if (this.#refusal !== undefined) return true;
    if (!this.#bodies!.rewrite(index)) return false;
    this.#refusal = this.#bodies!.refusal;
    this.#ends[index] = this.#code.at;
    return true;
  }

  end(record: ModuleRecord): void {
    this.#refusal ??= dataOverCap(record);
    this.#record = record;
  }

  /** Returns the metered module, after `end`. There must be no refusal. */
  finish(): Metered {
    const record = this.#record!;
    const layout = this.#layout!;
    const helpers = this.#helpers!.all();
    const types = this.#types!;
    const bodies = new Uint32Array(this.#ends.length + helpers.length);
    bodies.set(this.#ends.subarray(0, this.#ends.length - 1), 1);
    const code = this.#code;
    for (const [place, helper] of helpers.entries()) {
      bodies[this.#ends.length + place] = code.at;
      writeHelper(code, helper);
    }
    const out = new Writer(code.at + record.bytes.length + 4096);
    const section = (id: number, write: () => void) => {
      out.u8(id);
      const place = out.open();
      write();
      out.close(place);
    };
    const copy = (name: SectionName) => {
      const range = record.sections.get(name);
      if (range !== undefined) section(SECTION_IDS[name], () => out.range(record.bytes, range.start, range.end));
    };
    out.all(HEADER);
    section(SECTION_IDS.type, () => {
      // Before the import section, which uses types of ours.
      for (const { type } of layout.runtime) types.indexOf(type.params, type.results);
      writeExtended(out, record, "type", types.count, types.out);
    });
    section(SECTION_IDS.import, () => writeImports(out, record, layout, types));
    section(SECTION_IDS.function, () => {
      out.u32(this.#ends.length + helpers.length);
      for (let index = record.importedFunctions; index < record.functions.length; index++) {
        out.u32(record.functions[index]);
      }
      for (const { type } of helpers) out.u32(type);
    });
    copy("table");
    section(SECTION_IDS.global, () => writeGlobals(out, record, layout));
    section(SECTION_IDS.export, () => writeExports(out, record, layout, this.#helpers!));
    if (record.elements.length > 0) section(SECTION_IDS.element, () => writeElements(out, record, layout));
    copy("data count");
    const { hints, hinted } = this.#payments!;
    if (hinted > 0) {
      section(SECTION_IDS.custom, () => {
        out.name(HINT_SECTION);
        out.u32(hinted);
        out.range(hints.bytes, 0, hints.at);
      });
    }
    section(SECTION_IDS.code, () => {
      out.u32(bodies.length);
      const base = out.at;
      for (let index = 0; index < bodies.length; index++) bodies[index] = bodyStart(code.bytes, bodies[index]) + base;
      out.range(code.bytes, 0, code.at);
    });
    copy("data");
    if (this.#options.omitNames !== true) writeNames(out, record, layout);
    if (this.#options.stamp === true) {
      section(SECTION_IDS.custom, () => {
        out.name(STAMP_SECTION);
        out.all([...stampOf(record.bytes)]);
      });
    }
    return { bytes: out.bytes.subarray(0, out.at), layout, bodies };
  }
}

/** Rewrites the module of a validated record. @throws {RangeError} if it can't be rewritten */
export function meterRecord(record: ModuleRecord, options?: MeterOptions): Metered {
  const rewriter = new ModuleRewriter(options);
  rewriter.declarations(record);
  for (let index = 0; index < record.bodies.length; index++) while (!rewriter.body(record, index));
  rewriter.end(record);
  if (rewriter.refusal !== undefined) throw new RangeError(rewriter.refusal);
  return rewriter.finish();
}

/** Where a body begins, after its length. */
function bodyStart(bytes: Uint8Array, at: number): number {
  while (bytes[at++] >= 0x80);
  return at;
}

/** Writes the guest's items of a section, and then others. */
function writeExtended(out: Writer, record: ModuleRecord, name: SectionName, count: number, more: Writer): void {
  const range = record.sections.get(name);
  if (range === undefined) out.u32(count);
  else {
    const cursor = new Cursor(record.bytes, range.start, range.end);
    out.u32(cursor.count() + count);
    out.range(record.bytes, cursor.offset, range.end);
  }
  out.range(more.bytes, 0, more.at);
}

function writeLimits(out: Writer, { minimum }: Limits): void {
  out.u8(0);
  out.u32(minimum);
}

/**
 * Maxima of the guest's imports are left out, since linking has checked them. The memory is always imported, so that the
 * engine can choose its maximum.
 */
function writeImports(out: Writer, record: ModuleRecord, layout: Layout, types: Types): void {
  const isDefined = record.memories.length > record.importedMemories;
  out.u32(record.imports.length + (isDefined ? 1 : 0) + layout.runtime.length);
  const next = { function: 0, table: 0, memory: 0, global: 0 };
  const memory = ({ limits }: { limits: Limits }) => {
    out.name("m0");
    out.u8(kindCode("memory"));
    writeLimits(out, limits);
  };
  for (const { type } of record.imports) {
    const index = next[type.kind]++;
    out.name(GUEST_IMPORTS);
    switch (type.kind) {
      case "function":
        out.name(String(index));
        out.u8(kindCode("function"));
        out.u32(type.typeIndex);
        break;
      case "table":
        out.name(`t${index}`);
        out.all([kindCode("table"), type.type.element]);
        writeLimits(out, type.type.limits);
        break;
      case "memory":
        memory(type.type);
        break;
      case "global":
        out.name(`v${index}`);
        out.all([kindCode("global"), type.type.value, type.type.mutable ? 1 : 0]);
    }
  }
  for (const { name, type } of layout.runtime) {
    out.name(RUNTIME_IMPORTS);
    out.name(name);
    out.u8(kindCode("function"));
    out.u32(types.indexOf(type.params, type.results));
  }
  if (isDefined) {
    out.name(GUEST_IMPORTS);
    memory(record.memories[0]);
  }
}

function writeGlobals(out: Writer, record: ModuleRecord, layout: Layout): void {
  const { bytes, globals, globalInits, importedGlobals, importedFunctions } = record;
  out.u32(globalInits.length + 2);
  for (let index = 0; index < globalInits.length; index++) {
    const { value, mutable } = globals[importedGlobals + index];
    const { start, end } = globalInits[index];
    out.u8(value);
    out.u8(mutable ? 1 : 0);
    if (bytes[start] !== REF_FUNC) out.range(bytes, start, end);
    else {
      out.u8(REF_FUNC);
      out.u32(newIndex(layout, importedFunctions, new Cursor(bytes, start + 1, end).u32()));
      out.u8(END);
    }
  }
  for (let index = 0; index < 2; index++) out.all([I32, 1, I32_CONST, 0, END]);
}

function writeExports(out: Writer, record: ModuleRecord, layout: Layout, helpers: Helpers): void {
  const { exports, start, importedFunctions, functions } = record;
  const { prefix, escapes, declared } = layout;
  const ours: [name: string, index: number][] = (["fuel", "setFuel", "charge", "pending"] as const).map(
    (name) => [name, helpers.fixed(name)],
  );
  if (start !== undefined) ours.push(["start", newIndex(layout, importedFunctions, start)]);
  if (escapes) {
    for (let index = 0; index < functions.length; index++) {
      if (declared[index] !== 0) ours.push([`f${index}`, newIndex(layout, importedFunctions, index)]);
    }
  }
  out.u32(exports.length + ours.length);
  for (const { name, kind, index } of exports) {
    out.name(name);
    out.u8(kindCode(kind));
    out.u32(kind === "function" ? newIndex(layout, importedFunctions, index) : index);
  }
  for (const [name, index] of ours) {
    out.name(prefix + name);
    out.u8(kindCode("function"));
    out.u32(index);
  }
}

/** Segments of functions are written as indices, others as expressions. */
function writeElements(out: Writer, record: ModuleRecord, layout: Layout): void {
  const { bytes, elements, entries, importedFunctions } = record;
  out.u32(elements.length);
  for (const segment of elements) {
    const { mode, table, offset, type, first, length } = segment;
    const expressions = hasExpressions(segment, entries);
    out.u32((expressions ? 4 : 0) + (mode === "active" ? 2 : mode === "passive" ? 1 : 3));
    if (offset !== undefined) {
      out.u32(table);
      out.range(bytes, offset.start, offset.end);
    }
    out.u8(expressions ? type : 0);
    out.u32(length);
    for (let at = first; at < first + length; at++) {
      const entry = entries[at];
      if (expressions) writeReference(out, layout, importedFunctions, entry);
      else out.u32(newIndex(layout, importedFunctions, entry));
    }
  }
}

function hasExpressions({ type, first, length }: ElementSegment, entries: Int32Array): boolean {
  if (type !== FUNCREF) return true;
  for (let at = first; at < first + length; at++) if (entries[at] < 0) return true;
  return false;
}

function writeReference(out: Writer, layout: Layout, importedFunctions: number, entry: number): void {
  if (entry === NULL_FUNC || entry === NULL_EXTERN) out.all([REF_NULL, entry === NULL_FUNC ? FUNCREF : EXTERNREF]);
  else {
    out.u8(entry >= 0 ? REF_FUNC : GLOBAL_GET);
    out.u32(entry >= 0 ? newIndex(layout, importedFunctions, entry) : FIRST_GLOBAL - entry);
  }
  out.u8(END);
}
