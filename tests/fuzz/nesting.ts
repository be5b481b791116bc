/**
 * `deno task fuzz:nesting --seconds N [--seed S]`: guests that host functions call back while other guests wait for
 * them. Random modules, whose instances import from each other, call a host function. It calls exports of any instance,
 * starts calls and leaves them, resumes or stops waiting calls, drops all code, throws, or answers with a promise. This
 * often happens near the end of the register file or of the call stack. It records its answers, so that each finished
 * call can be repeated alone: on instances of our own machine, with the same fuel, and on the host's WebAssembly.
 *
 * `deno task checked tests/fuzz/nesting.ts` runs it on the build that checks every access. It exits with 1 at a
 * mismatch. The seed of the mismatch repeats the program.
 *
 * @module
 */

import { compileSync, instantiate, Trap } from "../../src/vm/mod.ts";
import { flushFrames } from "../../src/vm/interpreter/frames.ts";
import type { Call, ExportedFunction, Instance, Module } from "../../src/vm/mod.ts";
import { wat } from "../../tools/wat.ts";
import { runSeeds } from "./_campaign.ts";
import { AGAIN, nestingModule } from "./_nesting_program.ts";
import type { NestingModule } from "./_nesting_program.ts";
import { pick, randomSource } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";

const MODULES = 2;
/** The number of calls that the test itself starts, one after the other. */
const ROUNDS = 12;
/** The maximum of the host's acts in a program. Each act can be a call with its own acts. */
const MOST_ACTS = 150;
/** The maximum of calls that wait at the same time. Any host function can resume them. */
const MOST_WAITING = 6;
/** The maximum of nested calls, so that JavaScript's own stack does not end them. */
const MOST_NESTED = 40;

type Arguments = readonly [...depth: number[], id: number, left: number, x: bigint];

/** A call: its result, and all that is needed to repeat it. */
interface Episode {
  readonly instance: number;
  readonly name: string;
  readonly args: Arguments;
  /** The host's answers, in order. */
  readonly answers: bigint[];
  /** Set for a call that was started. The others were synchronous. */
  call: Call | undefined;
  /** The result, if it has finished. */
  result: unknown;
}

/** The outcome of a program. */
export interface NestingReport {
  readonly calls: number;
  readonly finished: number;
  readonly exhausted: number;
  /** Finished calls that the host's WebAssembly could also complete. */
  readonly native: number;
  readonly mismatch: string | undefined;
}

class HostError extends Error {}

/** Runs the program with this seed. */
export async function runNesting(seed: number): Promise<NestingReport> {
  const random = randomSource(seed);
  const drafts = Array.from({ length: MODULES }, (_, index) => nestingModule(random, index));
  const binaries = drafts.map(({ text }) => wat(text) as Uint8Array<ArrayBuffer>);
  const modules = binaries.map((bytes) => compileSync(bytes));
  const episodes: Episode[] = [];
  const waiting: Episode[] = [];
  let acts = 0;
  let nested = 0;
  /** The number of the host's next calls that call back at once, each within the one before. */
  let burrow = 0;

  /** Performs acts of the host, one after the other. */
  const actSomeTimes = (): void => {
    if (nested >= MOST_NESTED) return;
    nested++;
    try {
      for (let count = Math.max(random(3), Math.sign(burrow)); count > 0 && acts < MOST_ACTS; count--) act();
    } finally {
      nested--;
    }
  };
  /** A value, or an object that acts when it is converted to the value. */
  const converted = (value: unknown): unknown => random(8) > 0 ? value : { valueOf: () => (actSomeTimes(), value) };

  /** Makes an episode of a given or random function, without starting it. */
  const open = (name?: string): Episode => {
    const id = episodes.length;
    const drawn = draw(random, drafts, id);
    const chosen = name === undefined ? drawn : { ...drawn, name, args: drawn.args.slice(-3) as unknown as Arguments };
    const episode = { ...chosen, answers: [], call: undefined, result: undefined };
    episodes.push(episode);
    return episode;
  };
  const start = (episode: Episode): Call =>
    episode.call = instances[episode.instance].start(episode.name, episode.args.map(converted));
  const leave = (episode: Episode) => {
    const { status } = episode.call!;
    if (status !== "finished" && status !== "failed") waiting.push(episode);
  };

  /** One act of the host before it answers. */
  const act = (): void => {
    acts++;
    if (burrow > 0) burrow--;
    else if (random(6) === 0) burrow = random(24);
    switch (burrow > 0 ? 2 : random(9)) {
      case 0:
      case 1: {
        // A call that runs to its end at once. Only its caller sees a failure.
        const episode = open();
        const call = start(episode);
        while (call.resume(1 + random(5_000)) === "suspended" && call.fuelUsed < 3e6);
        return call.status === "suspended" || call.status === "pending" ? leave(episode) : undefined;
      }
      case 2: {
        const episode = open(burrow > 0 ? AGAIN : undefined);
        const { instance, name, args } = episode;
        episode.result = (instances[instance].exports[name] as ExportedFunction)(...args.map(converted));
        return;
      }
      case 3: {
        if (waiting.length >= MOST_WAITING) return;
        const episode = open();
        start(episode).resume(random(300));
        return leave(episode);
      }
      case 4:
      case 5: {
        const [episode] = waiting.splice(random(waiting.length), 1);
        if (episode === undefined) return;
        // A call that is running further out can't be resumed.
        try {
          episode.call!.resume(random(3_000));
        } catch (error) {
          if (!(error instanceof TypeError && error.message === "the call is running")) throw error;
        }
        return leave(episode);
      }
      case 6: {
        if (random(4) > 0 || waiting.length === 0) return;
        const [episode] = waiting.splice(random(waiting.length), 1);
        return episode.call!.stop("stopped");
      }
      case 7:
        return random(3) === 0 ? flushFrames() : undefined;
      case 8:
        if (random(8) === 0) throw new HostError("on purpose");
    }
  };
  const host = (id: number, _left: number, x: bigint): unknown => {
    const { answers } = episodes[id];
    actSomeTimes();
    const answer = BigInt.asIntN(64, x * 31n + BigInt(answers.length));
    answers.push(answer);
    return random(5) === 0 ? Promise.resolve(converted(answer)) : converted(answer);
  };
  const instances = await link(modules, host);

  for (let round = 0; round < ROUNDS; round++) {
    const episode = open();
    const call = start(episode);
    for (let turns = 0; turns < 200; turns++) {
      const status = call.resume(1 + random(20_000));
      if (status === "finished" || status === "failed") break;
      if (status === "pending") await call.settled;
      if (random(10) === 0) flushFrames();
    }
  }
  for (const { call } of waiting) {
    for (let turns = 0; turns < 200 && call!.status !== "finished" && call!.status !== "failed"; turns++) {
      if (call!.resume(50_000) === "pending") await call!.settled;
    }
  }
  return await judge(episodes, modules, binaries);
}

