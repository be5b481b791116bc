/**
 * Memory that a hostile side can fill by streams.
 *
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals } from "@std/assert";
import { Peer } from "@rivulet/rivulet/rpc";
import { settle, until } from "../_wire.ts";
import { noteFigure } from "./_figures.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const accepts = ["bytes", "streams"] as const;

/** A peer whose method `read` asks a stream for one chunk, and then for no more. */
function lazyPeer(queueBytes: number): {
  readonly peer: Peer;
  readonly input: WritableStreamDefaultWriter<Uint8Array>;
  readonly readers: readonly ReadableStreamDefaultReader<unknown>[];
} {
  const text = new TransformStream<Uint8Array, Uint8Array>();
  const input = text.writable.getWriter();
  const readers: ReadableStreamDefaultReader<unknown>[] = [];
  const peer = new Peer({ readable: text.readable, writable: new WritableStream() }, {
    accepts,
    limits: { queueBytes },
    methods: {
      read: (params) => {
        const reader = (params as ReadableStream<unknown>).getReader();
        readers.push(reader);
        reader.read().catch(() => {});
      },
    },
  });
  return { peer, input, readers };
}

Deno.test("chunks for readers that have stopped reading fill no more than queueBytes", async () => {
  const queueBytes = 1 << 20;
  const { peer, input } = lazyPeer(queueBytes);
  const send = (line: string) => input.write(new TextEncoder().encode(line + "\n"));
  for (let id = 0; id < 64; id++) {
    await send(JSON.stringify({ jsonrpc: "2.0", method: "read", params: { $readable: id } }));
  }
  collectGarbage();
  const before = Deno.memoryUsage().heapUsed;
  const value = Array.from({ length: 1_000 }, () => []);
  for (let round = 0; round < 20; round++) {
    for (let readable = 0; readable < 64; readable++) {
      await send(JSON.stringify({ jsonrpc: "2.0", method: "$/stream/chunk", params: { readable, value } }));
    }
  }
  collectGarbage();
  const kept = Deno.memoryUsage().heapUsed - before;
  noteFigure("memory of chunks that nobody reads", kept / 2 ** 20, "MiB", "limit 1 MiB");
  assert(peer.stats.malformed > 0);
  assert(kept < 3 * queueBytes, `${kept} bytes`);
  await peer.close();
});

Deno.test("chunks of streams that have ended fill no more than queueBytes, and are free when their readers cancel", async () => {
  const queueBytes = 1 << 20;
  const { peer, input, readers } = lazyPeer(queueBytes);
  const send = (message: unknown) => input.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  const streams = async (count: number): Promise<void> => {
    for (let id = 0; id < count; id++) {
      await send({ jsonrpc: "2.0", method: "read", params: { $readable: id } });
      for (const value of [1, Array.from({ length: 1_000 }, () => [])]) {
        await send({ jsonrpc: "2.0", method: "$/stream/chunk", params: { readable: id, value } });
      }
      await send({ jsonrpc: "2.0", method: "$/stream/end", params: { readable: id } });
    }
  };
  await streams(200);
  const { malformed } = peer.stats;
  assert(malformed > 150, `${malformed} chunks were refused`);
  for (const reader of readers) reader.cancel().catch(() => {});
  await settle();
  await streams(1);
  assertEquals(peer.stats.malformed, malformed);
  await peer.close();
});

Deno.test("streams that have ended with errors keep little of them, however long they are", async () => {
  const text = new TransformStream<Uint8Array, Uint8Array>();
  const input = text.writable.getWriter();
  const kept: unknown[] = [];
  const peer = new Peer({ readable: text.readable, writable: new WritableStream() }, {
    accepts,
    methods: { keep: (params) => void kept.push(params) },
  });
  const send = (message: unknown) => input.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  const error = { code: 1, message: "x".repeat(500_000), data: Array.from({ length: 100_000 }, () => []) };
  collectGarbage();
  const before = Deno.memoryUsage().heapUsed;
  for (let id = 0; id < 100; id++) {
    await send({ jsonrpc: "2.0", method: "keep", params: [{ $readable: id }, { $writable: id }] });
    await send({ jsonrpc: "2.0", method: "$/stream/end", params: { readable: id, error } });
    await send({ jsonrpc: "2.0", method: "$/stream/cancel", params: { writable: id, error } });
  }
  await until(() => peer.stats.openStreams === 0 && kept.length === 100);
  collectGarbage();
  const bytes = (Deno.memoryUsage().heapUsed - before) / 200;
  noteFigure("memory that a stream with a long error keeps", bytes / 1024, "KiB", "a message of 800 KB");
  assert(bytes < 50_000, `${bytes} bytes`);
  assertEquals(peer.stats.malformed, 0);
  await peer.close();
});
