/** Tests of src/rpc/message.ts and src/rpc/errors.ts. */

import { assert, assertEquals, assertInstanceOf, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { LimitError } from "../../src/_limits.ts";
import { RpcError, RpcProtocolError } from "../../src/rpc/errors.ts";
import { encodeError, encodeFailure, encodeRequest, encodeResult } from "../../src/rpc/message.ts";
import { parseJson, readMessage, toJson } from "../../src/rpc/message.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function faultOf(text: string | Uint8Array, depth = 4): string {
  const value = parseJson(typeof text === "string" ? encode(text) : text, depth);
  if (value instanceof LimitError) return value.limit;
  return value instanceof RpcProtocolError ? value.fault : `fine: ${JSON.stringify(value)}`;
}

Deno.test("parseJson counts arrays and objects that are open at once", () => {
  assertEquals(faultOf('[{"a":[[]]}]'), 'fine: [{"a":[[]]}]');
  assertEquals(faultOf('[{"a":[[[]]]}]'), "messageDepth");
  assertEquals(faultOf("[[],[],[],[[],[]],{},{}]"), "fine: [[],[],[],[[],[]],{},{}]");
});

Deno.test("parseJson counts no brackets in strings, whatever is escaped in them", () => {
  for (
    const text of ['"[[[[[["', '"\\"[[[[[["', '"\\\\","[[[[[["', '"\\u005b{{{{{{"', '"é[[[[[["', '"\\\\\\"[[[[[["']
  ) {
    assertEquals(faultOf(`[${text}]`), `fine: ${JSON.stringify(JSON.parse(`[${text}]`))}`);
  }
  assertEquals(faultOf('["\\\\",[[[[]]]]]'), "messageDepth");
});

Deno.test("parseJson refuses a million levels in linear time, before it parses", () => {
  const bytes = encode('{"a":'.repeat(200_000) + "[".repeat(1_000_000));
  const start = performance.now();
  assertEquals(faultOf(bytes), "messageDepth");
  assertEquals(faultOf("]".repeat(1000) + "[".repeat(100_000), 200_000), "not JSON");
  assertLess(performance.now() - start, 1000);
});

Deno.test("parseJson tells what is not UTF-8", () => {
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

Deno.test("parseJson shows the beginning of what it refuses, and no more of it", () => {
  const error = parseJson(encode("Hello from a guest! " + "x".repeat(1000)), 4);
  assertInstanceOf(error, RpcProtocolError);
  assertStringIncludes(error.message, 'message is not JSON: "Hello from a guest! xxx');
  assertLess(error.message.length, 120);
});

Deno.test("readMessage reads requests, notifications and answers", () => {
  const jsonrpc = "2.0";
  assertEquals(readMessage({ jsonrpc, id: "a", method: "m", params: 5 }), {
    kind: "request",
    id: "a",
    method: "m",
    params: 5,
  });
  assertEquals(readMessage({ jsonrpc, method: "m" }), {
    kind: "request",
    id: undefined,
    method: "m",
    params: undefined,
  });
  assertEquals(readMessage({ jsonrpc, id: 3, result: null }), {
    kind: "response",
    id: 3,
    outcome: { result: null },
  });
  const failure = readMessage({ jsonrpc, id: 3, error: { code: 7, message: "no", data: [1] } });
  assert(failure.kind === "response" && "error" in failure.outcome && failure.outcome.error instanceof RpcError);
  assertEquals([failure.outcome.error.code, failure.outcome.error.data], [7, [1]]);
});

Deno.test("readMessage keeps the id of an invalid request where it has a valid one", () => {
  const ids = [["a", "a"], [0, 0], [-7, -7], [null, null], [1.5, null], [2 ** 53, null], [true, null], [[], null]];
  for (const [id, answered] of ids) {
    const message = readMessage({ jsonrpc: "1.0", id, method: "m" });
    assertEquals(message.kind === "invalid" && message.id, answered);
  }
});

Deno.test("encodeRequest always has params, and an id only for a call", () => {
  assertEquals(encodeRequest(0, "ping", toJson(undefined)), '{"jsonrpc":"2.0","id":0,"method":"ping","params":null}');
  assertEquals(encodeRequest(undefined, 'a"b', toJson([1])), '{"jsonrpc":"2.0","method":"a\\"b","params":[1]}');
});

Deno.test("encodeResult gives null for undefined, and never a raw line feed", () => {
  assertEquals(encodeResult("x", undefined), '{"jsonrpc":"2.0","id":"x","result":null}');
  assertEquals(encodeResult(null, "a\nb\ud800"), '{"jsonrpc":"2.0","id":null,"result":"a\\nb\\ud800"}');
});

Deno.test("encodeError has data only when there are any", () => {
  assertEquals(encodeError(1, -5, "no"), '{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no"}}');
  assertEquals(
    encodeError(1, -5, "no", null),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no","data":null}}',
  );
});

Deno.test("toJson throws a TypeError for what has no JSON form", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [() => {}, Symbol("s"), 1n, cycle]) assertThrows(() => toJson(value), TypeError);
});

Deno.test("encodeFailure answers whatever was thrown, without its stack", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const thrown = {
    "an Error": [new RangeError("too far"), -32603, "too far"],
    "a string": ["just text", -32603, "just text"],
    "undefined": [undefined, -32603, "undefined"],
    "an RpcError": [new RpcError(-5, "mine", { a: 1 }), -5, "mine"],
    "an RpcError whose data are no JSON": [new RpcError(-5, "mine", 1n), -32603, "the method failed"],
    "an object without a prototype": [Object.create(null), -32603, "the method failed"],
    "a symbol": [Symbol("s"), -32603, "Symbol(s)"],
    "a revoked proxy": [proxy, -32603, "the method failed"],
    "an error whose message throws": [
      Object.defineProperty(new Error(), "message", {
        get() {
          throw new Error("again");
        },
      }),
      -32603,
      "the method failed",
    ],
  };
  for (const [name, [error, code, message]] of Object.entries(thrown)) {
    const answer = JSON.parse(encodeFailure(1, error));
    assertEquals([answer.error.code, answer.error.message, "stack" in answer.error], [code, message, false], name);
  }
});

Deno.test("RpcError refuses a code that is no integer", () => {
  for (const code of [NaN, 1.5, Infinity, 2 ** 53]) assertThrows(() => new RpcError(code, "no"), RangeError);
});
