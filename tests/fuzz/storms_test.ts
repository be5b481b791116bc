/**
 * A short run of the storms, the same each time.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { runStorm } from "./storms.ts";

Deno.test("calls of both engines that wait for each other return the same results as alone, and use the same fuel", async () => {
  const sum = { calls: 0, finished: 0, failed: 0 };
  for (let seed = 0; seed < 30; seed++) {
    const { mismatch, ...counts } = await runStorm(seed);
    assertEquals(mismatch, undefined, `seed ${seed}`);
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
  }
  assert(sum.finished > 500 && sum.failed > 150, Deno.inspect(sum));
});
