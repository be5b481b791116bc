/**
 * The nesting fuzz's own short run, the same at every time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { runNesting } from "./nesting.ts";

Deno.test("calls within calls, near the ends of stack and registers, give what they give alone and on the host's machine", async () => {
  const sum = { calls: 0, finished: 0, exhausted: 0, native: 0 };
  for (let seed = 0; seed < 40; seed++) {
    const { mismatch, ...counts } = await runNesting(seed);
    assertEquals(mismatch, undefined, `seed ${seed}`);
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
  }
  assert(sum.finished > 400 && sum.exhausted > 100 && sum.native > 300, Deno.inspect(sum));
});
