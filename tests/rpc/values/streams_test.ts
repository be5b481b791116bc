/** Tests of src/rpc/values/streams.ts: streams between two ends, their order, their ends and their backpressure. */

import { RpcError } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertInstanceOf, assertLess, assertRejects, assertStrictEquals } from "@std/assert";
import { settle, until } from "../../_wire.ts";
import { pick, randomSource } from "../../../tools/random.ts";
import { pair } from "./_pair.ts";

/** A stream of these chunks, which counts how many were pulled, and keeps the reason of its cancellation. */
function source(chunks: Iterable<unknown>) {
  const state: { pulled: number; cancelled?: unknown } = { pulled: 0 };
  const iterator = chunks[Symbol.iterator]();
  const stream = new ReadableStream<unknown>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) return controller.close();
      state.pulled++;
      controller.enqueue(value);
    },
    cancel: (reason) => void (state.cancelled = reason),
  }, { highWaterMark: 0 });
  return { state, stream };
}

/** A stream that keeps what is written, and takes a chunk only when the gate is open. */
function sink(gate: Promise<void> = Promise.resolve()) {
  const state: { chunks: unknown[]; closed: boolean; aborted?: unknown } = { chunks: [], closed: false };
  let controller!: WritableStreamDefaultController;
  const stream = new WritableStream<unknown>({
    start: (given) => void (controller = given),
    async write(chunk) {
      await gate;
      state.chunks.push(chunk);
    },
    close: () => void (state.closed = true),
    abort: (reason) => void (state.aborted = reason),
  });
  return { state, stream, error: (reason: unknown) => controller.error(reason) };
}

async function collect(stream: ReadableStream<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for (const reader = stream.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
  }
}

Deno.test("chunks of a passed readable arrive in order, as JSON or bytes, and then its end", async () => {
  const { one, other } = pair();
  const chunks = [1, "two", null, { three: [3] }, new Uint8Array([4, 5]), { in: new Uint8Array(1) }, { $bytes: "no" }];
  const { value } = await one.pass({ input: source(chunks).stream });
  assertEquals(await collect(value.input), chunks);
  await settle();
  assertEquals([one.table.size, other.table.size, one.faults, other.faults], [0, 0, [], []]);
});

Deno.test("chunks for a passed writable arrive in order, and then it closes", async () => {
  const { one, other } = pair();
  const { state, stream } = sink();
  const { value } = await one.pass(stream);
  const writer = value.getWriter();
  for (const chunk of [1, [2], new Uint8Array([3])]) await writer.write(chunk);
  await writer.close();
  await until(() => state.closed);
  assertEquals([state.chunks, state.closed], [[1, [2], new Uint8Array([3])], true]);
  assertEquals([one.table.size, other.table.size], [0, 0]);
});

Deno.test("a side knows whether the other waits for it: for a chunk, or until it takes one", async () => {
  const { one, other } = pair();
  const waits = () => [one.table.isAwaited, other.table.isAwaited];
  assertEquals(waits(), [false, false]);
  const given = new TransformStream<unknown, unknown>();
  const { value } = await one.pass(given.readable);
  // Nobody reads: the source waits for credit, the sink has not granted any.
  assertEquals(waits(), [false, true]);
  const reader = (value as ReadableStream<unknown>).getReader();
  const first = reader.read();
  await settle();
  assertEquals(waits(), [true, false]);
  const writer = given.writable.getWriter();
  await writer.write(1);
  assertEquals((await first).value, 1);
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await settle();
  assertEquals(waits(), [false, false]);
});

Deno.test("both sides pass streams at the same time, with the same ids", async () => {
  const { one, other } = pair();
  const [there, back] = [sink(), sink()];
  const results = await Promise.all([
    one.pass([source(["a1", "a2"]).stream, there.stream]),
    other.pass([source(["b1", "b2"]).stream, back.stream]),
  ]);
  await Promise.all(results.map(async ({ value: [readable, writable] }) => await readable.pipeTo(writable)));
  await until(() => there.state.closed && back.state.closed);
  assertEquals([there.state.chunks, back.state.chunks], [["a1", "a2"], ["b1", "b2"]]);
});

