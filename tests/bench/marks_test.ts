/** @module */
import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { verdictsOf } from "../../bench/marks.ts";
import { pictureOf } from "../../bench/picture.ts";
import type { Result } from "../../bench/report.ts";
import { meanOf, mergeResults, ratiosOf } from "../../bench/results.ts";
import type { Results } from "../../bench/results.ts";
import { SUITES } from "../../bench/suites.ts";
import { suiteTable } from "../../bench/tables.ts";

function times(row: Record<string, number>): Result[string] {
  return Object.fromEntries(Object.entries(row).map(([name, median]) => [name, { min: median, median, max: median }]));
}

const COMPUTE: Result = {
  one: times({ native: 1, rivulet: 1.2, interpreter: 10, wasm3: 40, wasmi: 30 }),
  two: times({ native: 2, rivulet: 2.4, interpreter: 20, wasm3: 60 }),
};

function results(compute: Result): Results {
  const measured = { compute: { date: "2026-01-02", machine: "a machine" } };
  return { engines: { deno: { version: "Deno 1.2.3", compiler: "V8", suites: { compute }, measured, absent: {} } } };
}

Deno.test("ratiosOf compares with native and with the faster peer of each row", () => {
  const { toNative, overPeers } = ratiosOf(COMPUTE, "interpreter");
  assertEquals(toNative, { one: 10, two: 10 });
  assertEquals(overPeers, { one: 3, two: 3 });
  assertAlmostEquals(meanOf(overPeers)!, 3);
});

Deno.test("verdictsOf reports by how much a mark is met or missed, and only for measured values", () => {
  const verdicts = verdictsOf(results(COMPUTE));
  assertEquals(verdicts.map(({ isMet }) => isMet), [true, true, true, true]);
  assertAlmostEquals(verdicts[0]!.margin, 100 * (1 - 1.2 / 1.3));
  assertAlmostEquals(verdicts[1]!.margin, 50);
  const slow = verdictsOf(results({ one: times({ native: 1, rivulet: 2, interpreter: 32, wasm3: 16 }) }));
  assertEquals(slow.map(({ isMet }) => isMet), [false, false, false, false]);
  assertAlmostEquals(slow[1]!.margin, -75);
  assertAlmostEquals(slow[3]!.margin, -100);
});

Deno.test("mergeResults replaces the suites that were run again, and keeps the others", () => {
  const before = results(COMPUTE);
  const after = results({});
  const load = { date: "2026-02-03", machine: "another" };
  const bun = { version: "Bun", compiler: "JavaScriptCore", suites: { load: {} }, measured: { load }, absent: {} };
  assertEquals(mergeResults(before, after).engines, after.engines);
  assertEquals(mergeResults(before, { engines: { bun } }).engines, { ...before.engines, bun });
  const { suites, measured } = mergeResults(before, { engines: { deno: bun } }).engines["deno"]!;
  assertEquals(Object.keys(suites), ["compute", "load"]);
  assertEquals(Object.values(measured).map(({ machine }) => machine), ["a machine", "another"]);
});

Deno.test("pictureOf describes its drawing in words, and omits contenders that did not run everything", () => {
  const svg = pictureOf(results(COMPUTE));
  assertStringIncludes(svg, "Deno 1.2.3: Rivulet 1.20, Rivulet's interpreter 10.0, wasm3 in WebAssembly 34.6.</desc>");
  assertEquals(svg.match(/<rect class="rivulet"/g)?.length, 2);
});

Deno.test("pictureOf and suiteTable say why a contender is absent", () => {
  const found = results({ one: times({ native: 1, interpreter: 10 }) });
  found.engines["deno"]!.absent["rivulet"] = "no JSPI";
  assertStringIncludes(pictureOf(found), "Deno 1.2.3: Rivulet no JSPI, ");
  const suite = SUITES.find(({ name }) => name === "compute")!;
  assertStringIncludes(suiteTable(suite, found.engines["deno"]!.suites["compute"]!, { rivulet: "no JSPI" }), "no JSPI");
});
