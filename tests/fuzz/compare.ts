/**
 * Differential runs of a module on our two engines and on the host's own WebAssembly. Every export is called with edge
 * values. Our engines must use the same fuel too: at the end, at traps, and at each call of the host. Each engine also
 * runs the module in slices of several sizes and with random budgets.
 *
 * @module
 */

import { instantiate } from "../../src/vm/mod.ts";
import { flushFrames } from "../../src/vm/interpreter/frames.ts";
import type { Module } from "../../src/vm/mod.ts";
import { binary, name, section, u32, vector } from "../../tools/binary.ts";
import { generate } from "./generate.ts";
import { compileFor } from "../../tools/compile.ts";
import type { EngineName } from "../../tools/compile.ts";
import { pick, randomSource } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { BUDGET, EXHAUSTED, hostSide, meteredSide, ownSide } from "./_sides.ts";
import type { Argument, Manner, Observation, Side } from "./_sides.ts";
import { randomNumber } from "./_values.ts";

/** A guest that spins with a thousand locals, all 0, to overwrite other guests in the register file. */
const SPIN = binary(
  section(1, vector([[0x60, 0, 0]])),
  section(3, vector([[0]])),
  section(7, vector([[...name("spin"), 0, 0]])),
  section(10, vector([[10, ...vector([[...u32(1_000), 0x7e]]), 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b]])),
);
const ENGINES: readonly EngineName[] = ["interpreter", "native"];
const others = await Promise.all(ENGINES.map((engine) => instantiate(compileFor(engine, SPIN))));

/** Runs a guest that never ends for a slice, and kills it. */
async function spin(): Promise<void> {
  for (const other of others) {
    const call = other.start("spin");
    await call.resume(1);
    call.stop("enough");
  }
}

/** The manners in which an engine must agree: slices alone, with other guests between, and with dropped code. */
const MANNERS: readonly Manner[] = [
  { slice: 1 },
  { slice: 7 },
  { slice: 1_000 },
  { slice: 1e6 },
  { slice: 3, meanwhile: spin },
  { slice: 31, meanwhile: () => flushFrames() },
];
/** Calls of each export with parameters. Others are called three times, because globals and memory change. */
const ROUNDS = 6;
/** How far fuel can be ahead of the executed instructions at a trap. */
const MOST_AHEAD = 256;
/** How far a call exceeds its budget: the largest bulk operation of a module, its growth, and code between two checks. */
const MOST_OVER = 3 * 65_536 + 2 * 1_024 + 1_024;
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
 * Compares a module on the host's machine and on both engines.
 *
 * @param seed the seed of the arguments
 */
export async function compareWithHost(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  let module;
  try {
    module = compileFor("interpreter", bytes);
  } catch (error) {
    if (String(error).includes("is not supported")) return { calls: 0, traps: 0, mismatch: undefined };
    const isValid = WebAssembly.validate(bytes);
    return { calls: 0, traps: 0, mismatch: isValid ? `a valid module is rejected: ${error}` : `not valid: ${error}` };
  }
  const interpreted = await ownSide(module, { slice: Infinity });
  const native = await ownSide(compileFor("native", bytes), { slice: Infinity });
  return await compareSides(
    { host: hostSide(bytes, module), interpreted, native },
    stepsOf(module, seed),
  );
}

/** Compares a module on the interpreter with its metered form on the host's machine, without an engine. */
export async function compareMetered(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  const module = compileFor("interpreter", bytes);
  const interpreted = await ownSide(module, { slice: Infinity });
  return await compareSides({ interpreted, metered: meteredSide(bytes, module) }, stepsOf(module, seed));
}

/**
 * Compares a module with SIMD on the host's machine and on the native engine. Without that engine nothing is compared.
 *
 * @param seed the seed of the arguments
 */
