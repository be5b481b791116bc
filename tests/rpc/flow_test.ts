/** Tests of src/rpc/peer.ts: its limits, its backpressure, and that it does not deadlock. */

import { ErrorCode, Peer, RpcError } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { LimitError } from "../../src/base/limits.ts";
import { ANSWER_BYTES, memoryOf, REQUEST_BYTES } from "../../src/rpc/costs.ts";
import { assertErrorAnswer, connect, crossed, settle, until } from "../_wire.ts";

const jsonrpc = "2.0";

/** A method that runs until it is released, and the greatest number of its calls that ran at once. */
function gated() {
  const gate = Promise.withResolvers<void>();
  const state = { running: 0, most: 0, served: 0, open: () => gate.resolve() };
  const method = async (params: unknown) => {
    state.most = Math.max(state.most, ++state.running);
    await gate.promise;
    state.running--;
    state.served++;
    return params;
  };
  return { state, method };
}

Deno.test("concurrency caps the handlers that run at once, and the others wait in order", async () => {
  const { state, method } = gated();
  const { peer, sendJson, rest } = connect({ methods: { method }, limits: { concurrentRequests: 3 } });
  for (let id = 0; id < 10; id++) sendJson({ jsonrpc, id, method: "method", params: id });
  assertEquals(await rest(), []);
  assertEquals(state.running, 3);
  state.open();
  assertEquals((await rest()).map(({ result }) => result), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(state.most, 3);
  await peer.close();
});

Deno.test("100,000 waiting requests of synchronous handlers are served without deep recursion", async () => {
  const { state, method } = gated();
  let served = 0;
  const { peer, send } = connect({
    methods: { method, count: () => void served++ },
    limits: { concurrentRequests: 1, queueBytes: 1 << 28 },
  });
  send('{"jsonrpc":"2.0","id":0,"method":"method"}\n' + '{"jsonrpc":"2.0","method":"count"}\n'.repeat(100_000));
  await settle();
  assertEquals(served, 0);
  state.open();
  await until(() => served === 100_000);
  assertEquals(served, 100_000);
  await peer.close();
});

Deno.test("reading pauses while queueBytes of requests wait, and resumes when they are served", async () => {
  const { state, method } = gated();
  let pulled = 0;
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ === 1000) controller.close();
      else controller.enqueue(new TextEncoder().encode('{"jsonrpc":"2.0","method":"method"}\n'));
    },
  }, { highWaterMark: 0 });
  const peer = new Peer({ readable, writable: new WritableStream() }, {
    methods: { method },
    limits: { concurrentRequests: 1, queueBytes: 10 * (35 + REQUEST_BYTES) },
  });
  await settle();
  assertLess(pulled, 15);
  assertGreater(pulled, 5);
  state.open();
  await peer.closed;
  assertEquals([state.served, pulled, peer.stats.refused], [1000, 1001, 0]);
});

Deno.test("reading can pause in the middle of a chunk", async () => {
  const { state, method } = gated();
  const { peer, send, end } = connect({ methods: { method }, limits: { concurrentRequests: 1, queueBytes: 5_000 } });
  send('{"jsonrpc":"2.0","method":"method"}\n'.repeat(1000));
  end();
  state.open();
  await peer.closed;
  assertEquals([state.served, peer.stats.refused], [1000, 0]);
});

Deno.test("a paused stream resumes as soon as a call waits for an answer", async () => {
  const { state, method } = gated();
  const { peer, send, sendJson, rest } = connect({
    methods: { method },
    limits: { concurrentRequests: 1, queueBytes: 100 },
  });
  send('{"jsonrpc":"2.0","id":"x","method":"method"}\n'.repeat(10));
  await settle();
  sendJson({ jsonrpc, id: 0, result: "answer" });
  await settle();
  assertEquals(await peer.call("theirs"), "answer");
  state.open();
  await rest();
  await peer.close();
});

Deno.test("while calls are pending, requests over queueBytes are refused, and notifications over it are dropped", async () => {
  const { state, method } = gated();
  const request = new TextEncoder().encode(JSON.stringify({ jsonrpc, id: 0, method: "method" }));
  const queueBytes = 3.5 * (memoryOf(request) + REQUEST_BYTES);
  const { peer, sendJson, rest, next } = connect({
    methods: { method },
    limits: { concurrentRequests: 1, queueBytes },
  });
  const call = peer.call("theirs");
  await next();
  for (let id = 0; id < 10; id++) {
    sendJson({ jsonrpc, id, method: "method" });
    await settle();
  }
  sendJson({ jsonrpc, method: "method" });
  // One runs, one more has the slot that the pending call releases, and four wait.
  const refused = await rest();
  assertEquals(refused.map(({ id }) => id), [6, 7, 8, 9]);
  for (const answer of refused) assertErrorAnswer(answer, answer.id, ErrorCode.tooManyRequests);
  assertEquals([state.running, peer.stats.refused, peer.stats.dropped], [2, 5, 0]);
  sendJson({ jsonrpc, id: 0, result: "answer" });
  assertEquals(await call, "answer");
  state.open();
  assertEquals((await rest()).map(({ id }) => id), [0, 1, 2, 3, 4, 5]);
  await peer.close();
});

