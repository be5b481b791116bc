/**
 * A Worker in workerd, on a free port of 127.0.0.1. It has no bindings.
 *
 * @module
 */

import { freePort } from "./ports.ts";
import { RUN_MS, start } from "./process.ts";

const HOST = "127.0.0.1";

/** A Worker that runs until it is disposed of. */
export interface Worker extends AsyncDisposable {
  /** Sends a request. The first one waits until the Worker is ready. */
  fetch(init?: RequestInit): Promise<Response>;
}

/** Starts workerd with a script, by its path. The settings are written beside the script. */
export async function startWorker(workerd: string, script: string): Promise<Worker> {
  const port = freePort();
  const at = script.lastIndexOf("/");
  const folder = script.slice(0, at);
  await Deno.writeTextFile(`${folder}/workerd.capnp`, settings(script.slice(at + 1), port));
  const server = start(workerd, ["serve", "workerd.capnp"], { cwd: folder, stderr: "inherit" });
  let hasEnded = false;
  server.child.status.then(() => hasEnded = true);
  return {
    async fetch(init) {
      while (true) {
        try {
          return await fetch(`http://${HOST}:${port}/`, { signal: AbortSignal.timeout(RUN_MS), ...init });
        } catch (error) {
          if (hasEnded || !(error instanceof TypeError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function settings(script: string, port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = (
    modules = [(name = "${script}", esModule = embed "${script}")],
    compatibilityDate = "2026-07-01",
  ))],
  sockets = [(name = "http", address = "${HOST}:${port}", http = (), service = "worker")],
);
`;
}