export async function compareSimd(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  const module = nativeOf(bytes);
  if (module === undefined) return { calls: 0, traps: 0, mismatch: undefined };
  const native = await ownSide(module, { slice: Infinity });
  return await compareSides({ host: hostSide(bytes, module), native }, stepsOf(module, seed));
}

/** The module for the native engine, or undefined if it has SIMD and this host has no such engine. */
function nativeOf(bytes: Uint8Array<ArrayBuffer>): Module | undefined {
  try {
    return compileFor("native", bytes);
  } catch (error) {
    if (String(error).includes("SIMD is not supported")) return undefined;
    throw error;
  }
}

/**
 * Compares an engine without slices to the same one in several manners, fuel included. Every second manner is compared
 * with host functions that return promises.
 */
export async function compareManners(
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  engine: EngineName,
): Promise<Comparison> {
  const module = compileFor(engine, bytes);
  const steps = stepsOf(module, seed);
  let [calls, traps] = [0, 0];
  for (const [index, manner] of MANNERS.entries()) {
    const waits = index % 2 === 1;
    const sides = {
      whole: await ownSide(module, { slice: Infinity, waits }),
      [`manner ${index}`]: await ownSide(module, { ...manner, waits }),
    };
    const comparison = await compareSides(sides, steps);
    calls += comparison.calls;
    traps += comparison.traps;
    if (comparison.mismatch !== undefined) return { ...comparison, calls, traps };
  }
  return { calls, traps, mismatch: undefined };
}

/** Runs a module with a random budget on both engines, which must agree on whether a call exceeds it. */
export async function compareBudgets(bytes: Uint8Array<ArrayBuffer>, seed: number): Promise<Comparison> {
  const random = randomSource(seed ^ 0xb4d9e7);
  const modules = ENGINES.map((engine) => compileFor(engine, bytes));
  const steps = stepsOf(modules[0], seed);
  let [calls, traps] = [0, 0];
  const total = await ownSide(modules[0], { slice: Infinity });
  let most = total.start.fuel;
  for (const { name, args } of steps) most += (await total.step(name, args)).fuel;
  const budget = random(most + 1);
  const manner: Manner = { slice: pick(random, [1, 50, 3_000, 100_000]), waits: random(2) === 0, budget };
  const [one, other] = [await ownSide(modules[0], manner), await ownSide(modules[1], manner)];
  let used = 0;
  for (const step of [undefined, ...steps]) {
    const a = step === undefined ? one.start : await one.step(step.name, step.args);
    const b = step === undefined ? other.start : await other.step(step.name, step.args);
    calls++;
    const place = `${
      step?.name ?? "instantiation"
    }, call ${calls}, budget ${budget}, slice ${manner.slice}, used ${used}`;
    const differ = (what: string) => ({
      calls,
      traps,
      mismatch: `${place}: ${what}\n  ${text(a, b)}\n  ${text(b, a)}`,
    });
    if ([a, b].some(({ traps }) => traps.includes(EXHAUSTED))) break;
    if (a.traps.length > 0) traps++;
    const over = [a, b].filter(({ traps }) => traps.includes(BUDGET));
    if (over.length === 0) {
      if (!isSame(a, b, true)) return differ("the engines differ");
      used += a.fuel;
      if (step === undefined && a.traps.length > 0) break;
      continue;
    }
    // A trap beyond the budget can come before the next check, of either engine.
    if ([a, b].some(({ traps, fuel }) => traps.length === 0 || used + fuel <= budget)) return differ("one exceeds it");
    if (over.some(({ fuel }) => used + fuel > budget + MOST_OVER)) return differ("it stops too late");
    break;
  }
  return { calls, traps, mismatch: undefined };
}

/**
 * Compares the fuel of each call with the number of its instructions. A version of the same module that counts its own
 * instructions reports that number.
 *
 * @param seed the seed of a module from our own generator
 * @param omit the nodes that are omitted
 * @param hasSimd whether the module has SIMD, which only the native engine runs
 */
