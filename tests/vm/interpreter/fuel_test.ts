/**
 * Fuel: what is charged and when, and that no guest can lower it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LimitError } from "../../../src/vm/mod.ts";
import type { Call, Instance } from "../../../src/vm/mod.ts";
import { instanceOf, moduleOf } from "./_interpreted.ts";
import { instantiate } from "../../../src/vm/mod.ts";

/** The most by which a guest exceeds its budget, and fuel is ahead of execution: MAX_UNCHECKED of translate.ts. */
const MOST_AHEAD = 256;
const HOST = `(import "host" "f" (func $f))`;
/** This many pairs of instructions that emit nothing. */
const silent = (pairs: number) => "i32.const 0 drop ".repeat(pairs);

/** Runs a call to its end, and records the used fuel at each suspension. */
function fuelOf(call: Call, slice: number): number[] {
  const fuels = [call.fuelUsed];
  while (call.resume(slice) === "suspended") fuels.push(call.fuelUsed);
  return [...fuels, call.fuelUsed];
}

function assertNeverLess(fuels: readonly number[]): void {
  assertEquals(fuels.filter((fuel, index) => fuel < fuels[Math.max(0, index - 1)]), [], `${fuels}`);
}

Deno.test("a branch over much code does not pay for the code after it: the budget holds", async () => {
  let calls = 0;
  const instance = await instanceOf(
    `(module ${HOST} (memory 1) (func (export "run") (local i32)
      (block (br_if 0 (i32.const 1)) ${silent(60_000)})
      (memory.fill (i32.const 0) (i32.const 7) (i32.const 60000))
      (loop (call $f) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))))`,
    { host: { f: () => void calls++ } },
    { limits: { fuel: 1_000 } },
  );
  for (let round = 0; round < 3; round++) {
    const error = await assertRejects(() => instance.call("run"), LimitError);
    assertEquals(error.limit, "fuel");
    assertEquals(calls, 0);
  }
  assert(instance.fuelUsed > 1_000, `${instance.fuelUsed}`);
});

Deno.test("a branch over much code in a loop does not let a slice run longer than its fuel", async () => {
  const instance = await instanceOf(
    `(module (func (export "run") (loop (block (br_if 0 (i32.const 1)) ${silent(40_000)}) (br 0))))`,
  );
  const call = instance.start("run");
  for (let fuel = 100; fuel < 1_000; fuel += 100) {
    call.resume(100);
    assert(call.fuelUsed <= fuel + MOST_AHEAD, `${call.fuelUsed} of ${fuel}`);
  }
});

Deno.test("fuelUsed never decreases, at suspensions and in host calls, whatever code a branch skips", async () => {
  const fuels: number[] = [];
  const text = (work: string) =>
    `(module ${HOST} (func $g (param i32) (result i32) (if (local.get 0) (then (call $f) ${silent(300)})) ${silent(9)}
        (local.get 0))
      (func (export "run") (local i32 i32) (local.set 0 (i32.const 40)) (loop $again ${work}
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`;
  const bodies = [
    `(block (br_if 0 (i32.and (local.get 0) (i32.const 1))) ${silent(200)}) (call $f)`,
    `(block (br_if 0 (i32.and (local.get 0) (i32.const 1))) (call $f) ${silent(200)}) (call $f)`,
    `(block (block (br_table 0 1 0 (i32.rem_u (local.get 0) (i32.const 3))) ${silent(50)}) ${silent(70)}) (call $f)`,
    `(drop (call $g (i32.and (local.get 0) (i32.const 2)))) (if (local.get 1) (then) (else ${silent(90)})) (call $f)`,
    `(call $f) (block (br_if 0 (i32.const 1)) ${silent(200)}) (call $f)`,
    `(loop $inner ${
      silent(300)
    } (br_if $inner (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 3))))`,
  ];
  for (const body of bodies) {
    const instance: Instance = await instanceOf(text(body), { host: { f: () => void fuels.push(instance.fuelUsed) } });
    const whole = fuelOf(instance.start("run"), Infinity).at(-1)!;
    assertNeverLess(fuels);
    fuels.length = 0;
    for (const slice of [0, 1, 13, 500]) {
      const seen = fuelOf(instance.start("run"), slice);
      assertNeverLess(seen);
      assertEquals(seen.at(-1), whole);
    }
    fuels.length = 0;
  }
});

