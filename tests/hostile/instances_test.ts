/**
 * Modules whose instances, traps and names could take long. They are cheap to send. The host's work for them stalls it
 * for less than 50 ms, as promised, or is done in parts. bombs_test.ts and linear_test.ts test how long it takes to
 * compile such modules.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Plugin } from "../../mod.ts";
import { Global, instantiate, LimitError, Memory, Table, Trap } from "../../src/vm/mod.ts";
import type { Imports, Module } from "../../src/vm/mod.ts";
import { spawn } from "../../src/wasi/mod.ts";
import { compileSync } from "../../tools/compile.ts";
import { noteFigure } from "./_figures.ts";
import { bestOfThree, longestStall } from "./_host.ts";
import {
  binary,
  body,
  FUNCREF,
  funcType,
  I32,
  I64,
  items,
  join,
  joinAll,
  name,
  repeat,
  s32,
  SECTION,
  section,
  sized,
  u32,
} from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";

/** One less than the limit, because the module also has `_start`. */
const MANY = 99_999;
const MILLION = 1_000_000;
const thousand = repeat([I32], 1_000);

/** The parts of a module besides the function `_start`. */
interface Parts {
  readonly types?: readonly Part[];
  /** The import section, and the number of imported functions. */
  readonly imports?: readonly [section: Part, functions: number];
  /** Functions besides `_start`, all of type 0 and with an empty body. */
  readonly functions?: number;
  /** Sections between the function section and the export section. */
  readonly before?: readonly Part[];
  readonly exports?: readonly Part[];
  readonly elements?: Part;
  readonly start?: Part;
  /** Sections after the code section. */
  readonly after?: readonly Part[];
}

/** A module whose first defined function is `_start`, of type 0, `() -> ()`. */
function program(parts: Parts): Uint8Array<ArrayBuffer> {
  const { types = [], imports = [[], 0], functions = 0, exports = [], before = [], after = [] } = parts;
  return binary(
    section(SECTION.type, u32(types.length + 1), funcType([]), joinAll(types)),
    imports[0],
    section(SECTION.function, items(functions + 1, [0])),
    ...before,
    section(SECTION.export, u32(exports.length + 1), name("_start"), [0], u32(imports[1]), joinAll(exports)),
    parts.elements ?? [],
    section(SECTION.code, u32(functions + 1), parts.start ?? body([]), repeat(body([]), functions)),
    ...after,
  );
}

const exported = (text: string, index: number): Part => join(name(text), [0], u32(index));
const many = <T>(make: (index: number) => T, count = MANY): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const names = (...parts: readonly Part[]) => section(SECTION.custom, name("name"), ...parts);
const recursion = body([0x10, 0]);
const pages = (count: number) => section(SECTION.memory, [1, 0], u32(count));
const table = (elements: number) => section(SECTION.table, [1, FUNCREF, 0], u32(elements));
const wasiImport = join(name("wasi_snapshot_preview1"), name("proc_exit"), [0, 1]);

const wideExports = () =>
  program({
    types: [funcType(thousand, thousand)],
    imports: [section(SECTION.import, [1], name("m"), name("f"), [0, 1]), 1],
    exports: many((index) => exported(`f${index}`, 0)),
  });

