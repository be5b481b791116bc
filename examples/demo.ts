/**
 * A tour: a plugin called both ways, its log, a stream through a filter guest, an infinite loop caught, a trap with its
 * stack. Run it with `deno task demo`.
 *
 * @module
 */

import { compile, Plugin, PluginError, spawn } from "@rivulet/rivulet";
import type { Module } from "@rivulet/rivulet";
import { toText } from "@std/streams";

/** A guest that is checked in. It is compiled while it is read. */
async function guest(name: string): Promise<Module> {
  const file = await Deno.open(new URL(`./guests/prebuilt/${name}.wasm`, import.meta.url));
  return await compile(file.readable);
}

function heading(text: string): void {
  console.log(`\n== ${text}`);
}

/** The plugin's methods, so that calls are typed. */
interface Guest {
  ping(): string;
  get_time(): number;
  prime_sieve(limit: number): { count: number; limit: number };
  many_echo(times: number): null;
}

heading("A plugin written in C, called by JSON-RPC");
let echoes = 0;
await using plugin = new Plugin<Guest>(await guest("c_plugin"), {
  name: "primes",
  methods: {
    echo: (params: unknown) => {
      echoes++;
      return params;
    },
  },
  onLog: (line) => console.log(`   log: ${line}`),
  limits: { fuel: 2_000_000_000, memoryPages: 1024, messageBytes: 1 << 20, deadlineMs: 5_000 },
});
console.log(await plugin.api.ping());
console.log(await plugin.call("prime_sieve", 100_000));
await plugin.api.many_echo(200);
console.log(`the plugin called the host's echo ${echoes} times`);

heading("A stream through a filter written in C");
await using filter = spawn(await guest("upper"));
const source = ReadableStream.from(["one stream, ", "through ", "a sandbox\n"]).pipeThrough(new TextEncoderStream());
console.log((await toText(source.pipeThrough(filter))).trimEnd());

heading("A plugin that misbehaves");
await using faulty = new Plugin(await guest("faulty"), {
  name: "faulty",
  limits: { fuel: 200_000_000, deadlineMs: 1_000 },
});
let ticks = 0;
const timer = setInterval(() => ticks++, 10);
for (const [method, params] of [["spin"], ["trap"], ["exit", 3], ["babble"]] as const) {
  try {
    await faulty.call(method, params);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    console.log(`${error.reason}: ${error.message}\n`);
  }
}
clearInterval(timer);
console.log(`the host's timer ticked ${ticks} times meanwhile`);
