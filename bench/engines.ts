/**
 * The engines that the bench runs in: where each comes from, and how it does a job in a process of its own.
 *
 * @module
 */

import { npmInstall } from "../tests/runtimes/_npm.ts";
import { outputOf } from "../tests/runtimes/_process.ts";
import type { Job, Report } from "./job.ts";
import { PACKAGES } from "./packages.ts";

const ROOT = `${import.meta.dirname}/..`;
const DIST = `${ROOT}/dist/bench`;

/** A runtime with its engine. */
export interface Engine {
  /** As `--engine` takes it. */
  readonly name: string;
  /** What compiles its JavaScript. */
  readonly compiler: "V8" | "JavaScriptCore" | "SpiderMonkey";
  /** Finds or installs it and gives its version; fails if it can't be had here. */
  find(): Promise<string>;
  /** Does a job in a new process. */
  run(job: Job): Promise<Report>;
}

/** One row an engine. */
export const ENGINES: readonly Engine[] = [
  {
    name: "deno",
    compiler: "V8",
    find: () => Promise.resolve(`Deno ${Deno.version.deno}`),
    run: (job) => runFromSource(Deno.execPath(), ["run", "--quiet", "--allow-read", "--allow-env"], job),
  },
  fromNpm("node26", "V8", "Node", "node", "26.10.0"),
  fromNpm("node24", "V8", "Node", "node", "24.18.0"),
  fromNpm("bun", "JavaScriptCore", "Bun", "bun", "1.4.5"),
];

/** A runtime that is a package of npm and reads TypeScript. */
function fromNpm(
  name: string,
  compiler: Engine["compiler"],
  title: string,
  program: string,
  version: string,
): Engine {
  const folder = `${DIST}/${program}-${version}`;
  const path = `${folder}/node_modules/.bin/${program}`;
  return {
    name,
    compiler,
    find: async () => {
      await npmInstall(folder, [`${program}@${version}`]);
      return `${title} ${(await outputOf(path, ["--version"])).trim().replace(/^v/, "")}`;
    },
    run: (job) => runFromSource(path, [], job),
  };
}

async function runFromSource(program: string, flags: readonly string[], job: Job): Promise<Report> {
  await npmInstall(DIST, Object.entries(PACKAGES).map(([name, { version }]) => `${name}@${version}`));
  const output = await outputOf(program, [...flags, "bench/_in_process.ts", JSON.stringify(job), DIST], { cwd: ROOT });
  return JSON.parse(output.trimEnd().split("\n").at(-1)!);
}
