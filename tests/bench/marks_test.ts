/** @module */
import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { verdictsOf } from "../../bench/marks.ts";
import { pictureOf } from "../../bench/picture.ts";
import type { Result } from "../../bench/report.ts";
import { meanOf, mergeResults, ratiosOf } from "../../bench/results.ts";
import type { Results } from "../../bench/results.ts";

function times(row: Record<string, number>): Result[string] {
  return Object.fromEntries(Object.entries(row).map(([name, median]) => [name, { min: median, median }]));
}

const COMPUTE: Result = {
  one: times({ native: 1, rivulet: 10, wasm3: 40, wasmi: 30 }),
  two: times({ native: 2, rivulet: 20, wasm3: 60 }),
};

function results(compute: Result): Results {
  const engines = { deno: { version: "Deno 1.2.3", compiler: "V8", suites: { compute } } };
  return { date: "2026-01-02", machine: "a machine", engines };
}

Deno.test("ratiosOf compares with native and with the faster peer of each row", () => {
  const { toNative, overPeers } = ratiosOf(COMPUTE);
  assertEquals(toNative, { one: 10, two: 10 });
  assertEquals(overPeers, { one: 3, two: 3 });
  assertAlmostEquals(meanOf(overPeers)!, 3);
});

Deno.test("verdictsOf reports by how much a mark is met or missed, and only for measured values", () => {
  const verdicts = verdictsOf(results(COMPUTE));
  assertEquals(verdicts.map(({ isMet }) => isMet), [true, true, true]);
  assertAlmostEquals(verdicts[0]!.margin, 50);
  const slow = verdictsOf(results({ one: times({ native: 1, rivulet: 32, wasm3: 16 }) }));
  assertEquals(slow.map(({ isMet }) => isMet), [false, false, false]);
  assertAlmostEquals(slow[0]!.margin, -75);
  assertAlmostEquals(slow[2]!.margin, -100);
});

Deno.test("mergeResults replaces the suites that were run again, and keeps the others", () => {
  const before = results(COMPUTE);
  const after = results({});
  const other = { ...after, engines: { bun: { version: "Bun", compiler: "JavaScriptCore", suites: { load: {} } } } };
  assertEquals(mergeResults(before, after).engines, after.engines);
  assertEquals(Object.keys(mergeResults(before, other).engines), ["deno", "bun"]);
});

Deno.test("pictureOf describes its drawing in words, and omits contenders that did not run everything", () => {
  const svg = pictureOf(results(COMPUTE));
  assertStringIncludes(svg, "Deno 1.2.3: Rivulet 10.0, wasm3 in WebAssembly 34.6.</desc>");
  assertEquals(svg.match(/<rect class="rivulet"/g)?.length, 2);
});