/** Programs by the part that is large. Each is spawned, with host functions if it imports them. */
const PROGRAMS: Readonly<Record<string, readonly [make: () => Uint8Array<ArrayBuffer>, outcome: RegExp]>> = {
  "99,999 exports of a function of 1,000 parameters and results": [wideExports, /^code 0/],
  "99,999 imports of one function of WASI": [
    () => program({ types: [funcType([I32])], imports: [section(SECTION.import, items(MANY, wasiImport)), MANY] }),
    /^code 0/,
  ],
  "99,999 imports of different functions of the host": [
    () =>
      program({
        imports: [
          section(SECTION.import, u32(MANY), joinAll(many((index) => join(name("m"), name(`f${index}`), [0, 0])))),
          MANY,
        ],
      }),
    /^code 0/,
  ],
  "a million globals": [
    () => program({ before: [section(SECTION.global, items(MILLION, [I32, 0, 0x41, 0, 0x0b]))] }),
    /^code 0/,
  ],
  "a million globals that are functions": [
    () => program({ before: [section(SECTION.global, items(MILLION, [FUNCREF, 0, 0xd2, 0, 0x0b]))] }),
    /^code 0/,
  ],
  "a megabyte of constant expressions": [
    () =>
      program({
        before: [
          section(SECTION.global, items(256, join([I64, 0, 0x42, 3], repeat([0x42, 3, 0x7e], 1_300), [0x0b]))),
        ],
      }),
    /^code 0/,
  ],
  "nine million elements": [
    () =>
      program({
        before: [table(MILLION)],
        elements: section(SECTION.element, items(9, join([0, 0x41, 0, 0x0b], items(MILLION, [0])))),
      }),
    /^code 0/,
  ],
  "128 MiB of data": [
    () =>
      program({
        before: [pages(2_048)],
        after: [section(SECTION.data, [1, 0, 0x41, 0, 0x0b], sized(new Uint8Array(128 << 20)))],
      }),
    /^code 0/,
  ],
  "a byte of data in each of 32,000 pages": [
    () =>
      program({
        before: [pages(32_000)],
        after: [
          section(
            SECTION.data,
            u32(32_000),
            joinAll(many((index) => join([0, 0x41], s32(index << 16), [0x0b, 1, 7]), 32_000)),
          ),
        ],
      }),
    /^code 0/,
  ],
  "a deep trap below 100,000 exports": [
    () => program({ functions: MANY, exports: many((index) => exported(`f${index}`, MANY)), start: recursion }),
    /^Trap: call stack exhausted\n {4}at _start/,
  ],
  "a deep trap, and a million names": [
    () =>
      program({
        functions: MILLION - 1,
        start: recursion,
        after: [names([1], sized(u32(MILLION), joinAll(many((index) => [...u32(index), 1, 97], MILLION))))],
      }),
    /^Trap: call stack exhausted\n {4}at a\n/,
  ],
  "a deep trap, and names of 100,000 bytes": [
    () => program({ start: recursion, after: [names([1], sized([1, 0], name("ü".repeat(50_000))))] }),
    /^Trap: call stack exhausted\n {4}at ü{128}…\n/,
  ],
  "a deep trap, and a module's name of 100,000 bytes": [
    () => program({ start: recursion, after: [names([0], sized(name("m".repeat(100_000))))] }),
    /^Trap: call stack exhausted\n {4}at m{256}…!_start\n/,
  ],
  "a deep trap, and 100,000 custom sections": [
    () =>
      program({
        start: recursion,
        after: [repeat(section(SECTION.custom, name("a")), MANY), names([1], sized([1, 0], name("f")))],
      }),
    /^Trap: call stack exhausted\n {4}at f\n/,
  ],
  "a deep trap, and a name section of a million parts": [
    () => program({ start: recursion, after: [names(repeat([2, 0], MILLION), [1], sized([1, 0], name("f")))] }),
    /^Trap: call stack exhausted\n {4}at _start\n/,
  ],
};

/** A host function with these names. */
const anyFunction = (names: readonly string[]): Imports => ({
  m: Object.fromEntries(names.map((name) => [name, () => 0])),
});

for (const [what, [make, outcome]] of Object.entries(PROGRAMS)) {
  Deno.test(`a program with ${what}: spawning it, and its end, stall the host for less than 50 ms`, async () => {
    const bytes = make();
    const imports = anyFunction(["f", ...many((index) => `f${index}`)]);
    let end = "";
    const stall = await bestOfThree(() => {
      // Compiled anew each time, to measure also the work that is done once for each module.
      const compiled = compileSync(bytes);
      return longestStall(async () => {
        const { code, error } = await spawn(compiled, { stdin: "null", stdout: "null", stderr: "null", imports })
          .status;
        end = error === undefined ? `code ${code}` : String(error);
      });
    });
    assert(outcome.test(end), end.slice(0, 400));
    assert(end.length < 64 * 1_024, `a text of ${end.length} letters`);
    noteFigure("stall of a spawn", stall, "ms", what);
    assert(stall < 50, `${Math.round(stall)} ms`);
  });
}

Deno.test("a module makes its lists once, and its functions share one descriptor for each type", () => {
  const compiled = compileSync(wideExports());
  const { exports, imports } = compiled;
  assertStrictEquals(compiled.exports, exports);
  assertStrictEquals(compiled.imports, imports);
  assertEquals(exports.length, MANY + 1);
  assert(exports.slice(1).every(({ type }) => type === imports[0].type));
  assertStrictEquals(compiled.export("f99998")!.type, imports[0].type);
  assertEquals(compiled.export("none"), undefined);
  assert([exports, exports[0], imports[0].type, imports[0].type!.params].every(Object.isFrozen));
});

Deno.test("an export is found by its name without reading the others", async () => {
  const compiled = compileSync(program({ exports: many((index) => exported(`f${index}`, 0)) }));
  const instance = await instantiate(compiled);
  const ms = await bestOfThree(async () => {
    const start = performance.now();
    for (let call = 0; call < 200; call++) await instance.call("f99998");
    return performance.now() - start;
  });
  assert(ms < 50, `${Math.round(ms)} ms for 200 calls`);
  assertStrictEquals(instance.export("f99998"), instance.exports._start);
  assertEquals(instance.export("none"), undefined);
  assert(Object.isFrozen(instance.exports));
});

