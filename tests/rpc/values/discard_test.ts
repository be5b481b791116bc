/** Tests of src/rpc/values/discard.ts: streams and blobs in values that nobody receives, and messages that are refused. */

import { ErrorCode, LimitError, Peer, type PeerOptions, RpcError, SchemaError } from "@rivulet/rivulet/rpc";
import type { StandardSchema } from "@rivulet/rivulet/rpc";
import { assertEquals, assertInstanceOf, assertLess, assertRejects, assertThrows } from "@std/assert";
import { discardStreams } from "../../../src/rpc/values/discard.ts";
import { connect, crossed, settle, until } from "../../_wire.ts";

const accepts = ["bytes", "streams"] as const;
const text: StandardSchema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => typeof value === "string" ? { value } : { issues: [{ message: "it is not a string" }] },
  },
};

/** A stream of each kind, and what they are ended with. */
function watched(): { readonly streams: unknown[]; readonly ended: unknown[] } {
  const ended: unknown[] = [];
  const note = (reason: unknown) => void ended.push(reason);
  return { streams: [new ReadableStream({ cancel: note }), new WritableStream({ abort: note })], ended };
}

class Broken extends Blob {
  override async arrayBuffer(): Promise<ArrayBuffer> {
    await settle();
    throw new Error("the disk is gone");
  }
}

Deno.test("the streams of an answer that can't be sent are ended", async () => {
  const cases: readonly [why: string, make: (streams: unknown[]) => unknown, options: PeerOptions][] = [
    ["too many", (streams) => [streams, new ReadableStream()], { limits: { openStreams: 2 } }],
    ["too long", (streams) => [streams, "x".repeat(1_000)], { limits: { requestBytes: 500 } }],
    ["not JSON", (streams) => [new Map(), streams], {}],
    ["unread", (streams) => [new Broken(), streams], {}],
    ["twice", (streams) => [streams[0], streams], {}],
    ["not agreed to", (streams) => streams, { accepts: ["bytes"] }],
    ["against its schema", (streams) => streams, { schemas: { local: { get: { result: text } } } }],
  ];
  for (const [why, make, options] of cases) {
    const { streams, ended } = watched();
    const errors: unknown[] = [];
    const { peer, sendJson, next } = connect({
      accepts,
      methods: { get: () => make(streams) },
      onError: (error) => errors.push(error),
      ...options,
    });
    sendJson({ jsonrpc: "2.0", id: 1, method: "get" });
    assertEquals([why, typeof (await next()).error.code], [why, "number"]);
    await until(() => ended.length === 2);
    assertEquals([why, ended, peer.stats.openStreams], [why, [errors[0], errors[0]], 0]);
    await peer.close();
  }
});

Deno.test("the streams of a result that its schema refuses are ended", async () => {
  const { peer, sendJson, next } = connect({ accepts, schemas: { remote: { get: { result: text } } } });
  const call = peer.call("get");
  await next();
  sendJson({ jsonrpc: "2.0", id: 0, result: { it: { $readable: 5 } } });
  await assertRejects(() => call, SchemaError);
  assertEquals((await next()).method, "$/stream/cancel");
  assertEquals(peer.stats.openStreams, 0);
  await peer.streamsEnded;
  await peer.close();
});

