/**
 * `deno task fuzz:storms --seconds N [--seed S]`: guests of both engines that wait for each other. Random modules call a
 * host function, whose answer may take long. Meanwhile it calls exports of any instance, at once or by `call`, starts
 * calls and leaves them, resumes, stops or aborts others in any state, throws, and rejects. What finishes is repeated
 * alone on each engine, and must return the same and use the same fuel. nesting.ts does the same within the
 * interpreter's call stack and registers, without waiting.
 *
 * @module
 */

import { instantiate, LimitError, Trap } from "../../src/vm/mod.ts";
import type { Call, ExportedFunction, Instance, Module } from "../../src/vm/mod.ts";
import { compileFor } from "../../tools/compile.ts";
import type { EngineName } from "../../tools/compile.ts";
import { pick, randomSource } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { wat } from "../../tools/wat.ts";
import { runSeeds } from "./_campaign.ts";
import { AGAIN, nestingModule } from "./_nesting_program.ts";
import type { NestingModule } from "./_nesting_program.ts";

const MODULES = 2;
/** The number of calls that the test itself starts. */
const ROUNDS = 10;
/** The maximum of the host's acts in a program. Each act can be a call with its own acts. */
const MOST_ACTS = 120;
/** The maximum of nested synchronous calls, so that JavaScript's own stack does not end them. */
const MOST_NESTED = 20;
/** What a call may use before it counts as endless. */
const MOST_FUEL = 3e6;
const ENGINES: readonly EngineName[] = ["interpreter", "native"];

type Arguments = readonly [...depth: number[], id: number, left: number, x: bigint];

/** A call: its outcome, and all that is needed to repeat it. */
interface Episode {
  readonly instance: number;
  readonly name: string;
  readonly args: Arguments;
  /** The host's answers, in order. */
  readonly answers: bigint[];
  /** Set for a call that was started by hand. */
  call: Call | undefined;
  /** Whether `resume` has not returned yet. */
  isResuming: boolean;
  /** The result, if it has finished. */
  result: unknown;
  error: unknown;
}

/** The outcome of a program. */
export interface StormReport {
  readonly calls: number;
  readonly finished: number;
  readonly failed: number;
  readonly mismatch: string | undefined;
}

class HostError extends Error {}

const STOPPED = "stopped";