/** Chooses a function and its arguments. With some arguments it comes near an end of the space that all calls share. */
function draw(
  random: Random,
  drafts: readonly NestingModule[],
  id: number,
): Pick<Episode, "instance" | "name" | "args"> {
  const instance = random(drafts.length);
  const { names, deep } = drafts[instance];
  const rest = [id, 1 + random(6), BigInt(random(1_000))] as const;
  if (random(3) > 0) return { instance, name: pick(random, names), args: rest };
  const { name, most, isFull } = pick(random, deep);
  const depth = isFull ? most : random(4) === 0 ? random(most) : Math.max(0, most - 1 - random(Math.min(most, 24)));
  return { instance, name, args: [depth, ...rest] };
}

type Host = (id: number, left: number, x: bigint) => unknown;

async function link(modules: readonly Module[], host: Host): Promise<Instance[]> {
  const instances: Instance[] = [];
  for (const module of modules) {
    const before = instances.at(-1)?.exports ?? {};
    instances.push(
      await instantiate(module, { host: { f: host }, before: before as Record<string, ExportedFunction> }),
    );
  }
  return instances;
}

function linkNative(binaries: readonly Uint8Array<ArrayBuffer>[], host: Host): WebAssembly.Instance[] {
  const instances: WebAssembly.Instance[] = [];
  for (const bytes of binaries) {
    const before = instances.at(-1)?.exports ?? {};
    instances.push(new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { f: host }, before }));
  }
  return instances;
}

/** Whether a guest can end with this error: a full stack, or a host function that failed by that or on purpose. */
function isExpected(error: unknown): boolean {
  if (error === "stopped" || error instanceof HostError) return true;
  if (error instanceof Trap) {
    return error.reason === "call stack exhausted" || error.cause !== undefined && isExpected(error.cause);
  }
  return error instanceof TypeError && /returned a promise/.test(error.message);
}

/** Repeats each finished call alone on both machines. */
async function judge(
  episodes: readonly Episode[],
  modules: readonly Module[],
  binaries: readonly Uint8Array<ArrayBuffer>[],
): Promise<NestingReport> {
  const report = { calls: episodes.length, finished: 0, exhausted: 0, native: 0 };
  let answers: readonly bigint[] = [];
  let next = 0;
  const replayed = () => answers[next++];
  const own = await link(modules, replayed);
  const native = linkNative(binaries, replayed);
  for (const [id, episode] of episodes.entries()) {
    const { call, name, args, instance } = episode;
    const differ = (what: string) => ({ ...report, mismatch: `call ${id}, ${name}(${args.join(", ")}): ${what}` });
    if (call?.status === "failed") {
      if (!isExpected(call.error)) return differ(`ended with ${Deno.inspect(call.error)}`);
      report.exhausted++;
    }
    const result = call === undefined ? episode.result : call.result;
    if (result === undefined) continue;
    report.finished++;
    answers = episode.answers;
    next = 0;
    const again = own[instance].start(name, args);
    again.resume(Infinity);
    if (again.status !== "finished") return differ(`alone it ends with ${Deno.inspect(again.error)}`);
    if (again.result !== result) return differ(`returned ${result}, and alone ${again.result}`);
    const fuel = call?.fuelUsed ?? again.fuelUsed;
    if (again.fuelUsed !== fuel) return differ(`used ${fuel} of fuel, and alone ${again.fuelUsed}`);
    next = 0;
    try {
      const expected = (native[instance].exports[name] as ExportedFunction)(...args);
      if (result !== expected) return differ(`returned ${result}, and ${expected} on the host's machine`);
      report.native++;
    } catch (error) {
      // Its stack is shorter if frames are large.
      if (!(error instanceof RangeError)) return differ(`on the host's machine: ${error}`);
    }
  }
  return { ...report, mismatch: undefined };
}

async function main(): Promise<number> {
  const sum = { programs: 0, calls: 0, finished: 0, exhausted: 0, native: 0 };
  const run = async (seed: number) => {
    const { mismatch, ...counts } = await runNesting(seed);
    sum.programs++;
    for (const name of ["calls", "finished", "exhausted", "native"] as const) sum[name] += counts[name];
    if (mismatch !== undefined) console.error(`seed ${seed}: ${mismatch}`);
    return mismatch !== undefined;
  };
  return await runSeeds(
    run,
    () =>
      `nesting: ${sum.programs} programs, ${sum.calls} calls (${sum.finished} finished, ${sum.exhausted} trapped or were ` +
      `stopped, ${sum.native} also on the host's machine)`,
  );
}

if (import.meta.main) Deno.exit(await main());
