/** Tests of src/rpc/codec.ts: bytes and streams between two peers, and what a peer refuses to send. */

import { ErrorCode, LimitError, Peer, type PeerOptions, RpcClosedError, RpcError } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { collect, connect, crossed, settle, streamOf, until } from "../_wire.ts";

const accepts = ["bytes", "streams"] as const;

/** Two peers that have agreed to bytes and streams. `server` has the methods. */
function peers(methods: PeerOptions["methods"], options: PeerOptions = {}): { client: Peer; server: Peer } {
  const [one, other] = crossed();
  return {
    server: new Peer(one, { accepts, methods, ...options }),
    client: new Peer(other, { accepts, ...options }),
  };
}

async function close(...open: readonly Peer[]): Promise<void> {
  for (const peer of open) await peer.close();
}

const LOST: readonly [value: () => unknown, name: string][] = [
  [() => new Uint8Array(2), "a Uint8Array"],
  [() => new Float32Array(2), "a Float32Array"],
  [() => new ArrayBuffer(2), "an ArrayBuffer"],
  [() => new DataView(new ArrayBuffer(1)), "a DataView"],
  [() => new Blob(["x"]), "a Blob"],
  [() => new Map([[1, 2]]), "a Map"],
  [() => new Set([1]), "a Set"],
  [() => new ReadableStream(), "a ReadableStream"],
  [() => new WritableStream(), "a WritableStream"],
];

Deno.test("without agreement, params that JSON would lose are a TypeError with their path, and nothing is sent", async () => {
  const { peer, rest } = connect();
  for (const [value, name] of LOST) {
    const params = { a: [0, { image: value() }] };
    await assertRejects(() => peer.call("m", params), TypeError, `params.a[1].image is ${name}`);
    await assertRejects(() => peer.notify("m", params), TypeError, `params.a[1].image is ${name}`);
    await assertRejects(() => peer.batch([{ method: "m", params }]), TypeError, `params.a[1].image is ${name}`);
  }
  assertEquals(await rest(), []);
  await peer.close();
});

Deno.test("without agreement, a result that JSON would lose is an internal error, and onError gets its path", async () => {
  for (const [value, name] of LOST) {
    const errors: unknown[] = [];
    const { peer, sendJson, next } = connect({
      methods: { get: () => ({ it: value() }) },
      onError: (error) => errors.push(error),
    });
    sendJson({ jsonrpc: "2.0", id: 1, method: "get" });
    assertEquals((await next()).error.code, ErrorCode.internalError);
    assertInstanceOf(errors[0], TypeError);
    assert(errors[0].message.startsWith(`result.it is ${name}`), errors[0].message);
    await peer.close();
  }
});

Deno.test("without agreement, tags and messages about streams are ordinary JSON and notifications", async () => {
  const seen: unknown[] = [];
  const { peer, sendJson, rest } = connect({
    methods: new Map([
      ["m", (params: unknown) => void seen.push(params)],
      ["$/stream/chunk", (params: unknown) => void seen.push(params)],
    ]),
  });
  sendJson({ jsonrpc: "2.0", method: "m", params: { $bytes: "AA==" } });
  sendJson({ jsonrpc: "2.0", method: "$/stream/chunk", params: { readable: 1 } });
  await settle();
  assertEquals(seen, [{ $bytes: "AA==" }, { readable: 1 }]);
  const call = peer.call("echo", { $bytes: 1 });
  assertEquals((await rest())[0].params, { $bytes: 1 });
  sendJson({ jsonrpc: "2.0", id: 0, result: { $readable: 5 } });
  assertEquals(await call, { $readable: 5 });
  await peer.close();
});

Deno.test("accepts is checked", () => {
  const wrong: readonly [unknown, string][] = [
    ["bytes", 'accepts must be a list, not "bytes"'],
    [["byte"], 'accepts[0] must be "bytes" or "streams", not "byte"'],
    [new Set(["bytes"]), "accepts must be a list, not a value of type Set"],
  ];
  for (const [given, message] of wrong) {
    assertThrows(() => new Peer(crossed()[0], { accepts: given as never }), TypeError, message);
  }
});

Deno.test("bytes cross in params and results, as they were", async () => {
  const { client, server } = peers({ echo: (params) => params, length: (params) => (params as Uint8Array).length });
  const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index);
  assertEquals(await client.call("echo", { bytes, tag: { $bytes: "x" } }), { bytes, tag: { $bytes: "x" } });
  assertEquals(await client.call("length", new Uint16Array(5)), 10);
  assertEquals(await client.call("echo", [bytes.buffer, new Blob([bytes])]), [bytes, bytes]);
  await close(client, server);
});

