/**
 * The runtimes: the source of each, what it must refuse, which engine must serve there, and how it runs the suite.
 *
 * @module
 */

import { CHROMIUM, FIREFOX, versionOf, WEBKIT } from "../../tools/browsers.ts";
import type { Browser } from "../../tools/browsers.ts";
import { npmProgram } from "../../tools/npm.ts";
import { outputOf } from "../../tools/process.ts";
import { RUNTIMES as PACKAGES } from "../../tools/runtimes.ts";
import { startWorker } from "../../tools/workerd.ts";
import { runInBrowser, STRICT, WITH_WASM } from "./_in_browser.ts";
import { bundleSuite, PROJECT } from "./_project.ts";
import type { CodeGeneration, Report, Served } from "./_suite.ts";

/** The host's own engine runs modules. */
export const NATIVE: Served = { name: "native", reason: "" };
const NO_JSPI: Served = { name: "interpreter", reason: "no JSPI" };
const REFUSED: Served = { name: "interpreter", reason: "code generation is refused" };
const ABSENT: Served = { name: "interpreter", reason: "no WebAssembly" };

const NO_STRINGS = "--disallow-code-generation-from-strings";

const WORKERD: Runtime = {
  name: "workerd",
  refuses: ["WebAssembly", "Function"],
  engine: REFUSED,
  find: async () => (await outputOf(await npmProgram(PACKAGES.workerd), ["--version"])).trim(),
  run: async () => {
    await using worker = await startWorker(await npmProgram(PACKAGES.workerd), await bundleSuite("worker"));
    const answer = await worker.fetch();
    if (!answer.ok) throw new Error(`workerd answered ${answer.status}: ${await answer.text()}`);
    return await answer.json();
  },
};

/** A runtime that the suite runs in after Deno. */
export interface Runtime {
  /** The name for `--only`. */
  readonly name: string;
  /** Ways to make code that it must refuse. */
  readonly refuses: readonly CodeGeneration[];
  /** The engine that must serve if none is asked for, and what its reason must say. */
  readonly engine: Served;
  /** Finds or installs it and returns its version. Fails if it is not available here. */
  find(): Promise<string>;
  /** Runs the tests at these paths, relative to `tests`. */
  run(paths: readonly string[]): Promise<Report>;
}

/** One row for each runtime. */
export const RUNTIMES: readonly Runtime[] = [
  fromSource("node26", PACKAGES.node26, NATIVE),
  fromSource("node24", PACKAGES.node24, NO_JSPI),
  fromSource("node22", PACKAGES.node22, NO_JSPI),
  fromSource("bun", PACKAGES.bun, NATIVE, ["run"]),
  // The flag refuses strings only: Node compiles WebAssembly with it.
  fromSource("stringless-node", PACKAGES.node26, NATIVE, [NO_STRINGS], ["Function"]),
  fromSource("hardened-node", PACKAGES.node26, ABSENT, [NO_STRINGS, "--import", "./tests/runtimes/_harden.ts"], [
    "WebAssembly",
    "Function",
  ]),
  WORKERD,
  browser(CHROMIUM, "chromium", STRICT, REFUSED, ["WebAssembly", "Function"]),
  browser({ ...CHROMIUM, name: "chromium-wasm" }, "chromium", WITH_WASM, NATIVE, ["Function"]),
  browser(FIREFOX, "firefox-esr", STRICT, REFUSED, ["WebAssembly", "Function"]),
  browser({ ...FIREFOX, name: "firefox-wasm" }, "firefox-esr", WITH_WASM, NATIVE, ["Function"]),
  // It compiles WebAssembly under any policy, but can't suspend it.
  browser(WEBKIT, "webkit2gtk-driver xvfb", STRICT, NO_JSPI, ["Function"]),
];

/** The report on the last line of a program's output. */
export function lastLine(output: string): unknown {
  return JSON.parse(output.trimEnd().split("\n").at(-1)!);
}

/** A runtime that is a package of npm and reads TypeScript. */
function fromSource(
  name: string,
  packageName: string,
  engine: Served,
  flags: readonly string[] = [],
  refuses: readonly CodeGeneration[] = [],
): Runtime {
  return {
    name,
    refuses,
    engine,
    find: async () => {
      const version = await outputOf(await npmProgram(packageName), ["--version"]);
      return `${packageName.split("@")[0]} ${version.trim().replace(/^v/, "")}`;
    },
    run: async (paths) => {
      const args = [...flags, "tests/runtimes/_from_source.ts", name, ...paths];
      return lastLine(await outputOf(await npmProgram(packageName), args, { cwd: PROJECT })) as Report;
    },
  };
}

/** A browser from Debian, with a page under a policy. */
function browser(
  made: Browser,
  debian: string,
  policy: string,
  engine: Served,
  refuses: readonly CodeGeneration[],
): Runtime {
  return {
    name: made.name,
    refuses,
    engine,
    find: async () => {
      try {
        return await versionOf(made);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) throw new Error(`Debian has it: apt-get install ${debian}`);
        throw error;
      }
    },
    run: async () => await runInBrowser(made, await bundleSuite("page"), policy),
  };
}
