/**
 * What a process tells of its start and of its standard input.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { LinkError } from "../../src/vm/mod.ts";
import { spawn } from "../../src/wasi/mod.ts";
import { moduleOf } from "../../tools/wat.ts";
import { program } from "../_program.ts";
import { bytesOf, isSettled, turn } from "./_guest.ts";
import { cat, sleeper, spin } from "./_programs.ts";

Deno.test("started resolves when the instance is made, before the guest has ended", async () => {
  const process = spawn(spin);
  await process.started;
  assertEquals(await isSettled(process.status), false);
  process.kill();
  await process.status;
  await process.started;
});

Deno.test("started rejects with the reason why the guest can't start, and nobody has to wait for it", async () => {
  const process = spawn(moduleOf(`(module (import "env" "missing" (func)) (func (export "_start")))`));
  const { error } = await process.status;
  assertInstanceOf(error, LinkError);
  assertStrictEquals(await process.started.catch((reason) => reason), error);
  const killed = spawn(cat);
  killed.kill("before");
  assertEquals(await killed.started.catch((reason) => reason), "before");
  await killed.status;
});

Deno.test("input counts what was written and read, and whether the guest waits for more", async () => {
  await using process = spawn(cat);
  const { input } = process;
  assertEquals([input.bytesRead, input.bytesWritten, input.isAwaited], [0, 0, false]);
  await input.begun;
  await turn(30);
  assert(input.isAwaited);
  assert(input.waitedMs >= 20, `${input.waitedMs} ms`);
  const writer = process.stdin.getWriter();
  await writer.write(bytesOf("four"));
  const reader = process.stdout.getReader();
  await reader.read();
  assertEquals([input.bytesRead, input.bytesWritten], [4, 4]);
});

Deno.test("computing and sleeping are not waiting for input", async () => {
  for (const module of [spin, sleeper]) {
    await using process = spawn(module);
    await turn(20);
    assertEquals([process.input.isAwaited, process.input.waitedMs], [false, 0]);
    assertEquals(await isSettled(process.input.begun), false);
  }
});

Deno.test("a poll that has a timeout is not waiting for input alone, and one without is", async () => {
  for (const [subscriptions, isAwaited] of [[1, true], [2, false]] as const) {
    // The first subscription is for input, the second for a century.
    await using process = spawn(program(`(func (export "_start")
      (i32.store8 (i32.const 72) (i32.const 1)) (i32.store (i32.const 80) (i32.const 0))
      (i32.store8 (i32.const 120) (i32.const 0)) (i32.store (i32.const 128) (i32.const 1))
      (i64.store (i32.const 136) (i64.const 3153600000000000000))
      (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const ${subscriptions}) (i32.const 16))))`));
    await turn(20);
    assertEquals(process.input.isAwaited, isAwaited, `${subscriptions} subscriptions`);
  }
});

Deno.test("a guest without a piped input has nothing to read", async () => {
  const process = spawn(cat, { stdin: "null" });
  await process.status;
  assertEquals([process.input.bytesRead, process.input.bytesWritten, process.input.isAwaited], [0, 0, false]);
});
