/**
 * What the translator emits for each instruction, derived once from opcodes.ts and ops.ts: the op of an instruction,
 * its form with a constant operand, and the op that compares and branches. Ops are found by name, so the translator
 * uses a new row in ops.ts without further changes.
 *
 * @module
 */

import { InternalError } from "../errors.ts";
import { COMMUTATIVE, findOp, OP_NAMES } from "./ops.ts";
import { byRow } from "../binary/opcodes.ts";
import type { Immediates } from "../binary/opcodes.ts";
import { F32, F64, I32, I64 } from "../binary/types.ts";
import type { ValueType } from "../binary/types.ts";

const TYPE_LETTERS: Readonly<Record<string, ValueType>> = { i: I32, I: I64, f: F32, F: F64 };

/** The letter of v128 in signatures. The interpreter refuses modules with such instructions. */
const VECTOR = "V";

/** Instructions whose register op has another name: moves of bits are the same for integers and floats. */
const ALIASES: Readonly<Record<string, string>> = {
  "i32.load": "load32",
  "f32.load": "load32",
  "i64.load": "load64",
  "f64.load": "load64",
  "i32.store": "store32",
  "f32.store": "store32",
  "i64.store": "store64",
  "f64.store": "store64",
  "i32.store8": "store8",
  "i32.store16": "store16",
  "i64.store8": "store8",
  "i64.store16": "store16",
  "i64.store32": "store32",
  "i64.extend_i32_s": "i64_extend32_s",
};

/** Instructions that only change the type of bits. They emit nothing. */
const RETYPES = new Set([
  "i32.wrap_i64",
  "i32.reinterpret_f32",
  "i64.reinterpret_f64",
  "f32.reinterpret_i32",
  "f64.reinterpret_i64",
]);

const TURNED: Readonly<Record<string, string>> = { gt: "lt", ge: "le", lt: "gt", le: "ge" };

/** The instruction that computes the same with exchanged operands, if one exists. */
function exchanged(mnemonic: string): string | undefined {
  if (COMMUTATIVE.test(mnemonic.replace(".", "_"))) return mnemonic;
  const match = /^(\w+\.)(gt|ge|lt|le)(.*)$/.exec(mnemonic);
  return match === null ? undefined : match[1] + TURNED[match[2]] + match[3];
}

/** What the translator emits for an instruction whose signature is in the table. */
export interface Plan {
  readonly result: ValueType | undefined;
  readonly kind: "retype" | "load" | "store" | "unary" | "binary";
  /** The op on registers; its operands are exchanged if `swap`. */
  readonly op: number;
  readonly swap: boolean;
  /** The op whose second operand is a constant, if one exists. */
  readonly opConstant: number | undefined;
  /** The same for a constant first operand. */
  readonly opConstantFirst: number | undefined;
  readonly negateConstant: boolean;
}

function opOf(mnemonic: string): number | undefined {
  return findOp(ALIASES[mnemonic] ?? mnemonic.replace(".", "_"));
}

function planOf(mnemonic: string, immediates: Immediates, signature: string): Plan | undefined {
  if (signature === "*" || signature === ":" || signature.includes(VECTOR)) return undefined;
  const [params, results] = signature.split(":");
  const isMemory = immediates.startsWith("memarg");
  if (!isMemory && (immediates !== "" || (params.length !== 1 && params.length !== 2))) return undefined;
  const kind = RETYPES.has(mnemonic)
    ? "retype"
    : isMemory
    ? results === "" ? "store" : "load"
    : params.length === 1
    ? "unary"
    : "binary";
  const direct = opOf(mnemonic);
  const other = kind === "binary" ? exchanged(mnemonic) : undefined;
  const op = kind === "retype" ? 0 : direct ?? (other === undefined ? undefined : opOf(other));
  if (op === undefined) throw new InternalError(`no op for ${mnemonic}`);
  const constant = (name: string | undefined) => name === undefined ? undefined : findOp(name.replace(".", "_") + "_k");
  const isSub = mnemonic.endsWith(".sub") && mnemonic.startsWith("i");
  return {
    result: TYPE_LETTERS[results],
    kind,
    op,
    swap: direct === undefined,
    opConstant: kind === "binary" ? constant(isSub ? mnemonic.replace("sub", "add") : mnemonic) : undefined,
    opConstantFirst: constant(other),
    negateConstant: isSub,
  };
}

/** The plans by dense opcode. Instructions whose types depend on more than their opcode have none. */
export const PLANS: readonly (Plan | undefined)[] = byRow(([, mnemonic, immediates, signature]) =>
  planOf(mnemonic, immediates, signature)
);

/** An op that takes the operands of a comparison, exchanged if `swap`. */
export interface Comparison {
  readonly op: number;
  readonly swap: boolean;
}

const OPPOSITE: Readonly<Record<string, string>> = { eq: "ne", ne: "eq", lt: "ge", ge: "lt", gt: "le", le: "gt" };

/** By the op of a comparison: the branch that is taken if it holds. */
export const BRANCH_IF: ReadonlyMap<number, Comparison> = comparisons((type, relation, rest) =>
  findComparison(`br_if_${type}_`, relation, rest)
);

/** By the op of a comparison: the branch that is taken if it does not hold. With NaN, "not less" is not "greater or equal". */
export const BRANCH_UNLESS: ReadonlyMap<number, Comparison> = comparisons((type, relation, rest) =>
  type.startsWith("f") && relation !== "eq" && relation !== "ne"
    ? findComparison(`br_unless_${type}_`, relation, rest)
    : findComparison(`br_if_${type}_`, OPPOSITE[relation], rest)
);

/** By the op of a comparison: the opposite comparison. */
export const NEGATED: ReadonlyMap<number, Comparison> = comparisons((type, relation, rest) =>
  type.startsWith("f") && relation !== "eq" && relation !== "ne"
    ? undefined
    : findComparison(`${type}_`, OPPOSITE[relation], rest)
);

function comparisons(
  find: (type: string, relation: string, rest: string) => Comparison | undefined,
): ReadonlyMap<number, Comparison> {
  const found = new Map<number, Comparison>();
  for (const name of OP_NAMES) {
    const match = /^([if]\d\d)_(eq|ne|lt|le|gt|ge)((?:_[su])?(?:_k)?)$/.exec(name);
    const comparison = match === null ? undefined : find(match[1], match[2], match[3]);
    if (comparison !== undefined) found.set(findOp(name)!, comparison);
  }
  return found;
}

/** The comparison with a relation, or the one with the mirrored relation and exchanged operands. */
function findComparison(prefix: string, relation: string, rest: string): Comparison | undefined {
  const op = findOp(prefix + relation + rest);
  if (op !== undefined) return { op, swap: false };
  const turned = TURNED[relation];
  const other = turned === undefined || rest.endsWith("_k") ? undefined : findOp(prefix + turned + rest);
  return other === undefined ? undefined : { op: other, swap: true };
}
