/**
 * Register code as text, for tests and people.
 *
 * @module
 */

import { CODE, codeTop, ENTRY_WORDS } from "./code.ts";
import type { ModuleCode } from "./code.ts";
import { translateFunction } from "./compile.ts";
import { OP_NAMES, OP_WORDS, opOperands } from "./ops.ts";

/** Operands that are registers: shown as `r` and their number. */
const REGISTERS = new Set(["a", "b", "c", "d", "s"]);

/**
 * The register code of a function, translated now, one op a line: offset from the entry, name, operands by letter.
 * Targets of branches are offsets too.
 */
export function disassemble(module: ModuleCode, functionIndex: number): string {
  const entry = translateFunction(module, functionIndex);
  const lines: string[] = [];
  for (let pc = entry + ENTRY_WORDS; pc < codeTop();) {
    const name = OP_NAMES[CODE[pc]];
    const end = pc + OP_WORDS[CODE[pc]];
    const words = operandsAt(name, pc, entry);
    const targets = Array.from({ length: casesAt(name, pc) }, (_, index) => CODE[end + index * 2] - entry);
    if (targets.length > 0) words.push(`t=[${targets.join(" ")}]`);
    lines.push(`${pc - entry} ${[name, ...words].join(" ")}`);
    pc = end + targets.length * 2;
  }
  return lines.join("\n");
}

/** How many pairs of target and fuel follow an op. */
function casesAt(name: string, pc: number): number {
  return name.startsWith("br_table") ? CODE[pc + 1 + opOperands(name).indexOf("n")] + 1 : 0;
}

function operandsAt(name: string, pc: number, entry: number): string[] {
  return opOperands(name).map((operand, index) => {
    const word = CODE[pc + 1 + index];
    if (REGISTERS.has(operand.at(-1)!)) return `${operand}=r${word >> 1}`;
    return `${operand}=${operand === "t" ? word - entry : word}`;
  });
}