Deno.test("a long message of bytes crosses too", async () => {
  const { client, server } = peers({ echo: (params) => params });
  const bytes = Uint8Array.from({ length: 500_000 }, (_, index) => index * 7);
  const list = Array.from({ length: 5_000 }, (_, index) => ({ [`n${index}`]: new Uint8Array([index]) }));
  assertEquals(await client.call("echo", { bytes }), { bytes });
  assertEquals(await client.call("echo", list), list);
  await close(client, server);
});

Deno.test("a handler may return a blob, and an error may have bytes in its data", async () => {
  const { client, server } = peers({
    blob: () => ({ file: new Blob(["hi"]) }),
    fail: () => Promise.reject(new RpcError(5, "failed", { dump: new Uint8Array([1]) })),
  });
  assertEquals(await client.call("blob"), { file: new Uint8Array([104, 105]) });
  const error = await assertRejects(() => client.call("fail"), RpcError);
  assertEquals(error.data, { dump: new Uint8Array([1]) });
  await close(client, server);
});

Deno.test("a blob that can't be read fails its call, and a result its request", async () => {
  class Broken extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.reject(new Error("the disk is gone"));
    }
  }
  const errors: unknown[] = [];
  const { client, server } = peers({ get: () => new Broken() }, { onError: (error) => errors.push(error) });
  await assertRejects(() => client.call("get", new Broken()), Error, "the disk is gone");
  await assertRejects(() => client.call("get"), RpcError, "internal error");
  assertEquals((errors[0] as Error).message, "the disk is gone");
  // Nothing is read, so nothing rejects that nobody waits for.
  await assertRejects(() => client.call("get", [new Broken(), new Map()]), TypeError, "params[1] is a Map");
  await settle();
  await close(client, server);
});

Deno.test("wrong bytes refuse a request with an error, and reject a call", async () => {
  const invalid: unknown[] = [];
  const { peer, sendJson, next } = connect({
    accepts,
    methods: { m: () => "served" },
    onInvalid: (error) => invalid.push(error),
  });
  sendJson({ jsonrpc: "2.0", id: 1, method: "m", params: [{ $bytes: "AA" }] });
  const { error } = await next();
  assertEquals([error.code, error.message], [
    ErrorCode.invalidRequest,
    'message has a wrong value: params[0] has a $bytes that is not padded base64: "AA"',
  ]);
  const call = peer.call("theirs");
  await next();
  sendJson({ jsonrpc: "2.0", id: 0, result: { $bytes: 5 } });
  await assertRejects(() => call, Error, "result has a $bytes that is not padded base64");
  assertEquals([invalid.length, peer.stats.malformed], [2, 2]);
  await peer.close();
});

Deno.test("streams cross in params and results, both ways", async () => {
  const { client, server } = peers({
    upper: (params) =>
      (params as ReadableStream<string>).pipeThrough(
        new TransformStream({ transform: (text, controller) => controller.enqueue(text.toUpperCase()) }),
      ),
    async write(params) {
      const writer = (params as WritableStream<unknown>).getWriter();
      await writer.write("a");
      await writer.write(new Uint8Array([1]));
      await writer.close();
      return "written";
    },
  });
  assertEquals(await collect(await client.call("upper", streamOf("a", "b"))), ["A", "B"]);
  const got: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const sink = new WritableStream({ write: (chunk) => void got.push(chunk), close: () => closed.resolve() });
  assertEquals(await client.call("write", sink), "written");
  await closed.promise;
  assertEquals(got, ["a", new Uint8Array([1])]);
  await until(() => client.stats.openStreams + server.stats.openStreams === 0);
  assertEquals([client.stats.openStreams, server.stats.openStreams], [0, 0]);
  await close(client, server);
});

Deno.test("a handler may call back with a stream", async () => {
  const [one, other] = crossed();
  const sum = async (params: unknown) => (await collect(params)).reduce((a, b) => Number(a) + Number(b), 0);
  const host = new Peer(one, { accepts, methods: { sum } });
  const guest = new Peer(other, {
    accepts,
    methods: { run: (_params, { peer }) => peer.call("sum", streamOf(1, 2, 3)) },
  });
  assertEquals(await host.call("run"), 6);
  await close(host, guest);
});

