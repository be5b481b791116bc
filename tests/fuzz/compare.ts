/**
 * Differential runs of a module on our machine and on the host's own. Every export is called with edge values. The
 * module also runs on our machine in slices of several sizes, which must have the same effects and use the same fuel.
 *
 * @module
 */

import { compileSync, instantiate } from "../../src/vm/mod.ts";
import { flushFrames } from "../../src/vm/interpreter/frames.ts";
import type { Module } from "../../src/vm/mod.ts";
import { binary, name, section, u32, vector } from "../../tools/binary.ts";
import { generate } from "./generate.ts";
import { pick, randomSource } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { EXHAUSTED, nativeSide, ownSide } from "./_sides.ts";
import type { Argument, Manner, Observation, Side } from "./_sides.ts";
import { randomNumber } from "./_values.ts";

/** A guest that spins with a thousand locals, all 0, to overwrite other guests in the register file. */
const SPIN = binary(
  section(1, vector([[0x60, 0, 0]])),
  section(3, vector([[0]])),
  section(7, vector([[...name("spin"), 0, 0]])),
  section(10, vector([[10, ...vector([[...u32(1_000), 0x7e]]), 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b]])),
);
const other = await instantiate(compileSync(SPIN));

/** The manners in which our machine must agree: slices alone, with other guests between, and with dropped code. */
const MANNERS: readonly Manner[] = [
  { slice: 1 },
  { slice: 7 },
  { slice: 1_000 },
  { slice: 1e6 },
  { slice: 3, meanwhile: () => other.start("spin").resume(1) },
  { slice: 31, meanwhile: () => flushFrames() },
];
/** Calls of each export with parameters. Others are called three times, because globals and memory change. */
const ROUNDS = 6;
/** How far fuel can be ahead of the executed instructions at a trap. */
const MOST_AHEAD = 256;
/** The maximum number of differences of one step in a report. */
const MOST_TOLD = 8;

/** The outcome of a comparison. */
export interface Comparison {
  /** The compared calls, without instantiation. */
  readonly calls: number;
  /** The number of calls that trapped. */
  readonly traps: number;
  /** The difference, or undefined if nothing differs. */
  readonly mismatch: string | undefined;
}

interface Step {
  readonly name: string;
  readonly args: readonly Argument[];
}

/**
 * Compares a module on both machines.
 *
 * @param seed the seed of the arguments
 */
export async function compareWithNative(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  let module;
  try {
    module = compileSync(bytes);
  } catch (error) {
    if (String(error).includes("is not supported")) return { calls: 0, traps: 0, mismatch: undefined };
    const isValid = WebAssembly.validate(bytes);
    return { calls: 0, traps: 0, mismatch: isValid ? `a valid module is rejected: ${error}` : `not valid: ${error}` };
  }
  const native = nativeSide(bytes, module);
  return await compareSides(
    "native",
    native,
    "ours",
    await ownSide(module, { slice: Infinity }),
    stepsOf(module, seed),
    false,
  );
}

/**
 * Compares our machine without slices to our machine in several manners, fuel included. Every second manner is compared
 * with host functions that return promises.
 */
export async function compareManners(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  const module = compileSync(bytes);
  const steps = stepsOf(module, seed);
  let [calls, traps] = [0, 0];
  for (const [index, manner] of MANNERS.entries()) {
    const waits = index % 2 === 1;
    const [whole, other] = [
      await ownSide(module, { slice: Infinity, waits }),
      await ownSide(module, { ...manner, waits }),
    ];
    const comparison = await compareSides("whole", whole, `manner ${index}`, other, steps, true);
    calls += comparison.calls;
    traps += comparison.traps;
    if (comparison.mismatch !== undefined) return { ...comparison, calls, traps };
  }
  return { calls, traps, mismatch: undefined };
}

/**
 * Compares the fuel of each call with the number of its instructions. A version of the same module that counts its own
 * instructions reports that number.
 *
 * @param seed the seed of a module from our own generator
 * @param omit the nodes that are omitted
 */