Deno.test("a stream passes through a side that does not look at it", async () => {
  const [first, second] = [pair(), pair()];
  const { value } = await first.one.pass(source([1, 2, 3]).stream);
  const { value: end } = await second.one.pass(value);
  assertEquals(await collect(end), [1, 2, 3]);
});

Deno.test("nothing is pulled from a source, and nothing is sent, before somebody reads", async () => {
  const { one, other } = pair();
  const { state, stream } = source([1, 2, 3]);
  const { value } = await one.pass(stream);
  await settle();
  assertEquals([state.pulled, one.sent, other.sent], [0, [], []]);
  const reader = value.getReader();
  assertEquals(await reader.read(), { done: false, value: 1 });
});

Deno.test("a source waits while nobody reads, and continues when somebody does", async () => {
  const { one } = pair();
  const kilobyte = "x".repeat(1_000);
  const { state, stream } = source(Array.from({ length: 200 }, () => kilobyte));
  const { value } = await one.pass(stream);
  const reader = value.getReader();
  await reader.read();
  await settle();
  const pulled = state.pulled;
  assert(pulled > 10);
  assertLess(pulled, 40);
  reader.releaseLock();
  assertEquals((await collect(value)).length, 199);
});

Deno.test("a writer waits while the sink takes nothing", async () => {
  const { one } = pair();
  const gate = Promise.withResolvers<void>();
  const { state, stream } = sink(gate.promise);
  const { value } = await one.pass(stream);
  const writer = value.getWriter();
  let written = 0;
  for (let index = 0; index < 100; index++) writer.write("x".repeat(1_000)).then(() => written++);
  await settle();
  assertLess(written, 40);
  gate.resolve();
  await writer.close();
  await until(() => state.closed);
  assertEquals([written, state.chunks.length], [100, 100]);
});

Deno.test("one message may be longer than the credit, and the next waits for all of it", async () => {
  const { one } = pair();
  const { state, stream } = source(["x".repeat(500_000), "y", "z"]);
  const { value } = await one.pass(stream);
  const reader = value.getReader();
  assertEquals((await reader.read()).value.length, 500_000);
  assertEquals([(await reader.read()).value, (await reader.read()).value], ["y", "z"]);
  assertEquals(state.pulled, 3);
});

Deno.test("long bytes are sent in parts, and no message is longer than the other side reads", async () => {
  for (const requestBytes of [1_000, 4_096, Infinity]) {
    const { one } = pair({ requestBytes });
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index);
    const { value } = await one.pass(source([bytes, bytes.buffer, new Blob([bytes])]).stream);
    const chunks = await collect(value) as Uint8Array[];
    const whole = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    assertEquals(whole.length, 300_000);
    assertEquals(whole.subarray(100_000, 200_000), bytes);
    const lengths = one.sent.map((message) => JSON.stringify(message).length);
    assertLess(Math.max(...lengths), Math.min(requestBytes + 1, 45_000));
  }
});

Deno.test("an error of a source arrives after its chunks; what it says only if it is an RpcError", async () => {
  for (const error of [new RpcError(7, "out of stock", { left: 0 }), new Error("secret")]) {
    const { one, other } = pair();
    const { value } = await one.pass(
      new ReadableStream({
        start(controller) {
          controller.enqueue(1);
        },
        pull(controller) {
          controller.error(error);
        },
      }, { highWaterMark: 1 }),
    );
    const reader = value.getReader();
    await settle();
    const got = [await reader.read().catch((reason: unknown) => reason)];
    if (!(got[0] instanceof RpcError)) got.push(await reader.read().catch((reason: unknown) => reason));
    const last = got.at(-1);
    assertInstanceOf(last, RpcError);
    const isKnown = error instanceof RpcError;
    assertEquals(
      [last.code, last.message, last.data],
      isKnown ? [7, "out of stock", { left: 0 }] : [
        -32603,
        "internal error",
        undefined,
      ],
    );
    assertEquals(one.reported, isKnown ? [] : [error]);
    assertEquals([one.table.size, other.table.size], [0, 0]);
  }
});

