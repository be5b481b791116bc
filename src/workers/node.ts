/**
 * Workers of `node:worker_threads`, for `WorkerPlugin` in Node. This is the only file that names a runtime. It is also
 * the program of these workers.
 *
 * @example
 * ```ts
 * import { WorkerPlugin } from "@rivulet/rivulet/workers";
 * import { createWorker } from "@rivulet/rivulet/workers/node";
 * import { readFile } from "node:fs/promises";
 *
 * const wasm = new Uint8Array(await readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * const plugin = new WorkerPlugin(wasm, { workers: 1, createWorker });
 * console.log(await plugin.call("ping")); // pong
 * await plugin[Symbol.asyncDispose]();
 * ```
 *
 * @module
 */

import "../base/requirements.ts";
import type { WorkerEvent, WorkerLike } from "./default_worker.ts";
import { serve } from "./program.ts";

interface Thread {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): Promise<number>;
  on(event: string, listener: (value: never) => void): unknown;
  ref(): void;
  unref(): void;
}

/** What this file uses of `node:worker_threads`. */
interface Threads {
  readonly Worker: new (program: URL, options: object) => Thread;
  readonly parentPort: Pick<Thread, "postMessage" | "on"> | null;
  readonly workerData: unknown;
}

declare const process: { getBuiltinModule(name: string): unknown };

/** Not an import: only Node and what imitates it have it, and compilers need no types of Node. */
const { Worker, parentPort, workerData } = process.getBuiltinModule("node:worker_threads") as Threads;

/** Tells a worker that it is one of ours. */
const MARK = "rivulet";
/** This file's name, which a bundle does not have. */
const OWN_NAME = /\/node\.[jt]s$/;

/** Makes Node's events look like the web's. */
function adapt(thread: Thread): WorkerLike {
  return {
    postMessage: (message, transfer) => thread.postMessage(message, transfer),
    terminate: () => thread.terminate(),
    addEventListener: (type: string, listener: (event: WorkerEvent) => void) => {
      if (type === "message") thread.on("message", (data: unknown) => listener({ data }));
      else if (type === "close") {
        thread.on("exit", (code: number) => listener({ message: `it exited with code ${code}` }));
      } else thread.on(type, (error: unknown) => listener({ message: error instanceof Error ? error.message : "" }));
    },
    ref: () => thread.ref(),
    unref: () => thread.unref(),
  };
}

/**
 * Makes a worker, for the option `createWorker`. It has no environment variables of the process.
 *
 * @param program a file that imports this one, in a bundle: by default, this file itself
 * @throws {TypeError} if this file is in a bundle, and no program is given
 *
 * @example
 * ```ts
 * import { WorkerPlugin } from "@rivulet/rivulet/workers";
 * import { createWorker } from "@rivulet/rivulet/workers/node";
 *
 * const wasm = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
 * await using plugin = new WorkerPlugin(wasm, { workers: 1, createWorker });
 * console.log(await plugin.call("ping")); // pong
 * ```
 */
export function createWorker(program?: URL): WorkerLike {
  const own: string | undefined = import.meta.url;
  if (program === undefined && !OWN_NAME.test(own ?? "")) {
    throw new TypeError(
      "can't find the program of a worker, as in a bundle: pass `() => createWorker(url)` with the address of a file " +
        "that imports @rivulet/rivulet/workers/node",
    );
  }
  return adapt(new Worker(program ?? new URL(own), { workerData: MARK, env: {} }));
}

if (workerData === MARK && parentPort !== null) {
  const port = parentPort;
  port.on("message", serve((message, transfer) => port.postMessage(message, transfer)) as (data: never) => void);
}
