/**
 * A short run of the fuzzer, the same each time. It runs generated modules on all machines and in all manners, and
 * checks that they reach every op and that a fault would be detected.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { decodeModule } from "../../src/vm/binary/decode.ts";
import { ModuleValidator } from "../../src/vm/binary/validate.ts";
import { compileSync } from "../../src/vm/mod.ts";
import { disassemble } from "../../src/vm/interpreter/disassemble.ts";
import { codeOf } from "../../tools/code_of.ts";
import { OPS } from "../../src/vm/interpreter/ops.ts";
import { compareBudgets, compareFuel, compareManners, compareSimd, compareWithHost } from "./compare.ts";
import { generate } from "./generate.ts";
import { shrink } from "./_shrink.ts";

const MODULES = 250;
/** Seeds of these modules, far from those of manual runs. */
const FIRST = 0x40000000;

Deno.test("generated modules have the same effects on both engines and on the host's own WebAssembly, and use the same fuel", async () => {
  let calls = 0;
  for (let seed = FIRST; seed < FIRST + MODULES; seed++) {
    const comparison = await compareWithHost(generate(seed).bytes, seed);
    assertEquals(comparison.mismatch, undefined, `seed ${seed}`);
    calls += comparison.calls;
  }
  assert(calls > MODULES * 10, `${calls} calls`);
});

for (const engine of ["interpreter", "native"] as const) {
  Deno.test(`generated modules have the same effects and use the same fuel in slices, among other guests, and with promises: ${engine}`, async () => {
    for (let seed = FIRST; seed < FIRST + MODULES / 10; seed++) {
      const { mismatch } = await compareManners(generate(seed).bytes, seed, engine);
      assertEquals(mismatch, undefined, `seed ${seed}`);
    }
  });
}

Deno.test("both engines stop at a budget that a call exceeds, and only then", async () => {
  for (let seed = FIRST; seed < FIRST + MODULES / 2; seed++) {
    const { mismatch } = await compareBudgets(generate(seed).bytes, seed);
    assertEquals(mismatch, undefined, `seed ${seed}`);
  }
});

Deno.test("generated modules use one unit of fuel for each executed instruction", async () => {
  for (let seed = FIRST; seed < FIRST + MODULES / 2; seed++) {
    const { mismatch } = await compareFuel(seed);
    assertEquals(mismatch, undefined, `seed ${seed}`);
  }
});

Deno.test("generated modules with SIMD are valid, and have the same effects and fuel on the native engine and the host", async () => {
  for (let seed = FIRST; seed < FIRST + MODULES / 2; seed++) {
    const { bytes } = generate(seed, undefined, "simd");
    assert(WebAssembly.validate(bytes), `seed ${seed}`);
    decodeModule(bytes, new ModuleValidator());
    assertEquals((await compareSimd(bytes, seed)).mismatch, undefined, `seed ${seed}`);
    assertEquals((await compareFuel(seed, undefined, true)).mismatch, undefined, `seed ${seed}, fuel`);
  }
});

Deno.test("generated modules reach every op that the translator emits, except for fused ones", () => {
  const missing = new Set<string>(Object.keys(OPS));
  // `call` replaces `call_lazy` when that runs. The other two are not in any function.
  for (const name of ["call", "finish", "nowhere"]) missing.delete(name);
  for (let seed = FIRST; seed < FIRST + MODULES * 2 && missing.size > 0; seed++) {
    const code = codeOf(compileSync(generate(seed).bytes));
    const { importedFunctions, bodies } = code.record;
    for (let index = 0; index < bodies.length; index++) {
      for (const line of disassemble(code, importedFunctions + index).split("\n")) {
        // The name of a fused op contains those of its parts.
        for (const name of line.split(" ")[1].split(/[[\]]|\w*[:=;]/)) missing.delete(name);
      }
    }
  }
  assertEquals([...missing], []);
});

Deno.test("generate returns the same module for the same seed, and any omitted nodes leave it valid", () => {
  for (let seed = FIRST; seed < FIRST + 20; seed++) {
    const { bytes, nodes } = generate(seed);
    assertEquals(generate(seed).bytes, bytes);
    for (const keep of [2, 3, 7]) {
      const omit = new Set(Array.from({ length: nodes }, (_, number) => number).filter((number) => number % keep > 0));
      assert(WebAssembly.validate(generate(seed, omit).bytes), `seed ${seed}, one node of ${keep}`);
    }
  }
});

Deno.test("shrink omits the nodes that a failure does not need", async () => {
  const divides = (bytes: Uint8Array) => {
    const code = codeOf(compileSync(bytes as Uint8Array<ArrayBuffer>));
    const { importedFunctions, bodies } = code.record;
    return bodies.some((_, index) => disassemble(code, importedFunctions + index).includes("i64_div_s"));
  };
  let seed = FIRST;
  while (!divides(generate(seed).bytes)) seed++;
  const { bytes, nodes } = generate(seed);
  const omit = await shrink(seed, "everything", (omit) => Promise.resolve(divides(generate(seed, omit).bytes)));
  assert(divides(generate(seed, omit).bytes));
  assert(nodes - omit.size < 20, `${nodes - omit.size} of ${nodes} nodes are left`);
  assert(generate(seed, omit).bytes.length < bytes.length);
});
