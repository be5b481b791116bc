/**
 * Metering: each construct of the language, with the same results, traps, memory and fuel on both engines, at the end,
 * at traps and at each call of the host. tests/fuzz compares random modules and real programs.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { compileSync } from "../../../src/vm/choose.ts";
import { instantiate, LimitError, Trap } from "../../../src/vm/mod.ts";
import type { EngineName, Instance, Memory } from "../../../src/vm/mod.ts";
import { wat } from "../../../tools/wat.ts";

const bytesOf = (text: string) => wat(text) as Uint8Array<ArrayBuffer>;
const isNative = compileSync(bytesOf("(module)")).engine.name === "native";

/** A test that needs both engines. */
function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name, ignore: !isNative, fn: run });
}

type Call = readonly [name: string, ...args: readonly unknown[]];

/** What calls returned or why they failed, the fuel of each, and what the host saw. */
async function observe(engine: EngineName, text: string, calls: readonly Call[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  let instance: Instance | undefined;
  const imports = {
    host: {
      see: (value: number) => void seen.push("see", value, instance?.fuelUsed),
      add: (a: number, b: number) => {
        seen.push("add", instance?.fuelUsed);
        return a + b | 0;
      },
      pair: (value: number) => {
        seen.push("pair", instance?.fuelUsed);
        return [value, BigInt(value) << 33n];
      },
      charge: () => {
        instance?.charge(17);
        seen.push("charge", instance?.fuelUsed);
      },
      fail: () => {
        instance?.charge(5);
        seen.push("fail", instance?.fuelUsed);
        throw new Error("on purpose");
      },
      later: async (value: number) => {
        seen.push("later", instance?.fuelUsed);
        await Promise.resolve();
        return value + 1;
      },
    },
  };
  const module = compileSync(
    bytesOf(`(module
    (import "host" "see" (func $see (param i32)))
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (import "host" "pair" (func $pair (param i32) (result i32 i64)))
    (import "host" "charge" (func $charge))
    (import "host" "fail" (func $fail))
    (import "host" "later" (func $later (param i32) (result i32)))
    ${text})`),
    { engine },
  );
  const limits = { fuel: 50_000_000 };
  instance = await instantiate(module, imports, { limits, onInstance: (made) => void (instance = made) });
  seen.push("start", instance.fuelUsed);
  for (const [name, ...args] of calls) {
    const before = instance.fuelUsed;
    try {
      seen.push(name, await instance.call(name, args));
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      seen.push(name, UNTOLD.includes(error.reason) ? UNTOLD[0] : error.reason);
    }
    seen.push(instance.fuelUsed - before);
  }
  const memory = instance.exports.memory as Memory | undefined;
  if (memory !== undefined) {
    let [sum, length] = [0, memory.bytes.length];
    for (let at = 0; at < length; at++) sum = Math.imul(sum ^ memory.bytes[at], 0x01000193);
    seen.push("memory", length, sum);
  }
  return seen;
}

/** Some hosts do not tell which of these it was. */
const UNTOLD: readonly string[] = [
  "uninitialized element or indirect call type mismatch",
  "uninitialized element",
  "indirect call type mismatch",
];

async function same(text: string, calls: readonly Call[]): Promise<unknown[]> {
  const interpreted = await observe("interpreter", text, calls);
  assertEquals(await observe("native", text, calls), interpreted);
  return interpreted;
}

/** Calls of `f` with each argument. */
const calls = (...args: readonly unknown[]): Call[] => args.map((arg) => ["f", arg]);
const silent = (pairs: number) => "i32.const 0 drop ".repeat(pairs);
/** A division that traps if local 0 is 0, in the middle of other instructions. */
const risk = `${silent(2)} (drop (i32.div_u (i32.const 1) (local.get 0))) ${silent(3)}`;
const f = (body: string, type = "(param i32)") => `(func (export "f") ${type} ${body})`;
const many = (count: number, what: string) =>
  Array.from({ length: count }, (_, index) => what.replaceAll("#", `${index}`)).join(" ");

const SINGLE: Readonly<Record<string, string>> = {
  "straight code": f(silent(40)),
  "code that traps": f(risk),
  "a function without code": f(""),
  "many locals": f("(local.get 0)", `(param i32) (result i32) ${many(300, "(local i64)")}`),
  "code of 700 instructions, which traps": f(`${silent(150)} ${risk} ${silent(200)}`),
  "code of 20,000 instructions": f(`${silent(5_000)} ${risk} ${silent(5_000)}`),
  "a block": f(`(block ${silent(3)} (br_if 0 (local.get 0)) ${silent(4)}) ${risk}`),
  "a block in which all paths trap or have traps": f(
    `(block ${risk} (br_if 0 (i32.eq (local.get 0) (i32.const 2))) ${risk}) ${risk}`,
  ),
  "a block with a result": f(
    `(i32.add (block (result i32) (i32.const 7) (br_if 0 (local.get 0)) drop ${
      silent(3)
    } (i32.const 9)) (i32.const 1))`,
    "(param i32) (result i32)",
  ),
  "branches to several blocks with different debts": f(`(block (block (block
    (br_if 0 (i32.eqz (local.get 0))) ${silent(1)} (br_if 0 (i32.eq (local.get 0) (i32.const 1))) ${silent(2)}
    (br_if 1 (i32.eq (local.get 0) (i32.const 2))) ${silent(3)} (br 2)) ${silent(4)} (br_if 1 (local.get 0))) ${risk})
    ${silent(5)}`),
  "an if without else": f(`${silent(1)} (if (local.get 0) (then ${silent(2)})) ${risk}`),
  "an if without else, whose then traps": f(`(if (i32.ne (local.get 0) (i32.const 1)) (then ${risk})) ${silent(3)}`),
  "an if with else": f(
    `(if (result i32) (local.get 0) (then ${silent(2)} (i32.const 1)) (else ${silent(5)} (i32.const 2)))`,
    "(param i32) (result i32)",
  ),
  "an if whose then falls through and whose else leaves": f(
    `(block (if (local.get 0) (then ${silent(2)}) (else ${silent(3)} (br 1))) ${silent(4)}) ${risk}`,
  ),
  "an if whose then leaves and whose else falls through": f(
    `(block (if (local.get 0) (then ${silent(2)} (br 1)) (else ${silent(3)})) ${silent(4)}) ${risk}`,
  ),
  "an if whose then leaves, without else": f(
    `(block (if (local.get 0) (then ${silent(2)} (br 1))) ${silent(4)}) ${risk}`,
  ),
  "an if whose then returns, without else, in a loop": f(`(local i32) (loop
    (if (i32.gt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)) (then (return))) (br 0))`),
  "an if both of whose sides leave": f(
    `(block (if (local.get 0) (then ${silent(2)} (br 1)) (else ${silent(3)} (br 1))) ${silent(40)}) ${risk}`,
  ),
  "a branch to an if": f(
    `(if (local.get 0) (then (br_if 0 (i32.eq (local.get 0) (i32.const 1))) ${silent(3)})) ${silent(2)}`,
  ),
  "a branch to an if with an else": f(`(if (local.get 0) (then (br_if 0 (i32.eq (local.get 0) (i32.const 1))) ${risk})
    (else ${silent(2)} (br_if 0 (i32.eqz (local.get 0))) unreachable)) ${silent(2)}`),
  "a return": f(`(if (local.get 0) (then ${silent(3)} return)) ${silent(1)}`),
  "a conditional return": f(
    `(local.get 0) ${silent(3)} (br_if 0 (local.get 0)) drop ${risk} (i32.const 3)`,
    "(param i32) (result i32)",
  ),
  "unreachable code after everything": f(`(block (block (br_if 0 (local.get 0)) (return) ${silent(9)} (block ${risk}
    (loop (br 0)) (if (i32.const 1) (then (br 1)) (else (return)))) (drop (i32.add)) (br_table 0 1 0) (call $see)
    (drop (ref.func $see)) (memory.fill) (f32.const 3) drop (f64.const 3) drop (i64.const -1) drop) ${silent(2)}
    (br 0) ${risk}) ${silent(1)} unreachable ${risk}`) + `(elem declare func $see) (memory 1)`,
  "a loop": f(`(local i32) (loop ${silent(2)}
    (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) ${risk}`),
  "a loop that traps in some round": f(`(local i32) (local.set 1 (i32.const 5)) (loop ${silent(2)}
    (drop (i32.rem_u (i32.const 9) (i32.sub (local.get 1) (local.get 0)))) ${silent(1)}
    (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))) ${silent(7)}`),
  "a loop after code that traps": f(`(local i32) ${risk} (loop ${silent(2)}
    (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))) ${risk}) ${silent(1)}`),
  "a loop with parameters and results": f(
    `(i32.const 1) (i32.const 0) (loop (param i32 i32) (result i32 i32) (i32.add (i32.const 3)) (local.set 1)
      (i32.mul (i32.const 2)) (local.get 1) (br_if 0 (i32.lt_u (local.get 1) (local.get 0)))) (i32.add)`,
    "(param i32) (result i32) (local i32)",
  ),
  "a loop that is left from the middle": f(`(local i32) (block (loop
    (br_if 1 (i32.gt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))) ${
    silent(3)
  } (br 0))) ${risk}`),
  "nested loops": f(`(local i32 i32) (loop $a (local.set 2 (i32.const 3)) (loop $b ${silent(1)}
    (br_if $b (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))) ${silent(2)}
    (if (i32.eq (local.get 1) (i32.const 2)) (then (local.set 1 (i32.const 3)) (local.set 2 (i32.const 2)) (br $b))))
    (br_if $a (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) ${risk}`),
  "a loop with a long body": f(`(local i32) (loop ${silent(400)}
    (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) ${risk}`),
  "an empty loop": f(`(loop) (loop (br_if 0 (i32.const 0))) ${silent(1)}`),
  "loops that begin at the same place": f(`(local i32) (loop $a (loop $b (loop $c ${silent(1)}
    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
    (br_if $c (i32.eq (local.get 1) (i32.const 1))) ${silent(1)} (br_if $b (i32.eq (local.get 1) (i32.const 2))))
    ${silent(1)} (br_if $a (i32.lt_u (local.get 1) (local.get 0))))) ${risk}`),
  "a br_table without values": f(`(block (block (block (block (br_table 0 1 2 0 3 1 (local.get 0))) ${silent(1)} (br 2))
    ${silent(2)}) ${silent(3)} (br_if 0 (i32.eq (local.get 0) (i32.const 2))) ${risk}) ${silent(4)}`),
  "a br_table with a value, also to the function": f(
    `(block $a (result i32) (block $b (result i32) (local.get 0) (br_table $a $b 2 $a (local.get 0)))
      ${silent(2)} (i32.add (i32.const 10))) ${silent(3)} (i32.add (i32.const 100))`,
    "(param i32) (result i32)",
  ),
  "a br_table to loops": f(`(local i32) (loop $a (loop $b (block $c
    (local.set 1 (i32.add (local.get 1) (i32.const 1))) ${silent(2)}
    (br_table $c $b $a $c (select (i32.const 0) (i32.rem_u (local.get 1) (i32.const 3))
      (i32.gt_u (local.get 1) (local.get 0)))))) ${risk})`),
  "branches that carry nine values": f(
    `(local i32) (block $a (result ${"i32 ".repeat(9)}) ${many(9, "(i32.const #)")} (br_if $a (local.get 0)) ${
      silent(2)
    }
      (br_if $a (i32.eqz (local.get 1)))) ${"i32.add ".repeat(8)}`,
    "(param i32) (result i32)",
  ),
  "a br_table that carries nine values, also to the function": f(
    `(block $a (result ${"i32 ".repeat(9)}) (block $b (result ${"i32 ".repeat(9)}) ${many(9, "(i32.const #)")}
      (br_table $a $b 2 (local.get 0))) ${silent(2)})`,
    `(param i32) (result ${"i32 ".repeat(9)})`,
  ),
  "branches and returns of 20 values": f(
    `(block $a (result ${"i64 ".repeat(20)}) ${many(20, "(i64.const #)")} (br_if $a (local.get 0))
      (br_if 1 (i32.eqz (local.get 0))) (br $a)) return`,
    `(param i32) (result ${"i64 ".repeat(20)})`,
  ),
  "a loop that takes ten values": f(
    `(local i32) ${many(10, "(i32.const #)")} (loop (param ${"i32 ".repeat(10)}) (result ${"i32 ".repeat(10)}) ${
      silent(1)
    }
      (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) ${"i32.add ".repeat(9)}`,
    "(param i32) (result i32)",
  ),
  "blocks with parameters": f(
    `(local.get 0) (i64.const 5) (block (param i32 i64) (result i64 i32) (local.set 1) (i64.extend_i32_u) (local.get 1)
      (i32.wrap_i64) (br_if 0 (local.get 0)) (drop) (drop) (i64.const 8) (i32.const 9))
      (if (param i64 i32) (result i64 i32) (local.get 0) (then ${silent(2)}) (else (drop) (i32.const 4)))
      (i64.extend_i32_u) (i64.add)`,
    "(param i32) (result i64) (local i64)",
  ),
  "an if with parameters and without else": f(
    `(local.get 0) (if (param i32) (result i32) (local.get 0) (then (i32.add (i32.const 1)) ${silent(1)}))`,
    "(param i32) (result i32)",
  ),
  "typed selects": f(
    `(drop (select (result externref) (ref.null extern) (ref.null extern) (local.get 0))) ${risk}`,
  ),
};

const CALLING: Readonly<Record<string, string>> = {
  "calls": `(func $g (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64) ${risk} (local.get 0))
    ${f(`${silent(1)} (drop (call $g (i32.const 5))) ${silent(2)} (drop (call $g (local.get 0))) ${silent(3)}`)}`,
  "calls of the host": f(`(call $see (i32.const 4)) ${silent(2)} (drop (call $add (local.get 0) (i32.const 1))) ${risk}
    (call $charge) ${silent(1)} (call $pair (local.get 0)) drop drop`),
  "calls of the host, which throws": f(`${silent(1)} (if (local.get 0) (then (call $fail))) ${silent(2)}`),
  "calls of the host, which answers later": f(
    `(i32.add (call $later (local.get 0)) (call $later (i32.const 4))) (call $charge) ${
      silent(2)
    } (call $see (i32.const 1))`,
    "(param i32) (result i32)",
  ),
  "calls of the host in loops": f(`(local i32) (loop (call $see (local.get 1)) ${silent(1)}
    (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) ${silent(2)}`),
  "indirect calls of own functions and imports, and their traps": `(table 4 funcref)
    (elem (i32.const 0) $g $see) (elem (i32.const 3) func $other) (type $t (func (param i32)))
    (func $g (param i32) ${risk}) (func $other)
    ${f(`${silent(1)} (call_indirect (type $t) (i32.const 5) (local.get 0)) ${silent(2)}`)}`,
  "tail calls": `(func $count (param i32 i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call $count (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (local.get 0))))
    ${f(`${silent(1)} (return_call $count (local.get 0) (i32.const 0))`, "(param i32) (result i32)")}`,
  "tail calls of imports, and indirect ones":
    `(table funcref (elem $add $g)) (type $t (func (param i32 i32) (result i32)))
    (func $g (param i32 i32) (result i32) ${silent(2)} (local.get 1))
    (func $h (param i32) (result i32) (return_call $add (local.get 0) (i32.const 7)))
    ${
      f(
        `(drop (call $h (local.get 0))) (return_call_indirect (type $t) (i32.const 3) (i32.const 4) (local.get 0))`,
        "(param i32) (result i32)",
      )
    }`,
  "tail calls of functions with many results": `(type $t (func (result ${"i32 ".repeat(16)})))
    (func $g (type $t) ${many(16, "(i32.const #)")}) (func $h (type $t) (return_call $g))
    ${f(`(call $h) ${"drop ".repeat(16)} ${silent(1)}`)}`,
  "a start function that calls the host": `(func $s (call $see (i32.const 1)) ${silent(2)}) (start $s) ${f("")}`,
  "a start function that is an import": `(start $charge) ${f(silent(1))}`,
  "an import that is exported": `(export "g" (func $see)) ${f(`(call $see (i32.const 2))`)}`,
  "recursion": `(func $fib (param i32) (result i32) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0)) (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    ${f(`(call $fib (i32.rem_u (local.get 0) (i32.const 20)))`, "(param i32) (result i32)")}`,
  "references of functions": `(elem declare func $see $f) (global $g funcref (ref.func $see)) (table 3 funcref)
    (type $t (func (param i32)))
    (func $f (export "f") (param i32) (table.set (i32.const 0) (ref.func $f)) (table.set (i32.const 1) (global.get $g))
      (table.set (i32.const 2) (ref.func $see))
      (if (local.get 0) (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1))
        (i32.sub (i32.const 3) (local.get 0))))))`,
};

for (const [name, text] of Object.entries({ ...SINGLE, ...CALLING })) {
  test(`metering: ${name}`, () => same(text, calls(0, 1, 2, 3, 4, 5, 40)).then(() => {}));
}

test("memory and tables grow at the same price, or not at all", async () => {
  const seen = await same(
    `(memory (export "memory") 1 4) (table $t 2 20 funcref) (table $u 0 externref)
    ${f(`(memory.grow (local.get 0)) ${silent(2)} (i32.add (memory.size))`, "(param i32) (result i32)")}
    (func (export "t") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)) ${silent(1)}
      (i32.mul (table.size $t) (i32.const 100)) (i32.add))
    (func (export "u") (param i32) (result i32) (table.grow $u (ref.null extern) (local.get 0)))`,
    [
      ...calls(0, 1, 5, 2, 1, -1),
      ...[0, 3, 16, 15, 1, -1].map((delta): Call => ["t", delta]),
      ...[1_000, 0, 2_000_000, -5, 10].map((delta): Call => ["u", delta]),
    ],
  );
  assert(seen.includes(-1));
});

const BULK = `(memory (export "memory") 80) (data $d "${
  "a".repeat(200)
}") (table $t 9000 funcref) (table $u 9000 funcref)
  (elem $e funcref ${"(ref.null func) ".repeat(100)})
  (func (export "fill") (param i32 i32) ${silent(1)} (memory.fill (local.get 0) (i32.const 7) (local.get 1)) ${
  silent(2)
})
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)) ${silent(2)})
  (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)) ${silent(2)})
  (func (export "drop") (data.drop $d) (elem.drop $e))
  (func (export "write") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "table_fill") (param i32 i32) (table.fill $t (local.get 0) (ref.null func) (local.get 1)) ${silent(2)})
  (func (export "table_copy") (param i32 i32 i32) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table_init") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))`;
const MIB = 1 << 20;

test("bulk operations have the same effects, traps and price for every size", async () => {
  const places = [0, 1, 63, 3 * MIB, 5 * MIB - 64, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, -1];
  const sizes = [0, 1, 64, 65, MIB, MIB + 1, 3 * MIB, -1];
  const fills = places.flatMap((to) => sizes.map((count): Call => ["fill", to, count]));
  await same(BULK, fills);
  const copies = [[0, 100], [100, 0], [0, MIB + 3], [MIB + 3, 0], [2 * MIB, 2 * MIB], [5 * MIB, 0], [0, 5 * MIB]];
  const writes = [0, 99, MIB + 2, 2 * MIB].map((at, index): Call => ["write", at, 0x01020304 * (index + 1)]);
  await same(BULK, [...writes, ...copies.flatMap(([to, from]) => sizes.map((n): Call => ["copy", to, from, n]))]);
  const inits = [[0, 0, 200], [5, 100, 100], [5, 101, 100], [5 * MIB - 5, 0, 5], [5 * MIB - 5, 0, 6], [0, 200, 0], [
    0,
    201,
    0,
  ]];
  const all = inits.map((args): Call => ["init", ...args]);
  await same(BULK, [...all, ["drop"], ...all]);
});

test("bulk operations on tables have the same traps and price for every size", async () => {
  const sizes = [0, 1, 4_096, 4_097, 9_000, 9_001, -1];
  const places = [0, 1, 5_000, 8_999, 9_000, 9_001, -1];
  await same(BULK, [
    ...places.flatMap((to) => sizes.map((count): Call => ["table_fill", to, count])),
    ...[[0, 0], [0, 10], [10, 0], [4_000, 3_999]].flatMap(([to, from]) =>
      sizes.map((count): Call => ["table_copy", to, from, count])
    ),
    ...[[0, 0, 100], [8_950, 50, 50], [8_951, 50, 50], [0, 1, 100]].map((args): Call => ["table_init", ...args]),
    ["drop"],
    ["table_init", 0, 0, 1],
    ["table_init", 0, 0, 0],
  ]);
});

test("a segment of more than one part is initialised in parts, and not at all out of bounds", async () => {
  const text = `(memory (export "memory") 40) (data $d "${"abcdefgh".repeat(200_000)}")
    (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))`;
  await same(text, [
    ["init", 3, 5, 1_500_000],
    ["init", 0, 0, 1_600_000],
    ["init", 0, 1, 1_600_000],
    ["init", 1_100_000, 0, 1_600_000],
    ["init", -1, 0, 1_600_000],
    ["init", 0, -1, 1_600_000],
  ]);
});

/** How far a function runs beyond its budget. */
const MOST_OVER = 3_000;

test("a guest that jumps over checks exceeds its budget by little", async () => {
  const bodies = [
    // Each block is left before the code in it is long.
    f(`(loop ${many(400, `(block ${silent(40)} (br_if 0 (i32.const 1)) ${silent(130)})`)} (br 0))`),
    f(`(loop ${many(400, `(block ${silent(40)} (br_if 0 (local.get 0)) (call $g) ${silent(130)})`)} (br 0))`) +
    `(func $g)`,
    f(`(loop ${many(200, `(if (local.get 0) (then ${silent(120)}) (else (br 1)))`)} (br 0))`),
    f(`(loop ${many(200, `(if (i32.eqz (local.get 0)) (then (br 1)) (else ${silent(120)}))`)} (br 0))`),
    f(`(loop ${
      many(200, `(block (block (br_table 0 1 (i32.const 0))) ${silent(100)} (br 0) ${silent(300)})`)
    } (br 0))`),
    // Leaves, and functions that return from deep recursion.
    f(`(loop ${"(call $g) ".repeat(400)} (br 0))`) + `(func $g ${silent(40)})`,
    f(`(loop (call $g (i32.const 2000)) (br 0))`) +
    `(func $g (param i32) (if (local.get 0) (then (call $g (i32.sub (local.get 0) (i32.const 1))))) ${silent(100)})`,
    f(`(return_call $h (local.get 0))`) + `(func $h (param i32) ${silent(20)} (return_call $h (local.get 0)))`,
    f(silent(40_000)),
  ];
  for (const [index, body] of bodies.entries()) {
    const bytes = bytesOf(`(module ${body})`);
    for (const engine of ["interpreter", "native"] as const) {
      const module = compileSync(bytes, { engine });
      for (const fuel of [1_000, 5_003, 50_021]) {
        const instance = await instantiate(module, {}, { limits: { fuel } });
        await assertRejects(() => instance.call("f", [1]), LimitError);
        const over = instance.fuelUsed - fuel;
        assert(over > 0 && over <= MOST_OVER, `body ${index} on ${engine}: ${over} beyond ${fuel}`);
      }
    }
  }
});
