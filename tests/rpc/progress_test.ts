/**
 * Tests of progress with a hand-written other side: reports that a peer receives for its calls, and reports that its
 * handlers send.
 *
 * @module
 */

import { ErrorCode, FRAMINGS, Peer, PROTOCOLS, RpcError } from "@rivulet/rivulet/rpc";
import type { PeerCallOptions, PeerOptions, ProtocolName, RequestContext } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { connect, crossed, type Json, settle } from "../_wire.ts";

const jsonrpc = "2.0";

/** How each protocol asks for progress of call 0 with the params `{ a: 1 }`, and reports it. */
const ROWS: Readonly<Record<ProtocolName, { asked: Json; report: (token: unknown) => Json; got: unknown }>> = {
  rivulet: {
    asked: { a: 1 },
    report: (token) => ({ jsonrpc, method: "$/progress", params: { token, value: { progress: 0.5 } } }),
    got: { progress: 0.5 },
  },
  lsp: {
    asked: { a: 1, workDoneToken: 0 },
    report: (token) => ({ jsonrpc, method: "$/progress", params: { token, value: { progress: 0.5 } } }),
    got: { progress: 0.5 },
  },
  mcp: {
    asked: { a: 1, _meta: { progressToken: 0 } },
    report: (progressToken) => ({
      jsonrpc,
      method: "notifications/progress",
      params: { progressToken, progress: 0.5 },
    }),
    got: { progress: 0.5 },
  },
};

/** The messages that ask a peer for progress of a request with the id 7. */
const ASKING: Readonly<Record<ProtocolName, Json>> = {
  rivulet: { jsonrpc, id: 7, method: "work", params: 5 },
  lsp: { jsonrpc, id: 7, method: "work", params: { workDoneToken: "t" } },
  mcp: { jsonrpc, id: 7, method: "work", params: { _meta: { progressToken: "t" } } },
};

for (const protocol of ["rivulet", "lsp", "mcp"] as const) {
  const { asked, report, got } = ROWS[protocol];

  Deno.test(`${protocol}: a call with onProgress asks for progress, and receives it until its answer`, async () => {
    const { peer, next, sendJson } = connect({ protocol, framing: "newline" });
    const seen: unknown[] = [];
    const params = { a: 1 };
    const call = peer.call("work", params, { onProgress: (value) => seen.push(value) });
    assertEquals(await next(), { jsonrpc, id: 0, method: "work", params: asked });
    assertEquals(params, { a: 1 });
    for (const token of [0, "0", 1, null, undefined, 0]) sendJson(report(token));
    sendJson({ jsonrpc, method: report(0).method });
    sendJson({ jsonrpc, id: 0, result: "done" });
    sendJson(report(0));
    assertEquals(await call, "done");
    await settle();
    assertEquals(seen, [got, got]);
    assertEquals(peer.stats.malformed, 0);
    await peer.close();
  });

  Deno.test(`${protocol}: a call without onProgress does not ask for progress`, async () => {
    const { peer, next, sendJson } = connect({ protocol, framing: "newline" });
    const call = peer.call("work", { a: 1 });
    assertEquals(await next(), { jsonrpc, id: 0, method: "work", params: { a: 1 } });
    sendJson(report(0));
    sendJson({ jsonrpc, id: 0, result: "done" });
    assertEquals(await call, "done");
    await peer.close();
  });

  Deno.test(`${protocol}: a handler reports progress to the side that asked for it, until it has answered`, async () => {
    let late: RequestContext | undefined;
    const { peer, next, rest, sendJson } = connect({
      protocol,
      framing: "newline",
      methods: {
        work(_params, context) {
          late = context;
          context.progress({ progress: 0.5 });
          return "done";
        },
      },
    });
    sendJson(ASKING[protocol]);
    assertEquals(await next(), report(protocol === "rivulet" ? 7 : "t"));
    assertEquals(await next(), { jsonrpc, id: 7, result: "done" });
    late!.progress({ progress: 1 });
    sendJson({ ...ASKING[protocol], id: undefined });
    assertEquals(await rest(), []);
    await peer.close();
  });
}