Deno.test("handlers wait while the other side does not read its answers, and resume when it reads them", async () => {
  let served = 0;
  const wire = connect({
    methods: { big: () => (served++, "x".repeat(1000)) },
    limits: { queueBytes: 10 * (1_000 + ANSWER_BYTES), concurrentRequests: 4 },
  });
  const unblock = wire.block();
  for (let id = 0; id < 100; id++) wire.sendJson({ jsonrpc, id, method: "big" });
  await settle();
  assertLess(served, 15);
  unblock();
  assertEquals((await wire.rest()).length, 100);
  assertEquals(served, 100);
  await wire.peer.close();
});

Deno.test("a flood of garbage from a side that does not read its answers is dropped and counted", async () => {
  const { peer, send, block, rest, next } = connect({ limits: { queueBytes: 10_000 } });
  const call = peer.call("theirs");
  await next();
  const unblock = block();
  for (let i = 0; i < 10; i++) {
    send("x\n".repeat(1000));
  }
  await until(() => peer.stats.malformed === 10_000);
  assertEquals(peer.stats.malformed, 10_000);
  unblock();
  const answers = await rest();
  assertEquals(answers.length + peer.stats.dropped, 10_000);
  assertLess(answers.length, 200);
  send('{"jsonrpc":"2.0","id":0,"result":"still here"}\n');
  assertEquals(await call, "still here");
  await peer.close();
});

Deno.test("a small batch that asks for huge answers gets errors for those over the limit", async () => {
  const { peer, sendJson, next } = connect({
    methods: { big: () => "x".repeat(1000) },
    limits: { queueBytes: 10_000 },
  });
  sendJson(Array.from({ length: 100 }, (_, id) => ({ jsonrpc, id, method: "big" })));
  const answers = await next();
  assertEquals(answers.map(({ id }: { id: number }) => id), Array.from({ length: 100 }, (_, id) => id));
  const failed = answers.filter((answer: object) => "error" in answer);
  assertEquals(failed.length, 91);
  assertErrorAnswer(failed[0], failed[0].id, ErrorCode.internalError);
  await peer.close();
});

Deno.test("a nested call does not need a slot", async () => {
  const [left, right] = crossed();
  const methods = (self: string) => ({
    async down(params: unknown, { peer }: { peer: { call(method: string, params: unknown): Promise<unknown> } }) {
      const depth = params as number;
      return depth === 0 ? self : `${self} ${await peer.call("down", depth - 1)}`;
    },
  });
  const limits = { concurrentRequests: 1 };
  await using a = new Peer(left, { methods: methods("a"), limits });
  await using b = new Peer(right, { methods: methods("b"), limits });
  assertEquals(await a.call("down", 5), "b a b a b a");
  const both = await Promise.all([a.call("down", 100), b.call("down", 101)]) as string[];
  assertEquals(both.map((trace) => trace.length), [201, 203]);
});

Deno.test("pendingCalls stops endlessly nested calls, and they unwind", async () => {
  const [left, right] = crossed();
  const methods = {
    forever: (_params: unknown, { peer }: { peer: { call(m: string): unknown } }) => peer.call("forever"),
  };
  const causes: unknown[] = [];
  const onError = (error: unknown) => void (error instanceof RpcError || causes.push(error));
  await using a = new Peer(left, { methods, limits: { pendingCalls: 200 }, onError });
  await using _b = new Peer(right, { methods, onError });
  const error = await assertRejects(() => a.call("forever"), RpcError, "internal error");
  assertEquals(error.code, ErrorCode.internalError);
  assertEquals(causes.map((cause) => cause instanceof LimitError && cause.limit), ["pendingCalls"]);
});

Deno.test("two peers that flood each other at the same time both get all answers", async () => {
  const [left, right] = crossed();
  const options = {
    methods: { echo: async (params: unknown) => (await null, params) },
    limits: { concurrentRequests: 2, queueBytes: 1 << 20 },
  };
  await using a = new Peer(left, options);
  await using b = new Peer(right, options);
  const flood = async (peer: Peer) => {
    const params = Array.from({ length: 3000 }, (_, i) => ({ i, text: "é".repeat(i % 50) }));
    assertEquals(await Promise.all(params.map((each) => peer.call("echo", each))), params);
  };
  await Promise.all([flood(a), flood(b)]);
  assertEquals([a.stats, b.stats].map(({ refused, dropped, unknownIds }) => refused + dropped + unknownIds), [0, 0]);
});

