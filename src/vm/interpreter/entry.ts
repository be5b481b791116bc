/**
 * Finds a function's entry in the code arena. A function is translated at its first call, and retranslated after the
 * arena was flushed. Translating costs no fuel, because it depends on other guests too; it is counted here as work.
 *
 * @module
 */

import { LimitError } from "../../base/limits.ts";
import { ARENA_FULL } from "./emitter.ts";
import { CODE_WORDS, codeTop } from "./arena.ts";
import { translateFunction } from "./translate.ts";
import type { InstanceState } from "./instance_state.ts";

/** Work of translating a byte of a body, in units of fuel, and of writing a word: a call of two bytes may move a thousand. */
const WORK_PER_BYTE = 8;
const WORK_PER_WORD = 8;

let work = 0;

/** Returns the work of translating since the last call, in units of fuel. */
export function takeTranslationWork(): number {
  const taken = work;
  work = 0;
  return taken;
}

/**
 * The entry of a function, which is translated if necessary.
 *
 * @param flush drops all code, to make room
 * @throws {LimitError} if the function is too large for the arena
 */
export function findEntry(instance: InstanceState, functionIndex: number, flush: () => void): number {
  const known = instance.code.entries[functionIndex];
  if (known !== 0) return known;
  try {
    return translate(instance, functionIndex);
  } catch (error) {
    if (error !== ARENA_FULL) throw error;
  }
  // The rest of the arena has been written to.
  work += Math.min(CODE_WORDS - codeTop(), CODE_WORDS / 2) * WORK_PER_WORD;
  flush();
  try {
    return translate(instance, functionIndex);
  } catch (error) {
    if (error !== ARENA_FULL) throw error;
    const name = instance.stackFrame(functionIndex).functionName;
    throw new LimitError("code", CODE_WORDS, `the body of ${name} is too large to be translated`);
  }
}

function translate(instance: InstanceState, functionIndex: number): number {
  const { code } = instance;
  const { start, end } = code.record.bodies[functionIndex - code.record.importedFunctions];
  work += (end - start) * WORK_PER_BYTE;
  if (code.known[functionIndex] !== 0) instance.retranslatedBytes += end - start;
  code.known[functionIndex] = 1;
  const entry = translateFunction(code, functionIndex);
  work += (codeTop() - entry) * WORK_PER_WORD;
  return entry;
}
