/**
 * The ops that do what two or more do, so that the loop dispatches once: a list of names, each of which is its own
 * definition. Chosen by `deno task profile`, which runs real programs and counts.
 *
 * - `second[a:first]`: the result of `first` is operand `a` of `second`, and nothing else needs it.
 * - `second[a=first]`: the same, and it is written to its register too.
 * - `second[;first]`: `first`, and then `second`.
 *
 * Both may be fused ops themselves. The operands are those of `second`, with those of `first` in place of `a` (or before
 * all of them), their names prefixed: `load32[a:i32_add_k]` has `aa ak o d`.
 *
 * @module
 */

/** Names of all fused ops. */
export const FUSED: readonly string[] = [
  "store8[b:const32]",
  "i32_load8_u[a:i32_add]",
  "store32[a:global_get32]",
  "global_set32[a=i32_add_k]",
  "store8[b:const32][a:i32_add]",
  "br_if[a:i32_load8_u[a:i32_add]]",
  "global_set32[a=i32_add_k][aa:global_get32]",
  "i64_add_k[a:i64_extend_i32_u]",
  "i32_add[;store8[b:const32][a:i32_add]]",
  "jump[;i32_add_k]",
  "store64[b:const64]",
  "br_if[a:i32_and_k]",
  "i32_add_k[;i32_add_k]",
  "br_if_i32_le_u[a=i32_add]",
  "jump[;const32]",
  "store64[b:load64]",
  "i32_add[;store8[b:const32]]",
  "br_if[a=i32_add_k]",
  "br_if[a:i32_and_k][aa:i32_load8_u[a:i32_add]]",
  "mov32[;mov32]",
  "br_if[a:i32_load8_u[a:i32_add]][aab=mov32]",
  "br_if_i64_le_s[a:i64_extend32_s]",
  "br_unless[a:i64_eqz]",
  "i32_add_k[;i32_add_k][;i32_add]",
  "br_if_i32_ne[;i32_add_k[;i32_add_k][;i32_add]]",
  "i64_add[b:i64_extend32_s]",
  "i32_shl[a:const32]",
  "br_unless[a:i32_and_k]",
  "load32[a:const32]",
  "store32[b:i32_or]",
  "i32_and_k[a:i32_shr_u_k]",
  "br_if_i32_eq[a=i32_add_k]",
  "jump[;i64_add[b:i64_extend32_s]]",
  "i32_add[b:i32_and_k[a:i32_shr_u_k]]",
  "load32[a:i32_add_k]",
  "select32[a:const32]",
  "store32[b:i32_or][bb:i32_shl[a:const32]]",
  "i32_add[b:i32_shl_k]",
  "br_if_i32_ge_s_k[a:global_get32]",
  "load32[;load32]",
  "store32_k[a:global_get32]",
  "return32[a:const32]",
  "load64[a:load64]",
  "load32[a=i32_add[b:i32_and_k[a:i32_shr_u_k]]]",
  "i64_extend_i32_u[a:i64_eqz]",
  "i32_shr_u_k[a:load32[a:i32_add_k]]",
  "store32[;store32]",
  "store64[a:i64_add_k[a:i64_extend_i32_u]]",
  "br_if[a:i64_eqz]",
  "load64[a:i64_add_k[a:i64_extend_i32_u]]",
  "store64[b:const64][;global_set32[a=i32_add_k]]",
  "store32[a:global_get32][;store32_k[a:global_get32]]",
  "br_unless[a:i64_eqz][aa:load64]",
  "return32[a:const32][;global_set32[a=i32_add_k]]",
  "br_if[;global_get32]",
  "i32_add_k[;i32_load8_u]",
  "const32[;mov32]",
  "br_if_i32_ne_k[a=i32_load8_u]",
  "br_if[;i32_add_k[;i32_load8_u]]",
  "br_table[a:i32_add_k]",
  "store32[a:const32]",
  "br_if[a=i32_load8_u]",
  "load64[;load64]",
  "store64[b:load64][a:i64_add_k[a:i64_extend_i32_u]]",
];

/** How a fused op is put together. */
export interface Parts {
  readonly second: string;
  /** The operand of `second` that `first` gives, or "" if it gives none. */
  readonly slot: string;
  /** Whether the result of `first` is written to its register. */
  readonly isKept: boolean;
  readonly first: string;
}

/** The parts of a fused op, or undefined for any other. */
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
