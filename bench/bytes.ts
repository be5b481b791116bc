/**
 * What bytes and plain JSON cost between two peers: the figures in src/README.md. It is a program of its own, beside the
 * suites:
 *
 * ```sh
 * deno run -A bench/bytes.ts                          # calls of plain JSON, and bytes of 1 MB in several forms
 * deno run -A bench/bytes.ts --megabytes 100
 * deno run -A bench/bytes.ts --against ../before/src/rpc/mod.ts
 * ```
 *
 * @module
 */

import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import * as current from "../src/rpc/mod.ts";
import { quantile } from "./statistics.ts";

type Rpc = Pick<typeof current, "Peer">;

const { values: args } = parseArgs({
  options: { megabytes: { type: "string", default: "1" }, against: { type: "string" } },
});
const MEGABYTE = 1_000_000;
const size = Number(args.megabytes) * MEGABYTE;
/** Seconds for one row. */
const SECONDS = 2;
const LIMITS = { messageBytes: Infinity };

/** Two peers over streams in memory. */
function peers({ Peer }: Rpc, options: current.PeerSettings) {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const methods = { take: (params: unknown) => sizeOf(params) };
  const server = new Peer({ readable: there.readable, writable: back.writable }, {
    ...options,
    methods,
    limits: LIMITS,
  });
  const client = new Peer({ readable: back.readable, writable: there.writable }, { ...options, limits: LIMITS });
  return {
    call: (params: unknown) => client.call("take", params),
    async close() {
      await client.close();
      await server.close();
    },
  };
}

function sizeOf(params: unknown): number {
  return (params as { readonly length?: number } | null)?.length ?? 0;
}

/** The median of the milliseconds that a run takes, after a third of the time to warm up. */
async function timed(run: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  const start = performance.now();
  for (let begin = start; begin - start < SECONDS * 1_000 || times.length === 0;) {
    await run();
    const now = performance.now();
    if (begin - start > SECONDS * 300 || now - begin > SECONDS * 300) times.push(now - begin);
    begin = now;
  }
  return `${quantile(times, 1 / 2).toFixed(3)} ms`;
}

const rows = Array.from({ length: 8_000 }, (_, id) => {
  return { id, name: `user ${id}`, address: `u${id}@example.com`, tags: ["a", "b", "c"], at: { x: id / 3, y: -id } };
});
const JSON_ROWS: readonly [name: string, params: unknown][] = [
  ["no params", null],
  ["[1, 2]", [1, 2]],
  ["a small object", { id: 1, name: "hello", list: [1, 2, 3], inside: { none: null, yes: true } }],
  [`${(JSON.stringify(rows).length / MEGABYTE).toFixed(1)} MB of objects`, rows],
];

async function measureJson(name: string, rpc: Rpc, options: current.PeerSettings): Promise<void> {
  const { call, close } = peers(rpc, options);
  for (const [what, params] of JSON_ROWS) console.log(`${name}: ${what}: ${await timed(() => call(params))}`);
  await close();
}

/** A frame with attachments, as an alternative: a line of JSON with the length, then the bytes as they are. */
function attached(): { call: (bytes: Uint8Array) => Promise<unknown> } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  return {
    async call(bytes) {
      const head = new TextEncoder().encode(`{"jsonrpc":"2.0","id":0,"params":{"$attachment":${bytes.length}}}\n`);
      const frame = new Uint8Array(head.length + bytes.length);
      frame.set(head);
      frame.set(bytes, head.length);
      const written = writer.write(frame);
      const { value } = await reader.read();
      const end = value!.indexOf(10);
      const { params } = JSON.parse(new TextDecoder().decode(value!.subarray(0, end)));
      await written;
      return value!.slice(end + 1, end + 1 + params.$attachment).length;
    },
  };
}

async function measureBytes(): Promise<void> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = at * 31 ^ at >> 8;
  const { call, close } = peers(current, { accepts: ["bytes", "streams"] });
  const show = (what: string, time: string) => console.log(`${args.megabytes} MB as ${what}: ${time}`);
  show("a frame with an attachment", await timed(() => attached().call(bytes)));
  show("$bytes", await timed(() => call(bytes)));
  const read = async (stream: ReadableStream<Uint8Array>) => {
    let length = 0;
    for await (const chunk of stream) length += chunk.length;
    return length;
  };
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const streams: current.PeerSettings = { accepts: ["bytes", "streams"] };
  const server = new current.Peer({ readable: there.readable, writable: back.writable }, {
    ...streams,
    methods: { take: (params) => read(params as ReadableStream<Uint8Array>) },
  });
  const client = new current.Peer({ readable: back.readable, writable: there.writable }, streams);
  show("a stream of chunks of 64 KiB", await timed(() => client.call("take", chunked(bytes))));
  await client.close();
  await server.close();
  show("an array of numbers", await timed(() => call(Array.from(bytes))));
  await close();
}

function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.subarray(start, start += 65_536));
      if (start >= bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}

if (size <= MEGABYTE) {
  if (args.against !== undefined) {
    const before = await import(pathToFileURL(args.against).href) as Rpc;
    for (let round = 0; round < 2; round++) {
      await measureJson("before", before, {});
      await measureJson("now", current, {});
      await measureJson("now, with bytes and streams", current, { accepts: ["bytes", "streams"] });
    }
  } else {
    await measureJson("plain", current, {});
    await measureJson("with bytes and streams", current, { accepts: ["bytes", "streams"] });
  }
}
await measureBytes();
