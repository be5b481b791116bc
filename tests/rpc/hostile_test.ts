/**
 * Malformed and malicious messages, as a table: the messages, the answers that the peer must send, and the counters
 * that must grow. Each row runs against a peer with two pending calls. Afterwards the peer must still serve, and its
 * calls must get their own answers and no others.
 */

import { RpcError, RpcProtocolError } from "@rivulet/rivulet/rpc";
import { assertEquals, assertInstanceOf, assertLess, assertRejects } from "@std/assert";
import { connect, type Json, settle } from "../_wire.ts";

const INVALID = -32600;
const UNREADABLE = -32700;
const UNKNOWN = -32601;

interface Row {
  readonly name: string;
  /** The line or lines, without the last line feed. */
  readonly send: string | Uint8Array;
  /** The error answers, each as [id, code]. An inner list is a batch. Any other value is an answer's result. */
  readonly answers?: readonly unknown[];
  /** The required increase of the counters. */
  readonly malformed?: number;
  readonly unknownIds?: number;
  readonly nullIds?: number;
  readonly duplicateIds?: number;
  /** The row settles call 0 with a protocol error. */
  readonly rejects?: true;
}

const v = '"jsonrpc":"2.0"';
const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]));

const ROWS: readonly Row[] = [
  // Not JSON
  { name: "text", send: "Hello from a guest", answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "a space", send: " ", answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "empty lines", send: "\n\r\n\n" },
  { name: "a cut object", send: `{${v},"method":"ping"`, answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "two objects on a line", send: `{${v}}{${v}}`, answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "a byte order mark", send: `\ufeff{${v}}`, answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "a NUL byte", send: "\0", answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "NaN", send: `{${v},"id":NaN,"method":"ping"}`, answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "single quotes", send: "{'jsonrpc':'2.0'}", answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "a trailing comma", send: `{${v},"method":"ping",}`, answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "invalid UTF-8", send: bytes(`{${v},"id":"`, 0xff, '"}'), answers: [[null, UNREADABLE]], malformed: 1 },
  {
    name: "an encoded surrogate",
    send: bytes('"', 0xed, 0xa0, 0x80, '"'),
    answers: [[null, UNREADABLE]],
    malformed: 1,
  },
  { name: "a million arrays", send: "[".repeat(1e6), answers: [[null, INVALID]], malformed: 1 },
  { name: "a million objects", send: '{"a":'.repeat(2e5), answers: [[null, INVALID]], malformed: 1 },
  {
    name: "params that are nested too deep",
    send: `{${v},"id":7,"method":"echo","params":${"[".repeat(128)}${"]".repeat(128)}}`,
    answers: [[null, INVALID]],
    malformed: 1,
  },
  { name: "params nested as deep as allowed", send: deepEcho(127), answers: [JSON.parse(nested(127))] },
  { name: "a line over messageBytes", send: `"${"x".repeat(1 << 20)}"`, answers: [[null, INVALID]], malformed: 1 },
  // Not a message
  { name: "null", send: "null", answers: [[null, INVALID]], malformed: 1 },
  { name: "a number", send: "1", answers: [[null, INVALID]], malformed: 1 },
  { name: "a string", send: '"jsonrpc"', answers: [[null, INVALID]], malformed: 1 },
  { name: "true", send: "true", answers: [[null, INVALID]], malformed: 1 },
  { name: "an empty object", send: "{}", answers: [[null, INVALID]], malformed: 1 },
  { name: "only a version", send: `{${v}}`, answers: [[null, INVALID]], malformed: 1 },
  { name: "no version", send: '{"id":1,"method":"ping"}', answers: [[1, INVALID]], malformed: 1 },
  { name: "version 1.0", send: '{"jsonrpc":"1.0","id":1,"method":"ping"}', answers: [[1, INVALID]], malformed: 1 },
  {
    name: "a version that is a number",
    send: '{"jsonrpc":2.0,"id":1,"method":"ping"}',
    answers: [[1, INVALID]],
    malformed: 1,
  },
  { name: "method as a number", send: `{${v},"id":"a","method":1}`, answers: [["a", INVALID]], malformed: 1 },
  { name: "method as null", send: `{${v},"id":"a","method":null}`, answers: [["a", INVALID]], malformed: 1 },
  { name: "method as an object", send: `{${v},"method":{"a":1}}`, answers: [[null, INVALID]], malformed: 1 },
  {
    name: "a method and a result",
    send: `{${v},"id":0,"method":"ping","result":1}`,
    answers: [[0, INVALID]],
    malformed: 1,
  },
  {
    name: "a method and an error",
    send: `{${v},"id":0,"method":"ping","error":{}}`,
    answers: [[0, INVALID]],
    malformed: 1,
  },
  { name: "escaped member names", send: `{"\\u006asonrpc":"2.0","id":1,"meth\\u006fd":"ping"}`, answers: ["pong"] },
  { name: "a member twice: the last counts", send: `{${v},"id":1,"method":"none","method":"ping"}`, answers: ["pong"] },
  // Ids of requests
  { name: "id as a string", send: `{${v},"id":"","method":"none"}`, answers: [["", UNKNOWN]] },
  {
    name: "an id that is a long string",
    send: `{${v},"id":"${"i".repeat(9999)}","method":"none"}`,
    answers: [["i".repeat(9999), UNKNOWN]],
  },
  { name: "id negative", send: `{${v},"id":-1,"method":"none"}`, answers: [[-1, UNKNOWN]] },
  { name: "id null", send: `{${v},"id":null,"method":"none"}`, answers: [[null, UNKNOWN]] },
  {
    name: "an id that is the largest safe integer",
    send: `{${v},"id":9007199254740991,"method":"none"}`,
    answers: [[9007199254740991, UNKNOWN]],
  },
  {
    name: "id 9007199254740993",
    send: `{${v},"id":9007199254740993,"method":"ping"}`,
    answers: [[null, INVALID]],
    malformed: 1,
  },
  { name: "id 1.5", send: `{${v},"id":1.5,"method":"ping"}`, answers: [[null, INVALID]], malformed: 1 },
  { name: "id 1e400", send: `{${v},"id":1e400,"method":"ping"}`, answers: [[null, INVALID]], malformed: 1 },
  { name: "id true", send: `{${v},"id":true,"method":"ping"}`, answers: [[null, INVALID]], malformed: 1 },
  { name: "id an array", send: `{${v},"id":[0],"method":"ping"}`, answers: [[null, INVALID]], malformed: 1 },
  { name: "id an object", send: `{${v},"id":{"0":0},"method":"ping"}`, answers: [[null, INVALID]], malformed: 1 },
  // Names that objects inherit
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "then", "", "rpc.x", "\u0000"].map((method) => ({
    name: `method ${JSON.stringify(method)}`,
    send: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
    answers: [[1, UNKNOWN]],
  })),
  { name: "notification of an unknown method", send: `{${v},"method":"__proto__"}` },
  {
    name: "member __proto__",
    send: `{${v},"id":1,"method":"none","__proto__":{"method":"ping"}}`,
    answers: [[1, UNKNOWN]],
  },
  {
    name: "a message that is only in __proto__",
    send: `{"__proto__":{${v},"id":1,"method":"ping"}}`,
    answers: [[null, INVALID]],
    malformed: 1,
  },
  {
    name: "params with __proto__",
    send: `{${v},"id":1,"method":"polluted","params":{"__proto__":{"x":1}}}`,
    answers: [false],
  },
  // Params of every type
  ...["null", "true", "0", '""', "[]", "{}", "-0.5e-7"].map((params) => ({
    name: `params ${params}`,
    send: `{${v},"id":1,"method":"echo","params":${params}}`,
    answers: [JSON.parse(params)],
  })),
  { name: "no params", send: `{${v},"id":1,"method":"echo"}`, answers: [null] },
  // Forged answers
  { name: "answer to nothing", send: `{${v},"id":2,"result":1}`, unknownIds: 1 },
  { name: "answer to a far id", send: `{${v},"id":9007199254740991,"result":1}`, unknownIds: 1 },
  { name: "answer to 9007199254740993", send: `{${v},"id":9007199254740993,"result":1}`, unknownIds: 1 },
  { name: 'answer to "0"', send: `{${v},"id":"0","result":1}`, unknownIds: 1 },
  { name: "answer to 0.5", send: `{${v},"id":0.5,"result":1}`, unknownIds: 1 },
  { name: "answer to -1", send: `{${v},"id":-1,"result":1}`, unknownIds: 1 },
  { name: "answer to null", send: `{${v},"id":null,"result":1}`, unknownIds: 1 },
  { name: "answer to false", send: `{${v},"id":false,"result":1}`, unknownIds: 1 },
  { name: "answer to [0]", send: `{${v},"id":[0],"result":1}`, unknownIds: 1 },
  { name: "answer to an object", send: `{${v},"id":{"valueOf":0},"result":1}`, unknownIds: 1 },
  { name: "answer to __proto__", send: `{${v},"id":"__proto__","result":1}`, unknownIds: 1 },
  { name: "answer without an id", send: `{${v},"result":1}`, unknownIds: 1 },
  {
    name: "an error answer without a request",
    send: `{${v},"id":"x","error":{"code":-32700,"message":"what?"}}`,
    unknownIds: 1,
  },
  // An error answer without an id rejects all pending calls
  {
    name: "an error answer to null",
    send: `{${v},"id":null,"error":{"code":-32700,"message":"what?"}}`,
    nullIds: 1,
    rejects: true,
  },
  {
    name: "error answers to nobody",
    send: `[{${v},"error":{"code":-32700,"message":"what?"}},{${v},"id":null,"error":{"code":1,"message":""}}]`,
    nullIds: 2,
    rejects: true,
  },
  { name: "answer to a call that was answered", send: `{${v},"id":1,"result":"other"}\n`.repeat(3), duplicateIds: 3 },
  {
    name: "answers without requests in a batch",
    send: `[{${v},"id":7,"result":1},{${v},"id":1,"result":1}]`,
    unknownIds: 1,
    duplicateIds: 1,
  },
  // Malformed answers: they settle their call, and the peer does not answer them
  { name: "answer without version", send: '{"id":0,"result":1}', malformed: 1, rejects: true },
  { name: "answer of version 1.0", send: '{"jsonrpc":"1.0","id":0,"result":1}', malformed: 1, rejects: true },
  {
    name: "a result and an error",
    send: `{${v},"id":0,"result":1,"error":{"code":1,"message":""}}`,
    malformed: 1,
    rejects: true,
  },
  { name: "result and error null", send: `{${v},"id":0,"result":1,"error":null}`, malformed: 1, rejects: true },
  { name: "neither result nor error", send: `{${v},"id":0}`, malformed: 1, rejects: true },
  { name: "error null", send: `{${v},"id":0,"error":null}`, malformed: 1, rejects: true },
  { name: "error a string", send: `{${v},"id":0,"error":"no"}`, malformed: 1, rejects: true },
  { name: "error an array", send: `{${v},"id":0,"error":[1,"no"]}`, malformed: 1, rejects: true },
  { name: "error without code", send: `{${v},"id":0,"error":{"message":"no"}}`, malformed: 1, rejects: true },
  { name: "error code 1.5", send: `{${v},"id":0,"error":{"code":1.5,"message":"no"}}`, malformed: 1, rejects: true },
  {
    name: "an error code that is a string",
    send: `{${v},"id":0,"error":{"code":"1","message":"no"}}`,
    malformed: 1,
    rejects: true,
  },
  { name: "error without message", send: `{${v},"id":0,"error":{"code":1}}`, malformed: 1, rejects: true },
  { name: "malformed answer to nothing", send: `{${v},"id":"x"}`, malformed: 1, unknownIds: 1 },
  // Batches
  { name: "an empty batch", send: "[]", answers: [[null, INVALID]], malformed: 1 },
  {
    name: "a batch of values that are not messages",
    send: "[1,[],null]",
    answers: [[[null, INVALID], [null, INVALID], [null, INVALID]]],
    malformed: 3,
  },
  { name: "a batch in a batch", send: `[[{${v},"id":1,"method":"ping"}]]`, answers: [[[null, INVALID]]], malformed: 1 },
  { name: "a batch cut short", send: `[{${v},"id":1,"method":"ping"},`, answers: [[null, UNREADABLE]], malformed: 1 },
  { name: "a batch over the limit", send: `[${Array(1001).fill(1)}]`, answers: [[null, INVALID]], malformed: 1 },
  { name: "a batch of 100,000", send: `[${Array(100_000).fill("{}")}]`, answers: [[null, INVALID]], malformed: 1 },
  { name: "a batch of notifications", send: `[{${v},"method":"ping"},{${v},"method":"none"}]` },
  {
    name: "a batch with one id twice",
    send: `[${Array(2).fill(`{${v},"id":1,"method":"none"}`)}]`,
    answers: [[[1, UNKNOWN], [1, UNKNOWN]]],
  },
  // Many at once
  {
    name: "a flood of garbage",
    send: "x\n".repeat(999) + "x",
    answers: Array(1000).fill([null, UNREADABLE]),
    malformed: 1000,
  },
];

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

