/**
 * Measures what a second worker gains: how many calls a second a plugin answers in one worker, and in two. It takes
 * turns, so that a busy machine affects both, and prints the median of the ratios.
 *
 * Run it with `deno run --allow-read=. examples/deno/workers.ts`, or with a number of rounds behind that.
 *
 * @module
 */

import { WorkerPlugin } from "@rivulet/rivulet/workers";

interface Primes {
  prime_sieve(limit: number): { readonly count: number };
}

/** Calls at the same time, and calls of a round. */
const AT_ONCE = 4;
const CALLS = 24;
const LIMIT = 300_000;
const rounds = Number(Deno.args[0] ?? 5);

const wasm = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
await using one = new WorkerPlugin<Primes>(wasm, { workers: 1 });
await using two = new WorkerPlugin<Primes>(wasm, { workers: 2 });

/** Calls a second. */
async function throughput(plugin: WorkerPlugin<Primes>): Promise<number> {
  const start = performance.now();
  let left = CALLS;
  const line = async () => {
    while (left-- > 0) await plugin.api.prime_sieve(LIMIT);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  return CALLS / ((performance.now() - start) / 1_000);
}

// The first calls start the workers, compile the module, and translate its functions.
for (const plugin of [one, two]) await throughput(plugin);

const ratios: number[] = [];
for (let round = 0; round < rounds; round++) {
  const [single, double] = [await throughput(one), await throughput(two)];
  ratios.push(double / single);
  console.log(`one worker: ${single.toFixed(1)} calls a second, two: ${double.toFixed(1)}`);
}
const median = ratios.sort((one, other) => one - other)[Math.floor(rounds / 2)]!;
console.log(`two workers answer ${median.toFixed(2)} times as many`);
