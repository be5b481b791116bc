/**
 * The internal register instruction set, with one row for each op: its operands and what it does. `deno task generate`
 * makes the dispatch loop (execute.ts) from these rows; translation and disassembly read them. An op without an
 * equation is rare: it leaves the loop, and rare_ops.ts, bulk_ops.ts or call.ts runs it.
 *
 * A row is `name: "operands => equation"`, on one line or several. In the code arena, an op is its number, in one word,
 * and then one word for each operand:
 *
 * - `a b c` source registers and `d` the destination: offsets in int32 units from the frame pointer, always even.
 * - `k` a constant, `h` its upper half (64-bit); `o` a memory offset below 2^31; `g` a global's offset in the cells.
 * - `t` the address of a branch's target; `u` the fuel of the run that begins there, and `v` that of the run after a
 *   branch that is not taken. A call's last operand is a `u`: the fuel of the run that its return begins.
 * - `e` a translated function's entry; `f` a function index; `s` the register where a call's arguments begin;
 *   `y` a type index; `n` a count; `i j` other indices.
 *
 * An equation is JavaScript statements. In it, `I.x` is the low 32 bits of register x as int32, `H.x` its high 32
 * bits, `F.x` its low 32 bits as f32, `D.x` all of it as f64, and `#x` the operand word itself. `G` are the instance's
 * global cells; `view`, `bytes` and `size` its memory. Its macros are those of tasks/_execute_source.ts:
 *
 * - `goto(t, u)` takes a branch; `branch(condition, t, u, v)` takes it or does not; `goto_case(index, n)` is
 *   `br_table`'s.
 * - `call(entry, frame)` and `return_to_caller()` change frames; `spend(count)` charges fuel and ends the op.
 * - `leave(reason)` leaves the loop with a stop code, before the op has any effect.
 *
 * Three kinds of ops have no row here, because their names define them: comparisons, branches on them and ops with a
 * constant operand (derived_ops.ts), and ops that combine several (fused_ops.ts).
 *
 * @module
 */

import { DERIVED, derivedRow } from "./derived_ops.ts";
import { FUSED, partsOf } from "./fused_ops.ts";
import type { Parts } from "./fused_ops.ts";

/** An address. A negative register is an address beyond the memory; the access itself checks the other bound. */
const ADDRESS = "const x = I.a; if (x < 0) leave(OUT_OF_BOUNDS)";
/** The address of a byte, whose access does not check bounds. */
const BYTE_ADDRESS = "const x = I.a; const y = x + #o | 0; if (x < 0 || (y >>> 0) >= size) leave(OUT_OF_BOUNDS)";

