/** Tests of src/rpc/values/decode.ts: tagged values of the other side, also hostile ones. */

import { LimitError, RpcProtocolError } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import { pick, type Random, randomSource } from "../../../tools/random.ts";
import { BYTES_MEMORY } from "../../../src/rpc/costs.ts";
import { decodeMessages, type Tagged } from "../../../src/rpc/values/decode.ts";
import { type Encoded, encodeValue } from "../../../src/rpc/values/encode.ts";
import type { Accepted } from "../../../src/rpc/values/kinds.ts";

const ALL: readonly Accepted[] = ["bytes", "streams"];

interface Decoded {
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly message: any;
  readonly tagged: Tagged | undefined;
  readonly opened: string[];
  readonly dropped: unknown[];
}

/** Decodes a message of this JSON text. Streams are stand-ins; `most` of them may be opened. */
async function decode(json: string, accepts: readonly Accepted[] = ALL, most = 10): Promise<Decoded> {
  const message = JSON.parse(json);
  const opened: string[] = [];
  const dropped: unknown[] = [];
  const all = await decodeMessages(message, {
    accepts: new Set(accepts),
    open(kind, id) {
      if (opened.length === most) throw new LimitError("openStreams", most, `more than ${most} streams are open`);
      opened.push(`${kind} ${id}`);
      const stream = kind === "readable" ? new ReadableStream() : new WritableStream();
      return { stream, drop: (reason) => void dropped.push(reason), keep() {} };
    },
  });
  return { message, tagged: all.get(message), opened, dropped };
}

async function decodeParams(params: string, accepts: readonly Accepted[] = ALL): Promise<Decoded> {
  return await decode(`{"params":${params}}`, accepts);
}

Deno.test("$bytes become Uint8Arrays in params, results and data of errors", async () => {
  const bytes = new Uint8Array([104, 105]);
  const tag = '{"$bytes":"aGk="}';
  assertEquals((await decode(`{"params":${tag}}`)).message, { params: bytes });
  assertEquals((await decode(`{"result":[1,{"a":${tag}}]}`)).message, { result: [1, { a: bytes }] });
  assertEquals((await decode(`{"error":{"code":1,"data":${tag}}}`)).message, { error: { code: 1, data: bytes } });
  assertEquals((await decode(`{"id":${tag},"error":${tag}}`)).message, {
    id: { $bytes: "aGk=" },
    error: { $bytes: "aGk=" },
  });
});

Deno.test("streams become what the table opens, and are listed by message", async () => {
  const { message, tagged, opened } = await decodeParams('[{"$readable":3},{"out":{"$writable":0}}]');
  assertInstanceOf(message.params[0], ReadableStream);
  assertInstanceOf(message.params[1].out, WritableStream);
  assertEquals([...opened].sort(), ["readable 3", "writable 0"]);
  assertEquals([tagged?.fault, tagged?.streams.length], [undefined, 2]);
});

Deno.test("each message of a batch has its own streams and faults", async () => {
  const batch = JSON.parse(
    '[{"params":{"$readable":1}},{"params":{"$bytes":"!"}},{"params":[]},5,[{"$bytes":"AA=="}]]',
  );
  const all = await decodeMessages(batch, {
    accepts: new Set(ALL),
    open: () => ({ stream: new ReadableStream(), drop() {}, keep() {} }),
  });
  assertEquals(batch.map((message: unknown) => all.get(message)?.streams.length), [
    1,
    0,
    undefined,
    undefined,
    undefined,
  ]);
  assertInstanceOf(all.get(batch[1])?.fault, RpcProtocolError);
  assertEquals(batch[4], [{ $bytes: "AA==" }]);
});

Deno.test("values that are no tags stay as they are", async () => {
  const values = [
    ...[
      '{"$bytes":"AA==","more":1}',
      '{"a":1,"$bytes":"AA=="}',
      '{"$other":1}',
      '{"bytes":"AA=="}',
      "{}",
      "[]",
      "null",
    ],
    '["$bytes"]',
  ];
  for (const value of values) {
    const { message, tagged } = await decodeParams(value);
    assertEquals([message.params, tagged], [JSON.parse(value), undefined]);
  }
});

