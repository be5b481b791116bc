/** @module */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { geomean, quantile, summaryOf } from "../../bench/statistics.ts";

Deno.test("quantile lies on the line between two samples", () => {
  assertEquals(quantile([4, 1, 3, 2], 0.5), 2.5);
  assertEquals(quantile([10, 20, 30], 1), 30);
  assertEquals(quantile([7], 0.99), 7);
});

Deno.test("geomean of a ratio and its inverse is 1", () => {
  assertAlmostEquals(geomean([4, 0.25]), 1);
  assertAlmostEquals(geomean([2, 8]), 4);
});

Deno.test("summaryOf keeps four digits", () => {
  assertEquals(summaryOf([3.14159, 2.71828, 100]), { min: 2.718, median: 3.142, max: 100 });
});

Deno.test("quantile and geomean throw for an empty list", () => {
  assertThrows(() => quantile([], 0.5), RangeError, "no samples");
  assertThrows(() => geomean([]), RangeError, "no values");
});
