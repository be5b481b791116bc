/** Tests of src/rpc/long_json.ts. */

import { assertEquals, assertRejects } from "@std/assert";
import { parseInPieces } from "../../src/rpc/long_json.ts";

const filler = `"${"x".repeat(20_000)}"`;
const many = (member: (index: number) => string) => Array.from({ length: 3_000 }, (_, index) => member(index)).join();

const TEXTS: Readonly<Record<string, string>> = {
  "an array of numbers": `[${many(String)}]`,
  "objects, no two alike": `[${many((index) => `{"k${index}":${index}}`)}]`,
  "an object": `{${many((index) => `"k${index}" : [${index}, "]},\\"{["]`)}}`,
  "the same names again": `{${many((index) => `"k${index % 7}":${index}`)}}`,
  "a member __proto__": `{${many((index) => `"k${index}":1`)},"__proto__":{"x":1},${many((index) => `"l${index}":1`)}}`,
  "a long __proto__": `{"__proto__" : ${filler}}`,
  "long members": `{"a":[${filler},1,{"b" :${filler}}] , "c":[[[[${filler}]]]],"\\u0064":${filler}}`,
  "space": ` \n[ \t${many((index) => ` ${index} `)}\r ]\n `,
  "an empty array, with space": `[${" ".repeat(20_000)}]`,
  "an empty object, with space": ` {${"\n".repeat(20_000)}} `,
  "a string": filler,
  "a number": "1".repeat(20_000),
  "any characters": `[${many(() => `"é漢😀\\ud800\u2028"`)}]`,
};

Deno.test("parseInPieces returns the same values as JSON.parse", async () => {
  for (const [what, text] of Object.entries(TEXTS)) {
    const value = await parseInPieces(text);
    assertEquals(value, JSON.parse(text), what);
    assertEquals(JSON.stringify(value), JSON.stringify(JSON.parse(text)), what);
  }
  assertEquals(Object.getPrototypeOf(await parseInPieces(TEXTS["a member __proto__"]!)), Object.prototype);
});

const WRONG: readonly string[] = [
  `[${filler},]`,
  `[,${filler}]`,
  `[${filler},,${filler}]`,
  `[${filler}`,
  `${filler}]`,
  `[${filler}}`,
  `[[${filler}}]`,
  `[${filler}],[1]`,
  `[${filler}][1]`,
  `{${filler}:1,}`,
  `{${filler}}`,
  `{"a":${filler},"b"}`,
  `{"a":}${" ".repeat(20_000)}`,
  `{"a" ${filler}}`,
  `{1:${filler}}`,
  `{a:${filler}}`,
  `["${"x".repeat(20_000)}]`,
  `[${filler}]\u00a0`,
  `\ufeff[${filler}]`,
  `[${many(String)},x]`,
  `[1,${" ".repeat(20_000)}]`,
  `{"a":1,${" ".repeat(20_000)}}`,
  " ".repeat(20_000),
];

Deno.test("parseInPieces refuses the same texts as JSON.parse", async () => {
  for (const text of WRONG) await assertRejects(() => parseInPieces(text), SyntaxError);
});

Deno.test("parseInPieces parses or refuses randomly changed texts as JSON.parse does", async () => {
  let seed = 7;
  const random = (limit: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
  const text = `{"a":[${filler},{"b":[1,2,{"c":null}]},"]"] , "d":{"e":${filler}},"f":[],"g":"\\""}`;
  const signs = `{}[],:"\\ 1`;
  for (let round = 0; round < 500; round++) {
    // Most of the text is one long string, so the changes are made around it.
    let changed = text;
    for (let changes = 1 + random(2); changes > 0; changes--) {
      let at = random(changed.length);
      while (changed[at] === "x") at = random(changed.length) % 2 === 0 ? random(70) : changed.length - 1 - random(70);
      changed = changed.slice(0, at) + (random(3) === 0 ? "" : signs[random(signs.length)]) + changed.slice(at + 1);
      if (random(40) === 0) break;
    }
    let expected: unknown;
    try {
      expected = JSON.parse(changed);
    } catch {
      await assertRejects(() => parseInPieces(changed), SyntaxError);
      continue;
    }
    assertEquals(await parseInPieces(changed), expected);
  }
});