Deno.test("two peers that notify each other at the same time before they read do not deadlock", async () => {
  const [left, right] = crossed();
  let received = 0;
  const options = { methods: { note: () => void received++ }, limits: { queueBytes: 1000 } };
  await using a = new Peer(left, options);
  await using b = new Peer(right, options);
  const notes = [a, b].flatMap((peer) =>
    Array.from({ length: 2000 }, (_, i) => peer.notify("note", "x".repeat(i % 100)))
  );
  await Promise.all(notes);
  await until(() => received === 4000);
  assertEquals(received, 4000);
});

Deno.test("two peers call each other from handlers, with batches, over streams that are split anywhere", async () => {
  let seed = 3;
  const random = (limit: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
  const shredder = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (let at = 0; at < chunk.length;) controller.enqueue(chunk.slice(at, at += 1 + random(50)));
      },
    });
  for (const framing of ["newline", "content-length"] as const) {
    const [there, back] = [shredder(), shredder()];
    interface Math {
      sum(terms: number[]): number;
      twice(term: number): number;
    }
    const methods = {
      async sum(terms: number[], { peer }: { peer: { call(method: "twice", term: number): Promise<number> } }) {
        const doubled = await Promise.all(terms.map((term) => peer.call("twice", term)));
        return doubled.reduce((sum, term) => sum + term, 0) / 2;
      },
      twice: (term: number) => 2 * term,
    };
    const a = new Peer<Math, Math>({ readable: back.readable, writable: there.writable }, { methods, framing });
    const b = new Peer<Math, Math>({ readable: there.readable, writable: back.writable }, { methods, framing });
    const terms = Array.from({ length: 20 }, (_, i) => i);
    const work = (peer: Peer<Math, Math>) =>
      Promise.all([
        peer.api.sum(terms),
        peer.batch([{ method: "sum", params: [1, 2] }, { method: "twice", params: 4 }]),
      ]);
    const results = await Promise.all([work(a), work(b), work(a)]);
    for (const [sum, batch] of results) {
      assertEquals<unknown>([sum, ...batch.map((entry) => entry.status === "fulfilled" && entry.value)], [190, 3, 8]);
    }
    await a.close();
    await b.closed;
    assert(a.stats.unknownIds + b.stats.unknownIds + a.stats.malformed + b.stats.malformed === 0);
  }
});

Deno.test("thousands of small messages cost microseconds each", async () => {
  const count = 20_000;
  const lines = Array.from(
    { length: count },
    (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"echo","params":[${id}]}\n`,
  );
  let bytes = 0;
  const peer = new Peer({
    readable: new Blob(lines).stream(),
    writable: new WritableStream({ write: (chunk) => void (bytes += chunk.length) }),
  }, { methods: { echo: (params) => params } });
  const start = performance.now();
  await peer.closed;
  assertLess((performance.now() - start) / count, 0.05);
  assertGreater(bytes, count * 30);
});

Deno.test("answers that wait for the rest of their batches count as waiting requests", async () => {
  const { state, method } = gated();
  const batch = `[${"1,".repeat(999)}${JSON.stringify({ jsonrpc, id: 1, method: "method" })}]\n`;
  let batches = 0;
  let answered = 0;
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (++batches > 50) controller.close();
      else controller.enqueue(new TextEncoder().encode(batch));
    },
  }, { highWaterMark: 0 });
  const writable = new WritableStream<Uint8Array>({ write: () => void answered++ });
  const peer = new Peer({ readable, writable }, { methods: { method }, limits: { queueBytes: 2_000_000 } });
  await new Promise((resolve) => setTimeout(resolve, 200));
  // Each batch has 999 errors of a hundred characters, plus the size of an answer.
  assertLess(batches, 10);
  assertEquals(answered, 0);
  state.open();
  await peer.closed;
  assertEquals([batches, state.served], [51, 50]);
});

Deno.test("answers that wait for the rest of their batches also count while calls are pending: further requests are refused", async () => {
  const { state, method } = gated();
  const wire = connect({ methods: { method }, limits: { queueBytes: 2_000_000 } });
  const call = wire.peer.call("theirs");
  await wire.next();
  const batch = [...Array(999).fill(1), { jsonrpc, id: 1, method: "method" }];
  for (let count = 0; count < 20; count++) wire.sendJson(batch);
  await until(() => wire.peer.stats.malformed === 20 * 999);
  assertGreater(wire.peer.stats.refused, 10);
  state.open();
  wire.sendJson({ jsonrpc, id: 0, result: "still here" });
  assertEquals(await call, "still here");
  await wire.peer.close();
});

Deno.test("the memory of a message is that of its values and its strings, whose characters are all wide if one is", () => {
  const memory = (text: string) => memoryOf(new TextEncoder().encode(text));
  // Measured in V8: text takes twice its bytes, and an object with its own shape takes 190 bytes.
  assertGreater(memory(`"漢${"x".repeat(10_000)}"`), 20_000);
  assertLess(memory(`"é${"x".repeat(10_000)}"`), 10_100);
  assertGreater(memory('[{"k1":0},{"k2":0}]'), 2 * 190);
});