Deno.test("a request that is cancelled while its answer is made opens no streams", async () => {
  const { streams, ended } = watched();
  const gate = Promise.withResolvers<ArrayBuffer>();
  class Slow extends Blob {
    override arrayBuffer = () => gate.promise;
  }
  const { peer, sendJson, rest } = connect({
    accepts,
    protocol: "mcp",
    methods: { get: () => [new Slow(), streams] },
  });
  sendJson({ jsonrpc: "2.0", id: 1, method: "get" });
  sendJson({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await settle();
  gate.resolve(new ArrayBuffer(1));
  await until(() => ended.length === 2);
  assertEquals([await rest(), ended.length, peer.stats.openStreams], [[], 2, 0]);
  await peer.close();
});

Deno.test("a blob that can't be read leaves no unhandled rejection beside a value that can't be sent", async () => {
  const { peer, rest } = connect({ accepts });
  await assertRejects(() => peer.call("m", [new Broken(), new Map()]), TypeError);
  await assertRejects(() => peer.notify("m", [new Broken(), new Map()]), TypeError);
  await assertRejects(() => peer.batch([{ method: "m", params: new Broken() }, { method: "m", params: 5n }]));
  await assertRejects(() => peer.batch([{ method: "m", params: new Broken() }, { method: 5 as never }]));
  assertEquals(await rest(), []);
  await settle();
  await peer.close();
  const refusals: unknown[] = [];
  const other = connect({
    accepts,
    methods: {
      report: (_params, context) => {
        refusals.push(assertThrows(() => context.progress(new Broken()), TypeError, "progress has a Blob"));
        throw new RpcError(1, "no", [new Broken()]);
      },
    },
    onError: (error) => refusals.push(error),
  });
  other.sendJson({ jsonrpc: "2.0", id: 1, method: "report" });
  assertEquals((await other.next()).error.code, ErrorCode.internalError);
  await settle();
  assertEquals(refusals.length, 3);
  await other.peer.close();
});

Deno.test("an abort rejects a call whose blob is still being read", async () => {
  class Endless extends Blob {
    override arrayBuffer = () => new Promise<ArrayBuffer>(() => {});
  }
  const { peer, rest } = connect({ accepts });
  const controller = new AbortController();
  const call = peer.call("m", new Endless(), { signal: controller.signal });
  await settle();
  controller.abort("enough");
  assertEquals(await call.catch((reason) => reason), "enough");
  assertEquals(await peer.call("m", new Endless(), { signal: controller.signal }).catch((reason) => reason), "enough");
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("discard looks into anything, and never throws", async () => {
  const { streams, ended } = watched();
  const cycle: Record<string, unknown> = { streams };
  cycle.self = [cycle, cycle];
  discardStreams(cycle, "enough");
  await settle();
  assertEquals(ended, ["enough", "enough"]);
  const locked = new ReadableStream();
  locked.getReader();
  const fake = Object.create({ [Symbol.toStringTag]: "ReadableStream", cancel: () => undefined });
  const thrower = {
    get it() {
      throw new Error("no");
    },
  };
  for (const value of [null, 5, locked, fake, thrower, new Map([[1, streams]])]) discardStreams(value, "enough");
});

Deno.test("nothing of a batch that is refused is decoded", async () => {
  const batch = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "m", params: { $readable: id } }));
  for (const options of [{ protocol: "mcp" }, { limits: { batchMessages: 2 } }] as const) {
    const { peer, sendJson, rest } = connect({ accepts, methods: { m: () => 1 }, ...options });
    sendJson(batch);
    assertEquals((await rest()).map(({ id, error }) => [id, error?.code]), [[null, -32600]]);
    assertEquals(peer.stats.malformed, 1);
    await peer.close();
  }
});

Deno.test("a report of progress and a cancellation with a stream are refused", async () => {
  const reports: unknown[] = [];
  const invalid: string[] = [];
  const { peer, sendJson, next } = connect({ accepts, onInvalid: (error) => void invalid.push(error.message) });
  const call = peer.call("m", null, { onProgress: (value) => void reports.push(value) });
  await next();
  sendJson({ jsonrpc: "2.0", method: "$/progress", params: { token: 0, value: { $readable: 1 } } });
  assertEquals((await next()).method, "$/stream/cancel");
  sendJson({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: { $writable: 1 } } });
  assertEquals((await next()).method, "$/stream/end");
  assertEquals([reports, invalid.length, peer.stats.openStreams], [[], 2, 0]);
  sendJson({ jsonrpc: "2.0", id: 0, result: 1 });
  await call;
  await peer.close();
});

Deno.test("a side that opens streams, and never reads that they were dropped, does not fill the memory", async () => {
  const queueBytes = 10_000;
  const { peer, send, rest, block } = connect({ accepts, limits: { queueBytes } });
  // While a call waits, reading does not pause.
  const call = peer.call("wait").catch(() => {});
  await rest();
  const unblock = block();
  const open = (id: number) => [
    { jsonrpc: "2.0", method: "none", params: { $readable: id } },
    { jsonrpc: "2.0", id: 77, result: { $writable: id } },
    { jsonrpc: "2.0", method: "none", params: [{ $readable: id }, { $bytes: 5 }] },
  ];
  for (let id = 0; id < 1_000; id++) send(open(id).map((message) => JSON.stringify(message) + "\n").join(""));
  await until(() => peer.stats.malformed > 2_850);
  for (let turn = 0; turn < 20; turn++) await settle();
  unblock();
  let told = 0;
  for (let some = await rest(); some.length > 0; some = await rest()) told += some.length;
  assertLess(told, queueBytes / 300 + 70);
  assertEquals(peer.stats.openStreams, 0);
  await peer.close();
  await call;
});

Deno.test("the careless host: streams that are locked, fail at once, or are passed twice", async () => {
  const [one, other] = crossed();
  const errors: unknown[] = [];
  const host = new Peer(one, { accepts, limits: { openStreams: 4 }, onError: (error) => errors.push(error) });
  const guest = new Peer(other, {
    accepts,
    methods: {
      read: async (params) => (await (params as ReadableStream).getReader().read()).value,
    },
  });
  const locked = new ReadableStream();
  locked.getReader();
  await assertRejects(() => host.call("read", locked), TypeError, "params is a ReadableStream that is locked");
  const secret = new Error("/etc/secret");
  const failed = new ReadableStream({ start: (controller) => controller.error(secret) });
  const error = await assertRejects(() => host.call("read", failed), RpcError);
  assertEquals([error.message, errors], ["internal error", [secret]]);
  const shared = new ReadableStream();
  const [first, second] = await Promise.allSettled([
    host.call("read", shared, { signal: AbortSignal.timeout(20) }),
    host.call("read", shared),
  ]);
  assertEquals([first.status, second.status], ["rejected", "rejected"]);
  assertInstanceOf((second as PromiseRejectedResult).reason, TypeError);
  await until(() => host.stats.openStreams === 0);
  assertEquals(host.stats.openStreams, 0);
  await assertRejects(() => host.call("read", Array.from({ length: 5 }, () => new ReadableStream())), LimitError);
  await host.close();
  await guest.close();
});
