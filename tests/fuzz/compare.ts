/**
 * Differential runs: a module on our machine and on the host's own, every export called with edge values; and the same
 * module on our machine in slices of several sizes, which must show the same and use the same fuel.
 *
 * @module
 */

import { compileSync } from "../../src/vm/mod.ts";
import type { Module } from "../../src/vm/mod.ts";
import { pick, randomSource } from "./_random.ts";
import type { Random } from "./_random.ts";
import { EXHAUSTED, nativeSide, ownSide } from "./_sides.ts";
import type { Argument, Observation, Side } from "./_sides.ts";
import { randomNumber } from "./_values.ts";

/** Fuel between two suspensions, for the comparison of our machine with itself. */
const SLICES: readonly number[] = [1, 7, 1_000, 1e6];
/** Calls of each export with parameters; others are called thrice, since globals and memory change. */
const ROUNDS = 6;

/** How a comparison went. */
export interface Comparison {
  /** Calls compared, instantiation not counted. */
  readonly calls: number;
  /** How many of them trapped. */
  readonly traps: number;
  /** What differs, or undefined if nothing does. */
  readonly mismatch: string | undefined;
}

interface Step {
  readonly name: string;
  readonly args: readonly Argument[];
}

/**
 * Compares a module on both machines.
 *
 * @param seed what arguments are drawn from
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
  return compareSides("native", native, "ours", await ownSide(module, Infinity), stepsOf(module, seed), false);
}

/** Compares our machine without slices to itself with slices, fuel included. */
export async function compareSlices(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  const module = compileSync(bytes);
  const steps = stepsOf(module, seed);
  let [calls, traps] = [0, 0];
  for (const slice of SLICES) {
    const [whole, sliced] = [await ownSide(module, Infinity), await ownSide(module, slice)];
    const comparison = compareSides("whole", whole, `slices of ${slice}`, sliced, steps, true);
    calls += comparison.calls;
    traps += comparison.traps;
    if (comparison.mismatch !== undefined) return { ...comparison, calls, traps };
  }
  return { calls, traps, mismatch: undefined };
}

function stepsOf(module: Module, seed: number): Step[] {
  const random = randomSource(seed ^ 0x5eed);
  const functions = module.exports.filter(({ kind, name }) => kind === "func" && name !== "hangLimitInitializer");
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

function compareSides(
  leftName: string,
  left: Side,
  rightName: string,
  right: Side,
  steps: readonly Step[],
  withFuel: boolean,
): Comparison {
  let [calls, traps] = [0, 0];
  const differ = (place: string, a: Observation, b: Observation) =>
    isSame(a, b, withFuel) ? undefined : `${place}\n  ${leftName}: ${text(a, b)}\n  ${rightName}: ${text(b, a)}`;
  const atStart = differ("instantiation", left.start, right.start);
  if (atStart !== undefined || left.start.traps.length > 0) return { calls, traps, mismatch: atStart };
  for (const { name, args } of steps) {
    const a = left.step(name, args);
    const b = right.step(name, args);
    // Where the stack ends is each machine's own business; what the rest of the module does depends on it.
    if (!withFuel && (a.traps.includes(EXHAUSTED) || b.traps.includes(EXHAUSTED))) break;
    calls++;
    if (a.traps.length > 0) traps++;
    const mismatch = differ(`${name}(${args.map(String).join(", ")}), call ${calls}`, a, b);
    if (mismatch !== undefined) return { calls, traps, mismatch };
  }
  return { calls, traps, mismatch: undefined };
}

function isSame(a: Observation, b: Observation, withFuel: boolean): boolean {
  const sameTraps = a.traps.length === 0 ? b.traps.length === 0 : a.traps.some((trap) => b.traps.includes(trap));
  return sameTraps && a.seen.length === b.seen.length && a.seen.every((value, index) => Object.is(value, b.seen[index])) &&
    (!withFuel || a.fuel === b.fuel);
}

/** How it ended, and what of it is different in the other one. */
function text({ traps, seen, fuel }: Observation, other: Observation): string {
  const differences = seen.flatMap((value, index) =>
    Object.is(value, other.seen[index]) ? [] : [`[${index}] ${Object.is(value, -0) ? "-0" : Deno.inspect(value)}`]
  );
  return [`${traps.join(" or ") || "finished"}, fuel ${fuel}, ${seen.length} values`, ...differences].join(" ");
}
