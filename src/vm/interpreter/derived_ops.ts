/**
 * The ops whose rows are derived: a list of names, each of which is its own definition.
 *
 * - A comparison such as `i32_lt_u` returns 1 or 0. `gt` and `ge` of two registers are `lt` and `le` with exchanged
 *   operands.
 * - `br_if_` and a comparison branches if it holds. `br_unless_` branches if it does not: with NaN, "not less" is not
 *   "greater or equal".
 * - `_k` after one of these or a written op takes a constant for the operand `b`.
 *
 * @module
 */

/** Names of all derived ops. */
export const DERIVED = [
  // Comparisons.
  "i32_eq",
  "i32_ne",
  "i32_lt_s",
  "i32_lt_u",
  "i32_le_s",
  "i32_le_u",
  "i64_eq",
  "i64_ne",
  "i64_lt_s",
  "i64_lt_u",
  "i64_le_s",
  "i64_le_u",
  "f32_eq",
  "f32_ne",
  "f32_lt",
  "f32_le",
  "f64_eq",
  "f64_ne",
  "f64_lt",
  "f64_le",
  // Branches on them.
  "br_if_i32_eq",
  "br_if_i32_ne",
  "br_if_i32_lt_s",
  "br_if_i32_lt_u",
  "br_if_i32_le_s",
  "br_if_i32_le_u",
  "br_if_i64_eq",
  "br_if_i64_ne",
  "br_if_i64_lt_s",
  "br_if_i64_lt_u",
  "br_if_i64_le_s",
  "br_if_i64_le_u",
  "br_if_f64_eq",
  "br_if_f64_ne",
  "br_if_f64_lt",
  "br_if_f64_le",
  "br_unless_f64_lt",
  "br_unless_f64_le",
  // Comparisons with a constant, and branches on those.
  "br_if_i32_eq_k",
  "br_if_i32_ne_k",
  "br_if_i32_lt_s_k",
  "br_if_i32_lt_u_k",
  "br_if_i32_gt_s_k",
  "br_if_i32_gt_u_k",
  "br_if_i32_le_s_k",
  "br_if_i32_le_u_k",
  "br_if_i32_ge_s_k",
  "br_if_i32_ge_u_k",
  "br_if_i64_eq_k",
  "br_if_i64_ne_k",
  "i32_eq_k",
  "i32_ne_k",
  "i32_lt_s_k",
  "i32_lt_u_k",
  "i32_gt_s_k",
  "i32_gt_u_k",
  "i32_le_s_k",
  "i32_le_u_k",
  "i32_ge_s_k",
  "i32_ge_u_k",
  "i64_eq_k",
  "i64_ne_k",
  // Arithmetic with a constant.
  "i32_add_k",
  "i32_mul_k",
  "i32_and_k",
  "i32_or_k",
  "i32_xor_k",
  "i32_shl_k",
  "i32_shr_s_k",
  "i32_shr_u_k",
  "i32_rotl_k",
  "i64_add_k",
  "i64_and_k",
  "i64_or_k",
  "i64_xor_k",
  "i64_mul_k",
  "i64_shl_k",
  "i64_shr_s_k",
  "i64_shr_u_k",
  "i64_rotl_k",
] as const;

const OPERATORS: Readonly<Record<string, string>> = { eq: "===", ne: "!==", lt: "<", le: "<=", gt: ">", ge: ">=" };
const COMPARISON = /^([if]\d\d)_(eq|ne|lt|le|gt|ge)(_[su])?$/;

/** The row of a derived op, in the form of ops.ts. @param written the rows that it may be derived from */
export function derivedRow(name: string, written: Readonly<Record<string, string>>): string {
  if (name.endsWith("_k")) {
    const base = name.slice(0, -2);
    return withConstant(written[base] ?? derivedRow(base, written));
  }
  const branch = /^br_(if|unless)_(.*)$/.exec(name);
  if (branch === null) return `d a b => I.d = ${condition(name)} ? 1 : 0`;
  const holds = condition(branch[2]!);
  return `a b t u v => branch(${branch[1] === "if" ? holds : `!(${holds})`}, t, u, v)`;
}

/** The row with a constant, which takes two words if both halves of `b` are read. */
function withConstant(row: string): string {
  const [operands, equation] = row.split(/ =>\s/) as [string, string];
  const words = /\bH\.b\b/.test(equation) ? "k h" : "k";
  const constant = equation.replaceAll(/\bI\.b\b/g, "#k").replaceAll(/\bH\.b\b/g, "#h");
  return `${operands.replace(/\bb\b/, words)} => ${constant}`;
}

/** The condition that a comparison tests. */
function condition(name: string): string {
  const [, type, relation, sign] = COMPARISON.exec(name)!;
  const operator = OPERATORS[relation!]!;
  const compare = (half: string, operator: string, unsigned: boolean) =>
    unsigned ? `(${half}.a >>> 0) ${operator} (${half}.b >>> 0)` : `${half}.a ${operator} ${half}.b`;
  if (type === "f32") return compare("F", operator, false);
  if (type === "f64") return compare("D", operator, false);
  if (type === "i32") return compare("I", operator, sign === "_u");
  if (relation === "eq") return `${compare("I", operator, false)} && ${compare("H", operator, false)}`;
  if (relation === "ne") return `${compare("I", operator, false)} || ${compare("H", operator, false)}`;
  return `${compare("H", operator[0]!, sign === "_u")} || H.a === H.b && ${compare("I", operator, true)}`;
}
