/**
 * Tests of the protocols: the table, and what each row makes a peer send and obey.
 *
 * @module
 */

import { ErrorCode, FRAMINGS, PROTOCOLS, RpcError } from "@rivulet/rivulet/rpc";
import type { Protocol, ProtocolName } from "@rivulet/rivulet/rpc";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { protocolOf } from "../../../src/rpc/protocols/protocols.ts";
import { assertErrorAnswer, connect, settle } from "../../_wire.ts";

const jsonrpc = "2.0";
const { newline } = FRAMINGS;

Deno.test("a protocol can be named or passed as a row", () => {
  for (const [name, row] of Object.entries(PROTOCOLS)) {
    assertEquals(row.name, name);
    assertEquals(protocolOf(name as ProtocolName), row);
    assertEquals(protocolOf(row), row);
  }
  assertEquals(protocolOf(undefined), PROTOCOLS.rivulet);
});

Deno.test("a protocol that is neither a name nor a whole row is refused", () => {
  const { mcp } = PROTOCOLS;
  const wrong: [given: unknown, text: string][] = [
    ["line", 'protocol must be "rivulet" or "lsp" or "mcp", not "line"'],
    ["toString", "protocol must be"],
    [null, "protocol must be"],
    [1, "protocol must be"],
    [{}, "protocol.name must be a string, not null"],
    [{ ...mcp, framing: "newline" }, 'protocol.framing must be an object, not "newline"'],
    [{ ...mcp, framing: {} }, "framing.encode must be a function"],
    [{ ...mcp, batches: undefined }, "protocol.batches must be a boolean, not null"],
    [{ ...mcp, alwaysParams: 1 }, "protocol.alwaysParams must be a boolean, not 1"],
    [{ ...mcp, cancellation: "cancel" }, "protocol.cancellation must be an object"],
    [{ ...mcp, cancellation: { method: 1 } }, "protocol.cancellation.method must be a string"],
    [{ ...mcp, cancellation: { method: "c", params() {} } }, "protocol.cancellation.idOf must be a function"],
  ];
  for (const [given, text] of wrong) assertThrows(() => protocolOf(given as Protocol), TypeError, text);
});

/** The cancellation of each row: its method, what names the id, what is sent for call 0, whether there is an answer. */
const CANCELLATIONS: Readonly<Record<ProtocolName, readonly [string, string, unknown, boolean]>> = {
  rivulet: ["$/cancelRequest", "id", { id: 0 }, true],
  lsp: ["$/cancelRequest", "id", { id: 0 }, true],
  mcp: ["notifications/cancelled", "requestId", { requestId: 0, reason: "late" }, false],
};

for (const [name, [method, idName, sent, isAnswered]] of Object.entries(CANCELLATIONS)) {
  Deno.test(`${name}: ${method} aborts the handler's signal, and is sent when a call is aborted`, async () => {
    const { peer, sendJson, next } = connect({
      protocol: name as ProtocolName,
      framing: "newline",
      methods: {
        wait: (_params, { signal }) => new Promise((_, reject) => signal.onabort = () => reject(signal.reason)),
        echo: (params) => params,
      },
    });
    sendJson({ jsonrpc, id: 1, method: "wait" });
    sendJson({ jsonrpc, id: "1", method: "wait" });
    for (const params of [{ [idName]: 2 }, {}, null, undefined, "1", { [idName]: "1" }]) {
      sendJson({ jsonrpc, method, params });
    }
    await settle();
    sendJson({ jsonrpc, id: "echo", method: "echo", params: 5 });
    if (isAnswered) assertErrorAnswer(await next(), "1", ErrorCode.requestCancelled);
    assertEquals((await next()).id, "echo");
    const controller = new AbortController();
    const call = peer.call("theirs", null, { signal: controller.signal });
    assertEquals((await next()).method, "theirs");
    controller.abort("late");
    assertEquals(await call.catch((reason) => reason), "late");
    assertEquals(await next(), { jsonrpc, method, params: sent });
    await peer.close();
  });
}

