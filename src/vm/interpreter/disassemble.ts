/**
 * Register code as text, for tests and people.
 *
 * @module
 */

import { indexAt } from "../objects/layout.ts";
import { CODE, codeTop, ENTRY_WORDS } from "./arena.ts";
import type { ModuleCode } from "./arena.ts";
import { translateFunction } from "./translate.ts";
import { OP_NAMES, OP_WORDS, opOperands } from "./ops.ts";

/** Operands that are registers, shown as `r` and a number. */
const REGISTERS = new Set(["a", "b", "c", "d", "s"]);

/** An op in the arena: where it is, its name, and the addresses that it may branch to. */
export interface PlacedOp {
  readonly at: number;
  readonly name: string;
  readonly targets: readonly number[];
}

/** The ops from one address up to another. */
export function* opsBetween(start: number, end: number): Generator<PlacedOp, void, undefined> {
  for (let at = start; at < end;) {
    const name = OP_NAMES[CODE[at]];
    const operands = opOperands(name);
    const table = at + OP_WORDS[CODE[at]];
    const cases = name.startsWith("br_table") ? CODE[at + 1 + operands.indexOf("n")] + 1 : 0;
    const t = operands.indexOf("t");
    const targets = t < 0 ? Array.from({ length: cases }, (_, index) => CODE[table + index * 2]) : [CODE[at + 1 + t]];
    yield { at, name, targets };
    at = table + cases * 2;
  }
}

/**
 * Translates a function and returns its register code, one op a line: offset from the entry, name, operands by letter.
 * Targets of branches are offsets too.
 */
export function disassemble(module: ModuleCode, functionIndex: number): string {
  const entry = translateFunction(module, functionIndex);
  const ops = [...opsBetween(entry + ENTRY_WORDS, codeTop())];
  return ops.map(({ at, name, targets }) => {
    const words = operandsAt(name, at, entry);
    if (name.startsWith("br_table")) words.push(`t=[${targets.map((target) => target - entry).join(" ")}]`);
    return `${at - entry} ${[name, ...words].join(" ")}`;
  }).join("\n");
}

function operandsAt(name: string, pc: number, entry: number): string[] {
  return opOperands(name).map((operand, index) => {
    const word = CODE[pc + 1 + index];
    if (REGISTERS.has(operand.at(-1)!)) return `${operand}=r${indexAt(word)}`;
    return `${operand}=${operand === "t" ? word - entry : word}`;
  });
}
