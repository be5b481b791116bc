/** Tests of src/rpc/peer.ts against a hand-written other side: calls, serving, cancellation, and how it all ends. */

import { ErrorCode, Peer, RpcClosedError, RpcError, RpcProtocolError } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { assertErrorAnswer, connect, settle } from "./_wire.ts";

const jsonrpc = "2.0";

// Calls

Deno.test("call sends ids counted from 0, and params always", async () => {
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

Deno.test("call rejects params without a JSON form, and uses up no id for them", async () => {
  const { peer, next } = connect();
  await assertRejects(() => peer.call("a", 1n), TypeError);
  await assertRejects(() => peer.call("a", () => {}), TypeError, "function");
  await assertRejects(() => peer.batch([{ method: "a" }, { method: "b", params: 1n }]), TypeError);
  peer.call("b").catch(() => {});
  assertEquals((await next()).id, 0);
  await peer.close();
});

Deno.test("call rejects when too many calls are pending", async () => {
  const { peer, sendJson } = connect({ limits: { pending: 2 } });
  const [first] = [peer.call("a"), peer.call("b")].map((call) => call.catch((error) => error));
  await assertRejects(() => peer.call("c"), RangeError, "2 calls are pending");
  await assertRejects(() => peer.batch([{ method: "a" }]), RangeError);
  sendJson({ jsonrpc, id: 0, result: 1 });
  assertEquals(await first, 1);
  peer.call("d").catch(() => {});
  await peer.close();
});

Deno.test("call rejects at once when its signal aborts, with its reason, and a late answer is counted", async () => {
  const { peer, sendJson, rest } = connect();
  const controller = new AbortController();
  const reason = { why: "enough" };
  const call = peer.call("slow", null, { signal: controller.signal });
  controller.abort(reason);
  assertStrictEquals(await call.catch((error) => error), reason);
  sendJson({ jsonrpc, id: 0, result: "late" });
  assertEquals((await rest()).length, 1);
  assertEquals(peer.stats.duplicateIds, 1);
  await peer.close();
});

Deno.test("call sends nothing when its signal is aborted already", async () => {
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

Deno.test("api has no then, nor symbols, so that it can be awaited and printed", async () => {
  const { peer } = connect();
  const api = await peer.api;
  assertEquals(Reflect.get(api, "then"), undefined);
  assertEquals(Reflect.get(api, Symbol.toPrimitive), undefined);
  assertEquals(typeof api.anything, "function");
  await peer.close();
});

Deno.test("notify sends no id and resolves when the stream took it", async () => {
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

Deno.test("batch sends one message and tells what became of each entry", async () => {
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

Deno.test("batch of nothing sends nothing", async () => {
  const { peer, rest } = connect();
  assertEquals(await peer.batch([]), []);
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("messages of one tick leave in one chunk", async () => {
  const { peer, send, rest, chunks } = connect({ methods: { echo: (params) => params } });
  const lines = Array.from({ length: 500 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"echo"}\n`);
  send(lines.join(""));
  const answers = await rest();
  assertEquals(answers.map(({ id }) => id), lines.map((_, id) => id));
  assertEquals(chunks(), 1);
  await peer.close();
});

// Serving

Deno.test("a handler's result, promise, thenable or nothing is the answer", async () => {
  const { peer, sendJson, next } = connect({
    methods: {
      value: (params) => ({ got: params }),
      promise: async (params) => await params,
      thenable: () => ({ then: (resolve: (value: string) => void) => resolve("then") }) as PromiseLike<string>,
      nothing: () => {},
    },
  });
  const results = { value: { got: [1] }, promise: [1], thenable: "then", nothing: null };
  for (const [method, result] of Object.entries(results)) {
    sendJson({ jsonrpc, id: method, method, params: [1] });
    assertEquals(await next(), { jsonrpc, id: method, result });
  }
  await peer.close();
});

Deno.test("a handler's failure is an error answer", async () => {
  const { peer, sendJson, next } = connect({
    methods: {
      rpc: () => Promise.reject(new RpcError(ErrorCode.invalidParams, "bad", { at: 1 })),
      throws: () => {
        throw new Error("oops");
      },
      rejects: () => Promise.reject("text"),
      bigint: () => 1n,
      hostile: () => ({ toJSON: () => Promise.reject.call(0) }),
      then: () =>
        Object.defineProperty({}, "then", {
          get() {
            throw new Error("trap");
          },
        }),
    },
  });
  const expected = {
    rpc: { code: -32602, message: "bad", data: { at: 1 } },
    throws: { code: -32603, message: "oops" },
    rejects: { code: -32603, message: "text" },
    then: { code: -32603, message: "trap" },
  };
  for (const [method, error] of Object.entries(expected)) {
    sendJson({ jsonrpc, id: 1, method });
    assertEquals(await next(), { jsonrpc, id: 1, error });
  }
  for (const method of ["bigint", "hostile"]) {
    sendJson({ jsonrpc, id: 1, method });
    assertErrorAnswer(await next(), 1, -32603);
  }
  await peer.close();
});

Deno.test("a handler gets params as they came, and a context", async () => {
  const seen: unknown[] = [];
  const wire = connect({
    methods: {
      look(params, context) {
        seen.push(params, context.method, context.id, context.notification, context.signal.aborted, context.peer);
      },
    },
  });
  wire.sendJson({ jsonrpc, id: "x", method: "look", params: null });
  await wire.next();
  wire.sendJson({ jsonrpc, method: "look" });
  assertEquals(await wire.rest(), []);
  const { peer } = wire;
  assertEquals(seen, [null, "look", "x", false, false, peer, undefined, "look", undefined, true, false, peer]);
  await peer.close();
});

Deno.test("methods are the own enumerable properties, or the entries of a map, at construction", async () => {
  const methods = Object.create({ inherited: () => 1 }, {
    own: { value: () => 2, enumerable: true, writable: true },
    hidden: { value: () => 3, enumerable: false },
  });
  for (const given of [methods, new Map([["own", () => 2]])]) {
    const { peer, sendJson, next } = connect({ methods: given });
    if (given === methods) methods.own = () => 4;
    sendJson({ jsonrpc, id: 1, method: "own" });
    assertEquals((await next()).result, 2);
    for (const method of ["inherited", "hidden"]) {
      sendJson({ jsonrpc, id: 1, method });
      assertErrorAnswer(await next(), 1, -32601);
    }
    await peer.close();
  }
});

Deno.test("a batch is answered as one array, in which notifications and answers have no place", async () => {
  const { peer, sendJson, next, rest } = connect({
    methods: { later: (params) => new Promise((resolve) => setTimeout(resolve, 1, params)), now: (params) => params },
  });
  const call = peer.call("theirs");
  await next();
  sendJson([
    { jsonrpc, id: 1, method: "later", params: "a" },
    { jsonrpc, method: "now" },
    { jsonrpc, id: "2", method: "now", params: "b" },
    { jsonrpc, id: 0, result: "ours" },
    17,
    { jsonrpc, id: 3, method: "none" },
  ]);
  assertEquals(await call, "ours");
  const answers = new Map((await next()).map((answer: { id: unknown }) => [answer.id, answer]));
  assertEquals(answers.size, 4);
  assertEquals(answers.get(1), { jsonrpc, id: 1, result: "a" });
  assertEquals(answers.get("2"), { jsonrpc, id: "2", result: "b" });
  assertErrorAnswer(answers.get(null), null, -32600);
  assertErrorAnswer(answers.get(3), 3, -32601);
  sendJson([{ jsonrpc, method: "now" }, { jsonrpc, method: "none" }]);
  assertEquals(await rest(), []);
  await peer.close();
});

// Iteration

Deno.test("iteration gives the requests without a handler, to be answered once", async () => {
  const { peer, sendJson, next, rest } = connect({ methods: { known: () => "known" } });
  const requests = peer[Symbol.asyncIterator]();
  for (const method of ["known", "a", "b"]) sendJson({ jsonrpc, id: method, method, params: [method] });
  assertEquals((await next()).result, "known");
  const first = (await requests.next()).value!;
  const second = (await requests.next()).value!;
  assertEquals([first.method, first.params, first.id, second.method], ["a", ["a"], "a", "b"]);
  second.fail(new RpcError(5, "five"));
  second.reply("too late");
  assertEquals(await next(), { jsonrpc, id: "b", error: { code: 5, message: "five" } });
  first.reply({ done: true });
  assertEquals(await next(), { jsonrpc, id: "a", result: { done: true } });
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("iteration ends with the stream, after all requests were given out", async () => {
  const { peer, sendJson, end, rest, told } = connect();
  const methods: string[] = [];
  const iteration = (async () => {
    for await (const request of peer) {
      methods.push(request.method);
      await settle();
      request.reply();
    }
  })();
  for (const method of ["a", "b", "c"]) sendJson({ jsonrpc, id: method, method });
  end();
  await iteration;
  await peer.closed;
  assertEquals([methods, told.closed], [["a", "b", "c"], true]);
  assertEquals((await rest()).map(({ id }) => id), ["a", "b", "c"]);
});

Deno.test("iteration that is left answers what it has not given out with method not found", async () => {
  const { peer, sendJson, next } = connect();
  for (const method of ["a", "b"]) sendJson({ jsonrpc, id: method, method });
  for await (const request of peer) {
    await settle();
    request.reply("mine");
    break;
  }
  assertEquals((await next()).result, "mine");
  assertErrorAnswer(await next(), "b", -32601);
  sendJson({ jsonrpc, id: "c", method: "c" });
  assertErrorAnswer(await next(), "c", -32601);
  await peer.close();
});

Deno.test("iteration is one at a time, and may begin again", async () => {
  const { peer } = connect();
  const requests = peer[Symbol.asyncIterator]();
  const waiting = requests.next();
  assertThrows(() => peer[Symbol.asyncIterator](), TypeError);
  await requests.return!();
  assertEquals(await waiting, { done: true, value: undefined });
  const again = peer[Symbol.asyncIterator]().next();
  assertEquals(await requests.next(), { done: true, value: undefined });
  await peer.close();
  assertEquals(await again, { done: true, value: undefined });
});

Deno.test("iteration gives out notifications, which hold no slot", async () => {
  const { peer, sendJson } = connect({ limits: { concurrency: 1 } });
  for (let i = 0; i < 5; i++) sendJson({ jsonrpc, method: "note", params: i });
  const seen: unknown[] = [];
  for await (const { notification, params } of peer) {
    seen.push(params);
    assert(notification);
    if (seen.length === 5) break;
  }
  assertEquals(seen, [0, 1, 2, 3, 4]);
  await peer.close();
});

// Cancellation by the other side

Deno.test("cancelMethod aborts the handler's signal, and is sent when a call is aborted", async () => {
  const { peer, sendJson, next } = connect({
    cancelMethod: "cancel",
    methods: {
      wait: (_params, { signal }) => new Promise((_, reject) => signal.onabort = () => reject(signal.reason)),
    },
  });
  sendJson({ jsonrpc, id: 1, method: "wait" });
  sendJson({ jsonrpc, id: "1", method: "wait" });
  for (const params of [{ id: 2 }, {}, null, "1", { id: "1" }]) sendJson({ jsonrpc, method: "cancel", params });
  assertErrorAnswer(await next(), "1", ErrorCode.requestCancelled);
  const controller = new AbortController();
  const call = peer.call("theirs", null, { signal: controller.signal });
  assertEquals((await next()).method, "theirs");
  controller.abort();
  await assertRejects(() => call, DOMException);
  assertEquals(await next(), { jsonrpc, method: "cancel", params: { id: 0 } });
  await peer.close();
});

// The end

Deno.test("end of the stream rejects pending calls, and lets what was asked be answered before it closes", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { peer, sendJson, end, next, told, duplex } = connect({ methods: { slow: () => promise } });
  const call = peer.call("theirs").catch((error) => error);
  await next();
  sendJson({ jsonrpc, id: 1, method: "slow" });
  end();
  assertInstanceOf(await call, RpcClosedError);
  await assertRejects(() => peer.call("more"), RpcClosedError, "ended its stream");
  assertEquals(told.closed, false);
  resolve("at last");
  await peer.closed;
  assertEquals(await next(), { jsonrpc, id: 1, result: "at last" });
  assertEquals([told.closed, duplex.readable.locked, duplex.writable.locked], [true, false, false]);
});

Deno.test("a message without its line feed counts when the stream has ended", async () => {
  const { peer, send, end, next } = connect({ methods: { ping: () => "pong" } });
  send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  end();
  assertEquals((await next()).result, "pong");
  await peer.closed;
});

Deno.test("a readable that fails rejects pending calls and closed with its reason, and aborts the writable", async () => {
  const { peer, fail, told, duplex } = connect();
  const call = peer.call("theirs").catch((error) => error);
  const reason = new Error("broken pipe");
  await settle();
  fail(reason);
  assertStrictEquals(await call, reason);
  assertStrictEquals(await peer.closed.catch((error) => error), reason);
  assertStrictEquals(told.aborted, reason);
  await settle();
  assertEquals([duplex.readable.locked, duplex.writable.locked], [false, false]);
});

Deno.test("a writable that fails rejects the calls that it did not take; the others may still be answered", async () => {
  const { peer, next, refuse, block, sendJson } = connect();
  const taken = peer.call("taken");
  await next();
  await settle();
  block();
  const lost = [peer.call("in flight"), peer.call("in flight too")].map((call) => call.catch((error) => error));
  await settle();
  const reason = new Error("nobody listens");
  lost.push(peer.call("queued").catch((error) => error), peer.notify("queued").catch((error) => error));
  refuse(reason);
  const later = peer.call("later").catch((error) => error);
  sendJson({ jsonrpc, id: 0, result: "answered" });
  assertEquals(await taken, "answered");
  assertStrictEquals(await later, reason);
  assertEquals(await Promise.all(lost.slice(2)), [reason, reason]);
  await peer.close();
  await Promise.all(lost);
});

Deno.test("close rejects pending calls, aborts handlers' signals, unlocks the streams and closes the writable", async () => {
  let signal: AbortSignal | undefined;
  const { peer, sendJson, next, told, duplex, rest } = connect({
    methods: { wait: (_params, context) => (signal = context.signal, new Promise(() => {})), now: () => "now" },
  });
  const requests = peer[Symbol.asyncIterator]().next();
  const call = peer.call("theirs").catch((error) => error);
  await next();
  sendJson({ jsonrpc, id: 1, method: "wait" });
  sendJson({ jsonrpc, id: 2, method: "now" });
  await settle();
  await peer.close();
  assertInstanceOf(await call, RpcClosedError);
  assertEquals(await requests, { done: true, value: undefined });
  assertEquals(await peer.closed, undefined);
  assertInstanceOf(signal?.reason, RpcClosedError);
  assertInstanceOf(told.cancelled, RpcClosedError);
  assertEquals([duplex.readable.locked, duplex.writable.locked], [false, false]);
  assertEquals((await rest()).map(({ id }) => id), [2]);
  assertEquals([told.closed, "aborted" in told], [true, false]);
  for (const refused of [peer.call("a"), peer.notify("b"), peer.batch([{ method: "c" }])]) {
    await assertRejects(() => refused, RpcClosedError);
  }
});

Deno.test("close with a reason gives it to everyone, and aborts the writable", async () => {
  const { peer, told, next } = connect();
  const call = peer.call("theirs").catch((error) => error);
  await next();
  const reason = new Error("the guest trapped");
  await peer.close(reason);
  assertStrictEquals(await call, reason);
  assertStrictEquals(await peer.closed.catch((error) => error), reason);
  assertStrictEquals(await peer.call("later").catch((error) => error), reason);
  assertEquals([told.cancelled, told.aborted], [reason, reason]);
  await peer.close();
});

Deno.test("close still hands over what was queued, and does not wait for it to be taken", async () => {
  const { peer, block, rest, told } = connect();
  const unblock = block();
  const notified = [peer.notify("a"), peer.notify("b")];
  await settle();
  notified.push(peer.notify("c"));
  await peer.close();
  await peer.closed;
  assertEquals(told.closed, false);
  unblock();
  await Promise.all(notified);
  assertEquals((await rest()).map(({ method }) => method), ["a", "b", "c"]);
  assertEquals(told.closed, true);
});

Deno.test("close inside a handler stops what follows in the same chunk", async () => {
  const served: unknown[] = [];
  const { peer, send, end } = connect({
    methods: {
      stop: (_params, context) => void (context.peer as Peer).close(),
      note: (params) => void served.push(params),
    },
  });
  const request = (method: string, params: unknown) => JSON.stringify({ jsonrpc, method, params });
  send(`${request("note", 1)}\n[${request("stop", 0)},${request("note", 2)}]\n${request("note", 3)}\n`);
  await peer.closed;
  await settle();
  assertEquals(served, [1]);
  assertThrows(end, TypeError);
});

Deno.test("a handler's answer after close goes nowhere", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { peer, sendJson, rest } = connect({ methods: { slow: () => promise } });
  sendJson({ jsonrpc, id: 1, method: "slow" });
  await settle();
  await peer.close();
  resolve("late");
  assertEquals(await rest(), []);
});

Deno.test("the peer's signal closes it with the signal's reason, also when it was aborted before", async () => {
  const reason = new Error("time is up");
  const controller = new AbortController();
  const [later, before] = [controller.signal, AbortSignal.abort(reason)].map((signal) => connect({ signal }));
  assertStrictEquals(await before.peer.closed.catch((error) => error), reason);
  controller.abort(reason);
  assertStrictEquals(await later.peer.closed.catch((error) => error), reason);
});

Deno.test("await using closes the peer", async () => {
  const { peer, told } = connect();
  {
    await using _peer = peer;
  }
  await settle();
  assertEquals(told.closed, true);
  await peer.closed;
});

Deno.test("Peer refuses locked streams, methods that are no functions and limits below 1", () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // @ts-expect-error not a function
  assertThrows(() => new Peer({ readable, writable }, { methods: { a: 1 } }), TypeError, '"a" is not a function');
  assertThrows(() => new Peer({ readable, writable }, { limits: { depth: 0 } }), RangeError, "depth");
  assertThrows(() => new Peer({ readable, writable }, { limits: { batch: NaN } }), RangeError, "batch");
  assertEquals([readable.locked, writable.locked], [false, false]);
  readable.getReader();
  assertThrows(() => new Peer({ readable, writable }), TypeError, "locked");
  assertEquals(writable.locked, false);
});

Deno.test("a limit given as undefined is the default", async () => {
  const { peer, sendJson, next } = connect({ limits: { messageBytes: undefined }, methods: { ping: () => "pong" } });
  sendJson({ jsonrpc, id: 1, method: "ping" });
  assertEquals((await next()).result, "pong");
  await peer.close();
});

Deno.test("a chunk that is no Uint8Array closes the peer with a TypeError", async () => {
  const { peer, send } = connect();
  send({ length: 3 } as Uint8Array);
  await assertRejects(() => peer.closed, TypeError, "not a Uint8Array");
});

Deno.test("onInvalid is told after the answer was queued, and what it throws closes the peer", async () => {
  const faults: string[] = [];
  const { peer, send, next } = connect({
    onInvalid(error) {
      faults.push(error.fault);
      if (faults.length === 2) throw new Error("no more of this");
    },
  });
  send("what\n");
  assertErrorAnswer(await next(), null, -32700);
  send("{}\n{}\n");
  await assertRejects(() => peer.closed, Error, "no more of this");
  assertEquals(faults, ["not JSON", "not a request"]);
});

// Content-Length

Deno.test("content-length framing serves and answers, and gives up when it is lost", async () => {
  const frame = (text: string) => `Content-Length: ${new TextEncoder().encode(text).length}\r\n\r\n${text}`;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const input = new Blob([
    frame('{"jsonrpc":"2.0","id":1,"method":"echo","params":["é"]}'),
    frame("{}"),
    "Content-Length: no\r\n\r\n",
    frame('{"jsonrpc":"2.0","id":2,"method":"echo"}'),
  ]).stream();
  const peer = new Peer({ readable: input, writable }, {
    framing: "content-length",
    methods: { echo: (params) => params },
  });
  const pending = peer.call("theirs").catch((error) => error);
  const output = await new Response(readable).text();
  assertInstanceOf(await pending, RpcProtocolError);
  assertEquals((await peer.closed.catch((error) => error)).fault, "framing");
  const error = (code: number, message: string) =>
    `{"jsonrpc":"2.0","id":null,"error":{"code":${code},"message":"${message}"}}`;
  assertEquals(
    output,
    frame('{"jsonrpc":"2.0","id":0,"method":"theirs","params":null}') +
      frame('{"jsonrpc":"2.0","id":1,"result":["é"]}') +
      frame(error(-32600, 'message is not a valid request: its \\"jsonrpc\\" is not \\"2.0\\"')) +
      frame(error(-32700, 'cannot tell where a message ends: its Content-Length is \\"no\\"')),
  );
});
