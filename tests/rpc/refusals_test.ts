/**
 * Tests of what one side can't take: errors without an id, messages that are too long for the other side, unknown
 * methods, and requests that are cancelled before they are served.
 *
 * @module
 */

import { ErrorCode, FRAMINGS, LimitError, Peer, RpcError } from "@rivulet/rivulet/rpc";
import type { PeerOptions } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { assertErrorAnswer, connect, crossed, settle, until } from "../_wire.ts";

const jsonrpc = "2.0";

Deno.test("an error without an id rejects the only pending call, and names it and the size of its message", async () => {
  for (const id of [null, undefined]) {
    const { peer, next, sendJson } = connect();
    const call = peer.call("ping", "ä".repeat(50));
    await next();
    sendJson({ jsonrpc, id, error: { code: -32600, message: "line too long", data: { most: 9 } } });
    const error = await assertRejects(() => call, RpcError);
    const { length } = FRAMINGS.newline.encode(
      JSON.stringify({ jsonrpc, id: 0, method: "ping", params: "ä".repeat(50) }),
    );
    assertEquals(
      error.message,
      `the other side refused the call of "ping", sent as ${length} bytes: line too long`,
    );
    assertEquals([error.code, error.data], [-32600, { most: 9 }]);
    assertEquals([peer.stats.nullIds, peer.stats.unknownIds], [1, 0]);
    // The connection goes on.
    const again = peer.call("ping");
    assertEquals((await next()).id, 1);
    sendJson({ jsonrpc, id: 1, result: "pong" });
    assertEquals(await again, "pong");
    await peer.close();
  }
});

Deno.test("an error without an id rejects all pending calls, since it may mean any of them", async () => {
  const { peer, next, sendJson } = connect();
  const outcomes = [peer.call("a"), peer.call("b", "long"), peer.batch([{ method: "c" }, { method: "d" }])];
  const caught = outcomes.slice(0, 2).map((call) => assertRejects(() => call, RpcError));
  for (const _ of outcomes) await next();
  sendJson({ jsonrpc, id: null, error: { code: -32700, message: "what?" } });
  const messages = (await Promise.all(caught)).map(({ message }) => message);
  assertEquals(messages, [
    'the other side refused a message, perhaps the call of "a", sent as 52 bytes: what?',
    'the other side refused a message, perhaps the call of "b", sent as 54 bytes: what?',
  ]);
  const batch = await outcomes[2] as PromiseSettledResult<unknown>[];
  assertEquals(batch.map(({ status }) => status), ["rejected", "rejected"]);
  const answer = peer.call("e");
  sendJson({ jsonrpc, id: 4, result: 1 });
  assertEquals(await answer, 1);
  await peer.close();
});

Deno.test("an error without an id while no call is pending is counted, and changes nothing", async () => {
  const { peer, sendJson } = connect();
  for (let i = 0; i < 3; i++) sendJson({ jsonrpc, id: null, error: { code: 1, message: "no" } });
  await settle();
  assertEquals(peer.stats.nullIds, 3);
  await peer.close();
});

Deno.test("an error without an id among many calls rejects them over several turns, and spares later calls", async () => {
  const { peer, sendJson, rest } = connect();
  let turns = 0;
  let rejected = 0;
  const timer = setInterval(() => turns++, 0);
  const calls = Array.from({ length: 2_000 }, (_, index) => peer.call(`call ${index}`).catch(() => rejected++));
  await rest();
  turns = 0;
  sendJson({ jsonrpc, id: null, error: { code: 1, message: "no" } });
  await until(() => rejected > 0);
  const later = peer.call("later");
  sendJson({ jsonrpc, id: 2_000, result: "fine" });
  await Promise.all(calls);
  assertEquals(await later, "fine");
  clearInterval(timer);
  assert(turns > 1, `${turns}`);
  await peer.close();
});

Deno.test("a message that is too long for the other peer rejects its call, and no call hangs", async () => {
  const [here, there] = crossed();
  await using _server = new Peer(there, { limits: { messageBytes: 1_000 }, methods: { echo: (params) => params } });
  await using client = new Peer(here);
  const error = await assertRejects(() => client.call("echo", "x".repeat(70_000)), RpcError);
  assertEquals(error.code, ErrorCode.invalidRequest);
  assert(error.message.startsWith('the other side refused the call of "echo", sent as 700'), error.message);
  assert(error.message.endsWith("message is longer than 1000 bytes"), error.message);
  assertEquals(await client.call("echo", "y"), "y");
});