Deno.test("the fuel at a trap is that of the executed instructions, and at most 256 more", async () => {
  for (const [before, after] of [[0, 0], [3, 0], [0, 100], [100, 5_000], [5_000, 100]]) {
    const instance = await instanceOf(
      `(module (func (export "run") (param i32) (block (br_if 0 (local.get 0)) ${silent(7)})
        ${silent(before)} (drop (i32.div_u (i32.const 1) (i32.const 0))) ${silent(after)}))`,
    );
    for (const [argument, skipped] of [[1, 0], [0, 14]]) {
      const call = instance.start("run", [argument]);
      call.resume(Infinity);
      const executed = 2 + skipped + before * 2 + 3;
      assert(call.fuelUsed >= executed, `${call.fuelUsed} of ${executed}`);
      assert(call.fuelUsed <= executed + MOST_AHEAD, `${call.fuelUsed} of ${executed}`);
    }
  }
});

Deno.test("a budget ends at the same fuel and place for all slices, whether functions were translated before or not", async () => {
  const module = moduleOf(
    `(module (global $count (export "count") (mut i32) (i32.const 0))
      (func $a (param i32) (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (if (result i32) (i32.and (local.get 0) (i32.const 1)) (then (call $b (local.get 0))) (else (local.get 0))))
      (func $b (param i32) (result i32) ${silent(4)} (i64.div_u (i64.const 9) (i64.const 2)) drop (local.get 0))
      (func (export "run") (local i32) (loop $again
        (local.set 0 (i32.add (call $a (local.get 0)) (i32.const 1))) (br_if $again (i32.lt_u (local.get 0) (i32.const 60))))))`,
  );
  const budgets = Array.from({ length: 300 }, (_, index) => 200 + index);
  const ends = async (sliceFuel: number): Promise<string[]> => {
    const seen: string[] = [];
    for (const fuel of budgets) {
      const instance = await instantiate(module, {}, { limits: { fuel, sliceFuel } });
      const error = await assertRejects(() => instance.call("run"), LimitError);
      assertEquals(error.limit, "fuel");
      assert(instance.fuelUsed > fuel && instance.fuelUsed <= fuel + MOST_AHEAD, `${instance.fuelUsed} of ${fuel}`);
      seen.push(`${instance.fuelUsed} ${(instance.exports.count as { value: unknown }).value}`);
    }
    return seen;
  };
  const fresh = await ends(100_000);
  for (const sliceFuel of [100_000, 1, 7, 64]) assertEquals(await ends(sliceFuel), fresh);
});

Deno.test("a budget of exactly the fuel that a call uses is enough", async () => {
  const text = `(module (func (export "run") (result i32) (local i32) (loop $again (br_if $again
    (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 50)))) (local.get 0)))`;
  const free = await instanceOf(text);
  await free.call("run");
  const bound = await instanceOf(text, {}, { limits: { fuel: free.fuelUsed } });
  assertEquals(await bound.call("run"), 50);
  const tight = await instanceOf(text, {}, { limits: { fuel: free.fuelUsed - 1 } });
  await assertRejects(() => tight.call("run"), LimitError);
});

Deno.test("400,000 instructions that emit nothing end a slice before they end", async () => {
  const instance = await instanceOf(`(module (func (export "run") ${silent(200_000)}))`);
  const fuels = fuelOf(instance.start("run"), 1_000);
  assert(fuels.length > 300, `${fuels.length}`);
  assertEquals(fuels.at(-1), 400_000);
});

Deno.test("a budget holds when another instance calls, even one without a budget", async () => {
  const spins = await instanceOf(
    `(module (memory 1) (func (export "spin") (loop (br 0)))
      (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 60000))))`,
    {},
    { limits: { fuel: 1_000 } },
  );
  const { spin, fill } = spins.exports as Record<string, () => void>;
  const calls = `(module (import "it" "f" (func $f)) (func (export "run") (call $f)))`;
  for (const it of [{ f: fill }, { f: spin }]) {
    const caller = await instanceOf(calls, { it });
    for (const run of [() => caller.call("run"), async () => await (caller.exports.run as () => void)()]) {
      const before = spins.fuelUsed;
      const error = await assertRejects(run, LimitError);
      assertEquals([error.limit, error.value], ["fuel", 1_000]);
      assert(spins.fuelUsed - Math.max(before, 1_000) <= (it.f === fill ? 60_000 : MOST_AHEAD), `${spins.fuelUsed}`);
    }
  }
});

Deno.test("slices of a fraction of a unit use the same fuel, and a host can't charge a fraction, less than 0 or NaN", async () => {
  const instance: Instance = await instanceOf(
    `(module ${HOST} (func (export "run") (local i32) (call $f)
      (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100))))))`,
    { host: { f: () => instance.charge(0.5) } },
  );
  const used = [Infinity, 0, 0.5, 3.7].map((slice) => fuelOf(instance.start("run"), slice).at(-1));
  assertEquals(used, used.map(() => used[0]));
  assertEquals(used[0], Math.trunc(used[0]!));
  for (const fuel of [-1, NaN, Infinity]) assertThrows(() => instance.charge(fuel), RangeError, "0 or more");
});