for (const protocol of ["lsp", "mcp"] as const) {
  Deno.test(`${protocol}: no progress is reported of a request that does not ask for it`, async () => {
    const { peer, next, sendJson } = connect({
      protocol,
      framing: "newline",
      methods: { work: (_params, context) => context.progress(1) },
    });
    const long = "t".repeat(1_001);
    const tokens = [undefined, null, true, 1.5, {}, long];
    for (const [id, token] of tokens.entries()) {
      sendJson({ jsonrpc, id, method: "work", params: { workDoneToken: token, _meta: { progressToken: token } } });
      assertEquals(await next(), { jsonrpc, id, result: null });
    }
    sendJson({ jsonrpc, id: 9, method: "work", params: "text" });
    assertEquals(await next(), { jsonrpc, id: 9, result: null });
    await peer.close();
  });

  Deno.test(`${protocol}: params that are not an object can't ask for progress, and nothing is sent`, async () => {
    const { peer, rest } = connect({ protocol, framing: "newline" });
    const ask = (params: unknown) => peer.call("work", params, { onProgress: () => {} });
    const wrong = [[1], 5, "text", new Map(), new Uint8Array(1), ...protocol === "mcp" ? [{ _meta: 1 }] : []];
    for (const params of wrong) {
      await assertRejects(() => ask(params), TypeError, "must be an object to have the member");
    }
    assertEquals(await rest(), []);
    const call = ask(undefined).catch(() => {});
    assertEquals(typeof (await rest())[0].params, "object");
    await peer.close();
    await call;
  });
}

Deno.test("mcp: of a report, onProgress receives the members that the protocol knows", async () => {
  const { peer, next, sendJson } = connect({ protocol: "mcp" });
  const seen: unknown[] = [];
  const call = peer.call("work", {}, { onProgress: (value) => seen.push(value) });
  await next();
  const report = { progress: 1, total: 2, message: "half" };
  const method = "notifications/progress";
  sendJson({ jsonrpc, method, params: { progressToken: 0, ...report, other: 1, _meta: {} } });
  sendJson({ jsonrpc, method, params: { progressToken: 0 } });
  sendJson({ jsonrpc, id: 0, result: {} });
  await call;
  assertEquals(seen, [report, {}]);
  await peer.close();
});

Deno.test("mcp: progress is a number, or an object with one", async () => {
  const { peer, next, sendJson } = connect({
    protocol: "mcp",
    methods: {
      work(_params, context) {
        context.progress(1);
        context.progress({ progress: 2, total: 3, message: "half", progressToken: "other" });
        for (const value of ["text", null, undefined, {}, { progress: "2" }, [1]]) {
          try {
            context.progress(value);
          } catch (error) {
            assert(error instanceof TypeError);
            continue;
          }
          throw new Error("it was sent");
        }
      },
    },
  });
  sendJson(ASKING.mcp);
  const progressToken = "t";
  assertEquals((await next()).params, { progressToken, progress: 1 });
  assertEquals((await next()).params, { progressToken, progress: 2, total: 3, message: "half" });
  assertEquals(await next(), { jsonrpc, id: 7, result: null });
  await peer.close();
});

