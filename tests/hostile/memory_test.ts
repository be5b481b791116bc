/**
 * Memory that a module keeps for each of its bytes, by the item that it has most of: less than 32 bytes, or 16 MiB in
 * all.
 *
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert } from "@std/assert";
import { Global, instantiate } from "../../src/vm/mod.ts";
import { compileSync } from "../../tools/compile.ts";
import { noteFigure } from "./_figures.ts";
import {
  binary,
  body,
  EXTERNREF,
  FUNCREF,
  funcType,
  I32,
  items,
  join,
  joinAll,
  name,
  repeat,
  SECTION,
  section,
  u32,
} from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const MAX_KEPT_PER_BYTE = 32;
const MIB = 2 ** 20;
const MAX_KEPT = 16 * MIB;

const type = section(SECTION.type, [1], funcType([]));
const functions = (count: number) => section(SECTION.function, items(count, [0]));
const code = (count: number) => section(SECTION.code, items(count, body([])));
const types = (item: Part) => () => binary(section(SECTION.type, items(1_000_000, item)));
const globals = (item: Part) => () =>
  binary(type, functions(1), section(SECTION.global, items(1_000_000, item)), code(1));
const elements = (...parts: Part[]) => () => binary(type, functions(1), section(SECTION.element, ...parts), code(1));
const memory = section(SECTION.memory, [1, 0, 1]);

/** Modules by the item that they have most of: as many as are allowed, in as few bytes as possible. */
const MODULES: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  "empty types": types(funcType([])),
  "types of a parameter and a result": types(funcType([I32], [I32])),
  "types of two parameters": types(funcType([I32, I32])),
  "imported functions": () => binary(type, section(SECTION.import, items(100_000, [0, 0, 0, 0]))),
  "imported globals": () => binary(section(SECTION.import, items(100_000, [0, 0, 3, I32, 0]))),
  "functions": () => binary(type, functions(1_000_000), code(1_000_000)),
  "tables": () => binary(section(SECTION.table, items(1_000, [EXTERNREF, 0, 0]))),
  "globals": globals([I32, 0, 0x41, 0, 0x0b]),
  "globals that are functions": globals([FUNCREF, 0, 0xd2, 0, 0x0b]),
  "exports": () => {
    const exports = Array.from({ length: 100_000 }, (_, index) => join(name(index.toString(36)), [0, 0]));
    return binary(type, functions(1), section(SECTION.export, u32(exports.length), joinAll(exports)), code(1));
  },
  "element segments": elements(items(100_000, [1, 0, 0])),
  "element segments of one": elements(items(100_000, [1, 0, 1, 0])),
  "elements": elements([1, 1, 0], items(9_000_000, [0])),
  "elements that are expressions": elements([1, 5, FUNCREF], items(3_000_000, [0xd2, 0, 0x0b])),
  "data segments": () => binary(memory, section(SECTION.data, items(100_000, [1, 0]))),
  "active data segments": () => binary(memory, section(SECTION.data, items(100_000, [0, 0x41, 0, 0x0b, 0]))),
  "custom sections": () => binary(repeat(section(SECTION.custom, [0]), 100_000)),
};

/** Bytes in use after a full garbage collection. */
function used(): number {
  for (let round = 0; round < 2; round++) collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

for (const [what, make] of Object.entries(MODULES)) {
  Deno.test(`a module of ${what} keeps at most 32 bytes a byte or 16 MiB, and an instance takes less than 4 bytes a byte`, async () => {
    const bytes = make();
    const before = used();
    const compiled = compileSync(bytes);
    const kept = used() - before;
    noteFigure("kept of a module", kept / bytes.length, "bytes a byte", what);
    assert(
      kept < MAX_KEPT_PER_BYTE * bytes.length || kept < MAX_KEPT,
      `${kept / bytes.length} a byte: ${kept / MIB} MiB`,
    );
    const imports = { "": { "": what === "imported globals" ? new Global({ value: "i32" }) : () => {} } };
    const empty = used();
    const instance = await instantiate(compiled, imports);
    const taken = used() - empty;
    noteFigure("taken by an instance", taken / bytes.length, "bytes a byte", what);
    // The instance is used once more, so that it is not collected before.
    assert(instance.fuelUsed === 0 && taken < 4 * bytes.length + MIB, `an instance takes ${taken / MIB} MiB`);
  });
}
