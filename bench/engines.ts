/**
 * The engines that the bench runs in: the source of each, and how it does a job in its own process.
 *
 * @module
 */

import { CHROMIUM, FIREFOX, versionOf } from "../tools/browsers.ts";
import type { Browser } from "../tools/browsers.ts";
import { npmInstall, npmProgram } from "../tools/npm.ts";
import { outputOf } from "../tools/process.ts";
import { ROOT } from "../tools/root.ts";
import { RUNTIMES } from "../tools/runtimes.ts";
import { runInPage } from "./_page.ts";
import type { Job } from "./job.ts";
import { PACKAGES } from "./packages.ts";
import type { Report } from "./report.ts";

const DIST = `${ROOT}dist/bench`;

/** Enables `gc`, which the memory suite needs. */
const DENO_FLAGS = [
  "run",
  "--quiet",
  "--no-check",
  "--v8-flags=--expose-gc",
  "--allow-read",
  "--allow-write",
  "--allow-env",
];
const NODE_FLAGS = ["--expose-gc", "--disable-warning=ExperimentalWarning"];

/** A runtime with its engine. */
export interface Engine {
  /** The name that `--engine` accepts. */
  readonly name: string;
  /** The compiler of its JavaScript. */
  readonly compiler: "V8" | "JavaScriptCore" | "SpiderMonkey";
  /** Whether it is a page. A page starts slowly and reports little about its memory. */
  readonly isPage: boolean;
  /** Finds or installs it and returns its version. Fails if it is not available here. */
  find(): Promise<string>;
  /** Does a job in a new process. `against` is the path of another build of src/vm/mod.ts. */
  run(job: Job, against?: string): Promise<Report>;
}

/** One row for each engine. */
export const ENGINES: readonly Engine[] = [
  {
    name: "deno",
    compiler: "V8",
    isPage: false,
    find: () => Promise.resolve(`Deno ${Deno.version.deno}`),
    run: (job, against) => runFromSource(Deno.execPath(), DENO_FLAGS, job, against),
  },
  fromNpm("node26", "V8", "Node", NODE_FLAGS),
  fromNpm("node24", "V8", "Node", NODE_FLAGS),
  fromNpm("bun", "JavaScriptCore", "Bun", ["--expose-gc"]),
  inBrowser(CHROMIUM, "V8"),
  inBrowser(FIREFOX, "SpiderMonkey"),
];

/** A browser that is installed. */
function inBrowser(browser: Browser, compiler: Engine["compiler"]): Engine {
  return {
    name: browser.name,
    compiler,
    isPage: true,
    find: async () => (await versionOf(browser)).replace(/^Mozilla /, ""),
    run: async (job, against) => {
      await installPackages();
      return await runInPage(browser, job, { packages: DIST, against });
    },
  };
}

/** A runtime that is a package of npm and reads TypeScript. */
function fromNpm(
  name: "node26" | "node24" | "bun",
  compiler: Engine["compiler"],
  title: string,
  flags: readonly string[],
): Engine {
  return {
    name,
    compiler,
    isPage: false,
    find: async () => {
      const version = await outputOf(await npmProgram(RUNTIMES[name]), ["--version"]);
      return `${title} ${version.trim().replace(/^v/, "")}`;
    },
    run: async (job, against) => await runFromSource(await npmProgram(RUNTIMES[name]), flags, job, against),
  };
}

async function runFromSource(
  program: string,
  flags: readonly string[],
  job: Job,
  against: string | undefined,
): Promise<Report> {
  await installPackages();
  const args = [...flags, "bench/_in_process.ts", JSON.stringify(job), DIST, ...against === undefined ? [] : [against]];
  const output = await outputOf(program, args, { cwd: ROOT });
  return JSON.parse(output.trimEnd().split("\n").at(-1)!);
}

async function installPackages(): Promise<void> {
  await npmInstall(DIST, Object.entries(PACKAGES).map(([name, { version }]) => `${name}@${version}`));
}