Deno.test("a reader that cancels cancels the source, also while it waits for it", async () => {
  const { one, other } = pair();
  const idle: { cancelled?: unknown } = {};
  const stream = new ReadableStream({
    pull: () => new Promise<void>(() => {}),
    cancel: (reason) => void (idle.cancelled = reason),
  }, { highWaterMark: 0 });
  const { value } = await one.pass(stream);
  const reader = value.getReader();
  reader.read();
  await settle();
  await reader.cancel(new RpcError(9, "enough"));
  await until(() => idle.cancelled !== undefined);
  assertInstanceOf(idle.cancelled, RpcError);
  assertEquals([idle.cancelled.code, idle.cancelled.message], [9, "enough"]);
  assertEquals([one.table.size, other.table.size, one.reported], [0, 0, []]);
});

Deno.test("a cancellation for another reason says only that", async () => {
  const { one, other } = pair();
  const { state, stream } = source([1, 2]);
  const { value } = await one.pass(stream);
  await value.cancel(new Error("secret"));
  await until(() => state.cancelled !== undefined);
  assertInstanceOf(state.cancelled, RpcError);
  assertEquals(state.cancelled.code, -32800);
  assertEquals(JSON.stringify(other.sent).includes("secret"), false);
});

Deno.test("a writer that aborts aborts the sink", async () => {
  const { one, other } = pair();
  const { state, stream } = sink();
  const { value } = await one.pass(stream);
  const writer = value.getWriter();
  await writer.write(1);
  await writer.abort(new RpcError(3, "changed my mind"));
  await until(() => state.aborted !== undefined);
  assertInstanceOf(state.aborted, RpcError);
  assertEquals([state.aborted.code, state.chunks], [3, [1]]);
  assertEquals([one.table.size, other.table.size], [0, 0]);
});

Deno.test("a sink that fails errors the writer, also while nothing is written", async () => {
  const { one, other } = pair();
  const { stream, error } = sink();
  const { value } = await one.pass(stream);
  const writer = value.getWriter();
  await writer.write(1);
  error(new RpcError(4, "disk full"));
  const reason = await assertRejects(() => writer.closed);
  assertInstanceOf(reason, RpcError);
  assertEquals(reason.message, "disk full");
  assertEquals([one.table.size, other.table.size], [0, 0]);
});

Deno.test("a chunk that can't be sent errors the stream on both sides", async () => {
  for (const chunk of [new Map(), 5n, { a: new ReadableStream() }]) {
    const { one, other } = pair();
    const { state, stream } = source([chunk, 2]);
    const { value } = await one.pass(stream);
    await assertRejects(() => collect(value), RpcError, "internal error");
    await settle();
    assertInstanceOf(state.cancelled, TypeError);
    assertEquals(one.reported, [state.cancelled]);
    assertEquals([one.table.size, other.table.size], [0, 0]);

    const there = sink();
    const { value: writable } = await one.pass(there.stream);
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    await assertRejects(() => writer.write(chunk), TypeError);
    await until(() => there.state.aborted !== undefined);
    assertInstanceOf(there.state.aborted, RpcError);
  }
});

Deno.test("without agreement to bytes, a chunk of bytes errors the stream with its path", async () => {
  const { one } = pair({ accepts: new Set(["streams"]) });
  const { value } = await one.pass(source([{ part: new Uint8Array(1) }]).stream);
  await assertRejects(() => collect(value), RpcError);
  const [error] = one.reported;
  assertInstanceOf(error, TypeError);
  assert(error.message.startsWith("chunk.part is a Uint8Array: the other side has not agreed to bytes"));
});

Deno.test("the end of the connection ends all streams, after the chunks that had arrived", async () => {
  const { one, other } = pair();
  const [input, output] = [source(["a", "b", "c"]), sink()];
  const { value } = await one.pass([input.stream, output.stream]);
  const reader = value[0].getReader();
  const writer = value[1].getWriter();
  assertEquals(await reader.read(), { done: false, value: "a" });
  await settle();
  const reason = new Error("the connection ended");
  one.table.close(reason);
  other.table.close(reason);
  assertStrictEquals(await assertRejects(() => writer.closed), reason);
  assertEquals((await reader.read()).value, "b");
  assertEquals((await reader.read()).value, "c");
  await until(() => output.state.aborted !== undefined);
  assertStrictEquals(output.state.aborted, reason);
  assertEquals([one.table.size, other.table.size], [0, 0]);
});

