/**
 * A guest's standard streams as the host sees them.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { LimitError } from "../../src/vm/mod.ts";
import { spawn } from "../../src/wasi/mod.ts";
import { program } from "../_program.ts";
import { bytesOf, isSettled, textOf, turn } from "./_guest.ts";
import { cat, empty, flood, hello, sleeper } from "./_programs.ts";

Deno.test("pipeThrough filters a stream through a guest", async () => {
  const source = new Response("a filter").body!;
  assertEquals(await new Response(source.pipeThrough(spawn(cat))).text(), "a filter");
});

Deno.test("pipeThrough passes two megabytes through a buffer of 1,000 bytes, unchanged", async () => {
  const bytes = new Uint8Array(2 << 20).map((_, index) => (index * 7 + (index >> 8)) & 0xff);
  const process = spawn(cat, { limits: { streamBytes: 1000 } });
  const output = new Response(bytes).body!.pipeThrough(process);
  assertEquals(new Uint8Array(await new Response(output).arrayBuffer()), bytes);
  assertEquals((await process.status).code, 0);
});

Deno.test("a guest waits for standard input, and exits when the input ends", async () => {
  const process = spawn(cat);
  const writer = process.stdin.getWriter();
  const reader = process.stdout.getReader();
  for (const text of ["one", "two"]) {
    await writer.write(bytesOf(text));
    assertEquals(textOf((await reader.read()).value!), text);
    assert(!await isSettled(process.status));
  }
  await writer.close();
  assertEquals((await process.status).code, 0);
  assert((await reader.read()).done);
});

Deno.test("after standard input is aborted, the guest gets EIO", async () => {
  const process = spawn(cat);
  await process.stdin.abort(new Error("no more"));
  assertEquals((await process.status).code, 29);
});

Deno.test("writing a value that is not a Uint8Array rejects, and the guest gets EIO", async () => {
  const process = spawn(cat);
  const writer = process.stdin.getWriter();
  await assertRejects(() => writer.write("text" as unknown as Uint8Array), TypeError);
  assertEquals((await process.status).code, 29);
});

Deno.test("after standard output is cancelled, the guest gets EPIPE, waiting or not", async () => {
  for (const wait of [0, 5]) {
    const process = spawn(flood);
    await turn(wait);
    await process.stdout.cancel();
    assertEquals((await process.status).code, 64);
  }
});

Deno.test("a full standard output makes the guest wait until it is read", async () => {
  const process = spawn(flood, { limits: { streamBytes: 10_000 } });
  await turn(5);
  const { fuelUsed } = process;
  await turn(5);
  assertEquals(process.fuelUsed, fuelUsed);
  const reader = process.stdout.getReader();
  assertEquals((await reader.read()).value!.length, 10_000);
  const { value } = await reader.read();
  assert(value!.length > 0 && value!.length <= 10_000);
  await turn(5);
  assert(process.fuelUsed > fuelUsed);
  await reader.cancel();
  assertEquals((await process.status).code, 64);
});

Deno.test("status resolves even if nobody reads, and the output can be read later", async () => {
  const process = spawn(hello);
  await process.status;
  assertEquals(await new Response(process.stdout).text(), "hello\n");
  assertEquals(await new Response(process.stderr).text(), "world\n");
});

Deno.test("after the guest has ended, writes reject with a broken pipe, and closing does not reject", async () => {
  const process = spawn(empty);
  await process.status;
  await process.stdin.close();
  const other = spawn(empty);
  await other.status;
  await assertRejects(() => other.stdin.getWriter().write(bytesOf("late")), Error, "broken pipe");
});

Deno.test("a waiting write rejects when the guest ends", async () => {
  const process = spawn(sleeper, { limits: { streamBytes: 4, deadlineMs: 10 } });
  await assertRejects(() => process.stdin.getWriter().write(bytesOf("never read")), Error);
  await process.status;
});

Deno.test("a guest that closes its descriptors ends the streams before it ends", async () => {
  const process = spawn(program(`(func (export "_start") (local $errno i32)
    (drop (call $fd_close (i32.const 0)))
    (drop (call $fd_close (i32.const 1)))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16))))
    (data (i32.const 80) "\\01") (data (i32.const 88) "\\00\\00\\00\\00\\00\\00\\00\\10")`));
  assertEquals(await new Response(process.stdout).text(), "");
  await assertRejects(() => process.stdin.getWriter().write(bytesOf("x")), Error, "broken pipe");
  assert(!await isSettled(process.status));
  process.kill();
  await process.status;
});

Deno.test("reading the property of a stream that is not piped throws", () => {
  const process = spawn(empty, { stdin: "null", stdout: "null", stderr: "null" });
  for (const name of ["stdin", "stdout", "stderr", "readable", "writable"] as const) {
    assertThrows(() => process[name], TypeError, "is not piped");
  }
});

Deno.test("stdin and stdout can be streams of the caller", async () => {
  const text: string[] = [];
  const closed = Promise.withResolvers<void>();
  const target = new WritableStream<Uint8Array>({
    write: (chunk) => void text.push(textOf(chunk)),
    close: () => closed.resolve(),
  });
  const process = spawn(cat, { stdin: new Response("given").body!, stdout: target });
  assertEquals((await process.status).code, 0);
  await closed.promise;
  assertEquals(text.join(""), "given");
});

Deno.test("the caller's stdin is cancelled when the guest ends without reading it", async () => {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  await spawn(empty, { stdin: source }).status;
  await turn();
  assertEquals([cancelled, source.locked], [true, false]);
});

Deno.test("output is empty for streams that are not piped, and throws for locked streams", async () => {
  const { stdout, stderr } = await spawn(hello, { stdout: "null" }).output();
  assertEquals([textOf(stdout), textOf(stderr)], ["", "world\n"]);
  const process = spawn(hello);
  process.stdout.getReader();
  await assertRejects(() => process.output(), TypeError);
  await process.status;
});

Deno.test("output stops a guest that writes more than outputBytes", async () => {
  const { code, error, stdout } = await spawn(flood, { limits: { outputBytes: 200_000 } }).output();
  assertEquals(code, 137);
  assertInstanceOf(error, LimitError);
  assertEquals(error.limit, "outputBytes");
  assert(stdout.length <= 200_000 && stdout.length > 0);
});

Deno.test("output of more than outputBytes is not a success, and the bytes that fit are kept", async () => {
  const text = "0123456789";
  const ends = program(`(data (i32.const 4096) "${text}") (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 4096) (i32.const 10)))
    (drop (call $write (i32.const 2) (i32.const 4096) (i32.const 3))))`);
  for (const module of [ends, flood]) {
    const output = await spawn(module, { limits: { outputBytes: 7 } }).output();
    assertInstanceOf(output.error, LimitError);
    assertEquals([output.error.limit, output.error.value, output.success, output.code], ["outputBytes", 7, false, 137]);
    assertEquals(output.stdout.length, 7);
  }
  // The guest had ended by itself long before.
  const process = spawn(ends, { limits: { outputBytes: 7 } });
  await process.status;
  const { success, stderr } = await process.output();
  assertEquals([success, new TextDecoder().decode(stderr)], [false, "012"]);
});

Deno.test("output collects one-byte writes in little more memory than their bytes", async () => {
  const module = program(`(func (export "_start") (local $count i32)
    (loop $more
      (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1)))
      (br_if $more (i32.lt_u (local.tee $count (i32.add (local.get $count) (i32.const 1))) (i32.const 50000)))))`);
  const { stdout } = await spawn(module).output();
  assertEquals([stdout.length, stdout.buffer.byteLength], [50_000, 50_000]);
});
