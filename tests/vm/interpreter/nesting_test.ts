/**
 * Host functions that call guests while guests wait for them, near the ends of the register file and of the call stack.
 * tests/fuzz/nesting.ts runs random programs of this kind.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { instantiate, Trap } from "../../../src/vm/mod.ts";
import type { Call, Instance } from "../../../src/vm/mod.ts";
import { REGISTER_WORDS, STACK_WORDS } from "../../../src/vm/interpreter/execute.ts";
import { CODE, flushCode } from "../../../src/vm/interpreter/arena.ts";
import { flushFrames } from "../../../src/vm/interpreter/frames.ts";
import { OP } from "../../../src/vm/interpreter/ops.ts";
import { functionOf, instanceOf, moduleOf } from "./_interpreted.ts";

const EXHAUSTED = "call stack exhausted";

/** Makes a synchronous call. Returns the result, or the reason of the innermost trap. */
function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    let innermost = error;
    while (innermost instanceof Trap && innermost.cause !== undefined) innermost = innermost.cause;
    return innermost instanceof Trap ? innermost.reason : innermost;
  }
}

Deno.test("a host function that calls back at the end of the call stack gets the right result or a trap, at any depth", async () => {
  const text = `(module (import "host" "f" (func $f (param i32) (result i32)))
    (func $deep (export "deep") (param i32 i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1)) (i32.const 1)))
        (else (call $f (local.get 1)))))
    (func (export "nest") (param i32) (result i32) (local i32)
      (local.set 1 (i32.mul (local.get 0) (i32.const 3)))
      (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.sub (local.get 1) (i32.mul (local.get 0) (i32.const 3))))))`;
  const instance: Instance = await instanceOf(text, {
    host: { f: (left: number) => left > 0 ? functionOf(instance, "nest")(left) : 0 },
  }, { limits: { fuel: 1e9 } });
  const most = STACK_WORDS / 2;
  const outcomes = new Set<unknown>();
  for (let depth = most - 24; depth <= most + 2; depth++) {
    for (const nested of [1, 2, 5, 9, 16]) {
      const outcome = outcomeOf(() => functionOf(instance, "deep")(depth, nested));
      assert(outcome === depth || outcome === EXHAUSTED, `${depth} deep, ${nested} nested: ${outcome}`);
      outcomes.add(outcome);
    }
  }
  assert(outcomes.size > 10 && outcomes.has(EXHAUSTED), [...outcomes].join());
});

/** A function with constants equal to the op `unreachable`, at one of six distances from the address of `finish`. */
const constants = (shift: number) =>
  `(func (export "pad") (local i32) ${"(local.set 0 (i32.clz (local.get 0)))".repeat(shift & 1)}
    ${"(local.set 0 (i32.add (local.get 0) (local.get 0)))".repeat(shift >> 1)}
    ${`(global.set $sink (i32.const ${OP.unreachable}))`.repeat(100)})`;

Deno.test("a guest at the end of the call stack never executes its constants", async () => {
  // A return address that was written beyond the end was read as 0.
  // At 0 the arena began with a jump to the number of `finish`.
  const reasons = new Set<unknown>();
  let isPrepared = false;
  for (let shift = 0; shift < 6; shift++) {
    flushCode();
    const instance: Instance = await instanceOf(
      `(module (import "host" "f" (func $f (param i32))) (global $sink (mut i32) (i32.const 0)) ${constants(shift)}
        (func $deep (export "deep") (param i32) (if (local.get 0)
          (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $f (i32.const 12)))))
        (func (export "nest") (param i32) (call $f (local.get 0))))`,
      { host: { f: (left: number) => left > 0 ? functionOf(instance, "nest")(left - 1) : 0 } },
      { limits: { fuel: 1e9 } },
    );
    functionOf(instance, "pad")();
    isPrepared ||= CODE[OP.finish] === OP.unreachable;
    for (let depth = STACK_WORDS / 2 - 8; depth < STACK_WORDS / 2; depth++) {
      reasons.add(outcomeOf(() => functionOf(instance, "deep")(depth)));
    }
  }
  assert(isPrepared, "the constants were where they can do harm");
  assertEquals([...reasons].filter((reason) => reason !== undefined), [EXHAUSTED]);
});

/** A function that waits for the host while it uses few registers, and then needs a thousand. */
const WAITS = `(module (import "host" "wait" (func $wait (result i32)))
  (func (export "run") (result i32) (call $wait) ${"(i32.const 1)(i32.add (i32.const 2))".repeat(1_000)}
    ${"i32.add ".repeat(1_000)}))`;

