/**
 * Modules that were cut or damaged. Each is refused with a `CompileError`, or is a valid module that links, runs, traps
 * or reaches a limit. No other outcome is allowed, and none takes long.
 *
 * @module
 */

import { assert, assertMatch } from "@std/assert";
import { wat } from "../../tools/wat.ts";
import { outcomeOf } from "./_outcome.ts";
import { join } from "../../tools/binary.ts";
import { randomSource } from "../../tools/random.ts";

const PREBUILT = new URL("../../examples/guests/prebuilt/", import.meta.url);
/** Larger guests of the same compilers add no coverage. */
const MAX_GUEST_BYTES = 100_000;
/** The number of prefixes that are tried of larger binaries. */
const PREFIXES = 1_000;
const MUTATIONS = { small: 2_000, guest: 500 };
const MAX_MS = 1_000;

/** Modules that together have every section, and every kind of segment, import and immediate. */
const SMALL: Readonly<Record<string, string>> = {
  "imports of each kind": `(module
    (import "m" "f" (func $f (param i32 i64 f32 f64) (result i32)))
    (import "m" "t" (table 1 10 funcref)) (import "m" "memory" (memory 1 2)) (import "m" "g" (global i32))
    (global (mut i64) (i64.const -5)) (export "f" (func $f)) (export "t" (table 0)))`,
  "tables and segments": `(module
    (type $v (func (result i32))) (table $t 4 8 funcref) (table $e 2 externref) (memory 1 3)
    (func $a (result i32) i32.const 1) (func $b (result i32) i32.const 2)
    (elem (i32.const 1) $a $b) (elem $p func $b) (elem declare func $a) (elem $x funcref (ref.func $a) (ref.null func))
    (data (i32.const 8) "hello") (data $d "passive")
    (func (export "run") (param i32) (result i32)
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $d)
      (table.init $t $p (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $p)
      (table.copy $t $t (i32.const 2) (i32.const 0) (i32.const 1))
      (drop (table.grow $t (ref.null func) (i32.const 1))) (table.fill $e (i32.const 0) (ref.null extern) (i32.const 2))
      (memory.fill (i32.const 0) (i32.const 7) (i32.const 9)) (memory.copy (i32.const 1) (i32.const 0) (i32.const 9))
      (call_indirect $t (type $v) (local.get 0))))`,
  "control and numbers": `(module (memory 1) (global $g (mut f64) (f64.const 1.5)) (start $s) (func $s)
    (func $fac (export "fac") (param i64) (result i64)
      (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
        (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "switch") (param i32) (result i32) (local i64 f32 f64)
      (block $a (block $b (block $c (br_table $a $b $c (local.get 0))) (return (i32.const 1))) (return (i32.const 2)))
      (loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (i32.gt_s (local.get 0) (i32.const 0))))
      (global.set $g (f64.sqrt (f64.load offset=16 align=4 (i32.const 0))))
      (i32.store8 offset=3 (i32.const 1) (i32.trunc_sat_f64_s (global.get $g)))
      (select (i32.const 1) (memory.grow (i32.const 0)) (i32.wrap_i64 (i64.extend8_s (local.get 1)))))
    (func $many (param i32) (result i32 i32) (return_call $many (local.get 0))))`,
};

interface Binary {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const small: readonly Binary[] = Object.entries(SMALL).map(([name, text]) => ({ name, bytes: join(wat(text)) }));
const guests: readonly Binary[] = [...Deno.readDirSync(PREBUILT)]
  .filter(({ name }) => name.endsWith(".wasm"))
  .map(({ name }) => ({ name, bytes: Deno.readFileSync(new URL(name, PREBUILT)) }))
  .filter(({ bytes }) => bytes.length < MAX_GUEST_BYTES)
  .toSorted((one, other) => one.name < other.name ? -1 : 1);

/** Checks that the outcome of some bytes is documented, and that the time is below a bound. */
async function check(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<void> {
  const start = performance.now();
  try {
    await outcomeOf(bytes);
  } catch (cause) {
    throw new Error(`${what} fails with an error that is not documented`, { cause });
  }
  const ms = performance.now() - start;
  assert(ms < MAX_MS, `${what} takes ${Math.round(ms)} ms`);
}

for (const { name, bytes } of [...small, ...guests]) {
  Deno.test(`prefixes of ${name} are refused or run`, async () => {
    const random = randomSource(1);
    const isSmall = bytes.length < 10_000;
    for (let count = 0; count < (isSmall ? bytes.length : PREFIXES); count++) {
      const length = isSmall ? count : random(bytes.length);
      await check(bytes.slice(0, length), `prefix ${length}`);
    }
  });
}

Deno.test("the error for a prefix names the missing part", async () => {
  const [{ bytes }] = small;
  assertMatch(await outcomeOf(bytes.slice(0, 6)), /^CompileError: .*(magic|version|unexpected end)/);
  assertMatch(await outcomeOf(bytes.slice(0, 12)), /^CompileError: length out of bounds: type section/);
});

// Mutations

type Random = (limit: number) => number;
type Mutation = (bytes: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array<ArrayBuffer>;

/** Bytes at which readers of LEB128, types and opcodes change their decisions. */
const EDGES = [0x00, 0x01, 0x0b, 0x40, 0x6f, 0x70, 0x7f, 0x80, 0xfc, 0xff];

function range(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random(bytes.length);
  return [start, Math.min(bytes.length, start + 1 + random(1 << random(10)))];
}

const MUTATIONS_BY_NAME: Readonly<Record<string, Mutation>> = {
  "a bit flipped": (bytes, random) => {
    const changed = bytes.slice();
    changed[random(bytes.length)] ^= 1 << random(8);
    return changed;
  },
  "a byte replaced by an edge value": (bytes, random) => {
    const changed = bytes.slice();
    changed[random(bytes.length)] = EDGES[random(EDGES.length)];
    return changed;
  },
  "a range removed": (bytes, random) => {
    const [start, end] = range(bytes, random);
    return join(bytes.subarray(0, start), bytes.subarray(end));
  },
  "a range duplicated": (bytes, random) => {
    const [start, end] = range(bytes, random);
    return join(bytes.subarray(0, end), bytes.subarray(start));
  },
  "a range moved": (bytes, random) => {
    const [start, end] = range(bytes, random);
    const to = random(start + 1);
    return join(bytes.subarray(0, to), bytes.subarray(start, end), bytes.subarray(to, start), bytes.subarray(end));
  },
  "a byte replaced by the greatest u32": (bytes, random) => {
    const at = random(bytes.length);
    return join(bytes.subarray(0, at), [0xff, 0xff, 0xff, 0xff, 0x0f], bytes.subarray(at + 1));
  },
};

for (const [mutation, mutate] of Object.entries(MUTATIONS_BY_NAME)) {
  Deno.test(`modules with ${mutation} are refused or run`, async () => {
    const random = randomSource(mutation.length);
    for (const [binaries, count] of [[small, MUTATIONS.small], [guests, MUTATIONS.guest]] as const) {
      for (const { name, bytes } of binaries) {
        for (let round = 0; round < count / 2; round++) await check(mutate(bytes, random), `${name}, round ${round}`);
        // Twice, because the second damage is often after the check that would refuse the first.
        for (let round = 0; round < count / 2; round++) {
          await check(mutate(mutate(bytes, random), random), `${name}, damaged twice, round ${round}`);
        }
      }
    }
  });
}
