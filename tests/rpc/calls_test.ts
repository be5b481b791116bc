/** Tests of src/rpc/peer.ts with a hand-written other side: calls, notifications and batches that the peer sends. */

import { FRAMINGS, LimitError, RpcError } from "@rivulet/rivulet/rpc";
import { assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { spend } from "../../src/base/schedule.ts";
import { connect, settle } from "../_wire.ts";

const jsonrpc = "2.0";

Deno.test("call sends ids that count from 0, and always sends params", async () => {
  const { peer, next, sendJson } = connect();
  const calls = [peer.call("a"), peer.call("b", { x: 1 }), peer.api.c([2])];
  assertEquals(await next(), { jsonrpc, id: 0, method: "a", params: null });
  assertEquals(await next(), { jsonrpc, id: 1, method: "b", params: { x: 1 } });
  assertEquals(await next(), { jsonrpc, id: 2, method: "c", params: [2] });
  for (const id of [2, 0, 1]) sendJson({ jsonrpc, id, result: `answer ${id}` });
  assertEquals(await Promise.all(calls), ["answer 0", "answer 1", "answer 2"]);
  await peer.close();
});

Deno.test("call rejects with the code, message and data of an error answer", async () => {
  const { peer, sendJson } = connect();
  const call = peer.call("a");
  sendJson({ jsonrpc, id: 0, error: { code: -7, message: "no", data: { why: ["x"] } } });
  const error = await assertRejects(() => call, RpcError, "no");
  assertEquals([error.code, error.data], [-7, { why: ["x"] }]);
  await peer.close();
});

Deno.test("call rejects params without a JSON form, and does not use an id for them", async () => {
  const { peer, next } = connect();
  await assertRejects(() => peer.call("a", 1n), TypeError);
  await assertRejects(() => peer.call("a", () => {}), TypeError, "function");
  await assertRejects(() => peer.batch([{ method: "a" }, { method: "b", params: 1n }]), TypeError);
  peer.call("b").catch(() => {});
  assertEquals((await next()).id, 0);
  await peer.close();
});

Deno.test("a BigInt is refused with its path, and the stack of what is refused leads to the caller", async () => {
  const { peer } = connect();
  const refused: readonly (readonly [params: unknown, message: string])[] = [
    [1n, "params is a BigInt, which JSON does not have"],
    [{ list: [0, { "a b": Object(1n) }] }, 'params.list[1]["a b"] is a BigInt'],
    [{ at: { toJSON: () => ({ n: 1n }) } }, "params.at.n is a BigInt"],
    [[[[[[[[[[[new Uint8Array(1)]]]]]]]]]], "params[0][0][0][0][0][0][0][0][0][0] is a Uint8Array"],
  ];
  const callers = {
    call: async function theCaller(params: unknown) {
      await peer.call("a", params);
    },
    api: async function theCaller(params: unknown) {
      await peer.api.a!(params);
    },
    notify: async function theCaller(params: unknown) {
      await peer.notify("a", params);
    },
    batch: async function theCaller(params: unknown) {
      await peer.batch([{ method: "b" }, { method: "a", params }]);
    },
  };
  for (const [params, message] of refused) {
    for (const [name, caller] of Object.entries(callers)) {
      const error = await assertRejects(() => caller(params), TypeError, message);
      assertMatch(error.stack!, /theCaller/, `${name}: ${error.stack}`);
    }
  }
  await peer.close();
});

Deno.test("call rejects when too many calls are pending", async () => {
  const { peer, sendJson } = connect({ limits: { pendingCalls: 2 } });
  const [first] = [peer.call("a"), peer.call("b")].map((call) => call.catch((error) => error));
  await assertRejects(() => peer.call("c"), LimitError, "more than 2 calls");
  await assertRejects(() => peer.batch([{ method: "a" }]), LimitError);
  sendJson({ jsonrpc, id: 0, result: 1 });
  assertEquals(await first, 1);
  peer.call("d").catch(() => {});
  await peer.close();
});

Deno.test("call rejects at once with the reason when its signal aborts, and a late answer is counted", async () => {
  const { peer, sendJson, rest } = connect();
  const controller = new AbortController();
  const reason = { why: "enough" };
  const call = peer.call("slow", null, { signal: controller.signal });
  controller.abort(reason);
  assertStrictEquals(await call.catch((error) => error), reason);
  sendJson({ jsonrpc, id: 0, result: "late" });
  assertEquals((await rest()).map(({ method }) => method), ["slow", "$/cancelRequest"]);
  assertEquals(peer.stats.duplicateIds, 1);
  await peer.close();
});

Deno.test("call sends nothing if its signal is already aborted", async () => {
  const { peer, rest } = connect();
  await assertRejects(() => peer.call("a", null, { signal: AbortSignal.abort(new Error("before")) }), Error, "before");
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("call leaves no listener on the signal once it has settled", async () => {
  const { peer, sendJson } = connect();
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const calls = Promise.allSettled(["a", "b", "c"].map((method) => peer.call(method, 0, { signal })));
  assertEquals(listeners, 3);
  sendJson({ jsonrpc, id: 0, result: 1 });
  sendJson({ jsonrpc, id: 1, error: { code: 1, message: "no" } });
  await settle();
  await peer.close();
  await calls;
  assertEquals(listeners, 0);
});

Deno.test("api has neither then nor symbols, so that it can be awaited and printed", async () => {
  const { peer } = connect();
  const api = await peer.api;
  assertEquals(Reflect.get(api, "then"), undefined);
  assertEquals(Reflect.get(api, Symbol.toPrimitive), undefined);
  assertEquals(typeof api.anything, "function");
  await peer.close();
});

Deno.test("notify sends no id and resolves when the stream has taken the message", async () => {
  const { peer, next, block } = connect();
  const unblock = block();
  let isDone = false;
  const notified = peer.notify("log", ["x"]).then(() => isDone = true);
  await settle();
  assertEquals(isDone, false);
  unblock();
  await notified;
  assertEquals(await next(), { jsonrpc, method: "log", params: ["x"] });
  await peer.close();
});

Deno.test("batch sends one message and reports the outcome of each entry", async () => {
  const { peer, next, sendJson } = connect();
  const batch = peer.batch([
    { method: "a", params: 1 },
    { method: "b", notification: true },
    { method: "c" },
    { method: "d" },
  ]);
  assertEquals(await next(), [
    { jsonrpc, id: 0, method: "a", params: 1 },
    { jsonrpc, method: "b", params: null },
    { jsonrpc, id: 1, method: "c", params: null },
    { jsonrpc, id: 2, method: "d", params: null },
  ]);
  sendJson([{ jsonrpc, id: 2, result: "D" }, { jsonrpc, id: 1, error: { code: 1, message: "no" } }]);
  sendJson({ jsonrpc, id: 0, result: "A" });
  const results = await batch;
  assertEquals(results.map((result) => result.status === "fulfilled" ? result.value : result.reason.message), [
    "A",
    undefined,
    "no",
    "D",
  ]);
  await peer.close();
});

Deno.test("an empty batch sends nothing", async () => {
  const { peer, rest } = connect();
  assertEquals(await peer.batch([]), []);
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("messages of one tick are sent in one chunk, if their work fits one turn", async () => {
  const { peer, send, rest, chunks } = connect({ methods: { echo: (params) => params } });
  const lines = Array.from({ length: 100 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"echo"}\n`);
  // What other tests did before may count in the current turn: the next one is empty.
  await spend(Infinity);
  send(lines.join(""));
  const answers = await rest();
  assertEquals(answers.map(({ id }) => id), lines.map((_, id) => id));
  assertEquals(chunks(), 1);
  await peer.close();
});

Deno.test("a notify that nobody awaits can fail without an unhandled rejection", async () => {
  const { peer, refuse } = connect();
  refuse(new Error("nobody listens"));
  peer.notify("a");
  peer.notify("b", 1n);
  await peer.close();
  peer.notify("c");
  await settle();
});

Deno.test("calls that are aborted while the other side does not read are not sent, and nothing stays queued", async () => {
  const { peer, next, rest, block } = connect();
  const unblock = block();
  const first = peer.call("first").catch(() => {});
  await settle();
  const controller = new AbortController();
  const { signal } = controller;
  const entries = [{ method: "b" }, { method: "c" }];
  const aborted = [
    assertRejects(() => peer.call("a", null, { signal }), Error, "enough"),
    peer.batch(entries, { signal }),
    peer.batch([...entries, { method: "d", notification: true }], { signal }),
  ];
  const last = peer.call("last").catch(() => {});
  controller.abort(new Error("enough"));
  unblock();
  await Promise.all(aborted);
  assertEquals((await next()).method, "first");
  // A notification has no signal, so the batch that contains it is sent, and then cancelled.
  const [batch, ...others] = await rest();
  assertEquals(batch.map(({ method }: { method: string }) => method), ["b", "c", "d"]);
  assertEquals(others.map(({ method }) => method), ["last", "$/cancelRequest", "$/cancelRequest"]);
  await peer.close();
  await Promise.all([first, last]);
});

Deno.test("api has none of the names that the language itself calls, so that logging it sends no call", async () => {
  const { peer, rest } = connect();
  assertEquals(JSON.stringify({ api: peer.api }), '{"api":{}}');
  assertThrows(() => `${peer.api}`, TypeError);
  assertThrows(() => Number(peer.api), TypeError);
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("a method name that is not a string is refused before anything is sent", async () => {
  const { peer, rest } = connect();
  for (const method of [undefined, 5, Symbol("a"), { toJSON: () => "a" }] as never[]) {
    await assertRejects(() => peer.call(method), TypeError, "a method's name must be a string");
    await assertRejects(() => peer.notify(method), TypeError, "a method's name must be a string");
    await assertRejects(() => peer.batch([{ method }]), TypeError, "a method's name must be a string");
  }
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("a call whose signal aborts while it is being sent, by a request that its slot lets start, rejects", async () => {
  const controller = new AbortController();
  const { peer, sendJson } = connect({
    limits: { concurrentRequests: 1 },
    methods: {
      async work(_params, { peer }) {
        await settle();
        return await peer.call("ask", null, { signal: controller.signal });
      },
      stop: () => controller.abort(new Error("stop")),
    },
    onError: () => {},
  });
  sendJson({ jsonrpc, id: 1, method: "work" });
  sendJson({ jsonrpc, id: 2, method: "stop" });
  await settle();
  await settle();
  assertEquals(controller.signal.aborted, true);
  await peer.close();
});

Deno.test("a framing that can't encode a message fails the call with its error, and nothing stays pending", async () => {
  const encode = (text: string) => {
    if (text.length > 100) throw new Error("too long for this framing");
    return FRAMINGS.newline.encode(text);
  };
  const { peer } = connect({ framing: { ...FRAMINGS.newline, encode } });
  const controller = new AbortController();
  const { signal } = controller;
  await assertRejects(() => peer.call("a", ["x".repeat(200)], { signal }), Error, "too long for this framing");
  const [outcome] = await peer.batch([{ method: "b", params: ["x".repeat(200)] }]);
  assertEquals(outcome.status, "rejected");
  controller.abort(new Error("later"));
  await peer.close();
});