Deno.test("a pending call that is resumed while the register file is nearly full traps, or computes the right result", async () => {
  const frame = 50_000;
  const waits = moduleOf(WAITS);
  const outcomes = new Set<unknown>();
  // Ten frames of 100,000 words and a last one leave between zero and some thousand words.
  for (let left = 0; left <= 3_200; left += 160) {
    const locals = Math.floor((REGISTER_WORDS - left - 10 * (frame + 2) * 2) / 2);
    const fills = await instanceOf(
      `(module (import "host" "f" (func $f))
        (func $large (param i32) ${"(local i64)".repeat(frame - 1)} (if (local.get 0)
          (then (call $large (i32.sub (local.get 0) (i32.const 1)))) (else (call $last))))
        (func $last ${"(local i64)".repeat(locals)} (call $f))
        (func (export "run") (call $large (i32.const 9))))`,
      { host: { f: () => void call.resume(Infinity) } },
    );
    const instance = await instantiate(waits, { host: { wait: () => Promise.resolve(5) } });
    const call: Call = instance.start("run");
    assertEquals(call.resume(Infinity), "pending");
    await call.settled;
    functionOf(fills, "run")();
    if (call.status === "finished") assertEquals(call.result, 5 + 3 * 1_000);
    else assertEquals((call.error as Trap).reason, EXHAUSTED);
    outcomes.add(call.status);
  }
  assertEquals([...outcomes].sort(), ["failed", "finished"]);
});

Deno.test("a call that a host function has stopped keeps that reason, even if the function then throws", async () => {
  const instance = await instanceOf(`(module (import "host" "f" (func $f)) (func (export "run") (call $f)))`, {
    host: {
      f: () => {
        call.stop("enough");
        throw new Error("later");
      },
    },
  });
  const call: Call = instance.start("run");
  assertEquals([call.resume(Infinity), call.error], ["failed", "enough"]);
});

/** A guest that calls the host from its third frame, and returns 42. */
const WAITS_DEEP = `(module (import "host" "f" (func $f)) (func $b (call $f)) (func $a (call $b))
  (func (export "run") (result i32) (call $a) (i32.const 42)))`;
/** A guest whose frames overwrite those of a call that began below it. */
const DEEP = `(module (func $deep (export "deep") (param i32) (if (local.get 0)
  (then (call $deep (i32.sub (local.get 0) (i32.const 1)))))))`;

Deno.test("converting a value for a guest's call can call guests, and does not change the frames of waiting calls", async () => {
  const deep = await instanceOf(DEEP);
  const callsDeep = () => functionOf(deep, "deep")(10);
  callsDeep();
  const takes = await instanceOf(`(module (func (export "take") (param i32 i64) (result i32) (local.get 0)))`);
  let taken: unknown;
  const waits = await instanceOf(WAITS_DEEP, {
    host: {
      f: () =>
        void (taken = functionOf(takes, "take")({ valueOf: () => (callsDeep(), 7) }, {
          valueOf: () => (flushFrames(), callsDeep(), 8n),
        })),
    },
  });
  assertEquals([functionOf(waits, "run")(), taken], [42, 7]);
});

Deno.test("reading the result of a host's promise can call guests, and does not change the frames of waiting calls", async () => {
  const deep = await instanceOf(DEEP);
  const answers = await instanceOf(
    `(module (import "host" "g" (func $g (result i32 i32))) (func (export "run") (param i32) (result i32)
      (call $g) (i32.add) (local.get 0) (i32.add)))`,
    {
      host: {
        g: () =>
          Promise.resolve({
            *[Symbol.iterator]() {
              yield functionOf(deep, "deep")(10) ?? 1;
              yield 2;
            },
          }),
      },
    },
  );
  const call: Call = answers.start("run", [100]);
  assertEquals(call.resume(Infinity), "pending");
  await call.settled;
  const waits = await instanceOf(WAITS_DEEP, { host: { f: () => void call.resume(Infinity) } });
  assertEquals([functionOf(waits, "run")(), call.result], [42, 103]);
});

Deno.test("a call that is stopped while its arguments are converted fails", async () => {
  const instance = await instanceOf(`(module (func (export "run") (param i32) (loop (br 0))))`);
  const call: Call = instance.start("run", [{ valueOf: () => (call.stop("enough"), 1) }]);
  assertEquals([call.resume(1_000), call.error, call.fuelUsed <= 256], ["failed", "enough", true]);
});
