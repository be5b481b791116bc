/**
 * Small modules that ask for much: huge counts, deep nesting, wide types, large tables. Each must be refused, or
 * accepted and harmless, in little time and memory.
 *
 * @module
 */

import { assert, assertMatch } from "@std/assert";
import { noteFigure } from "./_figures.ts";
import { measure, outcomeOf } from "./_outcome.ts";
import {
  binary,
  body,
  EXTERNREF,
  FUNCREF,
  functions,
  funcType,
  I32,
  items,
  join,
  name,
  oneFunction,
  repeat,
  s32,
  SECTION,
  section,
  sized,
  u32,
} from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";

const MAX_MS = 100;
const MAX_MIB = 64;
/** Other programs share the machine, so a bomb is slow only if it is slow at each attempt. */
const ATTEMPTS = 8;

/** A section whose first count is `count`, with almost no bytes after it. */
const counting = (id: number, count = 0xffff_ffff): Part => section(id, u32(count), [0, 0, 0]);
const memory = (...limits: number[]): Part =>
  section(SECTION.memory, [1, limits.length > 1 ? 1 : 0], limits.flatMap(u32));
const thousand = repeat([I32], 1_000);
const wide = [funcType([]), funcType([], thousand), funcType(thousand, thousand)];
const nested = (depth: number, opener: Part): Part => join(repeat(opener, depth), repeat([0x0b], depth));

