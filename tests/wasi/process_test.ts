/**
 * Guests as processes: their inputs, how they end, and how to stop them.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { LimitError, LinkError, Trap } from "../../src/vm/mod.ts";
import { ExitError, spawn } from "../../src/wasi/mod.ts";
import type { ProcessStatus, SpawnOptions } from "../../src/wasi/mod.ts";
import { moduleOf } from "../../tools/wat.ts";
import { program } from "../_program.ts";
import { bytesOf, manualClock, textOf, turn } from "./_guest.ts";
import { CAT, cat, empty, flood, hello, sleeper, spin } from "./_programs.ts";

/** The status of a guest, from its text. */
function run(text: string, options: SpawnOptions = {}): Promise<ProcessStatus> {
  return spawn(program(text), { stdin: "null", ...options }).status;
}

Deno.test("spawn runs _start, output returns what it wrote, and status reports how it ended", async () => {
  const { success, code, signal, error, stdout, stderr, fuelUsed } = await spawn(hello).output();
  assertEquals([success, code, signal, error], [true, 0, null, undefined]);
  assertEquals([textOf(stdout), textOf(stderr)], ["hello\n", "world\n"]);
  assert(fuelUsed > 0);
});

Deno.test("spawn returns before the guest does anything", async () => {
  const written: string[] = [];
  const process = spawn(hello, { stdout: new WritableStream({ write: (chunk) => void written.push(textOf(chunk)) }) });
  assertEquals([process.fuelUsed, process.memoryPages, written], [0, 0, []]);
  await process.status;
  assertEquals(process.memoryPages, 2);
});

Deno.test("status has the exit code", async () => {
  for (const code of [0, 1, 77, 255, 0xffff_ffff]) {
    const status = await run(`(func (export "_start") (call $proc_exit (i32.const ${code | 0})) unreachable)`);
    assertEquals([status.success, status.code, status.signal, status.error], [code === 0, code, null, undefined]);
  }
});

Deno.test("status has the signal that the guest raised", async () => {
  const status = await run(`(func (export "_start") (drop (call $proc_raise (i32.const 6))))`);
  assertEquals([status.success, status.code, status.signal, status.error], [false, 134, "SIGABRT", undefined]);
});

Deno.test("status has the trap, with its stack", async () => {
  const status = await run(`(func $broken unreachable) (func (export "_start") call $broken)`);
  assertEquals([status.success, status.code, status.signal], [false, 134, null]);
  assertInstanceOf(status.error, Trap);
  assertMatch(status.error.message, /unreachable\n.*broken\n.*_start/);
});

Deno.test("status has the limit that was reached", async () => {
  const status = await spawn(spin, { limits: { fuel: 1_000_000 } }).status;
  assertEquals([status.success, status.code], [false, 137]);
  assertInstanceOf(status.error, LimitError);
  assertEquals([status.error.limit, status.error.value], ["fuel", 1_000_000]);
  assert(status.fuelUsed >= 1_000_000 && status.fuelUsed < 1_200_000);
});

Deno.test("status has the deadline that was reached, computing or waiting", async () => {
  for (const module of [spin, sleeper, cat, flood]) {
    const status = await spawn(module, { limits: { deadlineMs: 20 } }).status;
    assertEquals(status.code, 137);
    assertInstanceOf(status.error, LimitError);
    assertEquals(status.error.limit, "deadlineMs");
  }
});

Deno.test("status has the memory limit when the guest starts above it", async () => {
  const status = await spawn(empty, { limits: { memoryPages: 1 } }).status;
  assertInstanceOf(status.error, LimitError);
  assertEquals([status.code, status.error.limit], [137, "memoryPages"]);
});

