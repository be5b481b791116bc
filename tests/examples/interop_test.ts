/**
 * Interoperability with other implementations of JSON-RPC: `vscode-jsonrpc` with `Content-Length` framing, and
 * `json-rpc-2.0` with one message for each line. Each is once the other side of a peer and once the host of a guest.
 *
 * @module
 */

import { Readable, Writable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { JSONRPCClient, JSONRPCErrorException, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ProgressType,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { Plugin, RpcError, spawn } from "@rivulet/rivulet";
import { type Duplex, Peer, type PeerOptions } from "@rivulet/rivulet/rpc";
import { guest } from "../_guests.ts";

/** The two ends of a connection. */
function connect(): [Duplex, Duplex] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}

/** The methods that both sides serve in these tests. */
const methods: PeerOptions["methods"] = {
  add: (numbers) => (numbers as number[]).reduce((sum, number) => sum + number, 0),
  echo: (params) => params,
  refuse: () => {
    throw new RpcError(-32042, "not today", { until: "tomorrow" });
  },
};

function vscode({ readable, writable }: Duplex): MessageConnection {
  const connection = createMessageConnection(
    new StreamMessageReader(Readable.fromWeb(readable as NodeReadableStream<Uint8Array>)),
    new StreamMessageWriter(Writable.fromWeb(writable)),
  );
  connection.onRequest("add", (one: number, two: number, three: number) => one + two + three);
  connection.onRequest("echo", (params) => params);
  connection.onRequest("refuse", () => new ResponseError(-32042, "not today", { until: "tomorrow" }));
  return connection;
}

/** A peer and a `vscode-jsonrpc` connection that are connected until the end of the block. */
function vscodePair(options: PeerOptions = {}): { peer: Peer; connection: MessageConnection } & AsyncDisposable {
  const [left, right] = connect();
  const connection = vscode(right);
  const peer = new Peer(left, { protocol: "lsp", methods, ...options });
  return {
    peer,
    connection,
    async [Symbol.asyncDispose]() {
      connection.end();
      connection.dispose();
      await peer.close();
    },
  };
}

Deno.test("a peer answers vscode-jsonrpc's requests", async () => {
  await using pair = vscodePair();
  const { connection } = pair;
  connection.listen();
  assertEquals(await connection.sendRequest("add", 1, 2, 3), 6);
  assertEquals(await connection.sendRequest("echo", { text: "ä€𝄞\n", list: [null, true, 1.5] }), {
    text: "ä€𝄞\n",
    list: [null, true, 1.5],
  });
  assertEquals(await connection.sendRequest("echo"), null);
  const many = Array.from({ length: 100 }, (_, index) => index);
  const answers = await Promise.all(many.map((number) => connection.sendRequest("echo", { number })));
  assertEquals(answers, many.map((number) => ({ number })));
  const long = "x".repeat(300_000);
  assertEquals(await connection.sendRequest("echo", { long }), { long });
});

Deno.test("vscode-jsonrpc receives a peer's errors with their code and data", async () => {
  await using pair = vscodePair();
  const { connection } = pair;
  connection.listen();
  const refusal = await assertRejects(() => connection.sendRequest("refuse"), ResponseError, "not today");
  assertEquals([refusal.code, refusal.data], [-32042, { until: "tomorrow" }]);
  const missing = await assertRejects(() => connection.sendRequest("no such method"), ResponseError);
  assertEquals(missing.code, -32601);
});

Deno.test("vscode-jsonrpc's notifications and a peer's reach the other side", async () => {
  const noted = Promise.withResolvers<unknown>();
  await using pair = vscodePair({ methods: { note: (params) => noted.resolve(params) } });
  const { connection, peer } = pair;
  const told = Promise.withResolvers<unknown>();
  connection.onNotification("tell", (params) => told.resolve(params));
  connection.listen();
  await connection.sendNotification("note", { from: "there" });
  await peer.notify("tell", { from: "here" });
  assertEquals(await noted.promise, { from: "there" });
  assertEquals(await told.promise, { from: "here" });
});

Deno.test("vscode-jsonrpc answers a peer's requests", async () => {
  await using pair = vscodePair();
  const { connection, peer } = pair;
  connection.listen();
  assertEquals(await peer.call("add", [1, 2, 3]), 6);
  assertEquals(await peer.call("echo", { text: "ä€𝄞" }), { text: "ä€𝄞" });
  const refusal = await assertRejects(() => peer.call("refuse"), RpcError, "not today");
  assertEquals([refusal.code, refusal.data], [-32042, { until: "tomorrow" }]);
  const missing = await assertRejects(() => peer.call("no such method"), RpcError);
  assertEquals(missing.code, -32601);
});

Deno.test("vscode-jsonrpc's cancellation aborts a peer's handler", async () => {
  const started = Promise.withResolvers<void>();
  await using pair = vscodePair({
    methods: {
      wait: (_, { signal }) => {
        started.resolve();
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    },
  });
  const { connection } = pair;
  connection.listen();
  const source = new CancellationTokenSource();
  const answer = connection.sendRequest("wait", {}, source.token);
  await started.promise;
  source.cancel();
  const error = await assertRejects(() => answer, ResponseError);
  assertEquals(error.code, -32800);
});

Deno.test("a peer's call receives the progress that vscode-jsonrpc sends", async () => {
  await using pair = vscodePair();
  const { connection, peer } = pair;
  const type = new ProgressType<{ percentage: number }>();
  connection.onRequest("work", async ({ workDoneToken, steps }) => {
    for (let step = 1; step <= steps; step++) await connection.sendProgress(type, workDoneToken, { percentage: step });
    return "done";
  });
  connection.listen();
  const seen: unknown[] = [];
  assertEquals(await peer.call("work", { steps: 3 }, { onProgress: (value) => seen.push(value) }), "done");
  assertEquals(seen, [{ percentage: 1 }, { percentage: 2 }, { percentage: 3 }]);
});

Deno.test("vscode-jsonrpc receives the progress that a peer's handler reports", async () => {
  await using pair = vscodePair({
    methods: {
      work(_params, { progress }) {
        for (const percentage of [50, 100]) progress({ percentage });
        return "done";
      },
    },
  });
  const { connection } = pair;
  const seen: unknown[] = [];
  connection.onProgress(new ProgressType<unknown>(), "token", (value) => void seen.push(value));
  connection.listen();
  assertEquals(await connection.sendRequest("work", { workDoneToken: "token" }), "done");
  assertEquals(seen, [{ percentage: 50 }, { percentage: 100 }]);
});

Deno.test("aborting a peer's call cancels vscode-jsonrpc's handler", async () => {
  await using pair = vscodePair();
  const { connection, peer } = pair;
  const [started, cancelled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  connection.onRequest("wait", (_params, token) => {
    token.onCancellationRequested(() => cancelled.resolve());
    started.resolve();
    return cancelled.promise;
  });
  connection.listen();
  const abort = new AbortController();
  const answer = peer.call("wait", {}, { signal: abort.signal });
  await started.promise;
  abort.abort(new Error("enough"));
  await assertRejects(() => answer, Error, "enough");
  await cancelled.promise;
});

Deno.test("a guest that uses Content-Length framing can be a plugin", async () => {
  await using plugin = new Plugin(await guest("language_server"), { framing: "content-length", lifetime: "plugin" });
  assertEquals(await plugin.call("initialize", { capabilities: {} }), {
    capabilities: { textDocumentSync: 1 },
    serverInfo: { name: "todo" },
  });
  const error = await assertRejects(() => plugin.call("no such method", {}), RpcError);
  assertEquals(error.code, -32601);
});

/** Connects json-rpc-2.0, whose user must split the lines. `ended` settles when all input has been read. */
function lines(
  { readable, writable }: Duplex,
): { both: JSONRPCServerAndClient; ended: Promise<void>; end(): Promise<void> } {
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const send = async (message: unknown) => await writer.write(encoder.encode(JSON.stringify(message) + "\n"));
  const both = new JSONRPCServerAndClient(new JSONRPCServer({ errorListener: () => {} }), new JSONRPCClient(send));
  both.addMethod("add", (numbers) => (numbers as number[]).reduce((sum, number) => sum + number, 0));
  both.addMethod("echo", (params) => params);
  both.addMethod("refuse", () => {
    throw new JSONRPCErrorException("not today", -32042, { until: "tomorrow" });
  });
  const text = readable.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
  const read = async () => {
    for await (const line of text.pipeThrough(new TextLineStream())) await both.receiveAndSend(JSON.parse(line));
  };
  return { both, ended: read(), end: () => writer.close() };
}

Deno.test("json-rpc-2.0 and a peer answer each other", async () => {
  const [left, right] = connect();
  const noted = Promise.withResolvers<unknown>();
  const peer = new Peer(left, { methods: { ...methods, note: (params: unknown) => noted.resolve(params) } });
  const { both, ended, end } = lines(right);

  assertEquals(await both.request("add", [1, 2, 3]), 6);
  assertEquals(await both.request("echo", { text: "ä€𝄞\n" }), { text: "ä€𝄞\n" });
  const refused = await both.requestAdvanced({ jsonrpc: "2.0", id: "a string", method: "refuse" });
  assertEquals(refused as unknown, {
    jsonrpc: "2.0",
    id: "a string",
    error: { code: -32042, message: "not today", data: { until: "tomorrow" } },
  });
  const batch = await both.requestAdvanced([
    { jsonrpc: "2.0", id: 101, method: "add", params: [1, 1] },
    { jsonrpc: "2.0", id: 102, method: "no such method" },
  ]);
  assertEquals(batch.map(({ id, result, error }) => [id, result, error?.code]), [
    [101, 2, undefined],
    [102, undefined, -32601],
  ]);
  both.notify("note", { from: "there" });
  assertEquals(await noted.promise, { from: "there" });

  assertEquals(await peer.call("add", [1, 2, 3]), 6);
  const refusal = await assertRejects(() => peer.call("refuse"), RpcError, "not today");
  assertEquals([refusal.code, refusal.data], [-32042, { until: "tomorrow" }]);
  const missing = await assertRejects(() => peer.call("no such method"), RpcError);
  assertEquals(missing.code, -32601);

  const { requests: _, ...counts } = peer.stats;
  assertEquals(counts, {
    unknownIds: 0,
    duplicateIds: 0,
    nullIds: 0,
    malformed: 0,
    refused: 0,
    dropped: 0,
    openStreams: 0,
  });
  await end();
  await peer.close();
  await ended;
});

Deno.test("json-rpc-2.0 can be the host of a guest that calls it back", async () => {
  await using process = spawn(await guest("c_plugin"), { stderr: "null" });
  const { both, ended, end } = lines(process);
  assertEquals(await both.request("prime_sieve", 100), { count: 25, limit: 100 });
  assertEquals(await both.request("many_echo", [50]), null);
  await end();
  await ended;
  assert((await process.status).success);
});