/** Runs the program with this seed. */
export async function runStorm(seed: number): Promise<StormReport> {
  const random = randomSource(seed);
  const drafts = Array.from({ length: MODULES }, (_, index) => nestingModule(random, index));
  const binaries = drafts.map(({ text }) => wat(text) as Uint8Array<ArrayBuffer>);
  const engines = binaries.map(() => pick(random, ENGINES));
  const episodes: Episode[] = [];
  const left: Episode[] = [];
  /** Everything that has to settle before the end. */
  const ends: Promise<unknown>[] = [];
  const controllers: AbortController[] = [];
  let acts = 0;
  let nested = 0;

  const open = (name?: string): Episode => {
    const id = episodes.length;
    const drawn = draw(random, drafts, id);
    const chosen = name === undefined ? drawn : { ...drawn, name, args: drawn.args.slice(-3) as unknown as Arguments };
    const episode = { ...chosen, answers: [], call: undefined, isResuming: false, result: undefined, error: undefined };
    episodes.push(episode);
    return episode;
  };
  /** A call by hand that has been begun. */
  const start = (episode: Episode): Call =>
    episode.call = instances[episode.instance].start(episode.name, episode.args);
  /** Resumes a call once. Its engine may answer later. */
  const resume = async (episode: Episode, fuel: number): Promise<void> => {
    if (episode.isResuming) return;
    const call = episode.call!;
    episode.isResuming = true;
    try {
      const status = await call.resume(fuel);
      episode.result = call.result;
      episode.error = call.error;
      if (call.fuelUsed > MOST_FUEL) call.stop(STOPPED);
      if (status === "suspended" || status === "pending") left.push(episode);
    } catch (error) {
      // It runs further out.
      if (!(error instanceof TypeError && error.message === "the call is running")) throw error;
      left.push(episode);
    } finally {
      episode.isResuming = false;
    }
  };
  /** Resumes a call until it ends. */
  const finish = async (episode: Episode): Promise<void> => {
    const call = episode.call ?? start(episode);
    for (let turns = 0; call.status !== "finished" && call.status !== "failed"; turns++) {
      if (turns > 2_000) throw new Error(`${episode.name} does not end: ${call.status}, ${call.fuelUsed}`);
      if (call.status === "pending") await call.settled;
      await resume(episode, 1 + random(20_000));
      if (episode.isResuming) await pause();
    }
    episode.result = call.result;
    episode.error = call.error;
  };
  const byCall = async (episode: Episode): Promise<void> => {
    const controller = new AbortController();
    if (random(2) === 0) controllers.push(controller);
    const deadlineMs = random(10) === 0 ? 1 : undefined;
    const { signal } = controller;
    try {
      episode.result = await instances[episode.instance].call(episode.name, episode.args, { signal, deadlineMs });
    } catch (error) {
      episode.error = error;
    }
  };
  const later = (work: Promise<unknown>): void => {
    ends.push(work);
    work.catch(() => {});
  };

  /** One act of the host that takes no time. */
  const act = (): void => {
    acts++;
    const [other] = left.splice(random(left.length), 1);
    switch (random(9)) {
      case 0:
      case 1: {
        const episode = open(random(2) === 0 ? AGAIN : undefined);
        episode.result = (instances[episode.instance].exports[episode.name] as ExportedFunction)(...episode.args);
        return;
      }
      case 2:
        return later(byCall(open()));
      case 3: {
        const episode = open();
        start(episode);
        return later(resume(episode, random(300)));
      }
      case 4:
        return other && later(resume(other, random(3_000)));
      case 5:
        return other && other.call!.stop(STOPPED);
      case 6:
        return controllers.splice(random(controllers.length), 1)[0]?.abort(STOPPED);
      case 7: {
        // Any call: not begun, running, waiting, or ended.
        const { call } = pick(random, episodes);
        return random(4) === 0 ? call?.stop(STOPPED) : undefined;
      }
      case 8:
        if (random(8) === 0) throw new HostError("on purpose");
    }
  };
  const actSomeTimes = (): void => {
    if (nested >= MOST_NESTED) return;
    nested++;
    try {
      for (let count = random(3); count > 0 && acts < MOST_ACTS; count--) act();
    } finally {
      nested--;
    }
  };
  const host = (id: number, _left: number, x: bigint): unknown => {
    const { answers } = episodes[id];
    const answer = (): bigint => {
      const value = BigInt.asIntN(64, x * 31n + BigInt(answers.length));
      answers.push(value);
      return value;
    };
    actSomeTimes();
    if (random(3) > 0) return answer();
    const manner = random(4);
    const promise = (async () => {
      if (manner > 0) await (manner === 1 ? undefined : pause());
      actSomeTimes();
      if (manner === 3 && acts < MOST_ACTS) {
        acts++;
        // Whatever becomes of it: its own instances may wait for this one.
        const episode = open();
        await (random(2) === 0 ? byCall(episode) : finish(episode));
      }
      return answer();
    })();
    // A call that was stopped meanwhile does not look at it.
    promise.catch(() => {});
    return promise;
  };
  const instances = await link(binaries.map((bytes, index) => compileFor(engines[index], bytes)), host);

  for (let round = 0; round < ROUNDS; round++) {
    const episode = open();
    later(random(2) === 0 ? byCall(episode) : finish(episode));
    if (random(2) === 0) await pause();
  }
  for (let count = 0; count < ends.length; count++) await ends[count];
  while (left.length > 0) {
    const episode = left.pop()!;
    if (random(4) === 0) episode.call!.stop(STOPPED);
    await finish(episode);
  }
  for (let count = 0; count < ends.length; count++) await ends[count];
  const report = await judge(episodes, binaries, new Set(engines).size === 1);
  const which = engines.join(" and ");
  return report.mismatch === undefined ? report : { ...report, mismatch: `${which}: ${report.mismatch}` };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Chooses a function and its arguments. */
function draw(
  random: Random,
  drafts: readonly NestingModule[],
  id: number,
): Pick<Episode, "instance" | "name" | "args"> {
  const instance = random(drafts.length);
  const { names, deep } = drafts[instance];
  const rest = [id, 1 + random(6), BigInt(random(1_000))] as const;
  if (random(6) > 0) return { instance, name: pick(random, names), args: rest };
  const { name, most } = pick(random, deep);
  return { instance, name, args: [random(Math.min(most, 3_000)), ...rest] };
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

/** Whether a guest can end with this error: it was stopped, or a host function failed by that or on purpose. */
function isExpected(error: unknown): boolean {
  if (error === STOPPED || error instanceof HostError) return true;
  if (error instanceof Trap) {
    return error.reason === "call stack exhausted" || error.cause !== undefined && isExpected(error.cause);
  }
  if (error instanceof LimitError) return error.limit === "deadlineMs";
  return error instanceof TypeError && /returned a promise/.test(error.message);
}

/**
 * Repeats each finished call alone on each engine.
 *
 * @param withFuel whether all instances had one engine: a call counts what other instances use only if they have its own
 */
async function judge(
  episodes: readonly Episode[],
  binaries: readonly Uint8Array<ArrayBuffer>[],
  withFuel: boolean,
): Promise<StormReport> {
  const report = { calls: episodes.length, finished: 0, failed: 0 };
  let answers: readonly bigint[] = [];
  let next = 0;
  const replayed = () => answers[next++];
  const alone = new Map<EngineName, Instance[]>();
  for (const engine of ENGINES) {
    alone.set(engine, await link(binaries.map((bytes) => compileFor(engine, bytes)), replayed));
  }
  for (const [id, { call, name, args, instance, answers: given, result, error }] of episodes.entries()) {
    const differ = (what: string) => ({
      ...report,
      mismatch: `call ${id}, ${name}(${args.join(", ")}) of ${instance}, answers ${given}: ${what}`,
    });
    if (error !== undefined) {
      if (!isExpected(error)) return differ(`ended with ${Deno.inspect(error)}`);
      report.failed++;
    }
    if (result === undefined) continue;
    report.finished++;
    answers = given;
    // A call through a table of a function that was imported from another instance costs 50 more on the native engine.
    const isComparable = instance === 0;
    let fuel = withFuel && isComparable ? call?.fuelUsed : undefined;
    for (const [engine, instances] of alone) {
      next = 0;
      const again = instances[instance].start(name, args);
      // The native engine ends slices by the clock too.
      while (await again.resume(Infinity) === "suspended");
      if (again.status !== "finished") {
        if (again.error instanceof Trap && again.error.reason === "call stack exhausted") continue;
        return differ(`alone, ${engine}: it ends with ${Deno.inspect(again.error)}`);
      }
      if (again.result !== result) return differ(`returned ${result}, and alone, ${engine}: ${again.result}`);
      fuel ??= again.fuelUsed;
      if (isComparable && again.fuelUsed !== fuel) {
        return differ(`used ${fuel} of fuel, and alone, ${engine}: ${again.fuelUsed}`);
      }
    }
  }
  return { ...report, mismatch: undefined };
}

async function main(): Promise<number> {
  const sum = { programs: 0, calls: 0, finished: 0, failed: 0 };
  const run = async (seed: number) => {
    const { mismatch, ...counts } = await runStorm(seed);
    sum.programs++;
    for (const name of ["calls", "finished", "failed"] as const) sum[name] += counts[name];
    if (mismatch !== undefined) console.error(`seed ${seed}: ${mismatch}`);
    return mismatch !== undefined;
  };
  return await runSeeds(
    run,
    () =>
      `storms: ${sum.programs} programs, ${sum.calls} calls (${sum.finished} finished, ${sum.failed} failed or were ` +
      `stopped)`,
  );
}

if (import.meta.main) Deno.exit(await main());