Deno.test("status names an import that is missing or has another type", async () => {
  const missing = await spawn(moduleOf(`(module (import "env" "missing" (func)) (func (export "_start")))`)).status;
  assertInstanceOf(missing.error, LinkError);
  assertMatch(missing.error.message, /"env"."missing"/);
  assertEquals([missing.code, missing.success, missing.fuelUsed], [127, false, 0]);
  const mistyped = await spawn(moduleOf(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func (param i64))) (func (export "_start")))`)).status;
  assertInstanceOf(mistyped.error, LinkError);
  assertMatch(mistyped.error.message, /fd_write/);
  const unknown = await spawn(moduleOf(`(module
    (import "wasi_snapshot_preview1" "fd_teleport" (func)) (func (export "_start")))`)).status;
  assertInstanceOf(unknown.error, LinkError);
  assertMatch(unknown.error.message, /fd_teleport/);
});

Deno.test("status reports that a module is not a program", async () => {
  for (const text of ["(module)", `(module (memory (export "_start") 1))`]) {
    const status = await spawn(moduleOf(text)).status;
    assertInstanceOf(status.error, LinkError);
    assertMatch(status.error.message, /neither _start nor _initialize/);
    assertEquals(status.code, 127);
  }
});

Deno.test("a module without memory runs", async () => {
  assertEquals((await spawn(moduleOf(`(module (func (export "_start")))`)).status).code, 0);
});

Deno.test("_initialize runs when there is no _start, and the process ends", async () => {
  const reactor = `(func (export "_initialize") (call $proc_exit (i32.const 3)))`;
  assertEquals((await run(reactor)).code, 3);
  assertEquals((await run(`${reactor} (func (export "_start") (call $proc_exit (i32.const 4)))`)).code, 4);
});

Deno.test("a program that uses wasi_unstable runs", async () => {
  const module = program(CAT, "wasi_unstable");
  assertEquals(await new Response(new Response("old").body!.pipeThrough(spawn(module))).text(), "old");
});

Deno.test("args and env reach the guest", async () => {
  const module = program(`(func (export "_start")
    (drop (call $args_get (i32.const 64) (i32.const 1024)))
    (drop (call $environ_get (i32.const 128) (i32.const 2048)))
    (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 2048) (i32.const 4))))`);
  const { stdout } = await spawn(module, { args: ["cmd", "é"], env: { A: "b" } }).output();
  assertEquals(textOf(stdout), "cmd\0é\0\0A=b\0");
  assertEquals(textOf((await spawn(module).output()).stdout), "guest\0\0\0\0\0\0\0");
});

Deno.test("spawn throws at once if its options are wrong", () => {
  assertThrows(() => spawn(empty, { args: ["a\0"] }), TypeError, "NUL");
  assertThrows(() => spawn(empty, { env: { "a=": "" } }), TypeError, "a=");
  assertThrows(() => spawn(empty, { stdin: "inherit" as "piped" }), TypeError, "stdin");
  assertThrows(() => spawn(empty, { stdout: "inherit" as "piped" }), TypeError, "stdout");
  for (const streamBytes of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => spawn(empty, { limits: { streamBytes } }), RangeError, "streamBytes");
  }
});

Deno.test("imports add host functions, which can wait and can replace those of WASI", async () => {
  const module = moduleOf(`(module
    (import "env" "double" (func $double (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (func (export "_start") (call $exit (i32.add (call $yield) (call $double (i32.const 21))))))`);
  const status = await spawn(module, {
    imports: {
      env: { double: async (value: number) => await turn().then(() => value * 2) },
      wasi_snapshot_preview1: { sched_yield: () => 100 },
    },
  }).status;
  assertEquals([status.code, status.error], [142, undefined]);
});

Deno.test("a host function that throws causes a trap with a cause, and an ExitError causes an exit", async () => {
  const module = moduleOf(`(module (import "env" "f" (func $f)) (func (export "_start") call $f))`);
  const cause = new Error("host");
  const thrown = (error: unknown) => ({
    imports: { env: { f: () => Promise.reject(error) } },
  });
  const status = await spawn(module, thrown(cause)).status;
  assertInstanceOf(status.error, Trap);
  assertStrictEquals(status.error.cause, cause);
  assertEquals((await spawn(module, thrown(new ExitError(5))).status).code, 5);
});

// Stopping

Deno.test("kill stops a guest that computes, sleeps, reads or writes, and status has the reason", async () => {
  for (const module of [spin, sleeper, cat, flood]) {
    const process = spawn(module);
    await turn(2);
    const reason = new Error("stop");
    process.kill(reason);
    const { success, code, signal, error } = await process.status;
    assertEquals([success, code, signal], [false, 137, null]);
    assertStrictEquals(error, reason);
  }
});

Deno.test("kill works before the guest has started", async () => {
  const process = spawn(hello);
  process.kill();
  const { code, error, fuelUsed } = await process.status;
  assertEquals([code, (error as DOMException).name, fuelUsed], [137, "AbortError", 0]);
  assertEquals(await new Response(process.stdout).text(), "");
});

Deno.test("kill after the end, and twice, does nothing", async () => {
  const process = spawn(hello);
  const { code } = await process.status;
  process.kill();
  assertEquals([code, (await process.status).code], [0, 0]);
  const other = spawn(spin);
  other.kill("first");
  other.kill("second");
  assertEquals((await other.status).error, "first");
});

Deno.test("kill settles all streams: input fails with the reason, and output ends after the written bytes", async () => {
  const process = spawn(cat);
  const writer = process.stdin.getWriter();
  await writer.write(bytesOf("written"));
  await turn(2);
  const reason = new Error("stop");
  process.kill(reason);
  assertStrictEquals(await writer.closed.catch((error) => error), reason);
  assertEquals(await new Response(process.stdout).text(), "written");
  assertEquals(await new Response(process.stderr).text(), "");
});

Deno.test("killing a guest cancels a stream that is piped to it", async () => {
  let cancelled: unknown;
  const source = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
  const process = spawn(cat);
  const piped = source.pipeTo(process.writable);
  await turn();
  process.kill("stop");
  assertEquals(await piped.catch((error) => error), "stop");
  assertEquals(cancelled, "stop");
});

Deno.test("a guest that traps errors its standard input at once, and a stream that is piped to it is cancelled", async () => {
  const process = spawn(program(`(func (export "_start") unreachable)`));
  const source = new ReadableStream<Uint8Array>();
  const error = await source.pipeTo(process.writable).catch((error) => error);
  assertInstanceOf(error, Trap);
  assertStrictEquals((await process.status).error, error);
  assert(!source.locked);
});

Deno.test("an aborted signal stops the guest with the signal's reason, before or while the guest runs", async () => {
  const reason = new Error("cancelled");
  const early = await spawn(hello, { signal: AbortSignal.abort(reason) }).status;
  assertStrictEquals(early.error, reason);
  const controller = new AbortController();
  const process = spawn(spin, { signal: controller.signal });
  await turn();
  controller.abort(reason);
  const late = await process.status;
  assertStrictEquals(late.error, reason);
  assertEquals([early.code, late.code], [137, 137]);
});

Deno.test("a process leaves no listener on the caller's signal", async () => {
  let listeners = 0;
  class CountingSignal extends EventTarget {
    readonly aborted = false;
    override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
      listeners++;
      super.addEventListener(...args);
    }
    override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
      listeners--;
      super.removeEventListener(...args);
    }
  }
  const signal = new CountingSignal() as unknown as AbortSignal;
  for (const module of [empty, moduleOf("(module)"), hello]) await spawn(module, { signal }).status;
  assertEquals(listeners, 0);
});

Deno.test("await using stops a guest and settles its streams", async () => {
  let writer: WritableStreamDefaultWriter<Uint8Array>;
  let status: Promise<ProcessStatus>;
  {
    await using process = spawn(cat);
    writer = process.stdin.getWriter();
    status = process.status;
    await writer.write(bytesOf("x"));
  }
  assertEquals((await status).code, 137);
  await assertRejects(() => writer.closed);
});

Deno.test("await using settles an idle pipe when the guest has ended by itself", async () => {
  const source = new ReadableStream<Uint8Array>();
  let piped: Promise<void>;
  {
    await using process = spawn(empty);
    piped = source.pipeTo(process.writable);
    assertEquals((await process.status).code, 0);
  }
  await assertRejects(() => piped);
  assert(!source.locked);
});

// Clock and randomness

Deno.test("the same module, input, clock and random source lead to the same output and fuel", async () => {
  const module = program(`(func (export "_start") (local $count i32)
    (local.set $count (i32.const 50))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 5000000))
    (loop $more
      (drop (call $random_get (i32.const 1024) (i32.const 100)))
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 1124)))
      (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 1132)))
      (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16)))
      (drop (call $sched_yield))
      (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 116)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (local.get $count))))`);
  const results = await Promise.all([1_000, 7, 1e6].map((sliceFuel) => {
    let state = 1;
    const random = (bytes: Uint8Array) => void bytes.forEach((_, at) => bytes[at] = state = (state * 75 + 74) % 65_537);
    return spawn(module, { clock: manualClock(), random, limits: { sliceFuel } }).output();
  }));
  for (const { code, stdout, fuelUsed } of results) {
    assertEquals([code, stdout.length], [0, 5_800]);
    assertEquals([stdout, fuelUsed], [results[0].stdout, results[0].fuelUsed]);
  }
});

Deno.test("a sleep takes its time, and others run meanwhile", async () => {
  const module = program(`(func (export "_start")
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 30000000))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16))))`);
  const start = performance.now();
  const statuses = await Promise.all(Array.from({ length: 20 }, () => spawn(module).status));
  const took = performance.now() - start;
  assert(statuses.every(({ code }) => code === 0));
  assert(took >= 29.9 && took < 300, `took ${took} ms`);
});

Deno.test("a start function can use WASI with the memory that the module exports", async () => {
  const text = `(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00") (data (i32.const 16) "hi\\n")
    (start $start) (func $start (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable)))
    (func (export "_start")))`;
  const { success, stdout } = await spawn(moduleOf(text), { stdin: "null" }).output();
  assertEquals([success, textOf(stdout)], [true, "hi\n"]);
});

Deno.test("a guest that uses up its fuel in its last host call has reached the limit", async () => {
  const text = `(module (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 100)
    (func (export "_start") (drop (call $random (i32.const 0) (i32.const 6000000)))))`;
  const { success, error } = await spawn(moduleOf(text), { stdin: "null", limits: { fuel: 1_000_000 } }).status;
  assertEquals(success, false);
  assertInstanceOf(error, LimitError);
});

Deno.test("a process that has ended reports how much memory it had, and a later process sees none of it", async () => {
  const secretive = (text: string) =>
    moduleOf(`(module (memory (export "memory") 2) (func (export "_start") ${text}))`);
  const first = spawn(secretive(`(memory.fill (i32.const 0) (i32.const 7) (i32.const 131072))`), { stdin: "null" });
  assertEquals([(await first.status).code, first.memoryPages], [0, 2]);
  const second = spawn(
    secretive(`(local i32) (loop
      (if (i64.ne (i64.load (local.get 0)) (i64.const 0)) (then (unreachable)))
      (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const 131072))))`),
    { stdin: "null" },
  );
  assertEquals((await second.status).code, 0);
});

Deno.test("a guest whose entry takes arguments is not a program", async () => {
  for (const type of ["i32", "i64", "funcref"]) {
    const { code, error } = await run(`(func (export "_start") (param ${type}))`);
    assertEquals(code, 127);
    assertInstanceOf(error, LinkError);
  }
  assertInstanceOf((await run(`(export "_start" (func $proc_exit))`)).error, LinkError);
});