function deepEcho(depth: number): string {
  return `{${v},"id":1,"method":"echo","params":${nested(depth)}}`;
}

/** An answer in the format of a row. */
function brief(answer: Json): unknown {
  if (Array.isArray(answer)) return answer.map(brief);
  assertEquals(answer.jsonrpc, "2.0");
  return "result" in answer ? answer.result : [answer.id, answer.error.code];
}

async function attack(row: Row, chunksOf: number): Promise<void> {
  const faults: unknown[] = [];
  const { peer, send, sendJson, next, rest } = connect({
    methods: {
      ping: () => "pong",
      echo: (params) => params,
      polluted: (params) => "x" in {} || Object.getPrototypeOf(params) !== Object.prototype,
    },
    onInvalid: (error) => void faults.push(error),
  });
  const outcomes: unknown[] = [];
  const victims = [0, 1].map((id) =>
    peer.call("victim").then((result) => outcomes[id] = result, (error) => outcomes[id] = error)
  );
  for (const _ of victims) await next();
  sendJson({ jsonrpc: "2.0", id: 1, result: "one" });
  await settle();
  assertEquals(outcomes, [, "one"]);

  const line = typeof row.send === "string" ? new TextEncoder().encode(row.send + "\n") : bytes(...row.send, "\n");
  for (let at = 0; at < line.length; at += chunksOf) send(line.slice(at, at + chunksOf));
  const answers: unknown[] = [];
  const expected = row.answers ?? [];
  // At least once, so that an extra answer is seen.
  do answers.push(...(await rest()).map(brief)); while (answers.length < expected.length);
  assertEquals(answers, expected);
  const { malformed = 0, unknownIds = 0, duplicateIds = 0, nullIds = 0 } = row;
  const { requests: _, ...counts } = peer.stats;
  assertEquals(counts, { malformed, unknownIds, duplicateIds, nullIds, refused: 0, openStreams: 0, dropped: 0 });
  assertEquals(faults.length, malformed);

  assertEquals(0 in outcomes, row.rejects ?? false, "call 0 is still pending");
  if (nullIds > 0) assertInstanceOf(outcomes[0], RpcError);
  else if (row.rejects) assertInstanceOf(outcomes[0], RpcProtocolError);
  sendJson({ jsonrpc: "2.0", id: 0, result: "zero" });
  sendJson({ jsonrpc: "2.0", id: "after", method: "ping" });
  assertEquals((await next()).result, "pong");
  await Promise.all(victims);
  if (!row.rejects) assertEquals(outcomes, ["zero", "one"]);
  await peer.close();
}

