/**
 * Kills thousands of guests in every state that a guest can be in, and looks for what they leave: heap, memory of the
 * process, mappings of the address space, listeners. As a program, it is `deno task kills 10000`, and it needs all
 * permissions, to read `/proc/self/maps`. kills_test.ts runs it with fewer guests.
 *
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Plugin } from "@rivulet/rivulet";
import { instantiate } from "@rivulet/rivulet/vm";
import type { Call, Imports, Instance, Module, RunLimits } from "@rivulet/rivulet/vm";
import { spawn } from "@rivulet/rivulet/wasi";
import type { SpawnOptions } from "@rivulet/rivulet/wasi";
import { moduleOf } from "../../tools/wat.ts";
import { guest } from "../_guests.ts";
import { program } from "../_program.ts";

/** Makes a guest, brings it into a state, and kills it there. */
type Kill = () => Promise<unknown>;

const HOST = `(import "host" "f" (func $f (result i32)))`;
const SPINS = moduleOf(`(module (memory 1) (func (export "run") (loop (br 0))))`);
const WAITS = moduleOf(`(module ${HOST} (memory 1) (func (export "run") (drop (call $f))))`);
const WAITS_DEEP = moduleOf(`(module ${HOST} (memory 1) (func $deep (param i32) (if (local.get 0)
    (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (drop (call $f)))) (drop (i32.load (i32.const 0))))
  (func (export "run") (call $deep (i32.const 3000))))`);
const SPINS_DEEP = moduleOf(`(module (memory 1) (func $deep (param i32) (if (local.get 0)
    (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (loop (br 0)))) (drop (i32.load (i32.const 0))))
  (func (export "run") (call $deep (i32.const 3000))))`);
const STARTS = moduleOf(`(module ${HOST} (memory 1) (func $run (drop (call $f))) (start $run))`);
const SLEEPS = program(`(func (export "_start")
  (i64.store (i32.const 88) (i64.const 3600000000000))
  (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 16))))`);
const WRITES = program(
  `(func (export "_start") (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 65536))) (br 0)))`,
);
const YIELDS = program(`(func (export "_start") (loop (drop (call $sched_yield)) (br 0)))`);

const never = () => new Promise<never>(() => {});
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const ignore = () => {};
/** One signal of all guests. */
const shared = new AbortController();

async function run(
  module: Module,
  kill: (instance: Instance, call: Call) => unknown,
  imports: Imports = {},
  limits: RunLimits = {},
): Promise<void> {
  const instance = await instantiate(module, imports, { limits });
  const call = instance.start("run");
  await kill(instance, call);
  if (call.status !== "failed") throw new Error(`it is ${call.status}`);
}

/** The guest's host function stops it before it answers. */
function stopsItself(answer: () => unknown): Promise<void> {
  let stop: () => void = ignore;
  return run(WAITS, async (_, call) => {
    stop = () => call.stop("enough");
    await call.resume(1_000);
  }, { host: { f: () => (stop(), answer()) } });
}

async function aborted(module: Module, imports: Imports = {}, limits: RunLimits = {}): Promise<void> {
  const instance = await instantiate(module, imports, { limits });
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, shared.signal]);
  const call = instance.call("run", [], { signal }).then(() => "finished", ignore);
  await pause();
  controller.abort("enough");
  if (await call === "finished") throw new Error("it has finished");
}

async function killed(module: Module, options: SpawnOptions = {}, when: () => unknown = pause): Promise<void> {
  const process = spawn(module, { signal: shared.signal, ...options });
  await when();
  process.kill("enough");
  const { error } = await process.status;
  if (error !== "enough") throw error;
}

