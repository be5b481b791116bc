/** @module */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { holdsBounds, REDUCED } from "../../bench/reduced.ts";
import type { Result } from "../../bench/report.ts";

function resultWith(ours: number): Result {
  return Object.fromEntries(REDUCED.programs.map(({ name }) => [
    name,
    Object.fromEntries(
      Object.entries({ interpreter: ours, rivulet: 5, wasm3: 100, native: 4 }).map((
        [who, median],
      ) => [who, { min: median, median, max: median }]),
    ),
  ]));
}

Deno.test("holdsBounds fails when a ratio exceeds its margin, and names the ratio", () => {
  const lines: string[] = [];
  assert(holdsBounds(resultWith(34), (line) => lines.push(line)));
  assert(!lines.join().includes("BROKEN"));
  assertEquals(holdsBounds(resultWith(200), (line) => lines.push(line)), false);
  assertStringIncludes(lines.at(-1)!, "BROKEN");
});
