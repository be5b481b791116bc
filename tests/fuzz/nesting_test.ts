/**
 * A short run of the nesting fuzz, the same each time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { runNesting } from "./nesting.ts";

Deno.test("nested calls near the ends of stack and registers return the same results as alone and on the host's machine", async () => {
  const sum = { calls: 0, finished: 0, exhausted: 0, native: 0 };
  for (let seed = 0; seed < 40; seed++) {
    const { mismatch, ...counts } = await runNesting(seed);
    assertEquals(mismatch, undefined, `seed ${seed}`);
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
  }
  assert(sum.finished > 400 && sum.exhausted > 100 && sum.native > 300, Deno.inspect(sum));
});