Deno.test("requestBytes refuses a longer call, batch or notification before anything is sent", async () => {
  const text = JSON.stringify({ jsonrpc, id: 0, method: "echo", params: "é".repeat(100) });
  const { length } = new TextEncoder().encode(text);
  const fits = connect({ limits: { requestBytes: length } });
  fits.peer.call("echo", "é".repeat(100)).catch(() => {});
  assertEquals((await fits.next()).method, "echo");
  await fits.peer.close();

  const { peer, rest } = connect({ limits: { requestBytes: length - 1 } });
  const params = "é".repeat(100);
  const sends: [send: () => Promise<unknown>, text: string][] = [
    [() => peer.call("echo", params), `the call of "echo" has ${length}`],
    [() => peer.api.echo!(params), `the call of "echo" has ${length}`],
    [() => peer.batch([{ method: "echo", params }]), `the batch has ${length + 2}`],
    [
      () => peer.batch([{ method: "a" }, { method: "b" }, { method: "c" }, { method: "d" }, { method: "e" }]),
      "the batch",
    ],
    [() => peer.notify("echo", params + "123456789"), 'the notification "echo" has'],
  ];
  for (const [send, text] of sends) {
    const error = await assertRejects(send, LimitError, text);
    assertEquals([error.limit, error.value], ["requestBytes", length - 1]);
    assert(error.message.startsWith(`the other side takes messages of at most ${length - 1} bytes: `), error.message);
  }
  assertEquals(await rest(), []);
  peer.call("short").catch(() => {});
  assertEquals((await rest()).length, 1);
  await peer.close();
});

Deno.test("an answer longer than requestBytes becomes an error answer, and onError has the LimitError", async () => {
  const failed: unknown[] = [];
  const { peer, next, sendJson } = connect({
    limits: { requestBytes: 120 },
    onError: (error, { method, id }) => failed.push([error, method, id]),
    methods: {
      repeat: (params) => "x".repeat(Number(params)),
      fail: (params) => {
        throw new RpcError(5, "no", "x".repeat(Number(params)));
      },
      report(params, context) {
        context.progress("x".repeat(Number(params)));
      },
    },
  });
  for (const method of ["repeat", "fail"]) {
    sendJson({ jsonrpc, id: 1, method, params: 200 });
    const answer = await next();
    assertErrorAnswer(answer, 1, ErrorCode.internalError);
    assertEquals(answer.error.message, "the answer is longer than 120 bytes");
    const [error, ...request] = failed.pop() as unknown[];
    assertInstanceOf(error, LimitError);
    assertEquals([error.limit, request], ["requestBytes", [method, 1]]);
    failed.length = 0;
  }
  sendJson({ jsonrpc, id: 1, method: "repeat", params: 20 });
  assertEquals((await next()).result.length, 20);
  // A handler can't report what the other side can't read.
  sendJson({ jsonrpc, id: 1, method: "report", params: 200 });
  assertErrorAnswer(await next(), 1, ErrorCode.internalError);
  assertInstanceOf((failed[0] as unknown[])[0], LimitError);
  // Each of these fits, but not all of them.
  sendJson(Array.from({ length: 5 }, (_, id) => ({ jsonrpc, id, method: "repeat", params: 20 })));
  const answer = await next();
  assertErrorAnswer(answer, null, ErrorCode.internalError);
  assertEquals(answer.error.message, "the answers to this batch are too long");
  await peer.close();
});

Deno.test("the answer to an unknown method asks whether a near one was meant", async () => {
  const methods: PeerOptions["methods"] = { greet: () => "hi", get_random_number: () => 4 };
  const { peer, next, sendJson } = connect({ methods });
  const cases: [given: string, text: string][] = [
    ["great", 'method not found: "great": did you mean "greet"?'],
    ["getRandomNumber", 'method not found: "getRandomNumber": did you mean "get_random_number"?'],
    ["toString", 'method not found: "toString"'],
    ["x".repeat(9_000), `method not found: "${"x".repeat(100)}..."`],
    ["", 'method not found: ""'],
  ];
  for (const [method, text] of cases) {
    sendJson({ jsonrpc, id: 1, method });
    const answer = await next();
    assertErrorAnswer(answer, 1, ErrorCode.methodNotFound);
    assertEquals(answer.error.message, text);
  }
  await peer.close();
});

Deno.test("a request that is cancelled while it waits is answered as cancelled, and is never served", async () => {
  for (const protocol of ["rivulet", "mcp"] as const) {
    const served: unknown[] = [];
    const failed: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const { peer, next, rest, sendJson } = connect({
      protocol,
      limits: { concurrentRequests: 1 },
      onError: (error) => failed.push(error),
      methods: { work: (params) => (served.push(params), promise) },
    });
    for (const id of [1, 2, 2, 3]) sendJson({ jsonrpc, id, method: "work", params: { id } });
    if (protocol === "rivulet") sendJson({ jsonrpc, method: "$/cancelRequest", params: { id: 2 } });
    else sendJson({ jsonrpc, method: "notifications/cancelled", params: { requestId: 2 } });
    await settle();
    resolve("done");
    assertEquals(await next(), { jsonrpc, id: 1, result: "done" });
    if (protocol === "rivulet") {
      for (let i = 0; i < 2; i++) assertErrorAnswer(await next(), 2, ErrorCode.requestCancelled);
    }
    assertEquals(await next(), { jsonrpc, id: 3, result: "done" });
    assertEquals([served, failed, await rest()], [[{ id: 1 }, { id: 3 }], [], []]);
    await peer.close();
  }
});
