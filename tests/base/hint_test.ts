/** Tests of src/base/hint.ts. */

import { assertEquals } from "@std/assert";
import { countedHint } from "../../src/base/hint.ts";

Deno.test("a hint names the nearest known name", () => {
  assertEquals(countedHint("ecko", ["ping", "echo"]), ': did you mean "echo"?');
  assertEquals(countedHint("nothing", ["ping", "echo"]), "");
});

Deno.test("names that are too long or too many to be compared have no hint, unless few are of a similar length", () => {
  const long = "x".repeat(500);
  assertEquals(countedHint(`${long}y`, [long]) === "", true);
  assertEquals(countedHint("ecko", [...Array(1_000).fill(long), "echo"]), ': did you mean "echo"?');
  assertEquals(countedHint("ecko", [...Array(20_000).fill("abcd"), "echo"]), "");
});
