/**
 * Guests' text, made safe for people to read.
 *
 * @module
 */

import { assertEquals, assertStrictEquals } from "@std/assert";
import { printable, quoted } from "../../src/base/text.ts";

Deno.test("printable leaves text as it is, in any script, tabs included", () => {
  for (const text of ["", "plain\ttext", "é漢😀", "עברית", "\u200d\u200e"]) assertStrictEquals(printable(text), text);
});

Deno.test("printable shows control characters, line ends and characters that reverse text as U+FFFD", () => {
  const ranges = [[0, 8], [10, 31], [0x7f, 0x9f], [0x2028, 0x2029], [0x202a, 0x202e], [0x2066, 0x2069]];
  for (const [first, last] of ranges) {
    for (let code = first; code <= last; code++) {
      assertEquals(printable(`a${String.fromCharCode(code)}b`), "a\ufffdb", code.toString(16));
    }
  }
});

Deno.test("quoted cuts text, and marks the cut", () => {
  assertEquals([quoted('a"b', 3), quoted("abcd", 3), quoted("\x1b\x9b\u202e", 3)], [
    '"a\\"b"',
    '"abc..."',
    '"\ufffd\ufffd\ufffd"',
  ]);
});
