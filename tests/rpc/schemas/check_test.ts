/**
 * Tests of src/rpc/schemas: the checks of params and results by schemas, at both ends. The schemas are made by
 * hand: `tests/types/schemas_test.ts` has those of libraries.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { ErrorCode, Peer, type PeerOptions, RpcError, SchemaError, type StandardSchema } from "@rivulet/rivulet/rpc";
import { assertErrorAnswer, connect, crossed, type Json, settle, until } from "../../_wire.ts";

const jsonrpc = "2.0";

/** A schema whose check is a function: it returns the value, or throws a text that says what is wrong. */
function schema<Output>(
  check: (value: unknown) => Output,
  path?: (string | number)[],
): StandardSchema<unknown, Output> {
  const validate = (value: unknown) => {
    try {
      return { value: check(value) };
    } catch (text) {
      return { issues: [{ message: String(text), path }] };
    }
  };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** The same, answered by a promise. */
function later<Output>({ "~standard": standard }: StandardSchema<unknown, Output>): StandardSchema<unknown, Output> {
  return { "~standard": { ...standard, validate: async (value) => await standard.validate(value) } };
}

const number = schema((value) => {
  if (typeof value !== "number") throw `${JSON.stringify(value)} is not a number`;
  return value;
});
/** It converts text to its length. */
const length = schema((value) => {
  if (typeof value !== "string") throw "it is not a text";
  return value.length;
}, ["items", 0, "a name"]);

/** Two peers. The second one serves `methods`, and `options` are those of the first one or of the second one. */
function pair(methods: PeerOptions["methods"], { remote, local }: NonNullable<PeerOptions["schemas"]>) {
  const [here, there] = crossed();
  const errors: unknown[] = [];
  const server = new Peer(there, { methods, schemas: { local }, onError: (error) => errors.push(error) });
  const peer = new Peer(here, { schemas: { remote } });
  return { peer, errors, [Symbol.asyncDispose]: () => Promise.all([peer.close(), server.close()]).then(() => {}) };
}

Deno.test("a handler gets what the schema makes of the params, and its result is what the schema makes of it", async () => {
  const callable = Object.assign(() => {}, number); // as those of ArkType
  const pairs = [[length, number], [later(length), later(number)], [length, later(number)], [
    length,
    callable,
  ]] as const;
  for (const [params, result] of pairs) {
    const methods = { double: (params: unknown) => 2 * (params as number), async slow() {} };
    await using wire = pair(methods, { local: { double: { params, result }, slow: { params: number } } });
    assertEquals(await wire.peer.call("double", "four"), 8);
    assertEquals(await wire.peer.call("slow", 5), null);
    assertEquals(wire.errors, []);
  }
});

Deno.test("wrong params of the other side are its fault: the handler is not called, and the answer is invalid params", async () => {
  for (const params of [length, later(length)]) {
    let calls = 0;
    const methods = { double: () => calls++ };
    await using wire = pair(methods, { local: { double: { params } } });
    const error = await assertRejects(() => wire.peer.call("double", 5), RpcError);
    assertEquals(error.code, ErrorCode.invalidParams);
    assertEquals(error.message, 'invalid params: params.items[0]["a name"]: it is not a text');
    assertEquals(error.data, { issues: [{ message: "it is not a text", path: ["items", 0, "a name"] }] });
    await wire.peer.notify("double", 5);
    await settle();
    assertEquals(calls, 0);
  }
});

Deno.test("a wrong result of a handler is its own fault: the answer is internal error, and onError knows more", async () => {
  for (const result of [number, later(number)]) {
    await using wire = pair({ f: () => "text", g: async () => await "text" }, {
      local: { f: { result }, g: { result } },
    });
    for (const method of ["f", "g"]) {
      const error = await assertRejects(() => wire.peer.call(method), RpcError);
      assertEquals([error.code, error.message], [ErrorCode.internalError, "internal error"]);
      const known = wire.errors.pop() as SchemaError;
      assert(known instanceof SchemaError);
      assertEquals([known.method, known.part], [method, "result"]);
      assertEquals(known.message, `the result of "${method}" is wrong: result: "text" is not a number`);
    }
  }
});

Deno.test("wrong params of a call are not sent, and a wrong result of the other side rejects the call", async () => {
  for (const [params, result] of [[length, number], [later(length), later(number)]] as const) {
    const seen: unknown[] = [];
    const methods = { size: (params: unknown) => seen.push(params) && params, text: () => "text" };
    await using wire = pair(methods, { remote: { size: { params, result }, text: { result } } });
    assertEquals(await wire.peer.call("size", "four"), 4);
    const sent = await assertRejects(() => wire.peer.call("size", 5), SchemaError);
    assertEquals([sent.method, sent.part, sent.issues.length], ["size", "params", 1]);
    const got = await assertRejects(() => wire.peer.api.text(), SchemaError);
    assertEquals([got.method, got.part], ["text", "result"]);
    await assertRejects(() => wire.peer.notify("size", 5), SchemaError);
    await wire.peer.notify("size", "three");
    await settle();
    assertEquals(seen, [4, 5]);
  }
});

Deno.test("the schemas of a batch reject single results, or the whole batch before it is sent", async () => {
  const methods = { size: (params: unknown) => params, text: () => "text", none: () => 0 };
  await using wire = pair(methods, { remote: { size: { params: length, result: number }, text: { result: number } } });
  const outcomes = await wire.peer.batch([
    { method: "size", params: "four" },
    { method: "text" },
    { method: "none" },
    { method: "size", params: "five", notification: true },
  ]);
  assertEquals(outcomes.map((it) => it.status === "fulfilled" ? it.value : it.reason.name), [
    4,
    "SchemaError",
    0,
    undefined,
  ]);
  await assertRejects(() => wire.peer.batch([{ method: "none" }, { method: "size", params: 5 }]), SchemaError);
});

Deno.test("a handler's calls of the other side are checked like the peer's own", async () => {
  const [here, there] = crossed();
  await using other = new Peer(there, { methods: { size: () => "text" } });
  await using peer = new Peer(here, {
    methods: { back: async (params, { peer }) => await peer.call("size", params).catch((error) => error.part) },
    schemas: { remote: { size: { params: length, result: number } } },
  });
  assertEquals([await other.call("back", 5), await other.call("back", "four")], ["params", "result"]);
  await peer.close();
});

Deno.test("calls and notifications with schemas that answer at once are sent in their order, with those without", async () => {
  const { peer, rest } = connect({
    schemas: { remote: { b: { params: number, result: number }, c: { params: number } } },
  });
  const calls = [peer.call("a", 1), peer.call("b", 2), peer.notify("c", 3), peer.call("d", 4)];
  assertEquals((await rest()).map(({ method }) => method), ["a", "b", "c", "d"]);
  const settled = Promise.allSettled(calls);
  await peer.close();
  await settled;
});

Deno.test("the streams of a result that its schema refuses, and of params that a handler's refuses, are ended", async () => {
  const [here, there] = crossed();
  const ended: unknown[] = [];
  const stream = () => new ReadableStream({ cancel: (reason) => void ended.push(reason) });
  const accepts = ["streams"] as const;
  await using server = new Peer(there, {
    accepts,
    methods: { open: () => ({ body: stream() }), take: () => 1 },
    schemas: { local: { take: { params: number } } },
  });
  await using peer = new Peer(here, { accepts, schemas: { remote: { open: { result: number } } } });
  await assertRejects(() => peer.call("open"), SchemaError);
  await until(() => ended.length === 1 && peer.stats.openStreams === 0 && server.stats.openStreams === 0);
  await assertRejects(() => peer.call("take", stream()), RpcError);
  await until(() => ended.length === 2 && peer.stats.openStreams === 0 && server.stats.openStreams === 0);
  assertEquals([ended.length, peer.stats.openStreams, server.stats.openStreams], [2, 0, 0]);
});

Deno.test("an error answer is not checked, and a method without schemas is the same function as before", async () => {
  const failure = new RpcError(5, "no");
  const methods = { fails: () => Promise.reject(failure), free: (params: unknown) => params };
  const schemas = { fails: { result: number } };
  await using wire = pair(methods, { local: schemas, remote: schemas });
  assertEquals((await assertRejects(() => wire.peer.call("fails"), RpcError)).code, 5);
  assertEquals(await wire.peer.call("free", "anything"), "anything");
});

Deno.test("a schema that throws fails its call, or its request with internal error", async () => {
  const oops = new Error("oops");
  const broken: StandardSchema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => {
        throw oops;
      },
    },
  };
  await using calls = pair({ f: () => 1 }, { remote: { f: { result: broken } } });
  assertStrictEquals(await assertRejects(() => calls.peer.call("f")), oops);
  await using serves = pair({ f: () => 1 }, { local: { f: { params: broken } } });
  assertEquals((await assertRejects(() => serves.peer.call("f"), RpcError)).code, ErrorCode.internalError);
  assertEquals(serves.errors, [oops]);
});

