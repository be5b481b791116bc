/**
 * Random calls of random guests, with aborts, deadlines, crashes, restarts and ends: every call settles, none has its
 * effect twice, and nothing is left.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { LimitError, Plugin, PluginError, RpcError } from "@rivulet/rivulet";
import type { Lifetime, RestartPolicy } from "@rivulet/rivulet";
import { pick, randomSource } from "../../tools/random.ts";
import { obedient, oneShot, pause } from "./_guest.ts";

/** Methods of the guest, the harmless ones more often. */
const METHODS = [
  ...["echo", "echo", "echo", "echo", "once", "x", "fail", "trap", "spin", "ignore", "answer and spin"],
  ...["close", "done with output", "half", "work", "babble", "refuse", "zzz"],
];

/** Whether a call may end in this way. */
function isExpected(outcome: PromiseSettledResult<unknown>): boolean {
  if (outcome.status === "fulfilled") return typeof outcome.value === "number" || outcome.value === undefined;
  const { reason } = outcome;
  return reason instanceof PluginError || reason instanceof RpcError || reason instanceof LimitError ||
    reason instanceof DOMException;
}

async function storm(seed: number, lifetime: Lifetime, restart?: RestartPolicy): Promise<void> {
  const random = randomSource(seed);
  let [works, workers] = [0, 0];
  const plugin = new Plugin(random(5) === 0 ? oneShot : obedient, {
    lifetime,
    ...(restart === undefined ? {} : { restart }),
    limits: { graceMs: 5, idleMs: 30, deadlineMs: 100, fuel: 20_000_000 },
    methods: {
      work: () => {
        works++;
        return pause(random(4));
      },
    },
  });
  const calls: Promise<unknown>[] = [];
  for (let burst = 0; burst < 6; burst++) {
    for (let count = random(30); count >= 0; count--) {
      const method = pick(random, METHODS);
      if (method === "half" || method === "work") workers++;
      const signal = random(4) === 0 ? AbortSignal.timeout(random(20)) : undefined;
      const deadlineMs = random(4) === 0 ? random(30) : undefined;
      calls.push(plugin.call(method, null, { signal, deadlineMs }));
      if (lifetime === "plugin" && random(8) === 0) calls.push(plugin.notify("echo"));
      if (random(30) === 0) calls.push(plugin.ready());
    }
    for (const call of calls) call.catch(() => {});
    await pause(random(30));
  }
  const end = random(3);
  if (end === 0) await plugin[Symbol.asyncDispose]();
  else await plugin.close(end === 1 ? { timeoutMs: 20 } : {});
  const outcomes = await Promise.allSettled(calls);
  const wrong = outcomes.filter((outcome) => !isExpected(outcome));
  assertEquals(wrong.map((it) => String((it as PromiseRejectedResult).reason)), [], `seed ${seed}`);
  assert(works <= workers, `seed ${seed}: a call that had an effect was run again: ${works} of ${workers}`);
  const { instances, warm, pending } = plugin.stats;
  assertEquals([instances, warm, pending], [0, 0, 0], `seed ${seed}`);
  assert(calls.length > 6);
}

const LIFETIMES: readonly (readonly [Lifetime, RestartPolicy?])[] = [
  ["plugin"],
  ["plugin", { delayMs: 2, maxDelayMs: 10, failures: 4 }],
  ["call"],
  [{ pool: 3 }],
];

for (const [lifetime, restart] of LIFETIMES) {
  const how = `${JSON.stringify(lifetime)}${restart === undefined ? "" : ", with a policy of restarts"}`;
  Deno.test(`every call of a storm settles, and nothing is left: ${how}`, async () => {
    for (let seed = 1; seed <= 8; seed++) await storm(seed, lifetime, restart);
  });
}
