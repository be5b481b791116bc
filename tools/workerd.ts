/**
 * A Worker in workerd, on a free port of 127.0.0.1.
 *
 * @module
 */

import { freePort } from "./ports.ts";
import { RUN_MS, start } from "./process.ts";

const HOST = "127.0.0.1";

/** A Worker that runs until it is disposed of. */
export interface Worker extends AsyncDisposable {
  /** Sends a request, to the path `/` by default. The first one waits until the Worker is ready. */
  fetch(init?: RequestInit, path?: string): Promise<Response>;
}

/** What a Worker has beside its script. */
export interface Bindings {
  /** Its classes of Durable Objects, by the names of their bindings. */
  readonly objects?: Readonly<Record<string, string>>;
  /** A folder that the binding `ASSETS` serves. */
  readonly assets?: string;
  /** Modules of WebAssembly that are deployed with the script, by their paths from its folder. */
  readonly wasm?: readonly string[];
}

/** Starts workerd with a script, by its path. The settings are written beside the script. */
export async function startWorker(workerd: string, script: string, bindings: Bindings = {}): Promise<Worker> {
  const port = freePort();
  const at = script.lastIndexOf("/");
  const folder = script.slice(0, at);
  await Deno.writeTextFile(`${folder}/workerd.capnp`, settings(script.slice(at + 1), port, bindings));
  const server = start(workerd, ["serve", "workerd.capnp"], { cwd: folder, stderr: "inherit" });
  let hasEnded = false;
  server.child.status.then(() => hasEnded = true);
  return {
    async fetch(init, path = "/") {
      while (true) {
        try {
          return await fetch(`http://${HOST}:${port}${path}`, { signal: AbortSignal.timeout(RUN_MS), ...init });
        } catch (error) {
          if (hasEnded || !(error instanceof TypeError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function settings(script: string, port: number, { objects = {}, assets, wasm = [] }: Bindings): string {
  const classes = Object.entries(objects);
  const spaces = classes.map(([, name]) => `(className = "${name}", uniqueKey = "${name}")`);
  const bound = classes.map(([binding, name]) => `(name = "${binding}", durableObjectNamespace = "${name}")`);
  const folder = assets === undefined ? [] : [`(name = "assets", disk = "${assets}")`];
  if (assets !== undefined) bound.push(`(name = "ASSETS", service = "assets")`);
  const modules = [`(name = "${script}", esModule = embed "${script}")`];
  for (const path of wasm) modules.push(`(name = "${path}", wasm = embed "${path}")`);
  const storage = classes.length === 0 ? "" : "durableObjectStorage = (inMemory = void),";
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${folder.map((service) => `${service}, `).join("")}(name = "worker", worker = (
    modules = [${modules.join(", ")}],
    compatibilityDate = "2026-07-01",
    durableObjectNamespaces = [${spaces.join()}],
    ${storage}
    bindings = [${bound.join()}],
  ))],
  sockets = [(name = "http", address = "${HOST}:${port}", http = (), service = "worker")],
);
`;
}
