/**
 * The runtimes: the source of each, what it must refuse, and how it runs the suite.
 *
 * @module
 */

import { CHROMIUM, FIREFOX, versionOf, WEBKIT } from "../../tools/browsers.ts";
import type { Browser } from "../../tools/browsers.ts";
import { npmProgram } from "../../tools/npm.ts";
import { outputOf } from "../../tools/process.ts";
import { RUNTIMES as PACKAGES } from "../../tools/runtimes.ts";
import { startWorker } from "../../tools/workerd.ts";
import { runInBrowser } from "./_in_browser.ts";
import { bundleSuite, PROJECT } from "./_project.ts";
import type { CodeGeneration, Report } from "./_suite.ts";

const WORKERD: Runtime = {
  name: "workerd",
  refuses: ["WebAssembly", "Function"],
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
  /** Finds or installs it and returns its version. Fails if it is not available here. */
  find(): Promise<string>;
  /** Runs the tests at these paths, relative to `tests`. */
  run(paths: readonly string[]): Promise<Report>;
}

/** One row for each runtime. */
export const RUNTIMES: readonly Runtime[] = [
  node("node26", PACKAGES.node26),
  node("node24", PACKAGES.node24),
  node("node22", PACKAGES.node22),
  fromSource("bun", PACKAGES.bun, ["run"]),
  node("hardened-node", PACKAGES.node26, [
    "--disallow-code-generation-from-strings",
    "--import",
    "./tests/runtimes/_harden.ts",
  ]),
  WORKERD,
  browser(CHROMIUM, "chromium", ["WebAssembly", "Function"]),
  browser(FIREFOX, "firefox-esr", ["WebAssembly", "Function"]),
  browser(WEBKIT, "webkit2gtk-driver xvfb", ["Function"]),
];

/** The report on the last line of a program's output. */
export function lastLine(output: string): unknown {
  return JSON.parse(output.trimEnd().split("\n").at(-1)!);
}

function node(name: string, packageName: string, flags: readonly string[] = []): Runtime {
  const refuses: CodeGeneration[] = flags.length > 0 ? ["WebAssembly", "Function"] : [];
  return { ...fromSource(name, packageName, flags), refuses };
}

/** A runtime that is a package of npm and reads TypeScript. */
function fromSource(name: string, packageName: string, flags: readonly string[]): Runtime {
  return {
    name,
    refuses: [],
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

/** A browser from Debian. */
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
    run: async () => await runInBrowser(made, await bundleSuite("page")),
  };
}
