/**
 * Tests of src/rpc/peer.ts with a hand-written other side: how a connection ends, and when the constructor refuses one.
 */

import { Peer, RpcClosedError, RpcProtocolError } from "@rivulet/rivulet/rpc";
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { assertErrorAnswer, connect, settle } from "../_wire.ts";

const jsonrpc = "2.0";

Deno.test("the end of the stream rejects pending calls, and open requests are answered before the peer closes", async () => {
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

Deno.test("a last message without its line feed counts when the stream ends", async () => {
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

Deno.test("a writable that fails rejects the calls that it did not take, and the others can still be answered", async () => {
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

Deno.test("close with a reason rejects and aborts everything with it, including the writable", async () => {
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

Deno.test("close still writes the queued messages, and does not wait until they are taken", async () => {
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

Deno.test("close with a reason rejects notifications that a stuck writable will never take, and without one they go on", async () => {
  for (const reason of [new Error("enough"), undefined]) {
    const gate = Promise.withResolvers<void>();
    const writable = new WritableStream<Uint8Array>({ write: () => gate.promise });
    const peer = new Peer({ readable: new ReadableStream(), writable }, {});
    peer.closed.catch(() => {});
    const notified = [peer.notify("taken"), peer.notify("queued")];
    await settle();
    await peer.close(reason);
    if (reason === undefined) gate.resolve();
    const outcomes = await Promise.allSettled(notified);
    assertEquals(
      outcomes,
      notified.map(() => reason ? { status: "rejected", reason } : { status: "fulfilled", value: undefined }),
    );
  }
});

Deno.test("close with a reason also rejects them if the peer is closing already", async () => {
  const writable = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
  const peer = new Peer({ readable: new ReadableStream(), writable }, {});
  peer.closed.catch(() => {});
  const notified = peer.notify("taken");
  await settle();
  await peer.close();
  const reason = new Error("enough");
  await peer.close(reason);
  assertStrictEquals(await assertRejects(() => notified), reason);
});

Deno.test("close inside a handler drops the later messages of the same chunk", async () => {
  const served: unknown[] = [];
  const { peer, send, end } = connect({
    methods: {
      stop: () => void peer.close(),
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

Deno.test("a handler's answer after close is not sent", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { peer, sendJson, rest } = connect({ methods: { slow: () => promise } });
  sendJson({ jsonrpc, id: 1, method: "slow" });
  await settle();
  await peer.close();
  resolve("late");
  assertEquals(await rest(), []);
});

Deno.test("the peer's signal closes it with the signal's reason, even if it was aborted before", async () => {
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

Deno.test("Peer refuses locked streams, methods that are not functions and limits below 1", () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // @ts-expect-error not a function
  assertThrows(() => new Peer({ readable, writable }, { methods: { a: 1 } }), TypeError, '"a" is not a function');
  assertThrows(() => new Peer({ readable, writable }, { limits: { messageDepth: 0 } }), RangeError, "messageDepth");
  assertThrows(() => new Peer({ readable, writable }, { limits: { batchMessages: NaN } }), RangeError, "batchMessages");
  assertEquals([readable.locked, writable.locked], [false, false]);
  readable.getReader();
  assertThrows(() => new Peer({ readable, writable }), TypeError, "locked");
  assertEquals(writable.locked, false);
});

Deno.test("a limit that is undefined is the default", async () => {
  const { peer, sendJson, next } = connect({ limits: { messageBytes: undefined }, methods: { ping: () => "pong" } });
  sendJson({ jsonrpc, id: 1, method: "ping" });
  assertEquals((await next()).result, "pong");
  await peer.close();
});

Deno.test("a chunk that is not a Uint8Array closes the peer with a TypeError", async () => {
  for (const chunk of [{ length: 3 }, undefined, "text", new DataView(new ArrayBuffer(4)), new Uint16Array([10])]) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const peer = new Peer({ readable, writable: new WritableStream() });
    writable.getWriter().write(chunk as Uint8Array).catch(() => {});
    await assertRejects(() => peer.closed, TypeError, "not a Uint8Array");
  }
});

Deno.test("onInvalid is called after the answer is queued, and an error that it throws closes the peer", async () => {
  const faults: string[] = [];
  const { peer, send, next } = connect({
    onInvalid(error) {
      faults.push(error instanceof RpcProtocolError ? error.fault : error.limit);
      if (faults.length === 2) throw new Error("no more of this");
    },
  });
  send("what\n");
  assertErrorAnswer(await next(), null, -32700);
  send("{}\n{}\n");
  await assertRejects(() => peer.closed, Error, "no more of this");
  assertEquals(faults, ["not JSON", "not a request"]);
});

Deno.test("content-length framing serves and answers, and closes the peer when it can't find the next message", async () => {
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
      frame(error(-32700, `can't tell where a message ends: its Content-Length is \\"no\\"`)),
  );
});