Deno.test("a $literal is the object in it, and only its members are decoded", async () => {
  const cases: readonly [string, unknown][] = [
    ['{"$literal":{"$bytes":"AA=="}}', { $bytes: "AA==" }],
    ['{"$literal":{"$literal":{"$literal":{"$readable":1}}}}', { $literal: { $readable: 1 } }],
    ['[{"$literal":{"$bytes":{"$bytes":"AA=="}}}]', [{ $bytes: new Uint8Array(1) }]],
    ['{"$literal":{"a":1,"b":{"$bytes":""}}}', { a: 1, b: new Uint8Array(0) }],
  ];
  for (const [json, value] of cases) assertEquals((await decodeParams(json)).message.params, value, json);
});

Deno.test("the name __proto__ is a member like others, and no prototype changes", async () => {
  const { message } = await decodeParams('{"__proto__":{"$bytes":"AA=="},"a":{"__proto__":{"$literal":{"$bytes":1}}}}');
  const own = (object: object) => Object.getOwnPropertyDescriptor(object, "__proto__")?.value;
  assertEquals(own(message.params), new Uint8Array(1));
  assertEquals(own(message.params.a), { $bytes: 1 });
  assertEquals(Object.getPrototypeOf(message.params), Object.prototype);
  const { tagged } = await decodeParams('[{"__proto__":1},{"$literal":{"__proto__":{"x":1}}},{"constructor":{"a":1}}]');
  assertEquals(tagged, undefined);
  assertEquals(({} as Record<string, unknown>).x, undefined);
});

const WRONG: readonly [json: string, message: string][] = [
  ['{"image":{"$bytes":"AA"}}', 'params.image has a $bytes that is not padded base64: "AA"'],
  ['[{"$bytes":5}]', "params[0] has a $bytes that is not padded base64: number"],
  ['{"a b":[{"$bytes":{"$bytes":"AA=="}}]}', 'params["a b"][0] has a $bytes that is not padded base64: object'],
  ['{"$bytes":null}', "params has a $bytes that is not padded base64: object"],
  ['{"$readable":-1}', "params has a $readable that is not a whole number: number"],
  ['{"$readable":0.5}', "params has a $readable that is not a whole number: number"],
  ['{"$writable":9007199254740993}', "params has a $writable that is not a whole number: number"],
  ['{"$writable":"1"}', 'params has a $writable that is not a whole number: "1"'],
  ['{"$literal":[]}', "params has a $literal that is not an object"],
  ['[[[{"$literal":"x"}]]]', "params[0][0][0] has a $literal that is not an object"],
];

Deno.test("a wrong tag refuses its message with its path", async () => {
  for (const [json, what] of WRONG) {
    const { tagged } = await decodeParams(json);
    const { fault } = tagged!;
    assertInstanceOf(fault, RpcProtocolError);
    assertEquals([fault.message, fault.fault], [`message has a wrong value: ${what}`, "value"]);
  }
});

Deno.test("a tag that was not agreed to refuses its message", async () => {
  const { tagged } = await decodeParams('{"$bytes":"AA=="}', ["streams"]);
  assertEquals(tagged?.fault?.message, "message has a wrong value: params has a $bytes, but nobody agreed to bytes");
  const { tagged: streams } = await decodeParams('[{"$readable":1}]', ["bytes"]);
  assertEquals(
    streams?.fault?.message,
    "message has a wrong value: params[0] has a $readable, but nobody agreed to streams",
  );
});

Deno.test("streams are refused in chunks and in errors", async () => {
  const what = "has a $readable, and streams are for params and results";
  const inChunk = await decode('{"method":"$/stream/chunk","params":{"readable":1,"value":{"$readable":2}}}');
  assertEquals(inChunk.tagged?.fault?.message, `message has a wrong value: params.value ${what}`);
  const inError = await decode('{"error":{"data":[{"$readable":2}]}}');
  assertEquals(inError.tagged?.fault?.message, `message has a wrong value: error.data[0] ${what}`);
});

Deno.test("a message that is refused drops the streams that it had opened", async () => {
  const tags = Array.from({ length: 50_000 }, (_, id) => `{"$readable":${id}}`).join();
  const { tagged, opened, dropped } = await decode(`{"params":[${tags}]}`);
  assertInstanceOf(tagged?.fault, LimitError);
  assertEquals([opened.length, dropped.length], [10, 10]);
});

