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
    const words = operandsAt(name, pc, entry);
    lines.push(`${pc - entry} ${[name, ...words].join(" ")}`);
    pc += OP_WORDS[CODE[pc]] + (name === "br_table" ? (CODE[pc + 2] + 1) * 2 : 0);
  }
  return lines.join("\n");
}

function operandsAt(name: string, pc: number, entry: number): string[] {
  const words = opOperands(name).map((letter, index) => {
    const word = CODE[pc + 1 + index];
    if (REGISTERS.has(letter.at(-1)!)) return `${letter}=r${word >> 1}`;
    return `${letter}=${letter === "t" ? word - entry : word}`;
  });
  if (name !== "br_table") return words;
  const targets = Array.from({ length: CODE[pc + 2] + 1 }, (_, index) => CODE[pc + 3 + index * 2] - entry);
  return [...words, `t=[${targets.join(" ")}]`];
}
