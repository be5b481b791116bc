/**
 * The example filters: streams through guests.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { toText } from "@std/streams";
import { spawn } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";

/** A stream that repeats one chunk. */
function repeat(chunk: Uint8Array, times: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      if (times-- > 0) controller.enqueue(chunk.slice());
      else controller.close();
    },
  });
}

Deno.test("upper converts a stream to upper case, wherever it is split", async () => {
  await using process = spawn(await guest("upper"));
  const { readable, writable } = new TextEncoderStream();
  const writer = writable.getWriter();
  for (const part of ["Str", "eams ", "", "ä", " through guests\n"]) writer.write(part);
  writer.close();
  assertEquals(await toText(readable.pipeThrough(process)), "STREAMS ä THROUGH GUESTS\n");
  assertEquals((await process.status).code, 0);
});

Deno.test("number_lines numbers lines", async () => {
  await using process = spawn(await guest("number_lines"));
  const text = await toText(new Blob(["one\ntwo\nthree\n"]).stream().pipeThrough(process));
  assertEquals(text.trimEnd().split("\n").map((line) => line.trim().replace(/\s+/, " ")), [
    "1 one",
    "2 two",
    "3 three",
  ]);
});

/** Sends mebibytes through a guest. Returns the bytes of output and the growth of the host's memory since the start. */
async function flow(name: string, mebibytes: number): Promise<{ bytes: number; pages: number; seconds: number }> {
  await using process = spawn(await guest(name));
  const chunk = new TextEncoder().encode("0123456789abcde\n".repeat(4096));
  const began = performance.now();
  let bytes = 0;
  const count = new WritableStream<Uint8Array>({ write: (part) => void (bytes += part.length) });
  await repeat(chunk, mebibytes * 16).pipeThrough(process).pipeTo(count);
  const { success } = await process.status;
  assert(success);
  return { bytes, pages: process.memoryPages, seconds: (performance.now() - began) / 1000 };
}

for (const name of ["upper", "number_lines"]) {
  Deno.test(`${name} passes 8 MiB in the memory that 1 MiB takes`, async () => {
    const small = await flow(name, 1);
    const large = await flow(name, 8);
    assert(large.bytes >= 8 << 20);
    assertEquals(large.pages, small.pages);
  });
}
