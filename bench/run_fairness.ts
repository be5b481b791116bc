/**
 * Measures how late the host's timers are while guests compute without end.
 *
 * @module
 */

import type { Host } from "./contenders/contender.ts";
import type { Job } from "./job.ts";
import type { Report } from "./report.ts";
import { quantile } from "./statistics.ts";
import { instantiate } from "../src/vm/mod.ts";
import { timingsOfOurs } from "./contenders/ours.ts";

const BUSY = [1, 10, 100];
const TIMER_MS = 1;
/** The number of timers in a sample. */
const TIMERS = 100;
/** More work than a guest can finish in that time. */
const FOREVER = 100;

/** Milliseconds that the 99th of a hundred timers takes longer than asked for. */
export async function runFairness({ contenders, rounds }: Job, { read }: Host): Promise<Report> {
  const bytes = await read("kernels/prebuilt/fib.wasm");
  const report: Report = {};
  for (const count of BUSY) {
    report[`p99, ${count} busy`] = await timingsOfOurs(contenders, async (compile) => {
      const module = await compile(bytes);
      const stop = new AbortController();
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < count; i++) {
        const instance = await instantiate(module);
        calls.push(instance.call("run", [FOREVER], { signal: stop.signal }));
      }
      const ended = Promise.allSettled(calls);
      const samples: number[] = [];
      for (let round = 0; round < rounds; round++) samples.push(await lateness());
      stop.abort();
      const failed = (await ended).find((call) => call.status === "rejected" && call.reason !== stop.signal.reason);
      if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
      return samples;
    });
  }
  return report;
}

async function lateness(): Promise<number> {
  const late: number[] = [];
  for (let i = 0; i < TIMERS; i++) {
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, TIMER_MS));
    late.push(performance.now() - began - TIMER_MS);
  }
  return quantile(late, 0.99);
}