/** The states, each with what kills a guest in it. */
export async function kills(): Promise<ReadonlyMap<string, Kill>> {
  const [upper, plugin] = [await guest("upper"), await guest("c_plugin")];
  const outer = moduleOf(`(module ${HOST} (memory 1) (func (export "run") (drop (call $f))))`);
  return new Map<string, Kill>([
    ["not begun", () => run(SPINS, (_, call) => call.stop("enough"))],
    ["not begun, and dropped", async () => void (await instantiate(SPINS)).start("run")],
    ["out of the fuel of a slice", () =>
      run(SPINS, async (_, call) => {
        await call.resume(1_000);
        call.stop("enough");
      })],
    ["out of the fuel of a slice, deep in calls", () =>
      run(SPINS_DEEP, async (_, call) => {
        await call.resume(100_000);
        call.stop("enough");
      })],
    ["running", () => aborted(SPINS, {}, { sliceFuel: 1_000 })],
    ["stopped by its host function", () => stopsItself(() => 0)],
    ["stopped by its host function, which waits", () => stopsItself(never)],
    ["out of its budget", async () => {
      const instance = await instantiate(SPINS, {}, { limits: { fuel: 10_000 } });
      await instance.call("run").catch(ignore);
    }],
    ["late", async () => {
      const instance = await instantiate(SPINS);
      await instance.call("run", [], { deadlineMs: 1 }).catch(ignore);
    }],
    ["waiting for a host's promise", () => aborted(WAITS, { host: { f: never } })],
    ["waiting for a host's promise, by hand", () =>
      run(WAITS, async (_, call) => {
        await call.resume(1_000);
        call.stop("enough");
      }, { host: { f: never } })],
    ["waiting for a host's promise, deep in calls", () => aborted(WAITS_DEEP, { host: { f: never } })],
    ["a host's promise that settles after the kill", async () => {
      const { promise, resolve } = Promise.withResolvers<number>();
      await aborted(WAITS, { host: { f: () => promise } });
      resolve(1);
      await pause();
    }],
    ["a host's promise that rejects after the kill", async () => {
      // If the guest has not asked yet, nobody would handle the rejection.
      let reject: (error: unknown) => void = ignore;
      await aborted(WAITS, { host: { f: () => new Promise((_, failing) => reject = failing) } });
      reject(new Error("late"));
      await pause();
    }],
    ["in a host function that waits for another guest", async () => {
      const inner = await instantiate(WAITS, { host: { f: never } });
      const controller = new AbortController();
      await aborted(outer, { host: { f: () => inner.call("run", [], { signal: controller.signal }) } });
      controller.abort("enough");
      await pause();
    }],
    ["in a host function that waits for another guest, which is killed", async () => {
      const inner = await instantiate(WAITS, { host: { f: never } });
      const controller = new AbortController();
      const instance = await instantiate(outer, {
        host: { f: () => inner.call("run", [], { signal: controller.signal }) },
      });
      const call = instance.call("run").catch(ignore);
      await pause();
      controller.abort("enough");
      await call;
    }],
    ["in its start function", async () => {
      const controller = new AbortController();
      const made = instantiate(STARTS, { host: { f: never } }, { signal: controller.signal }).catch(ignore);
      await pause();
      controller.abort("enough");
      await made;
    }],
    ["a process that waits for its input", () => killed(upper)],
    ["a process that has not begun", () => killed(upper, {}, () => Promise.resolve())],
    ["a process that sleeps", () => killed(SLEEPS)],
    ["a process that nobody reads", () => killed(WRITES)],
    ["a process that yields", () => killed(YIELDS)],
    ["a process that spins, out of its budget", async () => {
      await spawn(YIELDS, { limits: { fuel: 10_000 }, signal: shared.signal }).status;
    }],
    ["a plugin that computes", async () => {
      await using fresh = new Plugin(plugin);
      const controller = new AbortController();
      const call = fresh.call("prime_sieve", 10_000_000, { signal: controller.signal }).catch(ignore);
      await pause();
      controller.abort("enough");
      await call;
    }],
    ["a plugin that waits for its host", async () => {
      await using fresh = new Plugin(plugin, { methods: { echo: never } });
      const controller = new AbortController();
      const call = fresh.call("many_echo", 1, { signal: controller.signal }).catch(ignore);
      await pause();
      controller.abort("enough");
      await call;
    }],
  ]);
}

/** What a process holds. */
export interface Held {
  /** Mebibytes of the heap after a garbage collection. */
  readonly heap: number;
  /** Mebibytes of buffers outside the heap. */
  readonly external: number;
  /** Mappings of the address space, on Linux. */
  readonly mappings: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Measures after garbage collections, between which finalizers can run. */
export async function held(): Promise<Held> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  const maps = await Deno.readTextFile("/proc/self/maps").catch(() => "");
  return { heap: heapUsed / 2 ** 20, external: external / 2 ** 20, mappings: maps.split("\n").length };
}

/** Guests that are killed before the first measurement, and at the same time. */
const WARM_UP = 300;
const AT_ONCE = 20;

/** Kills guests, and returns what the process held before and after. */
export async function killMany(kill: Kill, count: number): Promise<readonly [before: Held, after: Held]> {
  const killed = async (count: number) => {
    for (let done = 0; done < count; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => kill()));
    }
  };
  await killed(Math.min(WARM_UP, count));
  const before = await held();
  await killed(count);
  return [before, await held()];
}

/** What has grown more than noise explains, as text. */
export function growth(before: Held, after: Held, count: number): string {
  const grown = [];
  // An object of a guest that stays has at least a hundred bytes, and a stack that stays has five mappings.
  if (after.heap - before.heap > 0.5 + count * 100 / 2 ** 20) grown.push("heap");
  if (after.external - before.external > 2) grown.push("buffers");
  if (after.mappings - before.mappings > 50 + count / 20) grown.push("mappings");
  return grown.join(" and ");
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 10_000);
  const only = Deno.args[1];
  let failed = false;
  for (const [what, kill] of await kills()) {
    if (only !== undefined && !what.includes(only)) continue;
    const start = performance.now();
    const [before, after] = await killMany(kill, count);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    const grown = growth(before, after, count);
    const text = (["heap", "external", "mappings"] as const).map((name) =>
      `${name} ${before[name].toFixed(1)} to ${after[name].toFixed(1)}`
    );
    console.log(`${count} killed: ${what}, in ${seconds} s: ${text.join(", ")}${grown && `: ${grown} GREW`}`);
    failed ||= grown !== "";
  }
  Deno.exit(failed ? 1 : 0);
}
