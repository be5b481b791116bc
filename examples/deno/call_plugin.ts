/**
 * Calls a method of a plugin. The script may read the plugin's file and nothing else. The plugin can do even less: it
 * gets only what the script passes to it.
 *
 * Run it: `deno run --allow-read=examples/guests/prebuilt/c_plugin.wasm examples/deno/call_plugin.ts`
 *
 * @module
 */

import { compile, Plugin } from "@rivulet/rivulet";

/** The plugin's methods, so that calls are typed. */
interface Primes {
  prime_sieve(limit: number): { count: number; limit: number };
}

const file = await Deno.open("examples/guests/prebuilt/c_plugin.wasm");
await using plugin = new Plugin<Primes>(await compile(file.readable), {
  name: "primes",
  onLog: (line) => console.error(line),
  limits: { fuel: 100_000_000, deadlineMs: 5_000, memoryPages: 256 },
});

const { count, limit } = await plugin.api.prime_sieve(100_000);
console.log(`There are ${count} primes up to ${limit}.`);