Deno.test("nesting of any depth is decoded, and its path is short", async () => {
  const levels = 100_000;
  // A parser may not go so deep.
  let message: unknown = { $bytes: "AA" };
  for (let level = 0; level < levels; level++) message = [{ a: message }];
  const root = { params: message };
  const options = { accepts: new Set(ALL), open: () => Promise.reject() as never };
  const fault = (await decodeMessages(root, options)).get(root)?.fault;
  assert(fault?.message.startsWith("message has a wrong value: params[0].a[0].a[0].a"));
  assertLess(fault!.message.length, 1_000);
  let tags: unknown = 1;
  for (let level = 0; level < 10_000; level++) tags = { $literal: { a: tags } };
  const tagged = { params: tags };
  assertEquals((await decodeMessages(tagged, options)).size, 0);
  let depth = 0;
  // deno-lint-ignore no-explicit-any -- nested without end
  for (let at: any = tagged.params; at !== 1; at = at.a) depth++;
  assertEquals(depth, 10_000);
});

Deno.test("a long message lets the event loop turn", async () => {
  const root = { params: Array.from({ length: 100_000 }, (_, index) => ({ [`name${index}`]: [] })) };
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const decoding = decodeMessages(root, { accepts: new Set(ALL), open: () => Promise.reject() as never });
  assertInstanceOf(decoding, Promise);
  await decoding;
  clearInterval(timer);
  assert(turns > 0);
});

Deno.test("what is encoded is decoded as it was", async () => {
  const value = {
    bytes: [new Uint8Array([1, 2, 3]), { deep: new Uint8Array(0) }],
    ...{ tag: { $bytes: "text" }, literal: { $literal: { $literal: 1 } }, text: "$bytes", none: null, "": [{}] },
    mixed: { $readable: { $writable: new Uint8Array(2) } },
  };
  const { value: encoded } = encodeValue(value, {
    root: "params",
    accepts: new Set(ALL),
    nextId: undefined,
  }) as Encoded;
  const { message, tagged } = await decodeParams(JSON.stringify(encoded));
  assertEquals([message.params, tagged?.fault, tagged?.streams], [value, undefined, []]);
});

Deno.test("bytes count for more memory than their text", async () => {
  const { tagged } = await decodeParams('[{"$bytes":""},[{"$bytes":"AA=="}],{"$literal":{"$bytes":{"$bytes":""}}}]');
  assertEquals([tagged?.memory, (await decodeParams("[{}]")).tagged], [3 * BYTES_MEMORY, undefined]);
});

Deno.test("the event loop turns while a batch of wrong values, and a long list beside one, are decoded", async () => {
  const roots = [
    Array.from({ length: 20_000 }, () => ({ params: { $bytes: 1 } })),
    Array.from({ length: 20_000 }, () => ({ params: { $bytes: "" } })),
    { params: [{ a: { b: Array(200_000).fill("") } }, { $bytes: 1 }] },
  ];
  for (const root of roots) {
    const decoding = decodeMessages(root, { accepts: new Set(ALL), open: () => Promise.reject() as never });
    assertInstanceOf(decoding, Promise);
    await decoding;
  }
});

const NAMES = ["$bytes", "$literal", "$readable", "$writable", "a", "__proto__", "constructor", "toJSON", "0", ""];

/** A random value of JSON and bytes. */
function randomValue(random: Random, depth: number): unknown {
  const kind = random(depth > 0 ? 9 : 6);
  if (kind < 4) return pick(random, [null, true, 0, -1.5, "", "AA==", "text"]);
  if (kind < 6) return Uint8Array.from({ length: random(6) }, () => random(256));
  const length = random(4);
  if (kind === 6) return Array.from({ length }, () => randomValue(random, depth - 1));
  return Object.fromEntries(Array.from({ length }, () => [pick(random, NAMES), randomValue(random, depth - 1)]));
}

Deno.test("3,000 random values of JSON and bytes come back as they were", async () => {
  const random = randomSource(11);
  for (let round = 0; round < 3_000; round++) {
    const value = randomValue(random, 5);
    const options = { root: "params", accepts: new Set(ALL), nextId: undefined };
    const { value: encoded } = encodeValue(value, options) as Encoded;
    const { message, tagged } = await decodeParams(JSON.stringify(encoded));
    assertEquals([message.params, tagged?.fault], [value, undefined]);
  }
});

Deno.test("3,000 random values of tags are decoded or refused, and never throw", async () => {
  const random = randomSource(12);
  let refused = 0;
  for (let round = 0; round < 3_000; round++) {
    const json = JSON.stringify(randomValue(random, 5), (_name, value) => value instanceof Uint8Array ? {} : value);
    const { tagged, opened, dropped } = await decodeParams(json);
    if (tagged?.fault !== undefined) refused++;
    assertEquals(dropped.length, tagged?.fault === undefined ? 0 : opened.length);
  }
  assert(refused > 50, `${refused} were refused`);
});
