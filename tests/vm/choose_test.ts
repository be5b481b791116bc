/**
 * Which engine a module gets, why, and what happens where the native engine can't run it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compile, compileSync, meter } from "../../src/vm/choose.ts";
import { compile as interpreted, CompileError, EngineError, instantiate, IntegrityError } from "../../src/vm/mod.ts";
import type { Module } from "../../src/vm/mod.ts";
import { binary, body, funcType, I32, items, join, name, repeat, SECTION, section } from "../../tools/binary.ts";
import { sized, u32, vector } from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";
import { wat } from "../../tools/wat.ts";
import { isNative, nativeTest } from "./_native.ts";
import { FIB } from "./_programs.ts";

const bytes = wat(FIB) as Uint8Array<ArrayBuffer>;

async function fib(module: Module): Promise<unknown> {
  return await (await instantiate(module)).call("fib", [10]);
}

/** A module of the host, without its type: not every runtime's tests know it. */
function hostModule(bytes: Uint8Array): never {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => never } };
  return new WebAssembly.Module(bytes);
}

Deno.test("a module says which engine runs it, and why", async () => {
  const auto = await compile(bytes);
  assertEquals(auto.engine.name, isNative ? "native" : "interpreter");
  assertEquals(compileSync(bytes).engine, auto.engine);
  assert(isNative === (auto.engine.reason === "this runtime compiles WebAssembly and can suspend it"));
  if (!isNative) {
    assert(/no WebAssembly|no JSPI|code generation is refused/.test(auto.engine.reason), auto.engine.reason);
  }
  const asked = await compile(bytes, { engine: "interpreter" });
  assertEquals(asked.engine, { name: "interpreter", reason: "asked for" });
  assertEquals((await interpreted(bytes)).engine.name, "interpreter");
  for (const module of [auto, asked]) assertEquals(await fib(module), 55);
});

Deno.test("an unknown engine, and bytes for a source that is not precompiled, are TypeErrors", async () => {
  await assertRejects(() => compile(bytes, { engine: "jit" as never }), TypeError, "engine");
  await assertRejects(() => compile(bytes, { bytes }), TypeError, "precompiled");
  await assertRejects(() => compile(bytes, { engin: "native" } as never), TypeError, "engine");
  await assertRejects(() => interpreted(bytes, { engine: "native" } as never), TypeError, "engine");
});

Deno.test("engine: native is an EngineError where it can't be, and says why", async () => {
  if (isNative) return assertEquals((await compile(bytes, { engine: "native" })).engine.reason, "asked for");
  const error = await assertRejects(() => compile(bytes, { engine: "native" }), EngineError);
  assertEquals(error.reason, (await compile(bytes)).engine.reason);
  assertThrows(() => compileSync(bytes, { engine: "native" }), EngineError, error.reason);
});

Deno.test("bytes are validated, checked and aborted the same for either engine", async () => {
  const invalid = wat(`(module (func (export "f") (result i32) (i32.const 1)))`) as Uint8Array<ArrayBuffer>;
  invalid[invalid.indexOf(0x41)] = 0x20; // local.get of a local that is not there
  for (const engine of ["auto", "interpreter"] as const) {
    const fault = await assertRejects(() => compile(invalid, { engine }), CompileError);
    assertThrows(() => compileSync(invalid, { engine }), CompileError, fault.message);
    await assertRejects(() => compile(bytes, { engine, integrity: `sha256-${"A".repeat(43)}=` }), IntegrityError);
    const reason = new Error("enough");
    const aborted = await assertRejects(() => compile(bytes, { engine, signal: AbortSignal.abort(reason) }));
    assertEquals(aborted, reason);
    const stream = new Blob([bytes]).stream();
    assertEquals(await fib(await compile(stream, { engine })), 55);
  }
});

nativeTest(
  "a module that was metered ahead of time runs with the bytes that it was made from, and no others",
  async () => {
    const metered = await meter(new Response(bytes));
    const precompiled = hostModule(metered);
    const module = await compile(precompiled, { bytes: new Blob([bytes]).stream() });
    assertEquals(module.engine, { name: "native", reason: "it was compiled ahead of time" });
    assertEquals(await fib(module), 55);
    assertEquals((await compile(precompiled, { bytes, engine: "interpreter" })).engine.name, "interpreter");
    await assertRejects(() => compile(precompiled), TypeError, "bytes");
    await assertRejects(() => compile(precompiled, { bytes, integrity: `sha256-${"A".repeat(43)}=` }), IntegrityError);

    const others = wat(`(module (func (export "fib") (param i32) (result i32) (i32.const 1)))`) as Uint8Array<
      ArrayBuffer
    >;
    await assertRejects(() => compile(precompiled, { bytes: others }), EngineError, "other bytes");
    await assertRejects(() => compile(hostModule(bytes), { bytes }), EngineError, "`meter`");
    // The version is in the last section.
    const older = metered.slice();
    older[older.length - 16] = 0;
    await assertRejects(() => compile(hostModule(older), { bytes }), EngineError, "another version");
  },
);

nativeTest("what others do to the global WebAssembly after its first use has no effect", async () => {
  await compile(bytes);
  const scope = globalThis as { WebAssembly?: unknown };
  const { WebAssembly } = scope;
  try {
    for (const fake of [undefined, new Proxy({}, { get: () => () => ({ exports: {} }) })]) {
      scope.WebAssembly = fake;
      const module = await compile(bytes, { engine: "native" });
      assertEquals(await fib(module), 55);
    }
  } finally {
    scope.WebAssembly = WebAssembly;
  }
});

/** A module of one function. */
function moduleOfBody(code: Part): Uint8Array<ArrayBuffer> {
  return binary(
    section(SECTION.type, vector([funcType([])])),
    section(SECTION.function, vector([[0]])),
    section(SECTION.code, vector([code])),
  );
}

nativeTest(
  "a module that the host refuses is interpreted, or an EngineError whose cause is the host's error",
  async () => {
    // Hosts take 50,000 locals, as we do, and metering needs one more.
    const bytes = moduleOfBody(body([], [1, ...u32(50_000), I32]));
    const error = await assertRejects(() => compile(bytes, { engine: "native" }), EngineError, "refuses");
    assert(error.cause instanceof Error);
    assertThrows(() => compileSync(bytes, { engine: "native" }), EngineError, "refuses");
    assertEquals((await compile(bytes)).engine, { name: "interpreter", reason: error.reason });
  },
);

nativeTest("a module that is too large for the native engine is interpreted, or an EngineError", async () => {
  const exported = (_: unknown, at: number) => join(name(`${at}`), [0, 0]);
  const data = join([0, 0x41, 0, 0x0b], sized(repeat([1], 1 << 20)));
  const modules: [string, Uint8Array<ArrayBuffer>][] = [
    ["bytes", moduleOfBody(body(repeat([0x01], 1 << 20)))],
    [
      "exports",
      binary(
        section(SECTION.type, vector([funcType([])])),
        section(SECTION.function, vector([[0]])),
        section(SECTION.export, vector(Array.from({ length: 5_001 }, exported))),
        section(SECTION.code, vector([body([])])),
      ),
    ],
    [
      "bytes of data",
      binary(section(SECTION.memory, vector([[0, 17]])), section(SECTION.data, items(33, data))),
    ],
  ];
  for (const [what, bytes] of modules) {
    const error = await assertRejects(() => compile(bytes, { engine: "native" }), EngineError, what);
    await assertRejects(() => meter(bytes), EngineError, what);
    assertEquals((await compile(bytes)).engine, { name: "interpreter", reason: error.reason });
  }
});
