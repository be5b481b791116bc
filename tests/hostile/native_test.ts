/**
 * Guests that attack what the native engine adds to them: they name it, meet it where the host's stack ends, or are made
 * to take the host's compiler long. On the interpreter, nothing of this is special.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { instantiate, LimitError, Trap } from "../../src/vm/mod.ts";
import type { Instance } from "../../src/vm/mod.ts";
import { body, functions, I32, join, oneFunction, repeat, u32 } from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";
import { compileSync } from "../../tools/compile.ts";
import { functionOf, instanceOf } from "../../tools/wat.ts";
import { noteFigure } from "./_figures.ts";
import { bestOfThree } from "./_host.ts";

const FUEL = 100_000;

Deno.test("a guest that imports and exports what has the names of the metering has its own, and is metered", async () => {
  const names = ["", "r", "rr", "g"].flatMap((prefix) =>
    ["fuel", "setFuel", "charge", "pending", "start", "f0"].map((name) => `${prefix}:${name}`)
  );
  let waited = 0;
  const instance = await instanceOf(
    `(module (import "g" "0" (func $zero (param i32) (result i32))) (import "r" "refill" (func $refill (param i32) (result i32)))
      (import "r" "wait" (func $wait)) (memory (export "g") 1) (table (export "r:") 2 funcref)
      ${names.map((name, index) => `(func (export "${name}") (result i32) (i32.const ${index}))`).join("\n")}
      (func (export "go") (result i32) (call $wait) (i32.add (call $zero (i32.const 1)) (call $refill (i32.const 2))))
      (func (export "spin") (loop (br 0))))`,
    { g: { "0": (x: number) => x + 100 }, r: { refill: (x: number) => x + 1_000, wait: () => void waited++ } },
    { limits: { fuel: FUEL } },
  );
  assertEquals(Object.keys(instance.exports), ["g", "r:", ...names, "go", "spin"]);
  assertEquals(instance.module.exports.map(({ name }) => name), Object.keys(instance.exports));
  assertEquals([await instance.call("go"), waited], [1_103, 1]);
  assertEquals(names.map((name) => functionOf(instance, name)()), names.map((_, index) => index));
  await assertRejects(() => instance.call("spin"), LimitError, "fuel");
  assert(instance.fuelUsed > FUEL && instance.fuelUsed < FUEL + 1_000, `${instance.fuelUsed}`);
});

/** A guest that goes down, and there needs more fuel, calls the host, or fills memory. */
const DEEP = `(module (import "host" "f" (func $f)) (memory 1)
  (func $spin (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $end (param i32)
    (if (i32.eqz (local.get 0)) (then (call $spin (i32.const 60000))))
    (if (i32.eq (local.get 0) (i32.const 1)) (then (call $f)))
    (if (i32.eq (local.get 0) (i32.const 2)) (then (memory.fill (i32.const 0) (i32.const 0) (i32.const 60000)))))
  (func $deep (export "deep") (param i32 i32)
    (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1))) (else (call $end (local.get 1))))
    (drop (i32.load (i32.const 0))))
  (func (export "one") (result i32) (i32.const 42)))`;

/** Goes down. Returns whether there was room. */
async function hasRoom(instance: Instance, depth: number, kind: number, isAsync: boolean): Promise<boolean> {
  try {
    if (isAsync) await instance.call("deep", [depth, kind]);
    else functionOf(instance, "deep")(depth, kind);
    return true;
  } catch (error) {
    assert(error instanceof Trap);
    assertMatch(String(error.cause ?? error.reason), /stack/);
    return false;
  }
}

Deno.test("a guest at the end of the stack, wherever that is met, spoils neither its fuel nor later calls", async () => {
  for (const kind of [0, 1, 2]) {
    for (const isAsync of [false, true]) {
      const instance = await instanceOf(DEEP, { host: { f: () => {} } });
      let [least, most] = [100, 400_000];
      while (most - least > 1) {
        const depth = (least + most) >> 1;
        if (await hasRoom(instance, depth, kind, isAsync)) least = depth;
        else most = depth;
      }
      for (let depth = least - 40; depth < least + 20; depth++) {
        const before = instance.fuelUsed;
        await hasRoom(instance, depth, kind, isAsync);
        assert(instance.fuelUsed > before);
        const { fuelUsed } = instance;
        assertEquals([functionOf(instance, "one")(), instance.fuelUsed - fuelUsed], [42, 1]);
        const call = instance.start("one");
        assertEquals([await call.resume(10), call.fuelUsed], ["finished", 1]);
      }
    }
  }
});

/** A constant that is dropped. Hosts keep what they have compiled, and each attempt must be compiled. */
function nonce(): Part {
  const [a, b, c, d] = crypto.getRandomValues(new Uint8Array(4));
  return [0x41, a | 0x80, b | 0x80, c | 0x80, d & 0x3f, 0x1a];
}

const fill = (pattern: Part, bytes: number) => join(nonce(), repeat(pattern, Math.floor(bytes / pattern.length)));
const BRANCH = [0x02, 0x40, 0x20, 0, 0x0d, 0, 0x0b];
const LOOP = [0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b];
const locals = (count: number): Part => [1, ...u32(count), I32];

/** Functions whose compiling takes a host's one-pass compiler time in proportion to more than their bytes. */
const HEAVY: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  "10,000 locals at 14,000 branches": () => oneFunction(fill(BRANCH, 100_000), locals(10_000)),
  "300 locals at 1,400 branches": () => oneFunction(fill(BRANCH, 10_000), locals(300)),
  "1,000 locals at 14,000 loops": () => oneFunction(fill(LOOP, 100_000), locals(1_000)),
  "100 locals at 1,400 loops": () => oneFunction(fill(LOOP, 10_000), locals(100)),
  "10,000 locals at 50,000 calls": () =>
    functions({ bodies: [[0, body(fill([0x10, 1], 100_000), locals(10_000))], [0, body([])]] }),
  "10,000 operands at 1,400 branches": () =>
    oneFunction(join(repeat([0x20, 0], 10_000), fill(BRANCH, 10_000), [0x00]), locals(1)),
  "a br_table to a thousand labels, fifty times": () =>
    oneFunction(
      join(
        nonce(),
        repeat([0x02, 0x40], 1_000),
        repeat(join([0x20, 0, 0x0e, ...u32(1_000)], ...Array.from({ length: 1_001 }, (_, label) => u32(label))), 50),
        repeat([0x0b], 1_000),
      ),
      locals(1),
    ),
  "a megabyte of straight code": () => oneFunction(fill([0x20, 0, 0x21, 0], 1_000_000), locals(1)),
};

for (const [what, make] of Object.entries(HEAVY)) {
  Deno.test(`the first call of a function of ${what} holds the host for less than 50 ms`, async () => {
    const longest = await bestOfThree(async () => {
      const instance = await instantiate(compileSync(make()));
      const call = instance.start("f");
      const before = performance.now();
      const status = call.resume(10);
      const ms = performance.now() - before;
      await status;
      call.stop("enough");
      return ms;
    });
    noteFigure("first call", longest, "ms", what);
    assert(longest < 50, `${Math.round(longest)} ms`);
  });
}