export async function compareFuel(seed: number, omit?: ReadonlySet<number>): Promise<Comparison> {
  const [plain, counting] = (["plain", "counted"] as const).map((style) => generate(seed, omit, style).bytes);
  const module = compileSync(plain);
  const ours = await ownSide(module, { slice: Infinity });
  const native = nativeSide(counting, module);
  let [calls, traps, before] = [0, 0, native.start.seen.at(-1) as bigint];
  if (ours.start.traps.length > 0) return { calls, traps, mismatch: undefined };
  for (const { name, args } of stepsOf(module, seed)) {
    const { fuel, traps: reasons } = await ours.step(name, args);
    const { seen } = await native.step(name, args);
    const count = Number(seen.at(-1) as bigint - before);
    before = seen.at(-1) as bigint;
    calls++;
    if (reasons.length > 0) traps++;
    if (reasons.includes(EXHAUSTED)) continue;
    const most = reasons.length > 0 ? count + MOST_AHEAD : count;
    if (fuel < count || fuel > most) {
      return { calls, traps, mismatch: `${name}, call ${calls}: fuel ${fuel} for ${count} instructions` };
    }
  }
  return { calls, traps, mismatch: undefined };
}

function stepsOf(module: Module, seed: number): Step[] {
  const random = randomSource(seed ^ 0x5eed);
  const functions = module.exports.filter(({ kind, name }) => kind === "function" && name !== "hangLimitInitializer");
  const names = functions.map(({ name }) => name);
  return Array.from({ length: ROUNDS }, (_, round) =>
    functions.flatMap(({ name, type }) => {
      const params = type!.params;
      if (params.length === 0 && round % 2 === 1) return [];
      return [{ name, args: params.map((param) => randomArgument(random, param, names)) }];
    })).flat();
}

const LETTERS: Readonly<Record<string, string>> = { i32: "i", i64: "I", f32: "f", f64: "F" };
const HOST_VALUES: readonly unknown[] = [undefined, "text", 42, Object.freeze({})];

function randomArgument(random: Random, type: string, functions: readonly string[]): Argument {
  if (type in LETTERS) return randomNumber(random, LETTERS[type]);
  if (random(3) === 0) return null;
  return type === "funcref" ? { func: pick(random, functions) } : { host: pick(random, HOST_VALUES) };
}

async function compareSides(
  leftName: string,
  left: Side,
  rightName: string,
  right: Side,
  steps: readonly Step[],
  withFuel: boolean,
): Promise<Comparison> {
  let [calls, traps] = [0, 0];
  const differ = (place: string, a: Observation, b: Observation) =>
    isSame(a, b, withFuel) ? undefined : `${place}\n  ${leftName}: ${text(a, b)}\n  ${rightName}: ${text(b, a)}`;
  const atStart = differ("instantiation", left.start, right.start);
  if (atStart !== undefined || left.start.traps.length > 0) return { calls, traps, mismatch: atStart };
  for (const { name, args } of steps) {
    const a = await left.step(name, args);
    const b = await right.step(name, args);
    // Each machine has its own stack limit, and the rest of the run depends on it.
    if (!withFuel && (a.traps.includes(EXHAUSTED) || b.traps.includes(EXHAUSTED))) break;
    calls++;
    if (a.traps.length > 0) traps++;
    if (a.fuel < 0 || b.fuel < 0) return { calls, traps, mismatch: `${name} used fuel ${a.fuel}, ${b.fuel}` };
    const mismatch = differ(`${name}(${args.map(String).join(", ")}), call ${calls}`, a, b);
    if (mismatch !== undefined) return { calls, traps, mismatch };
  }
  return { calls, traps, mismatch: undefined };
}

/** Whether two observations agree. */
export function isSame(a: Observation, b: Observation, withFuel: boolean): boolean {
  const sameTraps = a.traps.length === 0 ? b.traps.length === 0 : a.traps.some((trap) => b.traps.includes(trap));
  return sameTraps && a.seen.length === b.seen.length &&
    a.seen.every((value, index) => Object.is(value, b.seen[index])) &&
    (!withFuel || a.fuel === b.fuel);
}

/** How a step ended, and which of its values differ from the other observation. */
export function text({ traps, seen, fuel }: Observation, other: Observation): string {
  const differences = seen.flatMap((value, index) =>
    Object.is(value, other.seen[index]) ? [] : [`[${index}] ${Object.is(value, -0) ? "-0" : Deno.inspect(value)}`]
  );
  const some = differences.slice(0, MOST_TOLD);
  return [`${traps.join(" or ") || "finished"}, fuel ${fuel}, ${seen.length} values`, ...some].join(" ");
}