/** The ops that are not derived from others. */
const WRITTEN = {
  // control
  jump: "t u => goto(t, u)",
  br_if: "a t u v => branch(I.a !== 0, t, u, v)",
  br_unless: "a t u v => branch(I.a === 0, t, u, v)",
  br_table: "a n => goto_case(I.a >>> 0, n)",
  call: "e s u => call(#e, fp + #s | 0)",
  call_indirect: `a y s u =>
    const f = table[I.a >>> 0] | 0; if (f < 1 || types[f - 1 | 0] !== #y) leave(RARE);
    const e = entries[f - 1 | 0] | 0; if (e === 0) leave(RARE); call(e, fp + #s | 0)`,
  return: " => return_to_caller()",
  return32: "a => R[fp] = I.a; return_to_caller()",
  return64: "a => R[fp] = I.a; R[fp + 1 | 0] = H.a; return_to_caller()",

  // moves and constants
  mov32: "d a => I.d = I.a",
  mov64: "d a => const x = H.a; I.d = I.a; H.d = x",
  const32: "d k => I.d = #k",
  const64: "d k h => I.d = #k; H.d = #h",
  select32: "d a b c => I.d = I.c !== 0 ? I.a : I.b",
  select64: `d a b c =>
    if (I.c !== 0) { const x = H.a; I.d = I.a; H.d = x; } else { const x = H.b; I.d = I.b; H.d = x; }`,
  global_get32: "d g => I.d = G[#g]",
  global_get64: "d g => I.d = G[#g]; H.d = G[#g + 1 | 0]",
  global_set32: "g a => G[#g] = I.a",
  global_set64: "g a => G[#g] = I.a; G[#g + 1 | 0] = H.a",

  // memory; the address register is the first operand and the offset the second, where the handler of a fault looks
  load32: `a o d => ${ADDRESS}; I.d = view.getInt32(x + #o | 0, true)`,
  load64: `a o d =>
    ${ADDRESS}; const y = view.getInt32(x + #o + 4 | 0, true); I.d = view.getInt32(x + #o | 0, true); H.d = y`,
  i32_load8_s: `a o d => ${BYTE_ADDRESS}; I.d = bytes[y] << 24 >> 24`,
  i32_load8_u: `a o d => ${BYTE_ADDRESS}; I.d = bytes[y]`,
  i32_load16_s: `a o d => ${ADDRESS}; I.d = view.getInt16(x + #o | 0, true)`,
  i32_load16_u: `a o d => ${ADDRESS}; I.d = view.getUint16(x + #o | 0, true)`,
  i64_load8_s: `a o d => ${BYTE_ADDRESS}; const z = bytes[y] << 24 >> 24; I.d = z; H.d = z >> 31`,
  i64_load8_u: `a o d => ${BYTE_ADDRESS}; I.d = bytes[y]; H.d = 0`,
  i64_load16_s: `a o d => ${ADDRESS}; const y = view.getInt16(x + #o | 0, true); I.d = y; H.d = y >> 31`,
  i64_load16_u: `a o d => ${ADDRESS}; I.d = view.getUint16(x + #o | 0, true); H.d = 0`,
  i64_load32_s: `a o d => ${ADDRESS}; const y = view.getInt32(x + #o | 0, true); I.d = y; H.d = y >> 31`,
  i64_load32_u: `a o d => ${ADDRESS}; I.d = view.getInt32(x + #o | 0, true); H.d = 0`,
  store8: `a o b => ${BYTE_ADDRESS}; bytes[y] = I.b`,
  store16: `a o b => ${ADDRESS}; view.setInt16(x + #o | 0, I.b, true)`,
  store32: `a o b => ${ADDRESS}; view.setInt32(x + #o | 0, I.b, true)`,
  store64: `a o b => ${ADDRESS}; view.setInt32(x + #o + 4 | 0, H.b, true); view.setInt32(x + #o | 0, I.b, true)`,
  memory_size: "d => I.d = size >>> 16",
  // For a few bytes, leaving the loop would cost more than copying them.
  memory_copy: `a b c =>
    const x = I.a; const y = I.b; const n = I.c;
    if (n < 0 || n > 64 || x < 0 || y < 0 || x > (size - n | 0) || y > (size - n | 0)) leave(RARE);
    if (x <= y) { for (let z = 0; z < n; z = z + 1 | 0) bytes[x + z | 0] = bytes[y + z | 0]; }
    else { for (let z = n - 1 | 0; z >= 0; z = z - 1 | 0) bytes[x + z | 0] = bytes[y + z | 0]; }
    spend(n)`,
  memory_fill: `a b c =>
    const x = I.a; const y = I.b; const n = I.c;
    if (n < 0 || n > 64 || x < 0 || x > (size - n | 0)) leave(RARE);
    for (let z = 0; z < n; z = z + 1 | 0) bytes[x + z | 0] = y; spend(n)`,

  // i32
  i32_eqz: "d a => I.d = I.a === 0 ? 1 : 0",
  i32_add: "d a b => I.d = I.a + I.b | 0",
  i32_sub: "d a b => I.d = I.a - I.b | 0",
  i32_mul: "d a b => I.d = Math.imul(I.a, I.b)",
  i32_and: "d a b => I.d = I.a & I.b",
  i32_or: "d a b => I.d = I.a | I.b",
  i32_xor: "d a b => I.d = I.a ^ I.b",
  i32_shl: "d a b => I.d = I.a << I.b",
  i32_shr_s: "d a b => I.d = I.a >> I.b",
  i32_shr_u: "d a b => I.d = I.a >>> I.b",
  i32_rotl: "d a b => const x = I.a; const y = I.b; I.d = x << y | x >>> (32 - y & 31)",
  i32_rotr: "d a b => const x = I.a; const y = I.b; I.d = x >>> y | x << (32 - y & 31)",
  i32_div_s: `d a b =>
    const x = I.a; const y = I.b; if (y === 0) leave(DIVIDE_BY_ZERO);
    if (y === -1 && x === -2147483648) leave(INTEGER_OVERFLOW); I.d = x / y | 0`,
  i32_div_u: "d a b => const y = I.b >>> 0; if (y === 0) leave(DIVIDE_BY_ZERO); I.d = (I.a >>> 0) / y | 0",
  i32_rem_s: "d a b => const y = I.b; if (y === 0) leave(DIVIDE_BY_ZERO); I.d = y === -1 ? 0 : I.a % y | 0",
  i32_rem_u: "d a b => const y = I.b >>> 0; if (y === 0) leave(DIVIDE_BY_ZERO); I.d = (I.a >>> 0) % y | 0",
  i32_clz: "d a => I.d = Math.clz32(I.a)",
  i32_ctz: "d a => const x = I.a; I.d = x === 0 ? 32 : 31 - Math.clz32(x & -x)",
  i32_popcnt: `d a =>
    let x = I.a; x = x - (x >>> 1 & 0x55555555) | 0; x = (x & 0x33333333) + (x >>> 2 & 0x33333333) | 0;
    I.d = Math.imul(x + (x >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24`,
  i32_extend8_s: "d a => I.d = I.a << 24 >> 24",
  i32_extend16_s: "d a => I.d = I.a << 16 >> 16",

  // i64, as two int32 halves: both are read before one is written, since d may be a. `x >>> 1 >>> 31 - n` is
  // `x >>> 32 - n` that gives 0 for an n of 0; a rotation by 32 and more (bit 5, as a mask) begins with the halves
  // exchanged.
  i64_eqz: "d a => I.d = (I.a | H.a) === 0 ? 1 : 0",
  i64_add: `d a b =>
    const x = I.a; const y = x + I.b | 0; H.d = H.a + H.b + ((y >>> 0) < (x >>> 0) ? 1 : 0) | 0; I.d = y`,
  i64_sub: `d a b =>
    const x = I.a; const y = I.b; H.d = H.a - H.b - ((x >>> 0) < (y >>> 0) ? 1 : 0) | 0; I.d = x - y | 0`,
  i64_and: "d a b => I.d = I.a & I.b; H.d = H.a & H.b",
  i64_or: "d a b => I.d = I.a | I.b; H.d = H.a | H.b",
  i64_xor: "d a b => I.d = I.a ^ I.b; H.d = H.a ^ H.b",
  // The upper half of a product of words is put together from halves of words; neither `m` nor `n` reaches 2^32.
  i64_mul: `d a b =>
    const x = I.a; const y = I.b; const x0 = x & 0xffff; const x1 = x >>> 16; const y0 = y & 0xffff;
    const y1 = y >>> 16; const m = Math.imul(x1, y0) + (Math.imul(x0, y0) >>> 16) | 0;
    const n = Math.imul(x0, y1) + (m & 0xffff) | 0;
    H.d = Math.imul(x1, y1) + (m >>> 16) + (n >>> 16) + Math.imul(x, H.b) + Math.imul(H.a, y) | 0;
    I.d = Math.imul(x, y)`,
  i64_shl: `d a b =>
    const n = I.b & 63; const x = I.a; const y = H.a;
    if (n < 32) { I.d = x << n; H.d = y << n | x >>> 1 >>> 31 - n; } else { I.d = 0; H.d = x << n; }`,
  i64_shr_s: `d a b =>
    const n = I.b & 63; const x = I.a; const y = H.a;
    if (n < 32) { I.d = x >>> n | y << 1 << 31 - n; H.d = y >> n; } else { I.d = y >> n; H.d = y >> 31; }`,
  i64_shr_u: `d a b =>
    const n = I.b & 63; const x = I.a; const y = H.a;
    if (n < 32) { I.d = x >>> n | y << 1 << 31 - n; H.d = y >>> n; } else { I.d = y >>> n; H.d = 0; }`,
  i64_rotl: `d a b =>
    const n = I.b & 63; const z = (I.a ^ H.a) & n << 26 >> 31; const x = I.a ^ z; const y = H.a ^ z;
    I.d = x << n | y >>> 1 >>> (31 - n & 31); H.d = y << n | x >>> 1 >>> (31 - n & 31)`,
  i64_rotr: `d a b =>
    const n = 64 - I.b & 63; const z = (I.a ^ H.a) & n << 26 >> 31; const x = I.a ^ z; const y = H.a ^ z;
    I.d = x << n | y >>> 1 >>> (31 - n & 31); H.d = y << n | x >>> 1 >>> (31 - n & 31)`,
  i64_clz: "d a => const x = H.a; I.d = x === 0 ? 32 + Math.clz32(I.a) : Math.clz32(x); H.d = 0",
  i64_ctz: `d a =>
    const x = I.a; const y = H.a;
    I.d = x !== 0 ? 31 - Math.clz32(x & -x) : y !== 0 ? 63 - Math.clz32(y & -y) : 64; H.d = 0`,
  i64_extend8_s: "d a => const x = I.a << 24 >> 24; I.d = x; H.d = x >> 31",
  i64_extend16_s: "d a => const x = I.a << 16 >> 16; I.d = x; H.d = x >> 31",
  i64_extend32_s: "d a => const x = I.a; I.d = x; H.d = x >> 31",
  i64_extend_i32_u: "d a => I.d = I.a; H.d = 0",

  // f32 and f64; `abs`, `neg` and `copysign` work on bits, so that NaN payloads survive
  f32_add: "d a b => F.d = F.a + F.b",
  f32_sub: "d a b => F.d = F.a - F.b",
  f32_mul: "d a b => F.d = F.a * F.b",
  f32_div: "d a b => F.d = F.a / F.b",
  f32_sqrt: "d a => F.d = Math.sqrt(F.a)",
  f64_add: "d a b => D.d = D.a + D.b",
  f64_sub: "d a b => D.d = D.a - D.b",
  f64_mul: "d a b => D.d = D.a * D.b",
  f64_div: "d a b => D.d = D.a / D.b",
  f64_sqrt: "d a => D.d = Math.sqrt(D.a)",
  f32_abs: "d a => I.d = I.a & 0x7fffffff",
  f32_neg: "d a => I.d = I.a ^ 0x80000000",
  f64_abs: "d a => const x = H.a & 0x7fffffff; I.d = I.a; H.d = x",
  f64_neg: "d a => const x = H.a ^ 0x80000000; I.d = I.a; H.d = x",
  f32_convert_i32_s: "d a => F.d = I.a",
  f64_convert_i32_s: "d a => D.d = I.a",
  f64_convert_i32_u: "d a => D.d = I.a >>> 0",
  f64_promote_f32: "d a => D.d = F.a",
  f32_demote_f64: "d a => F.d = D.a",
  i32_trunc_f64_s: `d a =>
    const x = D.a; if (x !== x) leave(INVALID_CONVERSION);
    if (x <= -2147483649 || x >= 2147483648) leave(INTEGER_OVERFLOW); I.d = x | 0`,

  // Rare ops: they leave the loop, and rare_ops.ts, bulk_ops.ts or call.ts runs them.
  nowhere: "",
  finish: "",
  unreachable: "",
  call_lazy: "f s u",
  call_import: "f s u",
  call_indirect_any: "a y s i u",
  return_call: "f s n u",
  return_call_indirect: "a y s n i u",
  i64_div_s: "d a b",
  i64_div_u: "d a b",
  i64_rem_s: "d a b",
  i64_rem_u: "d a b",
  i64_popcnt: "d a",
  f32_ceil: "d a",
  f32_floor: "d a",
  f32_trunc: "d a",
  f32_nearest: "d a",
  f32_min: "d a b",
  f32_max: "d a b",
  f32_copysign: "d a b",
  f64_ceil: "d a",
  f64_floor: "d a",
  f64_trunc: "d a",
  f64_nearest: "d a",
  f64_min: "d a b",
  f64_max: "d a b",
  f64_copysign: "d a b",
  i32_trunc_f32_s: "d a",
  i32_trunc_f32_u: "d a",
  i32_trunc_f64_u: "d a",
  i64_trunc_f32_s: "d a",
  i64_trunc_f32_u: "d a",
  i64_trunc_f64_s: "d a",
  i64_trunc_f64_u: "d a",
  f32_convert_i32_u: "d a",
  f32_convert_i64_s: "d a",
  f32_convert_i64_u: "d a",
  f64_convert_i64_s: "d a",
  f64_convert_i64_u: "d a",
  i32_trunc_sat_f32_s: "d a",
  i32_trunc_sat_f32_u: "d a",
  i32_trunc_sat_f64_s: "d a",
  i32_trunc_sat_f64_u: "d a",
  i64_trunc_sat_f32_s: "d a",
  i64_trunc_sat_f32_u: "d a",
  i64_trunc_sat_f64_s: "d a",
  i64_trunc_sat_f64_u: "d a",
  global_get_ref: "d i",
  global_set_ref: "i a",
  global_get_shared: "d i",
  global_set_shared: "i a",
  table_get: "d a i",
  table_set: "i a b",
  table_size: "d i",
  table_grow: "d a b i",
  table_fill: "a b c i",
  table_copy: "a b c i j",
  table_init: "a b c i j",
  elem_drop: "i",
  ref_func: "d f",
  memory_grow: "d a",
  memory_init: "a b c i",
  data_drop: "i",
} as const;

