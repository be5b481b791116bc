/**
 * Hostile guests: whatever they ask of WASI, the host does not throw, stall or grow, and it can stop them.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { LimitError } from "../../src/vm/mod.ts";
import { SNAPSHOTS } from "../../src/wasi/preview1.ts";
import { spawn } from "../../src/wasi/mod.ts";
import { moduleOf } from "../../tools/wat.ts";
import { program } from "../_program.ts";
import { bytesOf, fakeContext, functionsOf, MEMORY_BYTES, turn } from "./_guest.ts";

const FOR_EVER = (body: string) => `(func (export "_start") (loop $for_ever ${body} (br $for_ever)))`;

/** Guests that call the host in a loop and never wait. */
const LOOPS: Record<string, string> = {
  "nothing": "",
  "clock_time_get": "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))",
  "sched_yield": "(drop (call $sched_yield))",
  "random_get": "(drop (call $random_get (i32.const 64) (i32.const 65536)))",
  "args_get": "(drop (call $args_get (i32.const 64) (i32.const 128)))",
  "fd_write to a bad descriptor": "(drop (call $write (i32.const 9) (i32.const 64) (i32.const 65536)))",
  "fd_write of 1,024 empty buffers":
    "(drop (call $fd_write (i32.const 2) (i32.const 1024) (i32.const 1024) (i32.const 16)))",
  "fd_write of 1,024 buffers, the last of which is invalid": `(i32.store (i32.const 8184) (i32.const -1))
    (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1024) (i32.const 16)))`,
  "fd_write to a stream that discards its bytes": "(drop (call $write (i32.const 1) (i32.const 64) (i32.const 65536)))",
  "fd_read at the end": "(drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))",
  "poll_oneoff of ready descriptors": `(i32.store (i32.const 8) (i32.const 2)) (i32.store (i32.const 16) (i32.const 1))
    (drop (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 200)))`,
  "poll_oneoff of 1,300 clocks":
    "(drop (call $poll_oneoff (i32.const 64) (i32.const 66000) (i32.const 1300) (i32.const 16)))",
};

for (const [what, body] of Object.entries(LOOPS)) {
  Deno.test(`a guest that calls ${what} for ever stops at its budget, its deadline, or an abort`, async () => {
    const module = program(FOR_EVER(body));
    const options = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const budget = await spawn(module, { ...options, limits: { fuel: 3_000_000 } }).status;
    assertInstanceOf(budget.error, LimitError);
    assertEquals(budget.error.limit, "fuel");
    // One poll of 1,300 clocks can exceed the budget.
    assert(budget.fuelUsed < 3_000_000 + 400_000, `used ${budget.fuelUsed}`);
    const deadline = await spawn(module, { ...options, limits: { deadlineMs: 20 } }).status;
    assertInstanceOf(deadline.error, LimitError);
    assertEquals(deadline.error.limit, "deadlineMs");
    const process = spawn(module, options);
    await turn(5);
    process.kill("stop");
    assertEquals((await process.status).error, "stop");
  });

  Deno.test(`a guest that calls ${what} for ever lets timers fire`, async () => {
    const process = spawn(program(FOR_EVER(body)), { stdin: "null", stdout: "null", stderr: "null" });
    const gaps: number[] = [];
    for (let count = 0, before = performance.now(); count < 20; count++) {
      await turn();
      gaps.push(performance.now() - before);
      before = performance.now();
    }
    process.kill();
    await process.status;
    const [median] = gaps.toSorted((a, b) => a - b).slice(10);
    assert(median < 50, `timers fire every ${gaps.map(Math.round)} ms`);
  });
}

for (const fd of [1, 2]) {
  Deno.test(`a flood to descriptor ${fd} that nobody reads stops at the high-water mark`, async () => {
    const module = program(FOR_EVER(`(drop (call $write (i32.const ${fd}) (i32.const 64) (i32.const 65536)))`));
    const process = spawn(module);
    await turn(10);
    const { fuelUsed } = process;
    assert(fuelUsed < 200_000, `used ${fuelUsed}`);
    await turn(10);
    assertEquals(process.fuelUsed, fuelUsed);
    process.kill();
    assertEquals((await process.status).code, 137);
    assertEquals((await new Response(fd === 1 ? process.stdout : process.stderr).arrayBuffer()).byteLength, 65_536);
  });
}