Deno.test("a stream of many megabytes crosses under backpressure", async () => {
  const { client, server } = peers({ echo: (params) => params });
  let sent = 0;
  const source = new ReadableStream({
    pull(controller) {
      if (sent++ === 64) controller.close();
      else controller.enqueue(new Uint8Array(100_000).fill(sent));
    },
  }, { highWaterMark: 0 });
  const back = await client.call("echo", source) as ReadableStream<Uint8Array>;
  const reader = back.getReader();
  let length = 0;
  await reader.read().then(({ value }) => length += value!.length);
  await settle();
  assert(sent < 10, `${sent} chunks were pulled`);
  for (let next = await reader.read(); !next.done; next = await reader.read()) length += next.value.length;
  assertEquals(length, 6_400_000);
  await close(client, server);
});

Deno.test("an error answer ends the streams of its request on both sides", async () => {
  const seen: ReadableStream<unknown>[] = [];
  const { client, server } = peers({
    fail(params) {
      seen.push(params as ReadableStream<unknown>);
      throw new RpcError(1, "no");
    },
  });
  for (const method of ["fail", "missing"]) {
    let cancelled: unknown;
    const source = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
    await assertRejects(() => client.call(method, source), RpcError);
    await until(() => cancelled !== undefined);
    assertInstanceOf(cancelled, RpcError);
    await until(() => server.stats.openStreams === 0);
    assertEquals([client.stats.openStreams, server.stats.openStreams], [0, 0]);
  }
  await assertRejects(() => seen[0]!.getReader().read(), RpcError, "no");
  await close(client, server);
});

Deno.test("an aborted call ends the streams that it passed, and those of its late answer", async () => {
  const gate = Promise.withResolvers<void>();
  let dropped: unknown;
  const { client, server } = peers({
    async slow() {
      await gate.promise;
      return new ReadableStream({ cancel: (reason) => void (dropped = reason) });
    },
  });
  const controller = new AbortController();
  let cancelled: unknown;
  const source = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
  const call = client.call("slow", source, { signal: controller.signal });
  await settle();
  controller.abort("enough");
  assertEquals(await call.catch((reason) => reason), "enough");
  await until(() => cancelled !== undefined);
  assertEquals(cancelled, "enough");
  gate.resolve();
  await until(() => dropped !== undefined);
  assertInstanceOf(dropped, RpcError);
  await until(() => server.stats.openStreams === 0);
  assertEquals([client.stats.openStreams, server.stats.openStreams], [0, 0]);
  await close(client, server);
});

Deno.test("streams of a call that could not be sent are not locked or are cancelled", async () => {
  const { peer } = connect({ accepts });
  const free = new ReadableStream();
  await assertRejects(() => peer.call("m", [free, new Map()]), TypeError);
  await assertRejects(() => peer.call("m", [free, 5n]), TypeError);
  assertEquals(free.locked, false);
  await peer.close();
  await assertRejects(() => peer.call("m", free), RpcClosedError);
  assertEquals(free.locked, false);
});

Deno.test("streams of a batch belong to their entries", async () => {
  const { client, server } = peers({
    first: async (params) => (await collect(params))[0],
    fine: () => {},
    fail: () => Promise.reject(new RpcError(1, "no")),
  });
  let cancelled: unknown;
  const [one, two] = await client.batch([
    { method: "first", params: streamOf("a") },
    { method: "fail", params: new ReadableStream({ cancel: (reason) => void (cancelled = reason) }) },
    { method: "fine", params: new Blob(["x"]), notification: true },
  ]);
  assertEquals([one!.status, two!.status], ["fulfilled", "rejected"]);
  await until(() => cancelled !== undefined);
  await close(client, server);
});

Deno.test("a notification without a handler cancels its streams", async () => {
  const { client, server } = peers({});
  let cancelled: unknown;
  await client.notify("nobody", new ReadableStream({ cancel: (reason) => void (cancelled = reason) }));
  await until(() => cancelled !== undefined);
  assertInstanceOf(cancelled, RpcError);
  await close(client, server);
});

