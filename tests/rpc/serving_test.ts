/**
 * Tests of src/rpc/peer.ts with a hand-written other side: requests that the peer answers, in handlers or in a loop.
 */

import { ErrorCode, RpcError } from "@rivulet/rivulet/rpc";
import type { RequestId } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertErrorAnswer, connect, settle } from "../_wire.ts";

const jsonrpc = "2.0";

Deno.test("a handler can answer with a result, a promise, a thenable or nothing", async () => {
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

Deno.test("an RpcError of a handler is the answer, and only onError receives any other error", async () => {
  const failures: (readonly [string, RequestId | undefined, string])[] = [];
  const oops = new Error("oops, in /etc/secret");
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const { peer, sendJson, next, rest } = connect({
    methods: {
      rpc: () => Promise.reject(new RpcError(ErrorCode.invalidParams, "bad", { at: 1 })),
      throws: () => {
        throw oops;
      },
      rejects: () => Promise.reject("text"),
      bigint: () => 1n,
      proxy: () => Promise.reject(proxy),
      data: () => Promise.reject(new RpcError(1, "no JSON", 1n)),
      hostile: () => ({ toJSON: () => Promise.reject.call(0) }),
      then: () =>
        Object.defineProperty({}, "then", {
          get() {
            throw new Error("trap");
          },
        }),
    },
    onError: (error, { method, id }) => failures.push([method, id, String(error)]),
  });
  sendJson({ jsonrpc, id: 1, method: "rpc" });
  assertEquals(await next(), { jsonrpc, id: 1, error: { code: -32602, message: "bad", data: { at: 1 } } });
  for (const method of ["throws", "rejects", "then", "bigint", "proxy", "data", "hostile"]) {
    sendJson({ jsonrpc, id: 1, method });
    assertEquals(await next(), { jsonrpc, id: 1, error: { code: -32603, message: "internal error" } });
  }
  for (const method of ["rpc", "throws", "rejects"]) sendJson({ jsonrpc, method });
  assertEquals(await rest(), []);
  const [rpc, data] = ["RpcError: bad", "RpcError: no JSON"];
  assertEquals(failures.filter(([method]) => !["bigint", "proxy", "hostile"].includes(method)), [
    ["rpc", 1, rpc],
    ["throws", 1, String(oops)],
    ["rejects", 1, "text"],
    ["then", 1, "Error: trap"],
    ["data", 1, data],
    [
      "data",
      1,
      "TypeError: data is a BigInt, which JSON does not have: pass a string, or `Number(value)` if it is small",
    ],
    ["rpc", undefined, rpc],
    ["throws", undefined, String(oops)],
    ["rejects", undefined, "text"],
  ]);
  assertEquals(failures.length, 12);
  await peer.close();
});

Deno.test("an onError that throws or rejects has no effect", async () => {
  const hooks = [() => Promise.reject(new Error("no")), () => {
    throw new Error("no");
  }];
  for (const onError of hooks) {
    const { peer, sendJson, next } = connect({ methods: { fails: () => Promise.reject(new Error("oops")) }, onError });
    sendJson({ jsonrpc, method: "fails" });
    sendJson({ jsonrpc, id: 1, method: "fails" });
    assertErrorAnswer(await next(), 1, ErrorCode.internalError);
    await settle();
    await peer.close();
  }
});

Deno.test("without onError, a peer logs its first ten failures to the console, but not RpcErrors that are answers", async () => {
  const shown: unknown[][] = [];
  const { error: original } = console;
  console.error = (...args: unknown[]) => void shown.push(args);
  try {
    const oops = new Error("oops");
    const { peer, sendJson, rest } = connect({
      methods: {
        fails: () => Promise.reject(oops),
        answers: () => Promise.reject(new RpcError(1, "on purpose")),
      },
    });
    for (let id = 0; id < 30; id++) sendJson({ jsonrpc, id, method: id % 2 === 0 ? "fails" : "answers" });
    assertEquals((await rest()).length, 30);
    assertEquals(shown.slice(0, 10), Array(10).fill(['method "fails" failed:', oops]));
    assertEquals(shown.length, 11);
    await peer.close();
  } finally {
    console.error = original;
  }
});

Deno.test("a handler that throws because its request was aborted has not failed", async () => {
  const failures: unknown[] = [];
  const { peer, sendJson } = connect({
    methods: {
      wait: (_params, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
    onError: (error) => failures.push(error),
  });
  sendJson({ jsonrpc, id: 1, method: "wait" });
  await settle();
  await peer.close();
  await settle();
  assertEquals(failures, []);
});

Deno.test("an onInvalid that rejects closes the peer with its reason", async () => {
  const reason = new Error("enough");
  const { peer, send } = connect({ onInvalid: () => Promise.reject(reason) });
  send("not JSON\n");
  assertEquals(await peer.closed.catch((error) => error), reason);
});

Deno.test("a handler receives the unchanged params and a context", async () => {
  const seen: unknown[] = [];
  const wire = connect({
    methods: {
      look(params, context) {
        seen.push(params, context.method, context.id, context.notification, context.signal.aborted);
        seen.push(context.call, context.traceparent);
      },
    },
  });
  wire.sendJson({ jsonrpc, id: "x", method: "look", params: null });
  await wire.next();
  wire.sendJson({ jsonrpc, method: "look" });
  assertEquals(await wire.rest(), []);
  const none = undefined;
  assertEquals(seen, [null, "look", "x", false, false, none, none, none, "look", none, true, false, none, none]);
  await wire.peer.close();
});

Deno.test("the methods are the own enumerable properties, or the entries of a map, at construction", async () => {
  const methods = Object.create(null, {
    own: { value: () => 2, enumerable: true, writable: true },
    hidden: { value: () => 3, enumerable: false },
  });
  for (const given of [methods, new Map([["own", () => 2]])]) {
    const { peer, sendJson, next } = connect({ methods: given });
    if (given === methods) methods.own = () => 4;
    sendJson({ jsonrpc, id: 1, method: "own" });
    assertEquals((await next()).result, 2);
    sendJson({ jsonrpc, id: 1, method: "hidden" });
    assertErrorAnswer(await next(), 1, -32601);
    await peer.close();
  }
});

Deno.test("methods in a prototype, as a class has them, are refused, and those that a class sets itself are served", async () => {
  class Service {
    echo(params: unknown) {
      return params;
    }
  }
  class Derived extends Service {}
  class Own {
    echo = (params: unknown) => params;
    get size() {
      return 0;
    }
  }
  const message = 'method "echo" is in the prototype of methods, as those of a class are, and would not be served: ' +
    "pass an object of functions, such as { echo: (params) => service.echo(params) }";
  for (const methods of [new Service(), new Derived(), Object.create({ echo() {} })]) {
    const error = assertThrows(() => connect({ methods }), TypeError);
    assertEquals(error.message, message);
  }
  assertThrows(
    () => connect({ methods: Object.create({ "a b"() {} }) }),
    TypeError,
    "{ name: (params) => service.name",
  );
  const { peer, sendJson, next } = connect({ methods: new Own() as never });
  sendJson({ jsonrpc, id: 1, method: "echo", params: 5 });
  assertEquals((await next()).result, 5);
  await peer.close();
});

Deno.test("the answer to a batch is one array, without entries for notifications and answers", async () => {
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

Deno.test("iteration yields the requests without a handler, and each can be answered once", async () => {
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

Deno.test("iteration ends with the stream, after it has yielded all requests", async () => {
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

Deno.test("when a loop is left, the requests that it has not yielded are answered with method not found", async () => {
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

Deno.test("only one loop can iterate at a time, and a new one can begin later", async () => {
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

Deno.test("iteration yields notifications, which do not hold a slot", async () => {
  const { peer, sendJson } = connect({ limits: { concurrentRequests: 1 } });
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

Deno.test("onUnknown is told of the methods that nobody serves, and what it throws is ignored", async () => {
  const seen: unknown[] = [];
  const { peer, sendJson, next } = connect({
    methods: { known: () => 1 },
    onUnknown(request) {
      seen.push(request);
      throw new Error("ignored");
    },
  });
  sendJson({ jsonrpc, id: 1, method: "unknown" });
  assertErrorAnswer(await next(), 1, -32601);
  sendJson({ jsonrpc, method: "news" });
  sendJson({ jsonrpc, id: 2, method: "known" });
  assertEquals((await next()).result, 1);
  assertEquals(seen, [{ method: "unknown", id: 1 }, { method: "news", id: undefined }]);
  await peer.close();
});
