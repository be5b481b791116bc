/**
 * The runtimes: where each comes from, what it must refuse, and how it runs the suite. Those for pages are in
 * _browsers.ts.
 *
 * @module
 */

import { bundle, PROJECT } from "./_project.ts";
import { npmInstall } from "./_npm.ts";
import { outputOf, RUN_MS, start } from "./_process.ts";
import { CHROMIUM, FIREFOX, runInBrowser, versionOf } from "./_browsers.ts";
import type { Browser } from "./_browsers.ts";
import type { CodeGeneration, Report } from "./_suite.ts";

const PACKAGES = `${PROJECT}/../packages`;
const HOST = "127.0.0.1";

const WEBKIT: Browser = {
  name: "webkit",
  program: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  args: (url) => [url],
  needsDisplay: true,
};

/** A runtime that the suite runs in after Deno. */
export interface Runtime {
  /** As `--only` takes it. */
  readonly name: string;
  /** Ways to make code that it has to refuse. */
  readonly refuses: readonly CodeGeneration[];
  /** Finds or installs it and gives its version; fails if it can't be had here. */
  find(): Promise<string>;
  /** Runs the tests at these paths, seen from `tests`. */
  run(paths: readonly string[]): Promise<Report>;
}

/** One row a runtime. */
export const RUNTIMES: readonly Runtime[] = [
  node("node26", "26.10.0"),
  node("node24", "24.18.0"),
  node("node22", "22.18.0"),
  fromSource("bun", "bun", "1.4.5", ["run"]),
  node("hardened-node", "26.10.0", [
    "--disallow-code-generation-from-strings",
    "--import",
    "./tests/runtimes/_harden.ts",
  ]),
  workerd("1.20260730.1"),
  browser(CHROMIUM, "chromium", ["WebAssembly", "Function"]),
  browser(FIREFOX, "firefox-esr", ["WebAssembly", "Function"]),
  browser(WEBKIT, "webkit2gtk-driver xvfb", ["Function"]),
];

/** The report that a program printed as its last line. */
export function lastLine(output: string): unknown {
  return JSON.parse(output.trimEnd().split("\n").at(-1)!);
}

function node(name: string, version: string, flags: readonly string[] = []): Runtime {
  const refuses: CodeGeneration[] = flags.length > 0 ? ["WebAssembly", "Function"] : [];
  return { ...fromSource(name, "node", version, flags), refuses };
}

/** A runtime that is a package of npm and reads TypeScript. */
function fromSource(name: string, program: string, version: string, flags: readonly string[]): Runtime {
  const folder = `${PACKAGES}/${program}-${version}`;
  const path = `${folder}/node_modules/.bin/${program}`;
  return {
    name,
    refuses: [],
    find: async () => {
      await npmInstall(folder, [`${program}@${version}`]);
      return `${program} ${(await outputOf(path, ["--version"])).trim().replace(/^v/, "")}`;
    },
    run: async (paths) => {
      const args = [...flags, "tests/runtimes/_from_source.ts", name, ...paths];
      return lastLine(await outputOf(path, args, { cwd: PROJECT })) as Report;
    },
  };
}

function workerd(version: string): Runtime {
  const folder = `${PACKAGES}/workerd-${version}`;
  const path = `${folder}/node_modules/.bin/workerd`;
  return {
    name: "workerd",
    refuses: ["WebAssembly", "Function"],
    find: async () => {
      await npmInstall(folder, [`workerd@${version}`]);
      return (await outputOf(path, ["--version"])).trim();
    },
    run: async () => {
      await bundle("worker");
      const port = freePort();
      await Deno.writeTextFile(`${PROJECT}/workerd.capnp`, workerdConfig(port));
      await using server = start(path, ["serve", "workerd.capnp"], { cwd: PROJECT, stderr: "inherit" });
      const answer = await firstAnswer(`http://${HOST}:${port}/`, server.child);
      if (!answer.ok) throw new Error(`workerd answered ${answer.status}: ${await answer.text()}`);
      return await answer.json();
    },
  };
}

function workerdConfig(port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "suite", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-07-01",
  ))],
  sockets = [(name = "http", address = "${HOST}:${port}", http = (), service = "suite")],
);
`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** The answer of a server that is starting. */
async function firstAnswer(url: string, child: Deno.ChildProcess): Promise<Response> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  while (true) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(RUN_MS) });
    } catch (error) {
      if (hasEnded || !(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A browser that Debian has. */
function browser(made: Browser, debian: string, refuses: readonly CodeGeneration[]): Runtime {
  return {
    name: made.name,
    refuses,
    find: async () => {
      try {
        return await versionOf(made);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) throw new Error(`Debian has it: apt-get install ${debian}`);
        throw error;
      }
    },
    run: async () => await runInBrowser(made, await bundle("page")),
  };
}
