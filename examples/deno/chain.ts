/**
 * Pipes text through two guests, one in C and one in Rust, as a shell pipes it through two programs. Text flows as it
 * arrives. Backpressure works: a guest waits when the next one is slower.
 *
 * Run it: `echo quiet | deno run --allow-read=examples/guests/prebuilt examples/deno/chain.ts`
 *
 * @module
 */

import { compile, spawn } from "@rivulet/rivulet";
import type { Process } from "@rivulet/rivulet";

/** Starts a guest that filters. Its standard error is discarded, since nothing reads it here. */
async function filter(name: string): Promise<Process> {
  const file = await Deno.open(`examples/guests/prebuilt/${name}.wasm`);
  return spawn(await compile(file.readable), { stderr: "null" });
}

await using upper = await filter("upper");
await using numbered = await filter("number_lines");

await Deno.stdin.readable.pipeThrough(upper).pipeThrough(numbered).pipeTo(Deno.stdout.writable);