Deno.test("a flood without newline passes through in bounded chunks", async () => {
  const process = spawn(program(FOR_EVER(`(drop (call $write (i32.const 1) (i32.const 64) (i32.const 65536)))`)));
  const reader = process.stdout.getReader();
  for (let size = 0; size <= 10_000_000;) {
    const { value } = await reader.read();
    assert(value!.length <= 65_536);
    size += value!.length;
  }
  process.kill();
  await process.status;
});

Deno.test("random_get of 256 MiB stops at the budget and at an abort, while timers fire", async () => {
  const module = moduleOf(
    `(module (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 4096)
    ${FOR_EVER("(drop (call $random (i32.const 0) (i32.const 0x10000000)))")})`,
  );
  let filled = 0;
  const random = (bytes: Uint8Array) => void (filled += bytes.length);
  const budget = await spawn(module, { random, limits: { fuel: 1_000_000 } }).status;
  assertInstanceOf(budget.error, LimitError);
  assert(filled <= 2 << 20, `filled ${filled}`);
  const process = spawn(module, { random });
  await turn(2);
  process.kill();
  assertEquals((await process.status).code, 137);
  await turn(5);
  assert(filled < 128 << 20, `filled ${filled}`);
});

Deno.test("poll_oneoff with a million subscriptions is refused", async () => {
  const module = moduleOf(`(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1600)
    (func (export "_start") (call $exit (call $poll (i32.const 16) (i32.const 65536) (i32.const 1000000) (i32.const 0)))))`);
  const { code, fuelUsed } = await spawn(module).status;
  assertEquals(code, 28);
  assert(fuelUsed < 1_000);
});

Deno.test("sleeping for a century ends with an abort, and leaves no timer", async () => {
  const process = spawn(program(`(func (export "_start")
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 3153600000000000000))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16))))`));
  await turn(10);
  process.kill("enough");
  assertEquals((await process.status).error, "enough");
});

Deno.test("no arguments make a function throw, or answer with a value that is not an errno", async () => {
  const edges = [
    0,
    1,
    2,
    3,
    7,
    1024,
    MEMORY_BYTES - 1,
    MEMORY_BYTES,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffc,
    0xffff_ffff,
  ];
  let state = 12_345;
  const pick = () => edges[(state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % 1_000_003 % edges.length];
  for (const [name, table] of SNAPSHOTS) {
    const context = fakeContext({ highWaterMark: 1 << 20 });
    const functions = functionsOf(context, name);
    for (let round = 0; round < 300; round++) {
      // Memory with pointers and sizes that are sometimes valid.
      for (let at = 0; at < 4096; at += 4) context.memory.view.setUint32(at, pick(), true);
      for (const { name, kinds } of table.values()) {
        if (name === "proc_exit" || name === "proc_raise" || name === "fd_close" || name === "fd_renumber") continue;
        const args = kinds.map((kind) =>
          kind === "u64" ? BigInt(pick()) << 32n : kind === "fd" ? pick() % 4 : pick() | 0
        );
        context.stdin.push(bytesOf("x"));
        context.stdout.take();
        context.stderr.take();
        const answer = functions[name](...args);
        if (answer instanceof Promise && name === "poll_oneoff") context.stdin.push(bytesOf("x"));
        const errno = answer instanceof Promise ? await Promise.race([answer, turn(50).then(() => 0)]) : answer;
        assert(Number.isInteger(errno) && errno >= 0 && errno <= 76, `${name}(${args}) answers ${errno}`);
      }
    }
    context.end.abort();
  }
});

Deno.test("a thousand processes leave no listener on a shared signal and all settle", async () => {
  const module = program(`(func (export "_start"))`);
  const { signal } = new AbortController();
  for (let count = 0; count < 10; count++) {
    const ended = await Promise.all(Array.from({ length: 100 }, () => spawn(module, { signal }).status));
    assert(ended.every(({ success }) => success));
  }
});