for (const row of ROWS) {
  Deno.test(`Peer withstands ${row.name}`, () => attack(row, Infinity));
}

Deno.test("Peer withstands all of these rows byte by byte", async () => {
  for (const row of ROWS.filter(({ send }) => send.length < 500)) await attack(row, 1);
});

Deno.test("Peer serves a session wherever its bytes are split in two", async () => {
  const session = new TextEncoder().encode(
    `{${v},"id":"é😀","method":"echo","params":["\\u0000漢",{"a":[1.5e3,"}\\n]"]}]}\r\n\nnot JSON\n` +
      `[{${v},"id":1,"method":"echo"},1]\n{${v},"id":0,"result":{"b":"ü"}}\n`,
  );
  const run = async (at: number) => {
    const { peer, send, rest } = connect({ methods: { echo: (params) => params } });
    const call = peer.call("theirs");
    send(session.slice(0, at));
    if (at % 7 === 0) await settle();
    send(session.slice(at));
    const all = [await rest(), await call, peer.stats];
    await peer.close();
    return all;
  };
  const expected = await run(session.length);
  for (let at = 0; at < session.length; at++) assertEquals(await run(at), expected, `split at ${at}`);
});

Deno.test("Peer reads 256 MiB without a line feed, answers once, and continues to serve", async () => {
  const { peer, send, next, rest } = connect({ methods: { ping: () => "pong" } });
  const chunk = new Uint8Array(1 << 20).fill(0x7b);
  const start = performance.now();
  for (let i = 0; i < 256; i++) {
    send(chunk);
    if (i % 32 === 0) await settle();
  }
  send(`\n{${v},"id":1,"method":"ping"}\n`);
  assertEquals(brief(await next()), [null, INVALID]);
  assertEquals((await next()).result, "pong");
  assertEquals(await rest(), []);
  assertLess(performance.now() - start, 5000);
  await peer.close();
});

