/**
 * Bodies of the largest size, each of which repeats one pattern. Validating them, and translating them at the first
 * call, must take time in proportion to their bytes for every pattern.
 *
 * @module
 */

import { assert, assertMatch } from "@std/assert";
import { noteFigure } from "./_figures.ts";
import { instanceOfBytes } from "./_host.ts";
import {
  body,
  functions,
  funcType,
  I32,
  items,
  join,
  oneFunction,
  repeat,
  SECTION,
  section,
  u32,
} from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";

/** At least five times as long as any pattern needs on a machine of 2026. */
const MAX_MS_PER_MB = 300;
/** Other programs can delay bodies that take almost no time. */
const MIN_MS = 100;
const ATTEMPTS = 3;
const MB = 1e6;
const LARGEST = 7 * MB;

const LOCALS = [1, ...u32(100), I32];
const MEMORY = section(SECTION.memory, [1, 0, 1]);
const GLOBAL = section(SECTION.global, [1, I32, 1, 0x41, 0, 0x0b]);

/** A pattern, repeated as often as the size allows. */
const fill = (pattern: Part, bytes = LARGEST) => repeat(pattern, Math.floor(bytes / pattern.length));
/** The body of a function with a hundred locals, in a module with a memory and a global. */
const bodyOf = (...parts: readonly Part[]) => oneFunction(join(...parts), LOCALS, [MEMORY, GLOBAL]);
const nest = (depth: number, opener: Part, inside: Part = []) =>
  join(repeat(opener, depth), inside, repeat([0x0b], depth));

const DEEP = 99_000;
const thousand = repeat([I32], 1_000);
const wide = [funcType([]), funcType([], thousand), funcType(thousand, thousand)];
const wideBody = (...parts: readonly Part[]) => functions({ types: wide, bodies: [[0, body(join(...parts), LOCALS)]] });

const PATTERNS: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  "nop": () => bodyOf(fill([0x01])),
  "local.get, drop": () => bodyOf(fill([0x20, 0, 0x1a])),
  "local.get, local.set": () => bodyOf(fill([0x20, 0, 0x21, 1])),
  "local.get, local.tee over a deep stack": () =>
    bodyOf(repeat([0x20, 0], DEEP), fill([0x20, 0, 0x21, 0, 0x20, 1, 0x22, 2, 0x1a]), [0x0c, 0]),
  "operands that stay a local until it is set, in turn": () =>
    bodyOf(fill([...Array.from({ length: 50 }, () => [0x20, 0]).flat(), 0x41, 0, 0x21, 0, ...repeat([0x1a], 50)])),
  "blocks over a deep stack": () => bodyOf(repeat([0x41, 0], DEEP), fill([0x20, 0, 0x02, 0x40, 0x0b, 0x1a]), [0x0c, 0]),
  "constants and additions": () => bodyOf([0x20, 0], fill([0x41, 1, 0x6a]), [0x1a]),
  "i32.eqz": () => bodyOf([0x41, 0], fill([0x45]), [0x1a]),
  "comparisons with branches": () => bodyOf(fill([0x20, 0, 0x20, 1, 0x48, 0x0d, 0])),
  "select": () => bodyOf(fill([0x20, 0, 0x20, 1, 0x20, 2, 0x1b, 0x1a])),
  "loads": () => bodyOf(fill([0x20, 0, 0x28, 2, 0, 0x1a])),
  "memory.size": () => bodyOf(fill([0x3f, 0, 0x1a])),
  "memory.fill": () => bodyOf(fill([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0])),
  "globals": () => bodyOf(fill([0x23, 0, 0x24, 0])),
  "calls": () => bodyOf(fill([0x10, 0])),
  "empty blocks": () => bodyOf(fill([0x02, 0x40, 0x0b])),
  "if and else": () => bodyOf(fill([0x20, 0, 0x04, 0x40, 0x05, 0x0b])),
  "a chain of else if": () => bodyOf(nest(DEEP, [0x20, 0, 0x04, 0x40, 0x05])),
  "nested blocks": () => bodyOf(fill(nest(1_000, [0x02, 0x40]))),
  "nested loops, each with a result": () => bodyOf(fill(nest(1_000, [0x03, I32], [0x41, 0])), [0x0c, 0]),
  "branches out of a deep nest": () =>
    bodyOf(nest(DEEP, [0x02, 0x40], fill([0x20, 0, 0x0d, ...u32(DEEP - 1)], 5 * MB))),
  "unreachable blocks": () => bodyOf([0x00], fill([0x02, 0x40, 0x0b])),
  "unreachable arithmetic": () => bodyOf([0x00], fill([0x6a, 0x1a])),
  "br_table, long": () => bodyOf(fill([0x02, 0x40, 0x20, 0, 0x0e, ...u32(65_520), ...repeat([0], 65_521), 0x0b])),
  "br_table, short": () => bodyOf(fill([0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 0, 0x0b])),
  "br_table to every label of a deep nest": () =>
    bodyOf(nest(60_000, [0x02, 0x40], join([0x20, 0, 0x0e], items(60_000, [0]), [0]))),
  "br_table with a thousand values, to two labels in turn": () =>
    wideBody([2, 1, 2, 1], repeat([0x41, 0], 1_004), [0x0e, ...u32(65_519)], repeat([0, 1], 32_760), [
      0x0b,
      0x0b,
      0x00,
    ]),
  "br_table with a thousand values that are in place": () =>
    wideBody(fill([
      ...[0x02, 0x40, 0x02, 1, 0x02, 1, ...repeat([0x41, 0], 1_000), 0x0b, 0x20, 0],
      ...[0x0e, ...u32(65_520), ...repeat([0], 65_521), 0x0b, ...repeat([0x1a], 1_000), 0x0b],
    ], 350_000)),
  "br_table with a thousand values, repeated": () =>
    wideBody(fill([2, 1, 0x00, 0x0e, ...u32(5_000), ...repeat([0], 5_001), 0x0b, 0x0c, 0])),
  "empty groups of locals": () => oneFunction([], join(u32(3_500_000), repeat([0, I32], 3_500_000))),
  "groups of one local": () => oneFunction([], items(49_999, [1, I32])),
  "functions of 50,000 locals": () =>
    functions({ bodies: Array(500_000).fill([0, body([], [1, ...u32(50_000), I32])]) }),
  "empty functions": () => functions({ bodies: Array(900_000).fill([0, body([])]) }),
};

/** Compiles a module and calls it once with enough fuel to translate it. Returns the outcome. */
async function compileAndCall(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const instance = await instanceOfBytes(bytes);
  const call = instance.start("f");
  while (await call.resume(100_000) === "suspended");
  return call.status === "failed" ? String(call.error).split("\n")[0] : call.status;
}

for (const [pattern, make] of Object.entries(PATTERNS)) {
  Deno.test(`a body of ${pattern} takes time in proportion to its bytes`, async () => {
    const bytes = make();
    const bound = Math.max(MIN_MS, bytes.length / MB * MAX_MS_PER_MB);
    let best = Infinity;
    let outcome = "";
    for (let attempt = 0; attempt < ATTEMPTS && best > bound; attempt++) {
      const start = performance.now();
      outcome = await compileAndCall(bytes);
      best = Math.min(best, performance.now() - start);
    }
    assertMatch(outcome, /^finished$|^Trap: unreachable$|^LimitError: the body of f is too large to be translated$/);
    noteFigure("validation and translation", best / (bytes.length / MB), "ms a MB", pattern);
    assert(best <= bound, `takes ${Math.round(best)} ms for ${(bytes.length / MB).toFixed(1)} MB`);
  });
}
