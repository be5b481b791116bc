/**
 * Tests of src/vm/integrity.ts: `compile` refuses bytes that are not the expected ones.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { compile, CompileError, IntegrityError } from "@rivulet/rivulet";
import type { Source } from "@rivulet/rivulet/vm";

const BYTES = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** What `shasum -b -a 256 empty.wasm | xxd -r -p | base64` prints, and the same for the others. */
const HASHES: readonly string[] = [
  "sha256-k6RLu5bHUSGOTADUeeTBQ1gSKjiazKFiBbHk0NxflHY=",
  "sha256-k6RLu5bHUSGOTADUeeTBQ1gSKjiazKFiBbHk0NxflHY",
  "sha384-okyHV17AgVkZ4iL9gMeELR7Q1ISxRPcAHorFgvPJr/8CqM+btjXngbzNX3HOpqc/",
  "sha512-4g7RLlp+O97jCjpPJsKBPtt5uPvq0FjRVojxBPYDmlo940npy73V2aaPMG0IBJFORRJPDe3AvL76ezDdd4qmwA==",
];

const OTHER = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/** The same bytes from every kind of source. */
const sources = (bytes: Uint8Array<ArrayBuffer>): (Source | Promise<Source>)[] => [
  bytes,
  bytes.slice().buffer,
  Promise.resolve(bytes),
  new Response(bytes),
  new Blob([bytes]).stream(),
];

Deno.test("compile accepts bytes that have the expected hash, by each hash function and from each source", async () => {
  for (const integrity of HASHES) {
    for (const source of sources(BYTES)) assertEquals((await compile(source, { integrity })).exports, []);
  }
});

Deno.test("compile refuses bytes that have another hash, and says which", async () => {
  for (const source of sources(BYTES)) {
    const error = await assertRejects(() => compile(source, { integrity: OTHER }), IntegrityError);
    assertEquals([error.expected, error.actual], [OTHER, HASHES[0]]);
    assertEquals(error.message, `the module is not the expected one: its integrity is ${HASHES[0]}, not ${OTHER}`);
  }
});

Deno.test("compile checks a buffer before it reads it, and a stream at its end", async () => {
  const text = new TextEncoder().encode("<html>");
  await assertRejects(() => compile(text, { integrity: OTHER }), IntegrityError);
  await assertRejects(() => compile(new Response(text), { integrity: OTHER }), CompileError, "looks like HTML");
});

Deno.test("compile refuses an integrity of another format before it reads anything", async () => {
  const wrong: readonly unknown[] = [
    ...["", "sha256", "sha256-", "sha256-AAAA", "md5-AAAAAAAAAAAAAAAAAAAAAA==", "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="],
    ...[HASHES[0] + " " + OTHER, HASHES[0]!.replace("sha256", "sha384"), HASHES[0]!.replace("k6", "_6"), 5, null, {}],
  ];
  for (const integrity of wrong) {
    const stream = new ReadableStream({ pull: () => Promise.reject(new Error("it was read")) }, { highWaterMark: 0 });
    const error = await assertRejects(() => compile(stream, { integrity: integrity as string }), TypeError);
    assertEquals(error.message.startsWith('integrity must be like "sha256-" and 32 bytes in base64, not '), true);
  }
});