Deno.test("an onProgress that throws or rejects cancels its call, which rejects with that, and no other call", async () => {
  const { peer, next, sendJson, rest } = connect();
  const reason = new Error("no more");
  const other = peer.call("other", null, { onProgress: () => {} });
  const failing: PeerCallOptions["onProgress"][] = [
    () => {
      throw reason;
    },
    () => Promise.reject(reason),
  ];
  await next();
  for (const [index, onProgress] of failing.entries()) {
    const call = peer.call("work", null, { onProgress });
    const { id } = await next();
    assertEquals(id, index + 1);
    sendJson({ jsonrpc, method: "$/progress", params: { token: id, value: 1 } });
    assertStrictEquals(await call.catch((error) => error), reason);
    assertEquals(await next(), { jsonrpc, method: "$/cancelRequest", params: { id } });
    sendJson({ jsonrpc, id, error: { code: ErrorCode.requestCancelled, message: "cancelled" } });
  }
  sendJson({ jsonrpc, id: 0, result: "fine" });
  assertEquals(await other, "fine");
  assertEquals([peer.stats.duplicateIds, await rest()], [2, []]);
  await peer.close();
});

Deno.test("an onProgress that rejects after the answer has no effect", async () => {
  const { peer, sendJson, next, rest } = connect();
  const { promise, reject } = Promise.withResolvers<void>();
  const call = peer.call("work", null, { onProgress: () => promise });
  await next();
  sendJson({ jsonrpc, method: "$/progress", params: { token: 0, value: 1 } });
  sendJson({ jsonrpc, id: 0, result: "done" });
  assertEquals(await call, "done");
  reject(new Error("late"));
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("while as many promises of onProgress wait as requests may run, reports are dropped and counted", async () => {
  const { peer, sendJson, next } = connect({ limits: { concurrentRequests: 2 } });
  let seen = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const report = { jsonrpc, method: "$/progress", params: { token: 0, value: 1 } };
  const call = peer.call("work", null, { onProgress: () => (seen++, promise) });
  await next();
  for (let i = 0; i < 5; i++) sendJson(report);
  await settle();
  assertEquals([seen, peer.stats.dropped], [2, 3]);
  resolve();
  await settle();
  sendJson(report);
  sendJson({ jsonrpc, id: 0, result: null });
  await call;
  assertEquals([seen, peer.stats.dropped], [3, 3]);
  await peer.close();
});

Deno.test("reports of progress that the other side does not read are bounded: more are dropped and counted", async () => {
  const { peer, sendJson, block, rest } = connect({
    limits: { queueBytes: 10_000 },
    methods: {
      flood(_params, context) {
        for (let i = 0; i < 1_000; i++) context.progress("x".repeat(100));
      },
    },
  });
  const unblock = block();
  sendJson({ jsonrpc, id: 1, method: "flood" });
  await settle();
  assert(peer.stats.dropped > 900, `${peer.stats.dropped}`);
  unblock();
  const got = await rest();
  assertEquals(got.length, 1_000 - peer.stats.dropped + 1);
  assertEquals(got.at(-1), { jsonrpc, id: 1, result: null });
  await peer.close();
});

Deno.test("progress of nobody's call is for the handler of that name, if there is one", async () => {
  const seen: unknown[] = [];
  const methods: PeerOptions["methods"] = { "$/progress": (params) => void seen.push(params) };
  const { peer, sendJson, next } = connect({ protocol: "lsp", framing: "newline", methods });
  const call = peer.call("work", {}, { onProgress: (value) => seen.push(value) });
  await next();
  sendJson({ jsonrpc, method: "$/progress", params: { token: "server's own", value: 1 } });
  sendJson({ jsonrpc, method: "$/progress", params: { token: 0, value: 2 } });
  sendJson({ jsonrpc, id: 0, result: null });
  await call;
  assertEquals(seen, [{ token: "server's own", value: 1 }, 2]);
  await peer.close();
});

Deno.test("without a row of progress, none is asked for, and its notifications are requests like any others", async () => {
  const { name, framing, batches, alwaysParams } = PROTOCOLS.rivulet;
  const { peer, sendJson, next, rest } = connect({
    protocol: { name, framing, batches, alwaysParams },
    methods: { work: (_params, context) => context.progress(1) },
  });
  const seen: unknown[] = [];
  const call = peer.call("theirs", null, { onProgress: (value) => seen.push(value) });
  await next();
  sendJson({ jsonrpc, method: "$/progress", params: { token: 0, value: 1 } });
  sendJson({ jsonrpc, id: 1, method: "work" });
  assertEquals(await next(), { jsonrpc, id: 1, result: null });
  sendJson({ jsonrpc, id: 0, result: null });
  await call;
  assertEquals([seen, await rest()], [[], []]);
  await peer.close();
});

for (const protocol of ["rivulet", "lsp", "mcp"] as const) {
  Deno.test(`${protocol}: two peers report progress to each other`, async () => {
    const [here, there] = crossed();
    await using _server = new Peer(there, {
      protocol,
      methods: {
        async count(_params, context) {
          for (let progress = 1; progress <= 3; progress++) {
            context.progress({ progress });
            await settle();
          }
          return "counted";
        },
      },
    });
    await using client = new Peer(here, { protocol });
    const seen: unknown[] = [];
    const answer = await client.call("count", {}, { onProgress: (value) => seen.push(value) });
    assertEquals([answer, seen], ["counted", [{ progress: 1 }, { progress: 2 }, { progress: 3 }]]);
  });
}

Deno.test("aborting `cancel` asks the other side to cancel, and the call waits for its answer", async () => {
  const { peer, next, sendJson } = connect();
  const ends = [{ result: "as far as I came" }, { error: { code: ErrorCode.requestCancelled, message: "cancelled" } }];
  for (const [id, end] of ends.entries()) {
    const controller = new AbortController();
    const call = peer.call("work", null, { cancel: controller.signal });
    await next();
    controller.abort("enough");
    assertEquals(await next(), { jsonrpc, method: "$/cancelRequest", params: { id } });
    sendJson({ jsonrpc, id, ...end });
    if (id === 0) assertEquals(await call, "as far as I came");
    else await assertRejects(() => call, RpcError, "cancelled");
  }
  assertEquals(peer.stats.duplicateIds, 0);
  await peer.close();
});

Deno.test("aborting `cancel` rejects a call at once if no answer can come", async () => {
  const reason = new Error("enough");
  for (const protocol of ["mcp", "rivulet"] as const) {
    const { peer, next, rest, block } = connect({ protocol, framing: FRAMINGS.newline });
    await assertRejects(() => peer.call("work", {}, { cancel: AbortSignal.abort(reason) }), Error, "enough");
    const controller = new AbortController();
    if (protocol === "rivulet") block();
    const first = peer.call("first").catch(() => {});
    if (protocol === "mcp") await next();
    else await settle();
    // In one protocol a cancelled request has no answer; in the other the request has not been sent.
    const call = peer.call("work", {}, { cancel: controller.signal });
    if (protocol === "mcp") await next();
    controller.abort(reason);
    assertStrictEquals(await call.catch((error) => error), reason);
    if (protocol === "mcp") assertEquals((await rest()).map(({ method }) => method), ["notifications/cancelled"]);
    await peer.close("over").catch(() => {});
    await first;
  }
});

Deno.test("options of a call that are wrong are refused before anything is sent", async () => {
  const { peer, rest } = connect();
  const wrong: [options: Record<string, unknown>, text: string][] = [
    [{ onProgress: "yes" }, 'onProgress must be a function, not "yes"'],
    [{ onprogress: () => {} }, 'did you mean "onProgress"?'],
    [{ cancel: {} }, "cancel must be an AbortSignal"],
    [{ traceparent: "00-1-1-00" }, "traceparent must be that of W3C Trace Context"],
    [{ traceparent: 5 }, "traceparent must be"],
  ];
  for (const [options, text] of wrong) {
    await assertRejects(() => peer.call("a", null, options as PeerCallOptions), TypeError, text);
    await assertRejects(() => peer.batch([{ method: "a" }], options as PeerCallOptions), TypeError, text);
  }
  assertEquals(await rest(), []);
  await peer.close();
});
