/** Tests of src/base/streams.ts. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ByteQueue, type Line, LineSplitter, readableFrom, readBytes, readLines } from "../../src/base/streams.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("ByteQueue.push takes no more than it has room for", () => {
  const queue = new ByteQueue(5);
  assertEquals(queue.push(encode("abc")), 3);
  assertEquals(queue.push(encode("def")), 2);
  assertEquals(queue.push(encode("g")), 0);
  assertEquals([queue.size, queue.room], [5, 0]);
  assertEquals(decode(queue.take()), "abcde");
  assertEquals([queue.size, queue.room], [0, 5]);
});

Deno.test("ByteQueue returns bytes in order for any mix of push, pull and take", () => {
  let seed = 7;
  const random = (limit: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
  const queue = new ByteQueue(64);
  const given: number[] = [];
  const taken: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    const choice = random(10);
    if (choice < 5) {
      const bytes = Uint8Array.from({ length: random(40) }, () => random(256));
      given.push(...bytes.subarray(0, queue.push(bytes)));
    } else if (choice < 9) {
      const target = new Uint8Array(random(30));
      taken.push(...target.subarray(0, queue.pull(target)));
    } else taken.push(...queue.take());
    assert(queue.size <= 64);
  }
  taken.push(...queue.take());
  assertEquals(taken, given);
});

Deno.test("ByteQueue.take returns an array that later pushes do not change", () => {
  const queue = new ByteQueue(1000);
  for (const text of ["a", "bc", "defghijklmnopqrstuvwxyz"]) {
    queue.push(encode(text));
    const taken = queue.take();
    queue.push(encode("XXXXXXXXXXXXXXXXXXXXXXXXXXXX"));
    assertEquals(decode(taken), text);
    queue.take();
  }
});

Deno.test("ByteQueue.changed resolves at a push, a pull, an end and a break", async () => {
  const queue = new ByteQueue(8);
  for (
    const change of [
      () => queue.push(encode("ab")),
      () => queue.pull(new Uint8Array(1)),
      () => queue.end(),
      () => queue.break("why"),
    ]
  ) {
    const changed = queue.changed();
    change();
    await changed;
  }
  assertEquals([queue.state, queue.reason, queue.size, queue.room], ["broken", "why", 0, 0]);
});

Deno.test("a ByteQueue that has ended returns the remaining bytes and takes no more", () => {
  const queue = new ByteQueue(8);
  queue.push(encode("ab"));
  queue.end();
  assertEquals(queue.push(encode("c")), 0);
  assertEquals(decode(queue.take()), "ab");
});

Deno.test("readableFrom carries large data through a small queue", async () => {
  const queue = new ByteQueue(10);
  const sent = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
  const sending = (async () => {
    for (let at = 0; at < sent.length;) {
      at += queue.push(sent.subarray(at));
      if (at < sent.length) await queue.changed();
    }
    queue.end();
  })();
  const received = await new Response(readableFrom(queue)).bytes();
  await sending;
  assertEquals(received, sent);
});

Deno.test("readableFrom errors when the producer fails", async () => {
  const queue = new ByteQueue(10);
  queue.push(encode("abc"));
  queue.break(new Error("lost"));
  await assertRejects(() => readableFrom(queue).getReader().read(), Error, "lost");
});

const TEXT = "one\r\n\ntwo\nthree is too long\nfour\n\r\nfive";
const LINES = ["one", "", "two", "three is|", "four", "", "five"];

function split(chunks: Iterable<Uint8Array>, maxBytes: number): string[] {
  const splitter = new LineSplitter(maxBytes);
  const show = ({ bytes, cut }: Line) => decode(bytes) + (cut ? "|" : "");
  return [...[...chunks].flatMap((chunk) => [...splitter.push(chunk)].map(show)), ...[...splitter.end()].map(show)];
}

Deno.test("LineSplitter returns the same lines wherever two chunks meet", () => {
  const bytes = encode(TEXT);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(split([bytes.subarray(0, at), bytes.subarray(at)], 8), LINES, `split at ${at}`);
  }
  assertEquals(split(Array.from(bytes, (byte) => Uint8Array.of(byte)), 8), LINES);
});

Deno.test("LineSplitter takes a line of exactly maxBytes, and cuts a line that is one byte longer", () => {
  assertEquals(split([encode("12345678\n123456789\n")], 8), ["12345678", "12345678|"]);
});

Deno.test("LineSplitter returns a line once as soon as it is too long, and buffers no more of it", () => {
  const splitter = new LineSplitter(4);
  assertEquals([...splitter.push(encode("abc"))].length, 0);
  assertEquals([...splitter.push(encode("def"))].length, 1);
  for (let i = 0; i < 1000; i++) assertEquals([...splitter.push(new Uint8Array(1000))].length, 0);
  assertEquals([...splitter.push(encode("\nok\n"))].map(({ bytes }) => decode(bytes)), ["ok"]);
});

Deno.test("readLines respects both budgets, drains the stream, and reports how much it dropped", async () => {
  const stream = new Blob(["1234\n", "123456789\n", "12", "345\n\n", "12\n", "1\n"]).stream();
  const lines: string[] = [];
  const dropped = await readLines(stream, { lineBytes: 6, totalBytes: 19 }, (line) => lines.push(line));
  assertEquals(lines, ["1234", "123456...", "12345", ""]);
  assertEquals(dropped, 5);
});

Deno.test("readLines counts line feeds, including those of empty lines, and splits nothing beyond its budget", async () => {
  let lines = 0;
  const chunk = new Uint8Array(65_536).fill(10);
  let left = 100;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => left-- > 0 ? controller.enqueue(chunk) : controller.close(),
  });
  const dropped = await readLines(stream, { lineBytes: 6, totalBytes: 1000 }, () => lines++);
  assertEquals([lines, dropped], [1000, 100 * 65_536 - 1000]);
});

Deno.test("readLines passes on printable text", async () => {
  const lines: string[] = [];
  const stream = new Blob(["\x1b[2J\tcleared\r\n", "a\rb\x7f\n", "\u202eturned\u2028\n"]).stream();
  await readLines(stream, { lineBytes: 99, totalBytes: 999 }, (line) => lines.push(line));
  assertEquals(lines, ["\ufffd[2J\tcleared", "a\ufffdb\ufffd", "\ufffdturned\ufffd"]);
});

Deno.test("readBytes returns all bytes of a stream, or the first of them and reports that it cut", async () => {
  for (
    const [maxBytes, expected, calls] of [[10, "abcdef", 0], [6, "abcdef", 0], [5, "abcde", 1], [0, "", 1]] as const
  ) {
    let full = 0;
    const bytes = await readBytes(new Blob(["abc", "def"]).stream(), maxBytes, () => full++);
    assertEquals([decode(bytes), full], [expected, calls]);
  }
});

Deno.test("readLines shows ill-formed UTF-8 as U+FFFD", async () => {
  const lines: string[] = [];
  await readLines(new Blob([Uint8Array.of(0x61, 0xff, 0x62)]).stream(), { lineBytes: 9, totalBytes: 9 }, (line) => {
    lines.push(line);
  });
  assertEquals(lines, ["a\ufffdb"]);
});

Deno.test("readLines cancels the stream when the callback throws", async () => {
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encode("line\n")),
    cancel: (reason) => void (cancelled = reason),
  });
  const limits = { lineBytes: 9, totalBytes: 9 };
  await assertRejects(
    () =>
      readLines(stream, limits, () => {
        throw new Error("stop");
      }),
    Error,
    "stop",
  );
  assertEquals([(cancelled as Error).message, stream.locked], ["stop", false]);
});