/** By name: the module, and the outcome of compiling it and running its exports. */
const BOMBS: Readonly<Record<string, readonly [make: () => Uint8Array<ArrayBuffer>, outcome: RegExp]>> = {
  // Counts without items
  ...Object.fromEntries(
    (["type", "import", "function", "table", "global", "export", "element", "memory"] as const).map((of) => [
      `4 billion items in the ${of} section`,
      [() => binary(counting(SECTION[of])), /^CompileError: length out of bounds/],
    ]),
  ),
  "4 billion data segments": [
    () => binary(memory(1), counting(SECTION.data)),
    /^CompileError: length out of bounds/,
  ],
  "4 billion data segments counted": [
    () => binary(section(SECTION.dataCount, u32(0xffff_ffff))),
    /^CompileError: too many data segments/,
  ],
  "4 billion bodies": [() => binary(counting(SECTION.code)), /^CompileError: .*inconsistent lengths/],
  "a type of 4 billion parameters": [
    () => binary(section(SECTION.type, [1, 0x60], u32(2 ** 32 - 1))),
    /^CompileError: length out of bounds/,
  ],
  "a type of 2^32 parameters": [
    () => binary(section(SECTION.type, [1, 0x60], u32(2 ** 32))),
    /^CompileError: integer too large/,
  ],
  "a type of 100,000 parameters": [
    () => binary(section(SECTION.type, [1], funcType(repeat([I32], 100_000)))),
    /^CompileError: .*100000 parameters, the limit is 1000/,
  ],
  "an element segment of 10 million": [
    () => binary(section(SECTION.element, [1, 1, 0], u32(10_000_000), [0])),
    /^CompileError: length out of bounds/,
  ],
  "an element segment beyond the limit": [
    () => binary(section(SECTION.element, [1, 1, 0], u32(10_000_001), repeat([0], 10_000_001))),
    /^CompileError: too many elements in segments: 10000001/,
  ],
  "element segments beyond the limit together": [
    () => binary(section(SECTION.element, items(2, join([1, 0], items(5_000_001, [0]))))),
    /^CompileError: too many elements in segments: 10000002/,
  ],
  "10 million element segments": [
    () => binary(section(SECTION.element, items(10_000_000, [1, 0, 0]))),
    /^CompileError: too many element segments: 10000000, the limit is 100000/,
  ],
  "a million types": [
    () => binary(section(SECTION.type, items(1_000_001, [0x60, 0, 0]))),
    /^CompileError: too many types: 1000001/,
  ],
  "a hundred thousand imports": [
    () => binary(section(SECTION.type, [1, 0x60, 0, 0]), section(SECTION.import, items(100_001, [0, 0, 0, 0]))),
    /^CompileError: too many imports: 100001/,
  ],
  "100,000 imports of globals": [
    () => binary(section(SECTION.import, items(100_000, [0, 0, 3, I32, 0]))),
    /^LinkError: unknown import: nothing was given for "".""/,
  ],
  "two memories": [() => binary(section(SECTION.memory, [2, 0, 1, 0, 1])), /^CompileError: multiple memories/],

  // Lengths
  "a custom section of 4 GiB": [
    () => binary(join([SECTION.custom], u32(0xffff_ffff), [1, 120])),
    /^CompileError: length out of bounds: custom section of 4294967295 bytes/,
  ],
  "a code section of 4 GiB": [
    () => binary(join([SECTION.code], u32(0xffff_ffff), [1])),
    /^CompileError: length out of bounds: code section/,
  ],
  "a body of 4 GiB": [
    () => binary(section(SECTION.type, [1, 0x60, 0, 0]), section(SECTION.function, [1, 0]), counting(SECTION.code, 1)),
    /^CompileError/,
  ],
  "a body larger than the limit": [
    () => oneFunction(repeat([0x01], 7_654_321)),
    /^CompileError: code section: body 0 has 7654323 bytes/,
  ],
  "a name of 4 GiB": [
    () => binary(section(SECTION.export, [1], u32(0xffff_ffff), [97])),
    /^CompileError: length out of bounds/,
  ],
  "a name of a megabyte": [
    () => binary(section(SECTION.import, [1], name("a".repeat(1 << 20)), name("b"), [0, 0])),
    /^CompileError: a name has 1048576 bytes, the limit is 100000/,
  ],
  "a hundred thousand custom sections": [
    () => binary(repeat(section(SECTION.custom, name("a")), 100_001)),
    /^CompileError: too many custom sections/,
  ],
  "a LEB128 of six bytes": [
    () => binary(join([SECTION.type], [0x81, 0x80, 0x80, 0x80, 0x80, 0x00], [0])),
    /^CompileError: integer representation too long/,
  ],
  "a LEB128 of a million bytes": [
    () => oneFunction(join([0x41], repeat([0x80], 1_000_000), [0x00, 0x1a])),
    /^CompileError: integer representation too long/,
  ],
  "a data segment longer than its section": [
    () => binary(memory(1), section(SECTION.data, [1, 0, 0x41, 0, 0x0b], u32(0x7fff_ffff), [1])),
    /^CompileError/,
  ],

  // Functions
  "4 billion locals in one group": [
    () => oneFunction([], [1, ...u32(0xffff_ffff), I32]),
    /^CompileError: too many locals: 4294967295/,
  ],
  "4 billion locals in many groups": [
    () => oneFunction([], join(items(90_000, [...u32(50_000), I32]))),
    /^CompileError: too many locals: 100000/,
  ],
  "a million groups of no locals": [() => oneFunction([], items(1_000_000, [0, I32])), /^fine$/],
  ...Object.fromEntries(
    Object.entries({ blocks: [0x02, 0x40], loops: [0x03, 0x40], ifs: [0x41, 1, 0x04, 0x40] }).flatMap((
      [what, opener],
    ) => [
      [`a million nested ${what}`, [() => oneFunction(nested(1_000_000, opener)), /^CompileError: blocks are nested/]],
      [`99,999 nested ${what}`, [() => oneFunction(nested(99_999, opener)), /^fine$/]],
    ]),
  ),
  "a million nested blocks that nothing reaches": [
    () => oneFunction(join([0x00], nested(1_000_000, [0x02, 0x40]))),
    /^CompileError: blocks are nested/,
  ],
  "10 million operands on the stack": [
    () => oneFunction(repeat([0x41, 0], 3_000_000)),
    /^CompileError: more than 100000 operands/,
  ],
  "100,000 operands on the stack": [
    () => oneFunction(join(repeat([0x41, 0], 100_000), [0x0c, 0])),
    /^fine$/,
  ],
  "a br_table of 4 billion targets": [
    () => oneFunction(join([0x41, 0, 0x0e], u32(0xffff_ffff), [0])),
    /^CompileError: length out of bounds/,
  ],
  "a br_table beyond the limit": [
    () => oneFunction(join([0x41, 0, 0x0e], u32(65_521), repeat([0], 65_522))),
    /^CompileError: br_table has 65521 targets/,
  ],
  "a br_table of 65,520 targets that carry 1,000 values": [
    () =>
      functions({
        types: wide,
        bodies: [[
          0,
          body(join(
            [2, 1, 2, 1],
            repeat([0x41, 0], 1_003),
            [0x0e],
            u32(65_520),
            repeat([0, 1], 32_760),
            [
              0,
            ],
            [0x0b, 0x0b],
            repeat([0x1a], 1_000),
          )),
        ]],
      }),
    /^(fine|CompileError)/,
  ],
  "a million calls with 1,000 parameters and results": [
    () =>
      functions({
        types: wide,
        bodies: [
          [0, body(join(repeat([0x41, 0], 1_000), repeat([0x10, 1], 1_000_000), repeat([0x1a], 1_000)))],
          [2, body(repeat([0x41, 0], 1_000))],
        ],
      }),
    /^CompileError: calls, branches and blocks take and return too many operands/,
  ],
  "a million branches that carry 1,000 values": [
    () =>
      functions({
        types: wide,
        bodies: [[
          0,
          body(join([2, 1], repeat([0x41, 0], 1_000), repeat([0x41, 0, 0x0d, 0], 1_000_000), [0x0b, 0x00])),
        ]],
      }),
    /^CompileError: calls, branches and blocks take and return too many operands/,
  ],
  "a million blocks of 1,000 results that nothing reaches": [
    () => functions({ types: wide, bodies: [[0, body(join([0x00], repeat([0x02, 1, 0x00, 0x0b, 0x00], 1_000_000)))]] }),
    /^CompileError: calls, branches and blocks take and return too many operands/,
  ],
  "a constant expression of a million constants": [
    () => binary(section(SECTION.global, [1, I32, 0], repeat([0x41, 0], 1_000_000), [0x0b])),
    /^CompileError: a constant expression has more than 4096 bytes/,
  ],
  "a constant expression of a thousand constants": [
    () => binary(section(SECTION.global, [1, I32, 0], repeat([0x41, 0], 1_000), [0x0b])),
    /^CompileError: type mismatch: constant expression of i32 has the type \(.{40,60}\.\.\.\)/,
  ],
  "a recursive function of 50,000 locals": [
    () => oneFunction([0x10, 0], [1, ...u32(50_000), I32]),
    /^fine$/,
  ],
  "a recursive start function": [
    () =>
      functions({
        bodies: [[0, body([0x10, 0])]],
        after: [section(SECTION.start, [0])],
      }),
    /^(Trap: call stack exhausted|LimitError)/,
  ],
  "a start function without end": [
    () =>
      functions({
        bodies: [[0, body([0x03, 0x40, 0x0c, 0, 0x0b])]],
        after: [section(SECTION.start, [0])],
      }),
    /^LimitError: the guest used up/,
  ],

  // Definitions
  "duplicate exports": [
    () => binary(memory(1), section(SECTION.export, [2], repeat(join(name("m"), [2, 0]), 2))),
    /^CompileError: duplicate export name/,
  ],
  "a memory of 4 GiB and a page": [() => binary(memory(65_537)), /^CompileError: memory size must be at most/],
  "a memory that starts with 4 GiB": [
    () => binary(memory(65_536)),
    /^LimitError: the memory may have .*: it starts with 65536/,
  ],
  "a table that starts with 4 billion elements": [
    () => binary(section(SECTION.table, [1, FUNCREF, 0], u32(0xffff_ffff))),
    /^LimitError: .* 10000 elements: one starts with 4294967295/,
  ],
  "a thousand tables of 10,000 elements": [
    () => binary(section(SECTION.table, items(1_000, [EXTERNREF, 0, ...u32(10_000)]))),
    /^LimitError: .* at most 10000 elements/,
  ],
  "100,000 tables": [
    () => binary(section(SECTION.table, items(100_001, [FUNCREF, 0, 0]))),
    /^CompileError: too many tables/,
  ],
  "data out of the memory": [
    () => binary(memory(1), section(SECTION.data, [1, 0, 0x41], s32(-1), [0x0b], sized([1, 2]))),
    /^Trap: out of bounds memory access/,
  ],
  "elements out of the table": [
    () =>
      binary(
        section(SECTION.table, [1, FUNCREF, 0, 1]),
        section(SECTION.element, [1, 4, 0x41, 2, 0x0b, 1, 0xd0, FUNCREF, 0x0b]),
      ),
    /^Trap: out of bounds table access/,
  ],
  "100,000 data segments": [
    () => binary(memory(1), section(SECTION.data, items(100_001, [0, 0x41, 0, 0x0b, 0]))),
    /^CompileError: too many data segments/,
  ],
  "100,000 data segments at the limit": [
    () => binary(memory(1), section(SECTION.data, items(100_000, [0, 0x41, 0, 0x0b, 1, 7]))),
    /^fine$/,
  ],

  // Names
  "a name section of a million functions": [
    () =>
      binary(
        memory(1),
        section(SECTION.custom, name("name"), [1], sized(items(1_000_000, [0, 1, 97]))),
      ),
    /^fine$/,
  ],
  "a name section whose parts claim 4 GiB": [
    () => binary(section(SECTION.custom, name("name"), [1], u32(0xffff_ffff), [1])),
    /^fine$/,
  ],
  "a function's name of 100,000 bytes in a deep trap": [
    () =>
      join(
        oneFunction([0x10, 0]),
        section(SECTION.custom, name("name"), [1], sized([1, 0], name("a".repeat(100_000)))),
      ),
    /^fine$/,
  ],
};

for (const [what, [make, expected]] of Object.entries(BOMBS)) {
  Deno.test(`bomb: ${what}`, async () => {
    const bytes = make();
    let outcome = "";
    const runs: { ms: number; mib: number }[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      runs.push(await measure(async () => outcome = await outcomeOf(bytes)));
      if (runs[attempt].ms < MAX_MS && runs[attempt].mib < MAX_MIB) break;
    }
    assertMatch(outcome.slice(0, 400), expected);
    const ms = Math.min(...runs.map((run) => run.ms));
    const mib = Math.min(...runs.map((run) => run.mib));
    noteFigure("time of a bomb", ms, "ms", what);
    noteFigure("memory of a bomb", mib, "MiB", what);
    assert(ms < MAX_MS, `takes ${Math.round(ms)} ms`);
    assert(mib < MAX_MIB, `takes ${Math.round(mib)} MiB`);
  });
}