export async function compareFuel(seed: number, omit?: ReadonlySet<number>, hasSimd = false): Promise<Comparison> {
  const styles = hasSimd ? ["plain simd", "counted simd"] as const : ["plain", "counted"] as const;
  const [plain, counting] = styles.map((style) => generate(seed, omit, style).bytes);
  const module = hasSimd ? nativeOf(plain) : compileFor("interpreter", plain);
  if (module === undefined) return { calls: 0, traps: 0, mismatch: undefined };
  const ours = await ownSide(module, { slice: Infinity });
  const host = hostSide(counting, module);
  let [calls, traps, before] = [0, 0, host.start.seen.at(-1) as bigint];
  if (ours.start.traps.length > 0) return { calls, traps, mismatch: undefined };
  for (const { name, args } of stepsOf(module, seed)) {
    const { fuel, traps: reasons } = await ours.step(name, args);
    const { seen } = await host.step(name, args);
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

/** Compares each side with the one before. The host's has no fuel. */
async function compareSides(sides: Readonly<Record<string, Side>>, steps: readonly Step[]): Promise<Comparison> {
  const entries = Object.entries(sides);
  let [calls, traps] = [0, 0];
  const differ = (place: string, observations: readonly Observation[]): string | undefined => {
    for (const [index, b] of observations.entries()) {
      if (index === 0) continue;
      const a = observations[index - 1];
      const [left, right] = [entries[index - 1][0], entries[index][0]];
      if (isSame(a, b, left !== "host")) continue;
      return `${place}\n  ${left}: ${text(a, b)}\n  ${right}: ${text(b, a)}`;
    }
    return undefined;
  };
  const starts = entries.map(([, { start }]) => start);
  const atStart = differ("instantiation", starts);
  if (atStart !== undefined || starts[0].traps.length > 0) return { calls, traps, mismatch: atStart };
  for (const { name, args } of steps) {
    const observations: Observation[] = [];
    for (const [, side] of entries) observations.push(await side.step(name, args));
    // Each machine has its own stack limit, and the rest of the run depends on it.
    if (observations.some(({ traps }) => traps.includes(EXHAUSTED))) break;
    calls++;
    if (observations[0].traps.length > 0) traps++;
    const fuels = observations.map(({ fuel }) => fuel);
    if (fuels.some((fuel) => fuel < 0)) return { calls, traps, mismatch: `${name} used fuel ${fuels}` };
    const mismatch = differ(`${name}(${args.map(String).join(", ")}), call ${calls}`, observations);
    if (mismatch !== undefined) return { calls, traps, mismatch };
  }
  return { calls, traps, mismatch: undefined };
}

/** Whether two observations agree. */
export function isSame(a: Observation, b: Observation, withFuel: boolean): boolean {
  const sameTraps = a.traps.length === 0 ? b.traps.length === 0 : a.traps.some((trap) => b.traps.includes(trap));
  return sameTraps && a.seen.length === b.seen.length &&
    a.seen.every((value, index) => Object.is(value, b.seen[index])) &&
    (!withFuel || a.fuel === b.fuel && a.fuels.join() === b.fuels.join());
}

/** How a step ended, and which of its values differ from the other observation. */
export function text({ traps, seen, fuel, fuels }: Observation, other: Observation): string {
  const differences = seen.flatMap((value, index) =>
    Object.is(value, other.seen[index]) ? [] : [`[${index}] ${Object.is(value, -0) ? "-0" : Deno.inspect(value)}`]
  );
  const some = differences.slice(0, MOST_TOLD);
  const call = fuels.findIndex((fuel, index) => fuel !== other.fuels[index]);
  if (call >= 0) some.push(`at host call ${call} of ${fuels.length} fuel ${fuels[call]}`);
  return [`${traps.join(" or ") || "finished"}, fuel ${fuel}, ${seen.length} values`, ...some].join(" ");
}
