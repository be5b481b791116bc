/** Tests of src/rpc/message.ts and src/rpc/errors.ts. */

import { assert, assertEquals, assertInstanceOf, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { LimitError } from "../../src/base/limits.ts";
import { RpcError, RpcProtocolError } from "../../src/rpc/errors.ts";
import { encodeError, encodeFailure, encodeRequest, encodeResult } from "../../src/rpc/message.ts";
import { parseJson, readMessage, toJson } from "../../src/rpc/message.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function faultOf(text: string | Uint8Array, depth = 4): string {
  const value = parseJson(typeof text === "string" ? encode(text) : text, depth);
  if (value instanceof LimitError) return value.limit;
  return value instanceof RpcProtocolError ? value.fault : `fine: ${JSON.stringify(value)}`;
}

Deno.test("parseJson counts the arrays and objects that are open at the same time", () => {
  assertEquals(faultOf('[{"a":[[]]}]'), 'fine: [{"a":[[]]}]');
  assertEquals(faultOf('[{"a":[[[]]]}]'), "messageDepth");
  assertEquals(faultOf("[[],[],[],[[],[]],{},{}]"), "fine: [[],[],[],[[],[]],{},{}]");
});

Deno.test("parseJson does not count brackets in strings, even after escapes", () => {
  for (
    const text of ['"[[[[[["', '"\\"[[[[[["', '"\\\\","[[[[[["', '"\\u005b{{{{{{"', '"é[[[[[["', '"\\\\\\"[[[[[["']
  ) {
    assertEquals(faultOf(`[${text}]`), `fine: ${JSON.stringify(JSON.parse(`[${text}]`))}`);
  }
  assertEquals(faultOf('["\\\\",[[[[]]]]]'), "messageDepth");
});

Deno.test("parseJson refuses a million levels in linear time, before it parses", async () => {
  const bytes = encode('{"a":'.repeat(200_000) + "[".repeat(1_000_000));
  const start = performance.now();
  assertEquals(faultOf(bytes), "messageDepth");
  const error = await parseJson(encode("]".repeat(1000) + "[".repeat(100_000)), 200_000);
  assert(error instanceof RpcProtocolError && error.fault === "not JSON");
  assertLess(performance.now() - start, 1000);
});

Deno.test("parseJson reports bytes that are not UTF-8", () => {
  const malformed = {
    "lone continuation": [0x80],
    "overlong": [0xc0, 0xaf],
    "surrogate": [0xed, 0xa0, 0x80],
    "beyond U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
    "truncated": [0xe2, 0x82],
    "no such byte": [0xff],
  };
  for (const [name, bytes] of Object.entries(malformed)) {
    assertEquals(faultOf(Uint8Array.of(0x22, ...bytes, 0x22)), "not UTF-8", name);
  }
  assertEquals(faultOf("\ufeff[]"), "not JSON");
});

Deno.test("the error of parseJson shows only the beginning of the text", () => {
  const error = parseJson(encode("Hello from a guest! " + "x".repeat(1000)), 4);
  assertInstanceOf(error, RpcProtocolError);
  assertStringIncludes(error.message, 'message is not JSON: "Hello from a guest! xxx');
  assertLess(error.message.length, 120);
});

Deno.test("readMessage reads requests, notifications and answers", () => {
  const jsonrpc = "2.0";
  const call = { jsonrpc, id: "a", method: "m", params: 5, extra: 1 };
  assertEquals(readMessage(call), { kind: "request", id: "a", method: "m", params: 5, source: call });
  const note = { jsonrpc, method: "m" };
  assertEquals(readMessage(note), { kind: "request", id: undefined, method: "m", params: undefined, source: note });
  assertEquals(readMessage({ jsonrpc, id: 3, result: null }), {
    kind: "response",
    id: 3,
    outcome: { result: null },
  });
  const failure = readMessage({ jsonrpc, id: 3, error: { code: 7, message: "no", data: [1] } });
  assert(failure.kind === "response" && "error" in failure.outcome && failure.outcome.error instanceof RpcError);
  assertEquals([failure.outcome.error.code, failure.outcome.error.data], [7, [1]]);
});

Deno.test("readMessage keeps the id of an invalid request if the id is valid", () => {
  const ids = [["a", "a"], [0, 0], [-7, -7], [null, null], [1.5, null], [2 ** 53, null], [true, null], [[], null]];
  for (const [id, answered] of ids) {
    const message = readMessage({ jsonrpc: "1.0", id, method: "m" });
    assertEquals(message.kind === "invalid" && message.id, answered);
  }
});

Deno.test("encodeRequest writes params if there are any, and an id only for a call", () => {
  assertEquals(encodeRequest(0, "ping", toJson(undefined)), '{"jsonrpc":"2.0","id":0,"method":"ping","params":null}');
  assertEquals(encodeRequest(0, "ping", undefined), '{"jsonrpc":"2.0","id":0,"method":"ping"}');
  assertEquals(encodeRequest(undefined, 'a"b', toJson([1])), '{"jsonrpc":"2.0","method":"a\\"b","params":[1]}');
});

Deno.test("encodeResult writes null for undefined, and never writes a raw line feed", () => {
  assertEquals(encodeResult("x", toJson(undefined)), '{"jsonrpc":"2.0","id":"x","result":null}');
  assertEquals(encodeResult(null, toJson("a\nb\ud800")), '{"jsonrpc":"2.0","id":null,"result":"a\\nb\\ud800"}');
});

Deno.test("encodeError writes data only if there are any", () => {
  assertEquals(encodeError(1, -5, "no"), '{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no"}}');
  assertEquals(
    encodeError(1, -5, "no", "null"),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no","data":null}}',
  );
});

Deno.test("toJson throws a TypeError for a value without a JSON form", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [() => {}, Symbol("s"), 1n, cycle]) assertThrows(() => toJson(value), TypeError);
});

Deno.test("encodeFailure sends an RpcError unchanged, and reveals nothing of other errors", () => {
  const mine = JSON.parse(encodeFailure(1, new RpcError(-5, "mine", { a: 1 })));
  assertEquals(mine.error, { code: -5, message: "mine", data: { a: 1 } });
  for (const thrown of [new RangeError("too far"), "text", undefined, Object.create(null), Symbol("s")]) {
    const answer = JSON.parse(encodeFailure(1, thrown));
    assertEquals(answer.error, { code: -32603, message: "internal error" });
  }
  assertThrows(() => encodeFailure(1, new RpcError(-5, "mine", 1n)), TypeError);
});

Deno.test("an error answer's message is made printable, and its data are unchanged", () => {
  const text = "\u001b[31mred\nforged line\u202eturned";
  const message = readMessage({ jsonrpc: "2.0", id: 1, error: { code: 1, message: text, data: text } });
  assert(message.kind === "response" && "error" in message.outcome && message.outcome.error instanceof RpcError);
  assertEquals(message.outcome.error.message, "\ufffd[31mred\ufffdforged line\ufffdturned");
  assertEquals(message.outcome.error.data, text);
});

Deno.test("the part of a message that an error shows is printable", () => {
  const error = parseJson(new TextEncoder().encode("\u001b[2J\u009b2J\u202e \u007f"), 9);
  assert(error instanceof RpcProtocolError);
  assertEquals(error.message, 'message is not JSON: "\ufffd[2J\ufffd2J\ufffd \ufffd"');
});

Deno.test("RpcError refuses a code that is not an integer", () => {
  for (const code of [NaN, 1.5, Infinity, 2 ** 53]) assertThrows(() => new RpcError(code, "no"), RangeError);
});