/** The name of an op that is not fused. */
export type OpName = keyof typeof WRITTEN | (typeof DERIVED)[number];

/** Every op that is not fused. */
export const OPS: Readonly<Record<OpName, string>> = {
  ...WRITTEN,
  ...Object.fromEntries(DERIVED.map((name) => [name, derivedRow(name, WRITTEN)])) as Record<OpName, string>,
};

const PLAIN = Object.keys(OPS) as OpName[];

/** All names, those of rare ops last. An op's number is its index here. */
export const OP_NAMES: readonly string[] = [
  ...PLAIN.filter((name) => opEquation(name) !== undefined),
  ...FUSED,
  ...PLAIN.filter((name) => opEquation(name) === undefined),
];

const NUMBERS: ReadonlyMap<string, number> = new Map(OP_NAMES.map((name, number) => [name, number]));

/** The number of an op that is not fused, by its name. */
export const OP: Readonly<Record<OpName, number>> = Object.fromEntries(
  PLAIN.map((name) => [name, NUMBERS.get(name)]),
) as Record<OpName, number>;

/** The operands of an op, in order: a letter each, with a prefix in a fused op. */
export function opOperands(name: string): readonly string[] {
  const parts = partsOf(name);
  if (parts === undefined) return OPS[name as OpName].split(" =>")[0]!.split(" ").filter(Boolean);
  const { slot, isKept } = parts;
  const prefix = firstPrefix(parts);
  const first = opOperands(parts.first).filter((operand) => isKept || operand !== "d").map((operand) =>
    prefix + operand
  );
  const second = opOperands(parts.second);
  return slot === "" ? [...first, ...second] : second.flatMap((operand) => operand === slot ? first : operand);
}