Deno.test("a plugin's name is read without the names of its functions", async () => {
  const functionNames = join([1], sized(u32(MILLION), joinAll(many((index) => [...u32(index), 1, 97], MILLION))));
  const compiled = compileSync(
    program({ functions: MILLION - 1, after: [names([0], sized(name("large")), functionNames)] }),
  );
  const stall = await longestStall(() => assertEquals(new Plugin(compiled).name, "large"));
  assert(stall < 50, `${Math.round(stall)} ms`);
});

/** Instances with imports from the host. */
const LINKED: Readonly<Record<string, () => Promise<readonly [Module, Imports]>>> = {
  "99,999 functions of another instance, of 1,000 parameters and results": async () => {
    const types = [funcType(thousand, thousand)];
    const importing = (count: number) => section(SECTION.import, items(count, join(name("m"), name("f"), [0, 1])));
    const other = await instantiate(
      compileSync(program({ types, imports: [importing(1), 1], exports: [exported("f", 0)] })),
      { m: { f: () => 0 } },
    );
    const f = other.export("f") as () => unknown;
    return [compileSync(program({ types, imports: [importing(MANY), MANY] })), { m: { f } }];
  },
  "a million globals that depend on an imported one": () => {
    const sum = [I32, 0, 0x23, 0, 0x41, 1, 0x6a, 0x0b];
    const compiled = compileSync(program({
      imports: [section(SECTION.import, [1], name("m"), name("g"), [3, I32, 0]), 0],
      before: [section(SECTION.global, items(MILLION - 1, sum))],
    }));
    return Promise.resolve([compiled, { m: { g: new Global({ value: "i32" }, 1) } }]);
  },
  "a million elements in another's table": () => {
    const functions = 200_000;
    const compiled = compileSync(program({
      imports: [section(SECTION.import, [1], name("m"), name("t"), [1, FUNCREF, 0, ...u32(functions)]), 0],
      functions: functions - 1,
      elements: section(
        SECTION.element,
        [1, 0, 0x41, 0, 0x0b],
        u32(functions),
        joinAll(many((index) => u32(index), functions)),
      ),
    }));
    return Promise.resolve([compiled, { m: { t: new Table({ element: "funcref", initial: functions }) } }]);
  },
};

for (const [what, make] of Object.entries(LINKED)) {
  Deno.test(`making an instance with ${what} stalls the host for less than 50 ms`, async () => {
    const stall = await bestOfThree(async () => {
      const [compiled, imports] = await make();
      return await longestStall(() => instantiate(compiled, imports));
    });
    noteFigure("stall of making an instance", stall, "ms", what);
    assert(stall < 50, `${Math.round(stall)} ms`);
  });
}

const large = () =>
  compileSync(program({
    imports: [section(SECTION.import, [1], name("m"), name("memory"), [2, 0, 1]), 0],
    after: [section(
      SECTION.data,
      [2],
      join([0, 0x41, 0, 0x0b], sized(repeat([7], 32 << 20))),
      join([0, 0x41], s32(-1), [0x0b], sized([1])),
    )],
  }));

Deno.test("an abort stops instantiation at the end of a turn, with the signal's reason", async () => {
  const controller = new AbortController();
  const memory = new Memory({ initial: 512 });
  const making = instantiate(large(), { m: { memory } }, { signal: controller.signal });
  const settled = assertRejects(() => making);
  controller.abort(new Error("enough"));
  assertStrictEquals(await settled, controller.signal.reason);
  assertEquals([memory.bytes[0], memory.bytes.at(-1)], [7, 0]);
});

Deno.test("the deadline stops instantiation at the end of a turn", async () => {
  const memory = new Memory({ initial: 512 });
  const error = await assertRejects(
    () => instantiate(large(), { m: { memory } }, { limits: { deadlineMs: 1 } }),
    LimitError,
  );
  assertEquals([error.limit, error.value], ["deadlineMs", 1]);
  assertEquals(memory.bytes.at(-1), 0);
});

Deno.test("the status of a process that is killed during instantiation has the reason", async () => {
  const process = spawn(compileSync(PROGRAMS["128 MiB of data"][0]()), { stdin: "null" });
  await new Promise((resolve) => setTimeout(resolve, 0));
  process.kill("enough");
  const { code, error } = await process.status;
  assertEquals([code, error], [137, "enough"]);
});

Deno.test("segments take effect one after the other until one does not fit, even if they are copied in parts", async () => {
  const memory = new Memory({ initial: 512 });
  const error = await assertRejects(() => instantiate(large(), { m: { memory } }), Trap);
  assertEquals(error.reason, "out of bounds memory access");
  assert(memory.bytes.every((byte) => byte === 7));
});