Deno.test("mcp: the reason of a cancellation is a given text, and of other errors than RpcErrors only the name", async () => {
  const { peer, rest } = connect({ protocol: "mcp" });
  const reasons: [given: unknown, sent: string | undefined][] = [
    ["the user left", "the user left"],
    [new RpcError(1, "no longer needed"), "no longer needed"],
    [new TypeError("/etc/secret"), "TypeError"],
    [undefined, "AbortError"],
    [{ secret: 1 }, undefined],
    [null, undefined],
  ];
  for (const [id, [given, reason]] of reasons.entries()) {
    const controller = new AbortController();
    const call = peer.call("wait", {}, { signal: controller.signal }).catch(() => {});
    await settle();
    controller.abort(given);
    await call;
    const params = reason === undefined ? { requestId: id } : { requestId: id, reason };
    assertEquals((await rest())[1], { jsonrpc, method: "notifications/cancelled", params });
  }
  await peer.close();
});

Deno.test("a cancellation that can't be written closes the peer, and nothing throws", async () => {
  const cancellation = { method: "cancel", params: () => 1n, idOf: () => undefined };
  const { peer } = connect({ protocol: { ...PROTOCOLS.rivulet, cancellation } });
  const controller = new AbortController();
  const call = peer.call("theirs", null, { signal: controller.signal });
  controller.abort("late");
  assertEquals(await call.catch((reason) => reason), "late");
  await assertRejects(() => peer.closed, TypeError);
});

Deno.test("if the row has no cancellation, none is sent, and no notification cancels", async () => {
  const { peer, sendJson, next, rest } = connect({
    protocol: { name: "bare", framing: newline, batches: true, alwaysParams: true },
    methods: { wait: (_params, { signal }) => new Promise((resolve) => setTimeout(() => resolve(signal.aborted), 5)) },
  });
  sendJson({ jsonrpc, id: 1, method: "wait" });
  sendJson({ jsonrpc, method: "$/cancelRequest", params: { id: 1 } });
  assertEquals(await next(), { jsonrpc, id: 1, result: false });
  const controller = new AbortController();
  const call = peer.call("theirs", null, { signal: controller.signal });
  await next();
  controller.abort("late");
  assertEquals(await call.catch((reason) => reason), "late");
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("a batch of cancelled requests that are not answered has no answer, and others of it have theirs", async () => {
  const { peer, sendJson, next, rest } = connect({
    protocol: { ...PROTOCOLS.mcp, batches: true },
    methods: {
      wait: (_params, { signal }) => new Promise((_, reject) => signal.onabort = () => reject(signal.reason)),
      echo: (params) => params,
    },
  });
  const cancel = (requestId: number) => sendJson({ jsonrpc, method: "notifications/cancelled", params: { requestId } });
  sendJson([{ jsonrpc, id: 1, method: "wait" }]);
  sendJson([{ jsonrpc, id: 2, method: "wait" }, { jsonrpc, id: 3, method: "echo", params: 5 }]);
  await settle();
  cancel(1);
  assertEquals(await rest(), []);
  cancel(2);
  assertEquals(await next(), [{ jsonrpc, id: 3, result: 5 }]);
  await peer.close();
});

for (const protocol of ["lsp", "mcp"] as const) {
  Deno.test(`${protocol}: batches are refused both ways`, async () => {
    const { peer, sendJson, next } = connect({ protocol, framing: "newline", methods: { echo: (params) => params } });
    await assertRejects(() => peer.batch([{ method: "echo" }]), TypeError, `the protocol ${protocol} has no batches`);
    sendJson([{ jsonrpc, id: 1, method: "echo" }]);
    const answer = await next();
    assertErrorAnswer(answer, null, ErrorCode.invalidRequest);
    assertEquals(answer.error.message, `message is a batch, and the protocol ${protocol} has none`);
    assertEquals(peer.stats.malformed, 1);
    await peer.close();
  });

  Deno.test(`${protocol}: a message without params has none`, async () => {
    const { peer, next } = connect({ protocol, framing: "newline" });
    const calls = [peer.call("a"), peer.call("b", { c: 1 })];
    peer.notify("d");
    for (const call of calls) call.catch(() => {});
    assertEquals(await next(), { jsonrpc, id: 0, method: "a" });
    assertEquals(await next(), { jsonrpc, id: 1, method: "b", params: { c: 1 } });
    assertEquals(await next(), { jsonrpc, method: "d" });
    await peer.close();
  });
}

Deno.test("rivulet: a message without params has the params null, since plugin kits require them", async () => {
  const { peer, next } = connect();
  peer.call("a").catch(() => {});
  peer.notify("b");
  assertEquals(await next(), { jsonrpc, id: 0, method: "a", params: null });
  assertEquals(await next(), { jsonrpc, method: "b", params: null });
  await peer.close();
});