Deno.test("Peer settles every call if the other side answers with garbage and ends", async () => {
  const { peer, send, end } = connect();
  const calls = Array.from({ length: 50 }, () => peer.call("victim"));
  const settled = Promise.allSettled(calls);
  send('{"jsonrpc":"2.0","id":7,"result":1}\n{"id":8,"result":\n\xff\n');
  end();
  const outcomes = await settled;
  assertEquals(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  await peer.closed;
  await assertRejects(() => peer.call("more"));
});

Deno.test("Peer survives random bytes and mutated messages", async () => {
  let seed = 20;
  const random = (limit: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
  const valid = new TextEncoder().encode(
    `{${v},"id":1,"method":"echo","params":{"a":[1,"b"]}}\n[{${v},"id":0,"result":1},{${v},"method":"x"}]\n`,
  );
  const { peer, send, sendJson, rest, next } = connect({ methods: { echo: (params) => params } });
  for (let round = 0; round < 3000; round++) {
    const mutated = round % 10 === 0 ? crypto.getRandomValues(new Uint8Array(random(200))) : valid.slice();
    for (let flips = random(4); flips > 0 && mutated.length > 0; flips--) mutated[random(mutated.length)] = random(256);
    for (let at = 0; at < mutated.length;) send(mutated.slice(at, at += 1 + random(60)));
    if (round % 500 === 0) { for (const answer of await rest()) brief(answer); }
  }
  sendJson({ jsonrpc: "2.0", id: "before", method: "none" });
  while ((await next())?.id !== "before");
  sendJson({ jsonrpc: "2.0", id: "after", method: "echo", params: "alive" });
  assertEquals((await rest()).map(brief), ["alive"]);
  await peer.close();
});
