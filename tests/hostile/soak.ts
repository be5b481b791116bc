/**
 * Starts, calls and disposes of thousands of guests one after the other. The heap must not grow, and nothing must be
 * left behind. As a program, it is `deno task soak [cycles]`. The tests run fewer cycles.
 *
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Plugin } from "@rivulet/rivulet";
import { spawn } from "@rivulet/rivulet/wasi";
import { guest } from "../_guests.ts";

/** One repeated action. */
export type Cycle = () => Promise<void>;

/** The size of the heap. */
export interface Soak {
  /** Mebibytes after the first tenth of the cycles. */
  readonly before: number;
  /** Mebibytes after the last. */
  readonly after: number;
  /** The growth in percent. */
  readonly growth: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const TEXT = new TextEncoder().encode("soaked\n");

/** The kinds of cycle by their action. */
export async function cycles(): Promise<ReadonlyMap<string, Cycle>> {
  const [plugin, upper, faulty] = [await guest("c_plugin"), await guest("upper"), await guest("faulty")];
  const { signal } = new AbortController();
  const resident = new Plugin(plugin, { lifetime: "plugin" });
  return new Map<string, Cycle>([
    ["a plugin is made, called and disposed of", async () => {
      await using fresh = new Plugin(plugin, { methods: { echo: (params: unknown) => params } });
      await fresh.call("ping");
      await fresh.call("many_echo", 2, { signal });
    }],
    ["a resident plugin is called", async () => {
      await resident.call("ping", undefined, { signal, deadlineMs: 60_000 });
    }],
    ["a plugin is aborted while it computes", async () => {
      await using fresh = new Plugin(plugin);
      const controller = new AbortController();
      const call = fresh.call("prime_sieve", 10_000_000, { signal: controller.signal }).catch(() => {});
      setTimeout(() => controller.abort(), 1);
      await call;
    }],
    ["a plugin fails", async () => {
      await using fresh = new Plugin(faulty, { limits: { fuel: 100_000, graceMs: 1 } });
      await fresh.call("no_such_method").catch(() => {});
    }],
    ["a process is spawned, written to and read", async () => {
      await using process = spawn(upper, { signal });
      const writer = process.stdin.getWriter();
      const written = writer.write(TEXT).then(() => writer.close());
      await process.output();
      await written;
    }],
    ["a process is spawned and killed while it waits", async () => {
      const process = spawn(upper, { signal });
      await Promise.resolve();
      process.kill("enough");
      await process.status;
    }],
    ["a process is spawned and disposed of without being read", async () => {
      await using _process = spawn(upper, { signal });
    }],
  ]);
}

/** Runs one kind of cycle this many times, and measures the heap after the first tenth and at the end. */
export async function soak(cycle: Cycle, count: number): Promise<Soak> {
  const warmUp = Math.ceil(count / 10);
  for (let done = 0; done < warmUp; done++) await cycle();
  const before = await heap();
  for (let done = warmUp; done < count; done++) await cycle();
  const after = await heap();
  return { before, after, growth: (after / before - 1) * 100 };
}

/** Mebibytes of the heap after a full garbage collection. */
async function heap(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  return Deno.memoryUsage().heapUsed / 2 ** 20;
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 10_000);
  const mib = (size: number) => `${size.toFixed(2)} MiB`;
  let failed = false;
  for (const [what, cycle] of await cycles()) {
    const start = performance.now();
    const { before, after, growth } = await soak(cycle, count);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    console.log(`${what}, ${count} times in ${seconds} s: ${mib(before)}, then ${mib(after)}: ${growth.toFixed(2)} %`);
    failed ||= growth >= 5;
  }
  Deno.exit(failed ? 1 : 0);
}
