/**
 * Work that costs little or no fuel but much time. It must still end turns of the event loop.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compile } from "@rivulet/rivulet";
import { CompileError, instantiate } from "../../src/vm/mod.ts";
import { spawn } from "../../src/wasi/mod.ts";
import { compileSync } from "../../tools/compile.ts";
import { instanceOf, moduleOf } from "../../tools/wat.ts";
import { noteFigure } from "./_figures.ts";
import { bestOfThree, longestStall, timersDuring } from "./_host.ts";
import { body, functions, funcType, I32, join, joinAll, oneFunction, repeat, u32 } from "../../tools/binary.ts";

async function assertTurns(what: string, run: () => unknown): Promise<void> {
  const longest = await bestOfThree(() => longestStall(run));
  noteFigure("longest hold", longest, "ms", what);
  assert(longest < 50, `${Math.round(longest)} ms`);
}

Deno.test("guests that fill the register file and alternate let timers fire", async () => {
  // Each time that one of them resumes, the registers of both are copied: 8 MiB.
  const module = moduleOf(`(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (memory (export "memory") 0)
    (func $large (param i32) ${"(local i64)".repeat(49_990)} (if (local.get 0)
      (then (call $large (i32.sub (local.get 0) (i32.const 1))))
      (else (loop (drop (call $yield)) (br 0)))))
    (func (export "_start") (call $large (i32.const 9))))`);
  await assertTurns("registers are exchanged", async () => {
    const guests = [1, 2].map(() => spawn(module, { stdin: "null", stdout: "null", stderr: "null" }));
    await timersDuring(300);
    for (const guest of guests) guest.kill();
    await Promise.all(guests.map(({ status }) => status));
  });
});

Deno.test("a call lets timers fire while it waits for a memory that another call has grown", async () => {
  const instance = await instanceOf(`(module (memory 8192)
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x20000000)))
    (func (export "grow") (result i32) (memory.grow (i32.const 2500)))
    (func (export "look") (loop (drop (i32.load (i32.const 0x1ffffffc))) (br 0))))`);
  await instance.call("fill");
  const controller = new AbortController();
  const looking = instance.call("look", [], { signal: controller.signal }).catch((error) => error);
  const sizes: unknown[] = [];
  await assertTurns("a growing memory is looked at", async () => void sizes.push(await instance.call("grow")));
  controller.abort("enough");
  assertEquals(await looking, "enough");
  assertEquals(sizes[0], 8_192);
});

Deno.test("compile lets timers fire while it checks a single body of 7 MB, of instructions or of empty groups of locals", async () => {
  const bodies = [
    oneFunction(repeat([0x02, 0x40, 0x0b], 2_500_000)),
    oneFunction([], join(u32(3_700_000), repeat([0, I32], 3_700_000))),
  ];
  for (const bytes of bodies) await assertTurns("a single body is checked", () => compile(bytes));
});

Deno.test("a fault at the end of a long body is found, wherever validation divides the body into parts", async () => {
  for (const length of [32_000, 32_767, 32_768, 32_769, 65_536, 100_000]) {
    const bytes = oneFunction(join(repeat([0x01], length), [0x6a]));
    for (const source of [bytes, new Blob([bytes]).stream()]) {
      const error = await assertRejects(() => compile(source), CompileError, "type mismatch");
      assertEquals(error.message, assertThrows(() => compileSync(bytes), CompileError).message);
    }
  }
});

Deno.test("compile lets timers fire while a stream delivers a module byte by byte, with empty chunks between", async () => {
  const bytes = oneFunction(repeat([0x01], 100_000));
  await assertTurns("a stream of small chunks", () => {
    let at = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
      if (at === 2 * bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at >> 1, ++at >> 1));
    };
    return compile(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
});

/** A `br_table` to this many labels of one type. The labels take a thousand values that are not in their place. */
function wideTables(labels: number, tables: number): Uint8Array<ArrayBuffer> {
  const table = join(
    [0x20, 0, 0x04, 0x40, 0x41, 0, 0x10, 1, 0x20, 0, 0x0e, ...u32(labels - 1)],
    joinAll(Array.from({ length: labels }, (_, label) => u32(label + 1))),
    [0x0b],
  );
  const nest = join(repeat([0x02, 1], labels), repeat(table, tables), [0x00], repeat([0x0b], labels), [0x00]);
  const thousand = funcType([], repeat([I32], 1_000));
  return functions({ types: [funcType([]), thousand], bodies: [[0, body(nest, [1, 1, I32])], [1, body([0x00])]] });
}

Deno.test("the values of a br_table count for each of its labels, because each label moves them", async () => {
  await instantiate(await compile(wideTables(50, 10)));
  await assertRejects(() => compile(wideTables(50, 40)), CompileError, "too many operands");
});
