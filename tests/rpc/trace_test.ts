/**
 * Tests of what a request belongs to: the call that a handler sees, its signal, and `traceparent` through nested calls.
 *
 * @module
 */

import { Peer, type PeerOptions, PROTOCOLS, type RequestContext } from "@rivulet/rivulet/rpc";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { readTraceparent } from "../../src/rpc/trace.ts";
import { connect, crossed, settle } from "../_wire.ts";

const jsonrpc = "2.0";
const T1 = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const T2 = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";

/** Methods that keep the contexts of their requests, and answer when they are told. */
function keeping(): { contexts: RequestContext[]; methods: PeerOptions["methods"]; answer: (value: unknown) => void } {
  const contexts: RequestContext[] = [];
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { contexts, methods: { ask: (_params, context) => (contexts.push(context), promise) }, answer: resolve };
}

Deno.test("only what W3C Trace Context calls a traceparent is one", () => {
  for (const text of [T1, T2, T1.replace(/^00/, "fe")]) assertEquals(readTraceparent(text), text);
  const wrong = [
    ...[T1.toUpperCase(), `${T1}-00`, ` ${T1}`, `${T1}\n`, T1.slice(1), "", T1.replace(/^00/, "ff")],
    ...[T1.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32)), T1.replace("b7ad6b7169203331", "0".repeat(16))],
    ...[undefined, null, 5, [T1], { toString: () => T1 }],
  ];
  for (const given of wrong) assertEquals(readTraceparent(given), undefined);
});

Deno.test("a request belongs to the call that it names, or else to the only pending one", async () => {
  const { contexts, methods, answer } = keeping();
  const { peer, sendJson, rest } = connect({ methods });
  const ask = (more: object) => sendJson({ jsonrpc, id: 9, method: "ask", ...more });
  ask({});
  await settle();
  const first = peer.call("first", null, { traceparent: T1 }).catch(() => {});
  await settle();
  ask({});
  ask({ parent: 5 });
  await settle();
  const second = peer.call("second").catch(() => {});
  await settle();
  for (const parent of [undefined, 0, 1, "1", null, {}, [1], 1.5]) ask({ parent });
  await settle();
  const call = contexts.map((context) => context.call?.method);
  const none = undefined;
  assertEquals(call, [none, "first", none, none, "first", "second", none, none, none, none, none]);
  assertEquals(contexts.slice(4, 6).map(({ call }) => [call?.id, call?.traceparent]), [[0, T1], [1, none]]);
  answer(1);
  await rest();
  await peer.close();
  await Promise.all([first, second]);
});

Deno.test("the call's signal aborts when the call is aborted or cancelled or the connection ends, not at its answer", async () => {
  const { contexts, methods } = keeping();
  const { peer, sendJson, next } = connect({ methods });
  const abort = new AbortController();
  const cancel = new AbortController();
  const calls = [
    peer.call("answered"),
    peer.call("aborted", null, { signal: abort.signal }).catch((error) => error),
    peer.call("cancelled", null, { cancel: cancel.signal }).catch((error) => error),
    peer.call("ended").catch((error) => error),
  ];
  for (const _ of calls) await next();
  for (const parent of calls.keys()) sendJson({ jsonrpc, id: parent, method: "ask", parent });
  await settle();
  const early = contexts.map(({ call }) => call!.signal);
  sendJson({ jsonrpc, id: 0, result: 1 });
  abort.abort("abort");
  cancel.abort("cancel");
  await settle();
  assertEquals(early.map(({ aborted }) => aborted), [false, true, true, false]);
  await peer.close("end").catch(() => {});
  assertEquals(await Promise.all(calls), [1, "abort", "end", "end"]);
  assertEquals(early.map(({ reason }) => reason), [undefined, "abort", "cancel", "end"]);
  contexts.forEach(({ call }, index) => assertStrictEquals(call!.signal, early[index]));
});

Deno.test("a signal that is first read after the call was aborted is aborted", async () => {
  const { contexts, methods } = keeping();
  const { peer, sendJson, next } = connect({ methods });
  const controller = new AbortController();
  const call = peer.call("aborted", null, { signal: controller.signal }).catch(() => {});
  await next();
  sendJson({ jsonrpc, id: 1, method: "ask" });
  await settle();
  controller.abort("late");
  await call;
  assertEquals([contexts[0]!.call!.signal.aborted, contexts[0]!.call!.signal.reason], [true, "late"]);
  await peer.close();
});

for (const protocol of ["rivulet", "lsp"] as const) {
  Deno.test(`${protocol}: traceparent and parent are members beside the params`, async () => {
    const { contexts, methods } = keeping();
    const { peer, sendJson, next } = connect({ protocol, framing: "newline", methods });
    const call = peer.call("work", { a: 1 }, { traceparent: T1 }).catch(() => {});
    assertEquals(await next(), { jsonrpc, id: 0, method: "work", params: { a: 1 }, traceparent: T1 });
    sendJson({ jsonrpc, id: "x", method: "ask", params: { traceparent: T1 }, traceparent: T2, parent: 0 });
    sendJson({ jsonrpc, id: null, method: "ask", params: { traceparent: T1 }, traceparent: "none" });
    sendJson({ jsonrpc, method: "ask", params: {} });
    await settle();
    assertEquals(contexts.map(({ traceparent }) => traceparent), [T2, T1, T1]);
    // What a handler sends names its request, and has its trace.
    for (const context of contexts) context.peer.call("back", {}).catch(() => {});
    assertEquals(await next(), { jsonrpc, id: 1, method: "back", params: {}, traceparent: T2, parent: "x" });
    assertEquals(await next(), { jsonrpc, id: 2, method: "back", params: {}, traceparent: T1 });
    assertEquals(await next(), { jsonrpc, id: 3, method: "back", params: {}, traceparent: T1 });
    contexts[0]!.peer.notify("note");
    const { params: _, ...note } = await next();
    assertEquals(note, { jsonrpc, method: "note", traceparent: T2, parent: "x" });
    contexts[0]!.peer.api.back!([], { traceparent: T1 }).catch(() => {});
    assertEquals(await next(), { jsonrpc, id: 4, method: "back", params: [], traceparent: T1, parent: "x" });
    await peer.close();
    await call;
  });
}

