/**
 * Faults that generated programs have found, with one test for each.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { instantiate } from "../../../src/vm/mod.ts";
import { functionOf, instanceOf, moduleOf } from "./_interpreted.ts";

Deno.test("Call.fuelUsed is not negative when a trap follows a jump over much code", async () => {
  const skipped = "(drop (i32.const 1))".repeat(1_000);
  const instance = await instanceOf(
    `(module (func (export "f") (param i32) (block (br_if 0 (local.get 0)) ${skipped}) unreachable))`,
  );
  for (const argument of [1, 0]) {
    const call = instance.start("f", [argument]);
    assertEquals(call.resume(1e6), "failed");
    assert(call.fuelUsed >= 0, `${call.fuelUsed} with ${argument}`);
  }
  assert(instance.fuelUsed >= 0);
});

Deno.test("min, max and rounding return a canonical NaN, even after an engine has optimised them", async () => {
  for (const [type, bits, canonical] of [["f32", "i32", 0x7fc00000], ["f64", "i64", 0x7ff8000000000000n]] as const) {
    for (const op of ["min", "max", "ceil", "floor", "trunc", "nearest"]) {
      const operands = op.startsWith("m") ? `(local.get 0) (local.get 1)` : `(local.get 0)`;
      const instance = await instanceOf(`(module (func (export "f") (param ${type} ${type}) (result ${bits})
        (${bits}.reinterpret_${type} (${type}.${op} ${operands}))))`);
      const run = functionOf(instance, "f");
      for (let round = 0; round < 20_000; round++) {
        run(round, 1.5);
        if (round % 10 === 0) assertEquals(run(NaN, Infinity), canonical, `${type}.${op} in round ${round}`);
      }
    }
  }
});

Deno.test("instantiate waits for an asynchronous onInstance, and rejects with its error", async () => {
  const error = new Error("no");
  const module = moduleOf(`(module (import "host" "f" (func $f)) (func $start (call $f)) (start $start))`);
  const seen: string[] = [];
  const imports = { host: { f: () => void seen.push("started") } };
  const onInstance = async () => {
    await Promise.resolve();
    seen.push("ready");
  };
  await instantiate(module, imports, { onInstance });
  assertEquals(seen, ["ready", "started"]);
  const failing = instantiate(module, imports, { onInstance: () => Promise.reject(error) });
  assertStrictEquals(await assertRejects(() => failing), error);
});
