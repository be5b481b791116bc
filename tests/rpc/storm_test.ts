/**
 * Random messages of an other side that keeps no rule, to a host that keeps none either: odd values, aborts, ends, and
 * handlers and callbacks that fail in all ways. Whatever happens, every call settles, nothing is thrown where nobody can
 * catch it, no stream stays open, and no error of the host's reaches the other side.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Peer, type PeerCallOptions, type PeerOptions, RpcError } from "@rivulet/rivulet/rpc";
import { pick, randomSource } from "../../tools/random.ts";

type Make = () => unknown;
type Random = ReturnType<typeof randomSource>;

const SECRET = "/home/secret";
const ACCEPTS = [["bytes", "streams"], ["bytes", "streams"], ["bytes"], ["streams"], []] as const;
const METHODS = ["echo", "read", "write", "fail", "wait", "give", "callBack", "report", "later", "none", "toString"];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const fail = (): never => {
  throw new Error(SECRET);
};
const rejects = () => Promise.reject(new Error(SECRET));

/** What the other side sends. */
class Guest {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A message, or a batch, as a line. */
  line(): Uint8Array {
    const isBatch = this.#random(7) === 0;
    const value = isBatch ? Array.from({ length: this.#random(5) }, () => this.#message()) : this.#message();
    return new TextEncoder().encode(JSON.stringify(value) + "\n");
  }

  #pick(...makes: readonly Make[]): unknown {
    return pick(this.#random, makes)();
  }

  #tag(): unknown {
    return this.#pick(
      ...[() => ({ $readable: this.#random(6) }), () => ({ $writable: this.#random(6) }), () => ({ $bytes: "AAAA" })],
      ...[() => ({ $bytes: "!" }), () => ({ $readable: "x" }), () => ({ $literal: { $bytes: 1 } })],
      ...[() => ({ then: { $bytes: "AA==" } }), () => JSON.parse('{"__proto__":{"then":1},"toJSON":2}')],
    );
  }

  #value(depth = 0): unknown {
    if (depth > 3) return this.#random(5);
    const inner = () => this.#value(depth + 1);
    const tag = () => this.#tag();
    return this.#pick(() => 1, () => "text", () => null, tag, tag, () => [inner(), inner()], () => ({ a: inner() }));
  }

  #error(): unknown {
    const data = this.#value();
    return this.#pick(() => ({ code: 1, message: "\x1b", data }), () => ({ code: "x" }), () => null, () => 5);
  }

  #message(): unknown {
    const jsonrpc = "2.0";
    const random = this.#random;
    const id = pick(random, [random(9), "s", null, undefined, 1.5]);
    const name = pick(random, [{ readable: random(6) }, { writable: random(6) }, { readable: -1 }, {}]);
    const bytes = pick(random, [1, 1_000, 1e9, 0, "x"]);
    const about = () => ({
      jsonrpc,
      method: `$/stream/${pick(random, ["chunk", "end", "credit", "cancel"])}`,
      params: { ...name, bytes, value: this.#value(), error: random(3) > 0 ? undefined : this.#error() },
    });
    return this.#pick(
      ...[about, about, about],
      () => ({ jsonrpc, id, method: pick(random, METHODS), params: this.#value(), parent: random(5) }),
      () => ({ jsonrpc, id, method: pick(random, METHODS), params: this.#tag() }),
      () => ({ jsonrpc, id: random(30), result: this.#value() }),
      () => ({ jsonrpc, id: random(30), result: this.#tag() }),
      () => ({ jsonrpc, id: pick(random, [random(30), null]), error: this.#error() }),
      () => ({ jsonrpc, method: "$/progress", params: { token: random(30), value: this.#value() } }),
      () => ({ jsonrpc, method: "$/cancelRequest", params: { id: this.#value() } }),
      () => ({ jsonrpc, method: "notifications/cancelled", params: { requestId: id } }),
      () => this.#value(),
    );
  }
}

/** Values that a careless host passes. */
const ODD: readonly Make[] = [
  ...[() => 1, () => new Uint8Array(3), () => new Blob(["x"]), () => new Map(), () => 5n, () => ({ then: 1 })],
  ...[() => new ReadableStream(), () => new WritableStream(), () => new Proxy({}, { ownKeys: fail })],
  () => new ReadableStream({ start: (controller) => controller.error(new Error(SECRET)) }),
  () => new ReadableStream({ pull: (controller) => controller.enqueue(5n) }),
  () => new ReadableStream({ pull: (controller) => controller.enqueue("chunk") }),
  () => ({ locked: new ReadableStream().pipeThrough(new TransformStream()) }),
  () => Array(2).fill(new ReadableStream()),
  () => new WritableStream({ write: () => new Promise(() => {}) }),
  () => new WritableStream({ write: fail, abort: fail }),
  () => new WritableStream({ close: rejects, abort: rejects }),
  () => [new ReadableStream({ cancel: fail }), new Map()],
  () => Object.defineProperty({}, "a", { get: fail, enumerable: true }),
  () => Object.defineProperty(new Blob(["x"]), "arrayBuffer", { value: rejects }),
];

/** What a careless host throws. */
const ERRORS: readonly Make[] = [
  ...[() => new Error(SECRET), () => undefined, () => new RpcError(1, "no"), () => ({ then: fail })],
  ...[() => new RpcError(1, "no", new Map()), () => new RpcError(1, "no", new ReadableStream())],
  () => new RpcError(1, "no", new Uint8Array(2)),
  () => Object.defineProperty(new RpcError(1, "no"), "message", { get: fail }),
];

const CALLBACKS: readonly PeerCallOptions["onProgress"][] = [
  ...[undefined, () => {}, fail, rejects, () => new Promise(() => {}), () => ({ then: fail })],
  () => Object.defineProperty({}, "then", { get: fail }),
];

function methodsOf(random: Random): PeerOptions["methods"] {
  const odd = () => pick(random, ODD)();
  return {
    echo: (params) => params,
    fail: () => {
      throw pick(random, ERRORS)();
    },
    wait: (_params, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    give: () => [odd(), odd()],
    report: (_params, { progress }) => progress(odd()),
    later: (params) => pause(1).then(() => params),
    callBack: (_params, { peer }) => peer.call("b", odd(), { signal: AbortSignal.timeout(5) }),
    async read(params) {
      if (!(params instanceof ReadableStream)) return;
      const reader = params.getReader();
      await reader.read();
      if (random(2) === 0) await reader.cancel(pick(random, ERRORS)());
      else while (!(await reader.read()).done);
    },
    async write(params) {
      if (!(params instanceof WritableStream)) return;
      const writer = params.getWriter();
      await writer.write(odd());
      if (random(2) === 0) await writer.close();
      else await writer.abort(pick(random, ERRORS)());
    },
  };
}

async function storm(seed: number): Promise<void> {
  const random = randomSource(seed);
  const guest = new Guest(random);
  const isStuck = random(8) === 0;
  const decoder = new TextDecoder();
  let sent = "";
  let isOver = false;
  let input!: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (input = controller),
    cancel: () => void (isOver = true),
  });
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (isStuck) await new Promise(() => {});
    sent += decoder.decode(bytes, { stream: true });
    if (random(5) === 0) await pause(0);
  };
  const peer = new Peer({ readable, writable: new WritableStream({ write }) }, {
    methods: methodsOf(random),
    accepts: pick(random, ACCEPTS),
    protocol: pick(random, ["rivulet", "rivulet", "mcp"]),
    limits: {
      concurrentRequests: pick(random, [1, 3, 64]),
      queueBytes: pick(random, [1, 2_000, 1_000_000]),
      openStreams: pick(random, [1, 4, 64]),
      requestBytes: pick(random, [100, 1_000, Infinity]),
      batchMessages: pick(random, [3, 100]),
    },
    onInvalid: () => random(500) === 0 ? fail() : undefined,
    onError: () => pick(random, [() => {}, () => {}, fail, rejects])(),
  });
  peer.closed.catch(() => {});
  const calls: Promise<unknown>[] = [];
  for (let step = 0; step < 80; step++) {
    for (let count = random(4); count >= 0 && !isOver; count--) input.enqueue(guest.line());
    const controller = new AbortController();
    const onProgress = pick(random, CALLBACKS);
    const options: PeerCallOptions = { [pick(random, ["signal", "cancel"])]: controller.signal, onProgress };
    const params = pick(random, ODD)();
    const send = pick(random, [
      ...[() => peer.call("m", params, options), () => peer.call("m", params, options)],
      ...[() => peer.notify("m", params), () => peer.batch([{ method: "m", params }, { method: "n" }], options)],
    ]);
    if (random(2) === 0) calls.push(send().catch(() => {}));
    if (random(2) === 0) setTimeout(() => controller.abort(pick(random, ERRORS)()), random(3));
    if (random(5) === 0) await pause(0);
    if (random(400) === 0) peer.close().catch(() => {});
  }
  await pause(2);
  peer.close(isStuck || random(2) === 0 ? new Error("end") : undefined).catch(() => {});
  const late = pause(2_000).then(() => "a call does not settle");
  assertEquals(await Promise.race([Promise.allSettled(calls).then(() => undefined), late]), undefined, `seed ${seed}`);
  await pause(1);
  assertEquals(peer.stats.openStreams, 0, `seed ${seed}`);
  assert(!sent.includes(SECRET), `seed ${seed}`);
  for (const line of sent.split("\n")) if (line !== "") JSON.parse(line);
}

Deno.test("every call of a storm of wrong messages and odd values settles, and nothing is lost, left or leaked", async () => {
  for (let seed = 1; seed <= 40; seed++) await storm(seed);
});
