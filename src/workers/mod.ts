/**
 * Plugins on several cores: `WorkerPlugin` is a `Plugin` over a number of workers. Guests do not share the thread of
 * your program, so it stays free, and calls run at the same time. A worker is also a second wall around guests.
 *
 * Calls do not wait for each other, but a worker takes some 100 ms to start and compiles the module first. `ready()` does
 * that ahead.
 *
 * It needs Web Workers: Deno, Bun and browsers have them. In Node, pass `createWorker` of
 * `@rivulet/rivulet/workers/node`. In a bundle, pass a `createWorker` that starts a file which imports
 * `@rivulet/rivulet/workers/worker`.
 *
 * @example
 * ```ts
 * import { WorkerPlugin } from "@rivulet/rivulet/workers";
 *
 * await using plugin = new WorkerPlugin(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"), {
 *   workers: 2,
 *   methods: { echo: (params) => params }, // runs here, as all your functions
 *   limits: { fuel: 2_000_000_000, deadlineMs: 5_000 },
 * });
 * console.log(await plugin.call("prime_sieve", 100_000)); // { count: 9592, limit: 100000 }
 * ```
 *
 * @module
 */

import "../base/requirements.ts";
export type { WorkerEvent, WorkerLike } from "./default_worker.ts";
export type { WorkerPluginLimits, WorkerPluginOptions, WorkerPluginSettings } from "./options.ts";
export { WorkerPlugin } from "./worker_plugin.ts";
export type { WorkerPluginStats } from "./worker_plugin.ts";
