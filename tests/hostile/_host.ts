/**
 * The host's side of a test: its timers while a guest runs, and instances from bytes that a test has written.
 *
 * @module
 */

import { instantiate } from "../../src/vm/mod.ts";
import type { Instance } from "../../src/vm/mod.ts";
import { compileSync } from "../../tools/compile.ts";

/** An instance of a module without imports. */
export function instanceOfBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Instance> {
  return instantiate(compileSync(bytes));
}

/** The delay of timers: the 99th percentile and the maximum, in milliseconds, and the number of timers. */
export interface Timers {
  readonly p99: number;
  readonly longest: number;
  readonly count: number;
}

/** Sets timers of one millisecond, one after the other, for this long. */
export async function timersDuring(ms: number): Promise<Timers> {
  const late: number[] = [];
  for (const end = performance.now() + ms; performance.now() < end;) {
    const before = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1));
    late.push(performance.now() - before - 1);
  }
  late.sort((one, other) => one - other);
  // Of less than a hundred, this is the latest. There are few if the event loop was blocked for long.
  const p99 = late[Math.ceil(late.length * 0.99) - 1]!;
  return { p99, longest: late[late.length - 1]!, count: late.length };
}

/** The timers while an exported function runs. Then stops the function. */
export async function timersDuringCall(ms: number, instance: Instance, name: string): Promise<Timers> {
  const controller = new AbortController();
  const call = instance.call(name, [], { signal: controller.signal }).catch((error) => {
    if (error !== controller.signal.reason) throw error;
  });
  const timers = await timersDuring(ms);
  controller.abort();
  await call;
  return timers;
}

/** Other programs share the machine, but a stall that the guest causes occurs at each attempt. */
export async function bestOfThree(measure: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let attempt = 0; attempt < 3 && best >= 50; attempt++) best = Math.min(best, await measure());
  return best;
}

/** The longest time, in milliseconds, in which timers could not fire while the function ran. */
export async function longestStall(run: () => unknown): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    timer = setTimeout(look, 0);
  };
  timer = setTimeout(look, 0);
  await run();
  clearTimeout(timer);
  return Math.max(longest, performance.now() - last);
}
