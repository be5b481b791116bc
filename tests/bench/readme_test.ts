/**
 * The README's figures.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { speedSection } from "../../bench/readme.ts";
import results from "../../bench/results.json" with { type: "json" };
import type { Results } from "../../bench/results.ts";

Deno.test("the README has the speed of results.json", async () => {
  // `deno fmt` breaks lines and pads tables.
  const plain = (text: string) => text.replaceAll(/\s+|-{3,}/g, " ").replaceAll(/ +/g, " ");
  const readme = plain(await Deno.readTextFile(new URL("../../README.md", import.meta.url)));
  const section = plain(speedSection(results as unknown as Results));
  assertEquals(readme.slice(readme.indexOf(section.slice(0, 60))).slice(0, section.length), section);
});
