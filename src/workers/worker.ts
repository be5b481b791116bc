/**
 * The program of a Web Worker for `WorkerPlugin`. It has no exports: importing it starts it. In a bundle, `WorkerPlugin`
 * can't find it by itself. Then bundle a file that imports only this one, and start that by `createWorker`.
 *
 * @example
 * ```ts
 * import { WorkerPlugin } from "@rivulet/rivulet/workers";
 *
 * // In a bundle: new URL("./program.js", import.meta.url), a file of its own that imports only this one.
 * const program = import.meta.resolve("@rivulet/rivulet/workers/worker");
 * const createWorker = () => new Worker(program, { type: "module" });
 * const wasm = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
 * await using plugin = new WorkerPlugin(wasm, { workers: 1, createWorker });
 * console.log(await plugin.call("ping")); // pong
 * ```
 *
 * @module
 */

import "../base/requirements.ts";
import { serve } from "./program.ts";

/** The global scope of a worker. */
interface Scope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

const scope = globalThis as unknown as Scope;
const receive = serve((message, transfer) => scope.postMessage(message, transfer));
scope.addEventListener("message", ({ data }) => receive(data));
