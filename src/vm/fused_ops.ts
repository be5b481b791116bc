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
  "load32[a:i32_add_k]",
  "load32[a:i32_add]",
  "br_if_i32_ne[a=i32_add_k]",
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

/** What the operands of `first` have before their names in the fused op. */
export function prefixOf({ slot }: Parts): string {
  return slot === "" ? "x" : slot;
}