Deno.test("a value with a million faults makes a short error, without control characters of the other side", async () => {
  const long = "\x1b[31m".repeat(100_000);
  const issue = {
    message: long,
    path: Array.from({ length: 1_000 }, (_, index) => index === 0 ? { key: long } : index),
  };
  const many: StandardSchema = {
    "~standard": { version: 1, vendor: "test", validate: () => ({ issues: Array(1_000_000).fill(issue) }) },
  };
  const { peer, sendJson, next } = connect({
    methods: { f() {} },
    schemas: { local: { f: { params: many } } },
    onError() {},
  });
  sendJson({ jsonrpc, id: 1, method: "f" });
  const answer: Json = await next();
  assertErrorAnswer(answer, 1, ErrorCode.invalidParams);
  assertEquals(answer.error.data.issues.length, 10);
  const text = JSON.stringify(answer);
  assert(text.length < 20_000, `${text.length}`);
  assert(!text.includes("\\u001b"));
  await peer.close();
});

Deno.test("what is not a schema is refused when the peer is made", () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [5, "schemas sides must be an object"],
    [{ guest: {} }, 'unknown schemas side "guest"'],
    [{ local: [] }, "schemas.local must be an object of methods"],
    [{ local: { f: 5 } }, "schemas.local.f members must be an object"],
    [{ remote: { f: { param: number } } }, 'unknown schemas.remote.f member "param": did you mean "params"?'],
    [{ remote: { f: { params: {} } } }, "schemas.remote.f.params must be a Standard Schema"],
    [{ remote: { f: { result: () => true } } }, "schemas.remote.f.result must be a Standard Schema"],
    [{ local: { f: { params: { "~standard": { version: 2, validate() {} } } } } }, "must be a Standard Schema"],
  ];
  for (const [schemas, message] of wrong) {
    assertThrows(() => connect({ schemas: schemas as never }), TypeError, message);
  }
});
