/**
 * A peer whose other side is the test itself. The test sends raw bytes, sees each message that the peer writes, and can
 * stop taking them.
 *
 * @module
 */

import { Peer, type PeerOptions } from "@rivulet/rivulet/rpc";
import { assertEquals } from "@std/assert";

/** A JSON-RPC message. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
export type Json = any;

/** The test's end of a connection. */
export interface Wire<P = Peer> {
  readonly peer: P;
  /** Sends a chunk unchanged, or a string as UTF-8. */
  send(chunk: string | Uint8Array): void;
  /** Sends a value as one line of JSON. */
  sendJson(value: unknown): void;
  /** Waits for the next line that the peer writes, and returns it parsed. */
  next(): Promise<Json>;
  /** Waits until the peer is idle, and returns all that it wrote. */
  rest(): Promise<Json[]>;
  /** The number of chunks that the peer wrote. */
  chunks(): number;
  /** Ends the stream that the peer reads. */
  end(): void;
  /** Makes the stream that the peer reads fail. */
  fail(reason: unknown): void;
  /** Makes the stream that the peer writes fail. */
  refuse(reason: unknown): void;
  /** Stops taking the peer's output until the returned function is called. */
  block(): () => void;
  /** The calls on the peer's streams: the reasons of cancel and abort, and whether the writable was closed. */
  readonly told: { cancelled?: unknown; aborted?: unknown; closed: boolean };
  /** The streams, to read their locks. */
  readonly duplex: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> };
}

/** Waits until everything that needs no input has run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Lets the event loop turn until a condition is true. Work that exceeds one turn takes several. */
export async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !isSo() && performance.now() < end;) await settle();
}

/** Connects a new peer to the test. */
export function connect(options: PeerOptions = {}): Wire {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const told: Wire["told"] = { closed: false };
  let reading!: ReadableStreamDefaultController<Uint8Array>;
  let writing!: WritableStreamDefaultController;
  let text = "";
  let chunks = 0;
  let gate: Promise<void> | undefined;
  let wake = () => {};

  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (reading = controller),
    pull: () => wake(),
    cancel: (reason) => void (told.cancelled = reason),
  }, { highWaterMark: 0 });
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => void (writing = controller),
    async write(chunk) {
      await gate;
      chunks++;
      text += decoder.decode(chunk, { stream: true });
      wake();
    },
    close: () => void (told.closed = true),
    abort: (reason) => void (told.aborted = reason),
  });
  const takeLine = (): Json => {
    const end = text.indexOf("\n");
    if (end < 0) return undefined;
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return JSON.parse(line);
  };
  const send = (chunk: string | Uint8Array) =>
    reading.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);

  const duplex = { readable, writable };
  return {
    peer: new Peer(duplex, options),
    duplex,
    told,
    send,
    sendJson: (value) => send(JSON.stringify(value) + "\n"),
    async next() {
      for (;;) {
        const line = takeLine();
        if (line !== undefined) return line;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    async rest() {
      await settle();
      const lines = [];
      for (let line = takeLine(); line !== undefined; line = takeLine()) lines.push(line);
      return lines;
    },
    chunks: () => chunks,
    end: () => reading.close(),
    fail: (reason) => reading.error(reason),
    refuse: (reason) => writing.error(reason),
    block() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = undefined;
        resolve();
      };
    },
  };
}

/** Two crossed streams: each end reads what the other writes. */
export function crossed(): [Wire["duplex"], Wire["duplex"]] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    { readable: there.readable, writable: back.writable },
    { readable: back.readable, writable: there.writable },
  ];
}

/** Checks an error answer without its message, which is for people. */
export function assertErrorAnswer(answer: Json, id: unknown, code: number): void {
  assertEquals({ jsonrpc: answer.jsonrpc, id: answer.id, code: answer.error?.code }, { jsonrpc: "2.0", id, code });
  assertEquals(typeof answer.error.message, "string");
}

/** A stream of these chunks. */
export function streamOf(...chunks: readonly unknown[]): ReadableStream<unknown> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** All chunks of a stream, to its end. */
export async function collect(stream: unknown): Promise<unknown[]> {
  const chunks: unknown[] = [];
  await (stream as ReadableStream<unknown>).pipeTo(
    new WritableStream({ write: (chunk) => void chunks.push(chunk) }),
  );
  return chunks;
}