Deno.test("the end of the connection errors open streams with its reason", async () => {
  const { client, server } = peers({
    open: () => new ReadableStream({ pull: (it) => it.enqueue(1) }),
    m: () => new Promise(() => {}),
  });
  const reader = (await client.call("open") as ReadableStream<unknown>).getReader();
  await reader.read();
  let cancelled: unknown;
  let aborted: unknown;
  client.call("m", [
    new ReadableStream({ cancel: (reason) => void (cancelled = reason) }),
    new WritableStream({ abort: (reason) => void (aborted = reason) }),
  ]).catch(() => {});
  await settle();
  const reason = new Error("enough");
  client.close(reason).catch(() => {});
  client.closed.catch(() => {});
  const error = await assertRejects(async () => {
    while (!(await reader.read()).done);
  });
  assertStrictEquals(error, reason);
  await until(() => aborted !== undefined);
  assertEquals([cancelled, aborted, client.stats.openStreams], [reason, reason, 0]);
  await server.close();
});

Deno.test("streamsEnded resolves when the streams of answers have ended", async () => {
  const gate = Promise.withResolvers<void>();
  const { client, server } = peers({
    open: () =>
      new ReadableStream({
        async pull(controller) {
          controller.enqueue("chunk");
          await gate.promise;
          controller.close();
        },
      }, { highWaterMark: 0 }),
  });
  await client.streamsEnded;
  const stream = await client.call("open") as ReadableStream<unknown>;
  let hasEnded = false;
  const ended = client.streamsEnded.then(() => hasEnded = true);
  const reader = stream.getReader();
  assertEquals((await reader.read()).value, "chunk");
  await settle();
  assertEquals(hasEnded, false);
  gate.resolve();
  assertEquals((await reader.read()).done, true);
  await ended;
  await close(client, server);
});

Deno.test("too many streams are a LimitError on this side, and refuse a message of the other", async () => {
  const { peer, sendJson, next } = connect({ accepts, limits: { openStreams: 2 }, methods: { m: () => 1 } });
  const three = [0, 1, 2].map(() => new ReadableStream());
  const error = await assertRejects(() => peer.call("m", three), LimitError);
  assertEquals([error.limit, three.map(({ locked }) => locked)], ["openStreams", [false, false, false]]);
  sendJson({ jsonrpc: "2.0", id: 1, method: "m", params: [0, 1, 2].map((id) => ({ $readable: id })) });
  const answers = [await next(), await next(), await next()];
  assertEquals(answers.map(({ method }) => method), ["$/stream/cancel", "$/stream/cancel", undefined]);
  assertEquals(answers[2].error.message, "more than 2 streams are open");
  assertEquals(peer.stats.openStreams, 0);
  await peer.close();
});

Deno.test("a side that opens streams and never reads gets no more of them, and fills no memory", async () => {
  const { peer, send, block, rest } = connect({ accepts, limits: { queueBytes: 10_000 }, onInvalid: () => {} });
  const call = peer.call("theirs");
  await rest();
  const unblock = block();
  for (let round = 0; round < 20; round++) {
    send('{"jsonrpc":"2.0","method":"nobody","params":[{"$readable":1},{"$writable":1}]}\n'.repeat(100));
    await settle();
  }
  unblock();
  const told = await rest();
  assert(told.length < 100, `${told.length} messages`);
  assert(peer.stats.malformed > 1_000);
  await peer.close();
  await call.catch(() => {});
});

Deno.test("streams wait for nothing when handlers wait for streams and requests fill the queue", async () => {
  const { client, server } = peers({
    length: async (params) => (await collect(params)).length,
    echo: (params) => params,
  }, { limits: { concurrentRequests: 1, queueBytes: 20_000 } });
  const source = new TransformStream<string, string>();
  const length = client.call("length", source.readable);
  for (let index = 0; index < 200; index++) client.call("echo", "x".repeat(100)).catch(() => {});
  const writer = source.writable.getWriter();
  for (let index = 0; index < 20; index++) await writer.write("chunk");
  await writer.close();
  assertEquals(await length, 20);
  await close(client, server);
});

Deno.test("messages about streams in a batch, and as requests, are refused", async () => {
  const invalid: string[] = [];
  const { peer, sendJson, next, rest } = connect({
    accepts,
    onInvalid: (error) => void invalid.push(error.message),
  });
  const params = { readable: 0, value: 1 };
  sendJson([{ jsonrpc: "2.0", method: "$/stream/chunk", params }]);
  sendJson({ jsonrpc: "2.0", id: 1, method: "$/stream/chunk", params });
  assertEquals((await next()).error.code, ErrorCode.methodNotFound);
  assertEquals(await rest(), []);
  assertEquals(invalid, ["message is a $/stream/chunk in a batch"]);
  await peer.close();
});
