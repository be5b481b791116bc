/**
 * The ops that combine two or more, so that the loop dispatches once: a list of names, each of which is its own
 * definition. They were chosen with `deno task profile`, which counts adjacent ops in real programs.
 *
 * - `second[a:first]`: the result of `first` is operand `a` of `second`, and nothing else needs it.
 * - `second[a=first]`: the same, and the result is also written to its register.
 * - `second[;first]`: `first`, then `second`.
 *
 * Both may be fused ops themselves. The operands are those of `second`, with those of `first` in place of `a` or before
 * all others. The names of the latter get a prefix: `load32[a:i32_add_k]` has `aa ak o d`.
 *
 * @module
 */

/** Names of all fused ops. */
export const FUSED: readonly string[] = [
  "i32_add[a:i32_shl_k]",
  "i64_xor[a:i64_rotl_k]",
  "i32_add_k[a:global_get32]",
  "store64[b:load64]",
  "i64_xor[a:i64_rotl_k][b:i64_rotl_k]",
  "i32_add_k[;i32_add_k]",
  "mov32[;mov32]",
  "i64_add[a:i64_xor]",
  "br_unless[a:i32_and_k]",
  "load32[;load32]",
  "i64_and[a:i64_xor]",
  "i32_load8_u[a:i32_add]",
  "store64[b:const64]",
  "i32_add_k[a:i32_add]",
  "load32[a:const32]",
  "i32_load16_u[a:i32_add[a:i32_shl_k]]",
  "global_set32[a:i32_add_k]",
  "i32_and_k[a:i32_sub]",
  "i32_load16_u[a:i32_add_k[a:i32_add]]",
  "i64_add_k[a:i64_extend_i32_u]",
  "i32_load8_u[a:i32_add_k]",
  "i32_and_k[a:i32_shr_u_k]",
  "global_set32[a=i32_add_k[a:global_get32]]",
  "store32[;store32]",
  "store8[b:const32]",
  "store32[b:const32]",
  "br_if[a:i32_and_k]",
  "i32_shl[a:const32]",
  "i32_add[a:i32_and_k[a:i32_shr_u_k]]",
  "store32[a:global_get32]",
  "br_if[a=i32_add_k]",
  "store32[b:i32_or]",
  "i32_add[a:load32]",
  "br_table[a:i32_add_k]",
  "store32[b:i32_add_k]",
  "jump[;const32]",
  "global_set32[a=i32_add_k]",
  "i32_load8_u[a=i32_add]",
  "store32[b:i32_or][bb:i32_shl[a:const32]]",
  "load32[a:i32_add_k]",
  "i64_shl_k[a:i64_and_k]",
  "i32_add[a:i32_shl_k][b:load32]",
  "i64_and_k[a:i64_shr_u_k]",
  "br_unless[a=load32]",
  "i32_mul_k[a:i32_add]",
  "br_unless[a:i64_eqz]",
  "jump[;i32_add_k]",
  "store32[a:const32]",
  "br_if_i32_eq[a=i32_and_k]",
  "i32_sub[a:const32]",
  "i32_add[a:i32_mul_k]",
  "br_if_i32_ge_s_k[a:global_get32]",
  "store8[b:i32_load8_u]",
  "store32[b:load32]",
  "const32[;const32]",
  "store32[b:const32][a:global_get32]",
  "return[;global_set32[a:i32_add_k]]",
  "store32[b=i32_add_k]",
  "load32[a=i32_add[a:i32_and_k[a:i32_shr_u_k]]]",
  "select32[b:const32]",
  "br_unless[a=i32_load8_u]",
  "store32[b:i32_or_k]",
  "return32[a:const32]",
  "i32_shr_u_k[a:load32[a:i32_add_k]]",
  "mov32[;mov32[;mov32]]",
  "load64[a:i32_add_k]",
  "load64[a:i32_add]",
  "load32[a:i32_add]",
  "br_if_i32_ne_k[a=i32_add_k]",
  "br_if_i32_ne[a=i32_add_k]",
  "br_if[a:i32_load8_u]",
  "br_unless[a:i32_load8_u]",
  "br_if[a:load32]",
  "br_unless[a:load32]",
  "br_if_i32_ne_k[a:i32_load8_u]",
  "br_if_i32_eq_k[a:i32_load8_u]",
  "f64_add[a:f64_mul]",
  "f64_mul[a:load64]",
  "f64_mul[a=const64]",
  "f64_add[a=const64]",
  "i32_xor[a:i32_rotl_k]",
  "i32_add[a:i32_xor]",
  "store64[b:f64_add]",
  "select32[c:i32_lt_u]",
  "i64_add[a:i64_add]",
  "i32_load16_u[a:i32_add_k]",
  "jump[;mov32]",
  "i32_add_k[a:i32_shl_k]",
];

/** The parts of a fused op. */
export interface Parts {
  readonly second: string;
  /** The operand of `second` that is the result of `first`, or "" if there is none. */
  readonly slot: string;
  /** Whether the result of `first` is written to its register. */
  readonly isKept: boolean;
  readonly first: string;
}

/** The parts of a fused op, or undefined for any other op. */
export function partsOf(name: string): Parts | undefined {
  if (!name.endsWith("]")) return undefined;
  let start = name.length - 1;
  for (let depth = 1; depth > 0;) {
    start--;
    if (name[start] === "]") depth++;
    else if (name[start] === "[") depth--;
  }
  const [, slot, relation, first] = /^(\w*)([:=;])(.+)$/.exec(name.slice(start + 1, -1))!;
  return { second: name.slice(0, start), slot: slot!, isKept: relation !== ":", first: first! };
}
