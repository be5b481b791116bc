/**
 * Guests as processes: run a `wasm32-wasip1` module with arguments, environment, clocks, randomness and standard streams
 * that are web streams, and nothing else of the world. A read without data and a write without room make the guest wait,
 * and nobody else.
 *
 * All 46 functions of WASI preview 1 link, also by the older name `wasi_unstable`. Files and sockets there are none: their
 * functions answer what POSIX has for that.
 *
 * @example Filter a stream
 * ```ts
 * import { compile } from "@rivulet/rivulet/vm";
 * import { spawn } from "@rivulet/rivulet/wasi";
 *
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * await using process = spawn(upper, { limits: { fuel: 10_000_000 } });
 * const text = new Blob(["quiet\n"]).stream().pipeThrough(process).pipeThrough(new TextDecoderStream());
 * for await (const chunk of text) console.log(chunk); // QUIET
 * ```
 *
 * @module
 */

export type { Clock } from "./clock.ts";
export { ExitError } from "./proc.ts";
export { Process, spawn } from "./process.ts";
export type { ProcessLimits, ProcessOutput, ProcessStatus, SpawnOptions } from "./process.ts";
