/**
 * What generated programs have found, one test a fault.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { instanceOf } from "./_wat.ts";

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
