/**
 * Arguments and environment.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { EFAULT, SUCCESS } from "../../src/wasi/abi.ts";
import { encodeArgs, encodeEnviron } from "../../src/wasi/args.ts";
import { fakeContext, functionsOf, MEMORY_BYTES, textAt, u32At } from "./_guest.ts";

Deno.test("args_sizes_get counts strings, and their bytes of UTF-8 with NULs", () => {
  const context = fakeContext({ args: ["prog", "é", "𝄞", ""] });
  assertEquals(functionsOf(context).args_sizes_get(8, 12), SUCCESS);
  assertEquals([u32At(context, 8), u32At(context, 12)], [4, 5 + 3 + 5 + 1]);
});

Deno.test("args_get writes pointers and NUL-terminated UTF-8", () => {
  const context = fakeContext({ args: ["prog", "é𝄞", ""] });
  assertEquals(functionsOf(context).args_get(16, 100), SUCCESS);
  assertEquals([16, 20, 24].map((at) => u32At(context, at)), [100, 105, 112]);
  assertEquals(textAt(context, 100, 13), "prog\0é𝄞\0\0");
  assertEquals(u32At(context, 28), 0, "no bytes follow the pointers");
});

Deno.test("environ_get writes name=value", () => {
  const context = fakeContext({ env: { HOME: "/", EMPTY: "", EQUALS: "a=b" } });
  assertEquals(functionsOf(context).environ_sizes_get(0, 4), SUCCESS);
  assertEquals([u32At(context, 0), u32At(context, 4)], [3, 7 + 7 + 11]);
  assertEquals(functionsOf(context).environ_get(16, 100), SUCCESS);
  assertEquals(textAt(context, 100, 25), "HOME=/\0EMPTY=\0EQUALS=a=b\0");
});

Deno.test("args_get ends exactly at the end of memory, and answers EFAULT one byte later", () => {
  const size = "name\0één\0".length + 2;
  const context = fakeContext();
  assertEquals(functionsOf(context).args_get(0, MEMORY_BYTES - size), SUCCESS);
  const late = fakeContext();
  assertEquals(functionsOf(late).args_get(0, MEMORY_BYTES - size + 1), EFAULT);
  assertEquals(functionsOf(late).args_get(MEMORY_BYTES - 7, 0), EFAULT);
  assertEquals(late.memory.bytes, new Uint8Array(MEMORY_BYTES));
});

Deno.test("args_get with no arguments writes nothing", () => {
  const context = fakeContext({ args: [] });
  assertEquals(functionsOf(context).args_get(MEMORY_BYTES, MEMORY_BYTES), SUCCESS);
  assertEquals(context.memory.bytes, new Uint8Array(MEMORY_BYTES));
});

Deno.test("args_get charges for what it copies", () => {
  const context = fakeContext({ args: ["x".repeat(1000)] });
  functionsOf(context).args_get(0, 100);
  assertEquals(context.charged, 1005);
});

Deno.test("encodeArgs and encodeEnviron reject a NUL and invalid names", () => {
  assertThrows(() => encodeArgs(["ok", "a\0b"]), TypeError, "argument 1");
  assertThrows(() => encodeEnviron({ A: "b\0" }), TypeError, "NUL");
  assertThrows(() => encodeEnviron({ "A\0": "b" }), TypeError, "NUL");
  assertThrows(() => encodeEnviron({ "A=B": "c" }), TypeError, "A=B");
  assertThrows(() => encodeEnviron({ "": "c" }), TypeError);
});

Deno.test("encodeEnviron takes names that objects inherit", () => {
  const env = JSON.parse('{"__proto__": "1", "toString": "2"}');
  assertEquals(encodeEnviron(env).strings.length, 2);
});

Deno.test("encodeArgs replaces lone surrogates", () => {
  assertEquals(encodeArgs(["\ud800"]).strings, [Uint8Array.of(0xef, 0xbf, 0xbd, 0)]);
});