Deno.test("mcp: traceparent is in the params' _meta, beside what is there", async () => {
  const { contexts, methods } = keeping();
  const { peer, sendJson, next, rest } = connect({ protocol: "mcp", methods });
  const options = { traceparent: T1, onProgress: () => {} };
  const call = peer.call("work", { a: 1, _meta: { b: 2 } }, options).catch(() => {});
  const _meta = { b: 2, traceparent: T1, progressToken: 0 };
  assertEquals(await next(), { jsonrpc, id: 0, method: "work", params: { a: 1, _meta } });
  sendJson({ jsonrpc, id: 1, method: "ask", params: { _meta: { traceparent: T2 } } });
  sendJson({ jsonrpc, id: 2, method: "ask", params: { _meta: T2 } });
  sendJson({ jsonrpc, id: 3, method: "ask", params: T2, traceparent: T2 });
  await settle();
  assertEquals(contexts.map(({ traceparent }) => traceparent), [T2, T1, T1]);
  contexts[0]!.peer.call("back").catch(() => {});
  assertEquals(await next(), { jsonrpc, id: 1, method: "back", params: { _meta: { traceparent: T2 } } });
  // What nobody asked for is left out where there is no room for it.
  contexts[0]!.peer.call("back", [1]).catch(() => {});
  assertEquals(await next(), { jsonrpc, id: 2, method: "back", params: [1] });
  await assertRejects(() => peer.call("work", [1], { traceparent: T1 }), TypeError, "params must be an object");
  assertEquals(await rest(), []);
  await peer.close();
  await call;
});

Deno.test("mcp: params of a class that knows its JSON form keep it beside what is added", async () => {
  class Point {
    readonly #x: number;
    constructor(x: number) {
      this.#x = x;
    }
    toJSON(): unknown {
      return { x: this.#x };
    }
  }
  const { contexts, methods } = keeping();
  const { peer, sendJson, next } = connect({ protocol: "mcp", methods });
  const options = { traceparent: T1 };
  const calls = [peer.call("move", new Point(1), options), peer.call("move", { _meta: new Point(2) }, options)];
  assertEquals((await next()).params, { x: 1, _meta: { traceparent: T1 } });
  assertEquals((await next()).params, { _meta: { x: 2, traceparent: T1 } });
  await assertRejects(() => peer.call("move", new Date(0), options), TypeError, "params must be an object");
  sendJson({ jsonrpc, id: 1, method: "ask", params: { _meta: { traceparent: T2 } } });
  await settle();
  calls.push(contexts[0]!.peer.call("back", new Point(3)), contexts[0]!.peer.call("back", new Date(0)));
  assertEquals((await next()).params, { x: 3, _meta: { traceparent: T2 } });
  assertEquals((await next()).params, "1970-01-01T00:00:00.000Z");
  const settled = Promise.allSettled(calls);
  await peer.close();
  await settled;
});

Deno.test("an id that is long is not repeated with each call that a handler makes for its request", async () => {
  const { peer, sendJson, rest } = connect({
    methods: { many: (_params, { peer }) => void [1, 2, 3].map(() => peer.notify("note")) },
  });
  for (const [length, parents] of [[1_000, 3], [1_001, 0]] as const) {
    sendJson({ jsonrpc, id: "i".repeat(length), method: "many" });
    assertEquals((await rest()).filter(({ parent }) => parent !== undefined).length, parents);
  }
  await peer.close();
});

Deno.test("without a row of trace, nothing is added, and the only pending call is still known", async () => {
  const { contexts, methods } = keeping();
  const { name, framing, batches, alwaysParams } = PROTOCOLS.rivulet;
  const { peer, sendJson, next } = connect({ protocol: { name, framing, batches, alwaysParams }, methods });
  const call = peer.call("work", null, { traceparent: T1 }).catch(() => {});
  assertEquals(await next(), { jsonrpc, id: 0, method: "work", params: null });
  sendJson({ jsonrpc, id: 1, method: "ask", traceparent: T2, parent: 5 });
  await settle();
  assertEquals(contexts.map(({ call, traceparent }) => [call?.id, traceparent]), [[0, T1]]);
  contexts[0]!.peer.call("back").catch(() => {});
  assertEquals(await next(), { jsonrpc, id: 1, method: "back", params: null });
  await peer.close();
  await call;
});

Deno.test("through two peers, nested calls keep their trace and know their calls", async () => {
  const seen: unknown[] = [];
  const [here, there] = crossed();
  await using host = new Peer(here, {
    methods: {
      log(params, { call, traceparent }) {
        seen.push([params, call?.method, call?.id, traceparent]);
      },
    },
  });
  await using _guest = new Peer(there, {
    methods: {
      async work(params, context) {
        await settle();
        await context.peer.call("log", params);
      },
      async rest(params, context) {
        await settle();
        await context.peer.call("log", params);
      },
    },
  });
  await Promise.all([host.call("work", 1, { traceparent: T1 }), host.call("rest", 2, { traceparent: T2 })]);
  assertEquals(seen, [[1, "work", 0, T1], [2, "rest", 1, T2]]);
});