/** The prefix of the operands of a fused op's `first`: the slot, or more `x` than those of `second` have. */
export function firstPrefix({ second, slot }: Parts): string {
  if (slot !== "") return slot;
  return `${"x".repeat(Math.max(0, ...opOperands(second).map((operand) => /^x*/.exec(operand)![0].length)))}x`;
}

/** The equation of an op that is not fused, or undefined if it is rare. */
export function opEquation(name: OpName): string | undefined {
  return OPS[name].split(/ =>\s+/)[1]?.replaceAll(/\n\s*/g, " ");
}

/** The words of each op, by number. `n` + 1 pairs of `t` and `u` follow those of `br_table`. */
export const OP_WORDS: Readonly<Uint8Array> = Uint8Array.from(OP_NAMES, (name) => 1 + opOperands(name).length);

/** The index of the result's register among an op's words, or 0 if it has none. */
export const DESTINATION: Readonly<Uint8Array> = Uint8Array.from(
  OP_NAMES,
  (name) => opOperands(name).indexOf("d") + 1,
);

/** The names of ops whose operands `a` and `b` can be exchanged. */
export const COMMUTATIVE: RegExp = /^(br_if_)?[if]\d\d_(add|mul|and|or|xor|eq|ne)$/;

/** The number of the op with a name that is composed at run time, or undefined if it does not exist. */
export function findOp(name: string): number | undefined {
  return NUMBERS.get(name);
}
