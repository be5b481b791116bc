/**
 * The state of a module while its code is generated, and of the function that is being written. The code is written as
 * nodes. Each node leaves a known list of types on the stack. An omitted node becomes constants, so that a module can
 * be made smaller and stay valid.
 *
 * @module
 */

import { u32 } from "../../tools/binary.ts";
import { OPCODES } from "../../src/vm/binary/opcodes.ts";
import type { OpcodeRow } from "../../src/vm/binary/opcodes.ts";
import { pick } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { TYPE_CODES } from "./_values.ts";
import { signed, zero } from "./_writer.ts";

/** A global of the module. */
export interface DraftGlobal {
  readonly type: string;
  readonly mutable: boolean;
}

/** A module in the making. Signatures are letters of parameters, a colon, letters of results. */
export interface Draft {
  readonly random: Random;
  /** Numbers of the nodes to omit. */
  readonly omit: ReadonlySet<number>;
  /** The number of nodes so far. */
  nodes: number;
  /** Whether no instruction may cost more than one unit of fuel. */
  readonly isPlain: boolean;
  /** Whether there are vectors. */
  readonly hasVectors: boolean;
  /** The percentage of operands that are chosen although they can trap. */
  readonly risk: number;
  readonly types: string[];
  readonly functions: readonly string[];
  readonly globals: readonly DraftGlobal[];
  /** The global that counts down to 0 at calls and rounds of loops. */
  readonly fuel: number;
  /** Element types. */
  readonly tables: readonly string[];
  /** The initial elements of table 0: functions, or null. */
  readonly slots: readonly (number | null)[];
  /** Data segments. */
  readonly data: number;
  /** Element types of the segments. */
  readonly elements: readonly string[];
}

/** The target of a branch. A *clean* value is a float that is not from arithmetic, so its NaN bits are determined. */
export interface DraftLabel {
  /** The types of the values that a branch carries. */
  readonly types: string;
  readonly clean: boolean;
}

/** A function in the making. */
export interface Body {
  readonly draft: Draft;
  readonly code: number[];
  /**
   * Types of the parameters and locals. The last four are an i32, i64, f32 and f64 that are otherwise unused. If there
   * are vectors, a v128 precedes them.
   */
  readonly locals: string;
  readonly results: string;
  readonly labels: DraftLabel[];
  /** Writes any statement. It is passed here because statements and expressions contain each other. */
  readonly statement: (body: Body, depth: number) => void;
  /** Writes instructions of SIMD, if there are any. It is passed for the same reason. */
  readonly vectors: Vectors | undefined;
  /** The number of nodes that can still be written. */
  budget: number;
}

/** Writes instructions of SIMD: one that leaves a vector, one that makes a number of vectors, and one that stores some. */
export interface Vectors {
  value(body: Body, depth: number): void;
  number(body: Body, type: string, depth: number): void;
  store(body: Body, depth: number): void;
}

/** Writes a node that leaves values of these types. */
export function node(body: Body, types: string, write: () => void): void {
  const { draft, code } = body;
  const number = draft.nodes++;
  const start = code.length;
  body.budget--;
  write();
  if (!draft.omit.has(number)) return;
  code.length = start;
  for (const type of types) code.push(...zero(type));
}

/** Whether an operand is chosen although it can trap. */
export function dares(body: Body): boolean {
  return body.draft.random(100) < body.draft.risk;
}

/** True once in `n` calls on average. */
export function oneIn(body: Body, n: number): boolean {
  return body.draft.random(n) === 0;
}

/** The index of a function type, which is added if necessary. */
export function typeIndex(draft: Draft, signature: string): number {
  const known = draft.types.indexOf(signature);
  return known >= 0 ? known : draft.types.push(signature) - 1;
}

/** A block type. */
export function blockType(draft: Draft, params: string, results: string): number[] {
  if (params === "" && results === "") return [0x40];
  if (params === "" && results.length === 1 && draft.random(4) > 0) return [TYPE_CODES[results]];
  return signed(typeIndex(draft, `${params}:${results}`));
}

/** The indices of the items that satisfy a predicate. */
export function indicesOf<T>(items: ArrayLike<T>, likes: (item: T) => boolean): number[] {
  return Array.from(items).flatMap((item, index) => likes(item) ? [index] : []);
}

/** A local of the type, or undefined if there is none. */
export function anyLocal(body: Body, type: string): number | undefined {
  const locals = indicesOf(body.locals, (local) => local === type);
  return locals.length === 0 ? undefined : pick(body.draft.random, locals);
}

/** The local of the type of numbers or vectors that is otherwise unused. */
export function scratch(body: Body, type: string): number {
  return body.locals.length - 5 + "ViIfF".indexOf(type);
}

/** An instruction with one index. */
export function indexed(code: number, index: number): number[] {
  return [code, ...u32(index)];
}

/** The bytes of an opcode. */
export function opcode(code: number): number[] {
  if (code > 0xffff) return [code >> 12, ...u32(code & 0xfff)];
  return code > 0xff ? [code >> 8, ...u32(code & 0xff)] : [code];
}

const SIMPLE = OPCODES.filter((row) => row[2] === "" && /^[iIfF]+:[iIfF]$/.test(row[3]));
const TRAPS = /\.trunc_f/;

function byResult(rows: readonly OpcodeRow[]): Readonly<Record<string, readonly OpcodeRow[]>> {
  return Object.fromEntries(["i", "I", "f", "F"].map((type) => [type, rows.filter((row) => row[3].endsWith(type))]));
}

/** Instructions only on numbers, by the type of their result, without those that trap for most operands. */
export const OPERATORS = byResult(SIMPLE.filter((row) => !TRAPS.test(row[1])));
/** Conversions that trap. */
export const TRAPPING = byResult(SIMPLE.filter((row) => TRAPS.test(row[1])));
/** Comparisons of all types, and tests for zero. */
export const COMPARISONS = SIMPLE.filter((row) => /\.(eqz|eq|ne|[lg][te](_[su])?)$/.test(row[1]));
/** Loads by the type of their result. */
export const LOADS = byResult(OPCODES.filter((row) => /^memarg/.test(row[2]) && row[3].startsWith("i:")));
/** Stores. */
export const STORES = OPCODES.filter((row) => /^memarg/.test(row[2]) && /^i[iIfF]:$/.test(row[3]));
