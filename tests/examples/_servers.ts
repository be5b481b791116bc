/**
 * The servers among the examples as child processes on free ports of 127.0.0.1. Deno runs the files of the
 * repository. Node and Bun, which find the package by a package.json, run in a copy of the necessary files under dist.
 * workerd runs the Worker as a bundle. The runtimes are from npm.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { bundle } from "../../tools/bundle.ts";
import { copyFolder } from "../../tools/copy_folder.ts";
import { npmProgram } from "../../tools/npm.ts";
import { freePort, listening } from "../../tools/ports.ts";
import { ROOT } from "../../tools/root.ts";
import { RUNTIMES as PACKAGES } from "../../tools/runtimes.ts";
import { Child, commandOf } from "./_child.ts";

/** A separate folder for this process, because others can test at the same time. */
const PROJECT = `${ROOT}dist/edge_${Deno.pid}`;
const HOST = "127.0.0.1";
/** The host of plugins is the same program in all runtimes. */
const HOST_PROGRAM = "examples/host/main.ts";
/** The maximum time for the start of a server. */
const PATIENCE_MS = 10_000;

/** Each runtime's package. */
const RUNTIMES = { node: PACKAGES.node26, bun: PACKAGES.bun, workerd: PACKAGES.workerd } as const;

/** The runtimes that serve. */
export type ServerName = "deno" | keyof typeof RUNTIMES;

/** The folder of the installed runtimes. */
async function findRuntimes(): Promise<Record<keyof typeof RUNTIMES, string>> {
  const [node, bun, workerd] = await Promise.all([RUNTIMES.node, RUNTIMES.bun, RUNTIMES.workerd].map(npmProgram));
  return { node: node!, bun: bun!, workerd: workerd! };
}

/** A package in which Node and Bun resolve `@rivulet/rivulet`. */
async function makeProject(): Promise<void> {
  globalThis.addEventListener("unload", () => Deno.removeSync(PROJECT, { recursive: true }));
  for (const folder of ["src", "examples/edge", "examples/host", "examples/guests/prebuilt"]) {
    await copyFolder(ROOT + folder, `${PROJECT}/${folder}`);
  }
  await Deno.copyFile(`${ROOT}mod.ts`, `${PROJECT}/mod.ts`);
  const manifest = { name: config.name, type: "module", exports: config.exports };
  await Deno.writeTextFile(`${PROJECT}/package.json`, JSON.stringify(manifest));
}

async function bundleWorker(): Promise<void> {
  await bundle({ absWorkingDir: PROJECT, entryPoints: ["examples/edge/worker.ts"], outfile: "worker.js" });
}

/** The configuration of workerd: the settings of wrangler.jsonc in workerd's own format. */
function workerdConfig(port: number): string {
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "assets", disk = "${PROJECT}/examples/guests/prebuilt"),
    (name = "edge", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-07-01",
      compatibilityFlags = ["enable_request_signal"],
      bindings = [(name = "ASSETS", service = "assets")],
    )),
  ],
  sockets = [(name = "http", address = "${HOST}:${port}", http = (), service = "edge")],
);
`;
}

/** An example that serves: the functions at the edge, or the host of plugins. */
export type Example = "edge" | "host";

/** A server under test. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  /** Ends it. @returns all its output */
  stop(): Promise<string>;
  /** The next line of its log that a pattern matches. */
  line(pattern: RegExp): Promise<string>;
}

let runtimes: ReturnType<typeof findRuntimes> | undefined;

/** Starts a server, and returns when it accepts connections. */
export async function startServer(name: ServerName, example: Example = "edge"): Promise<Server> {
  const port = freePort();
  const child = new Child(await serverCommand(name, example, port), name === "deno" ? ROOT : PROJECT);
  try {
    await listening(port, PATIENCE_MS);
  } catch (cause) {
    throw new Error(`${name} does not listen: ${await child.stop()}`, { cause });
  }
  return {
    url: `http://${HOST}:${port}`,
    line: (pattern) => child.line(pattern),
    stop: () => child.stop(),
    [Symbol.asyncDispose]: async () => void await child.stop(),
  };
}

async function serverCommand(name: ServerName, example: Example, port: number): Promise<string[]> {
  if (name === "deno") {
    const [, ...args] = commandOf(example === "host" ? HOST_PROGRAM : "examples/edge/deno_serve.ts");
    return [Deno.execPath(), ...args.with(-1, String(port))];
  }
  runtimes ??= Promise.all([findRuntimes(), makeProject().then(bundleWorker)]).then(([found]) => found);
  const { [name]: program } = await runtimes;
  if (example === "host") return [program, HOST_PROGRAM, String(port)];
  if (name !== "workerd") {
    const [, ...args] = commandOf(`examples/edge/${name}_server.ts`);
    return [program, ...args.with(-1, String(port))];
  }
  await Deno.writeTextFile(`${PROJECT}/workerd.capnp`, workerdConfig(port));
  return [program, "serve", "workerd.capnp"];
}