Deno.test("a passed stream that is dropped ends on both sides", async () => {
  const { one, other } = pair();
  const [input, output] = [source([1]), sink()];
  const { value, passed } = await one.pass([input.stream, output.stream]);
  const reason = new RpcError(1, "no longer");
  for (const stream of passed) stream.drop(reason);
  await assertRejects(() => collect(value[0]), RpcError, "no longer");
  await assertRejects(() => value[1].getWriter().closed, RpcError, "no longer");
  assertStrictEquals(input.state.cancelled, reason);
  assertStrictEquals(output.state.aborted, reason);
  assertEquals([one.table.size, other.table.size], [0, 0]);
});

Deno.test("an opened stream that is dropped ends on both sides", async () => {
  const { one, other } = pair();
  const [input, output] = [source([1]), sink()];
  const { value, opened } = await one.pass([input.stream, output.stream]);
  for (const stream of opened) stream.drop(new RpcError(1, "not wanted"));
  await until(() => one.table.size === 0);
  assertInstanceOf(input.state.cancelled, RpcError);
  assertInstanceOf(output.state.aborted, RpcError);
  await assertRejects(() => collect(value[0]), RpcError, "not wanted");
  assertEquals([one.table.size, other.table.size], [0, 0]);
});

Deno.test("answersEnded resolves when the streams of answers have ended, whether or not they were read", async () => {
  const { one, other } = pair();
  await other.table.answersEnded;
  const { value, opened } = await one.pass([source([1, 2]).stream, source([3]).stream]);
  opened[0]!.keep();
  let hasEnded = false;
  const ended = other.table.answersEnded.then(() => hasEnded = true);
  const reader = value[0].getReader();
  await reader.read();
  assertEquals(hasEnded, false);
  await until(() => hasEnded);
  await ended;
  assertEquals(await reader.read(), { done: false, value: 2 });
  assertEquals((await reader.read()).done, true);
  assertEquals(other.table.size, 1);
  const next = await one.pass(source([]).stream);
  next.opened[0]!.keep();
  const afterwards = other.table.answersEnded;
  next.opened[0]!.drop(undefined);
  await afterwards;
});

Deno.test("credit waits for room, and is granted when there is some", async () => {
  const { one, other } = pair();
  const { value } = await one.pass(source([1]).stream);
  other.hasRoom = false;
  const read = value.getReader().read();
  await settle();
  assertEquals(other.sent, []);
  other.hasRoom = true;
  other.table.progress();
  assertEquals(await read, { done: false, value: 1 });
});

Deno.test("random streams in both directions keep their order, break no rule, and leave nothing open", async () => {
  const random = randomSource(13);
  const pause = () => random(3) === 0 ? settle() : undefined;
  for (let round = 0; round < 20; round++) {
    const { one, other } = pair({ queueBytes: pick(random, [1, 1_000, 100_000, 4 << 20]) });
    const chunks = Array.from({ length: 10 + random(30) }, (_, index) => {
      const length = pick(random, [0, 1, 100, 5_000, 40_000]);
      return random(2) === 0 ? new Uint8Array(length).fill(index) : `${index}`.padEnd(length);
    });
    const stop = random(3) === 0 ? random(chunks.length) : Infinity;
    const [from, to] = random(2) === 0 ? [one, other] : [other, one];
    const got: unknown[] = [];
    const take = async (chunk: unknown) => {
      got.push(chunk);
      await pause();
      if (got.length > stop) throw new RpcError(1, "enough");
    };
    if (random(2) === 0) {
      const { value } = await from.pass(source(chunks).stream);
      await value.pipeTo(new WritableStream({ write: take })).catch(() => {});
    } else {
      const { value } = await to.pass(new WritableStream({ write: take }));
      await source(chunks).stream.pipeTo(value).catch(() => {});
    }
    await until(() => one.table.size + other.table.size === 0);
    assertEquals([one.table.size, other.table.size, one.faults, other.faults], [0, 0, [], []]);
    const whole = (all: readonly unknown[]) => all.map((it) => it instanceof Uint8Array ? [...it].join() : it).join();
    // Long bytes come in parts.
    if (stop === Infinity) {
      await until(() => whole(got).length >= whole(chunks).length);
      assertEquals(whole(got).replaceAll(",", ""), whole(chunks).replaceAll(",", ""));
    }
  }
});
