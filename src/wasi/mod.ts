/**
 * Runs a `wasm32-wasip1` module as a process. The guest has arguments, environment variables, clocks, randomness and
 * standard streams, which are web streams, and nothing else. A read without data or a write without room suspends only the
 * guest.
 *
 * All 46 functions of WASI preview 1 link, also under the older name `wasi_unstable`. A guest has no files or sockets, so
 * their functions return the errno that POSIX has for that.
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

import "../base/requirements.ts";
export type { Clock } from "./system_clock.ts";
export { ExitError } from "./proc.ts";
export type { InputUse } from "./input_use.ts";
export { Process, spawn } from "./process.ts";
export type { ProcessLimits, ProcessOutput, ProcessStatus, SpawnOptions } from "./process.ts";
