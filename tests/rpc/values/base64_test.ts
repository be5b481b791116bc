/** Tests of src/rpc/values/base64.ts. */

import { assertEquals } from "@std/assert";
import { decodeByTable, encodeByTable, fromBase64, toBase64 } from "../../../src/rpc/values/base64.ts";

const CASES: readonly [text: string, bytes: number[]][] = [
  ["", []],
  ["AA==", [0]],
  ["/w==", [255]],
  ["AAA=", [0, 0]],
  ["+/8=", [251, 255]],
  ["AAEC", [0, 1, 2]],
  ["aGVsbG8=", [104, 101, 108, 108, 111]],
];

const WRONG: readonly string[] = [
  ...["A", "AA", "AAA", "AAAAA", "AA=", "A===", "====", "=AAA", "AA==AAAA", "A=AA"],
  ...["AA A", "AAA\n", " AAA", "AAAAAA==\n   ", "AA==    ", "AA\t\t"],
  ...["-_8=", "AA*=", "AAA\u0100", "AA\u00ff=", "\ud83d\ude00AA", "AAA\0"],
  ...["AB==", "AAB=", "/x==", "//9="],
];

Deno.test("base64 is encoded and decoded, by the engine and by tables", () => {
  for (const [text, bytes] of CASES) {
    for (const encode of [toBase64, encodeByTable]) assertEquals(encode(new Uint8Array(bytes)), text);
    for (const decode of [fromBase64, decodeByTable]) assertEquals(decode(text), new Uint8Array(bytes), text);
  }
});

Deno.test("text that is not canonical base64 is refused, by the engine and by tables", () => {
  for (const text of WRONG) {
    for (const decode of [fromBase64, decodeByTable]) assertEquals(decode(text), undefined, JSON.stringify(text));
  }
});

Deno.test("all bytes at all lengths come back, and both ways agree", () => {
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7 + length);
    const text = encodeByTable(bytes);
    assertEquals(toBase64(bytes), text);
    assertEquals(decodeByTable(text), bytes);
    assertEquals(fromBase64(text), bytes);
  }
});
