/**
 * Runs suites of the official tests: `deno task spec wg-2.0 wg-3.0`, or single files of them, `wg-2.0/i32.wast`. With
 * `--engine native` the host's WebAssembly runs them. With `--step` every guest is suspended and resumed after every
 * instruction, or natively at every check of its fuel. The suites are not part of this repository. RIVULET_SPEC_SUITE
 * names the folder that contains them.
 *
 * @module
 */

import { runAs } from "./_engine.ts";
import { isAssertion, runScript } from "./runner.ts";
import { SKIPS } from "./skips.ts";
import type { Skip } from "./skips.ts";
import type { EngineName } from "../../tools/compile.ts";

const FOLDER = Deno.env.get("RIVULET_SPEC_SUITE") ??
  new URL("../../../shared/spec-testsuite", import.meta.url).pathname;

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** The paths of all scripts in a folder and its subfolders. */
async function scriptsIn(folder: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) paths.push(...await scriptsIn(`${folder}/${name}`, `${prefix}${name}/`));
    else if (name.endsWith(".wast")) paths.push(prefix + name);
  }
  return paths.sort();
}

/** Runs a suite and prints every failure. Returns whether all is well. */
async function runSuite(engine: EngineName, suite: string, only: string | undefined): Promise<boolean> {
  const skips = SKIPS.filter((skip) => skip.suite.test(suite) && (skip.engine ?? engine) === engine);
  let passed = 0;
  let failed = 0;
  const skipped = new Map<Skip, number>();
  const used = new Set<Skip>();
  const report = (text: string) => {
    failed++;
    console.log(text);
  };
  for (const file of only === undefined ? await scriptsIn(`${FOLDER}/${suite}`) : [only]) {
    const source = await Deno.readTextFile(`${FOLDER}/${suite}/${file}`);
    for (const outcome of await runScript(source)) {
      const { line, kind, failure } = outcome;
      if (failure === undefined) {
        if (isAssertion(outcome)) passed++;
        continue;
      }
      const skip = skips.find((entry) =>
        entry.file.test(file) && (entry.lines?.includes(line) ?? true) &&
        failure.includes(entry.failure)
      );
      if (skip === undefined) report(`${suite}/${file}:${line}: ${kind}: ${failure}`);
      else {
        used.add(skip);
        if (isAssertion(outcome)) skipped.set(skip, (skipped.get(skip) ?? 0) + 1);
      }
    }
  }
  for (const entry of only === undefined ? skips : []) {
    if (!used.has(entry)) report(`a skip that no case of ${suite} needs: ${entry.reason}`);
  }
  let total = 0;
  for (const [{ reason }, count] of skipped) {
    console.log(`${suite}: ${count} skipped: ${reason}`);
    total += count;
  }
  console.log(`spec ${suite}, ${engine} engine: ${passed} passed, ${failed} failed, ${total} skipped`);
  return failed === 0;
}

/** Takes an option with its arguments out of the list. */
function take(args: string[], option: string, length = 1): string[] {
  const at = args.indexOf(option);
  return at < 0 ? [] : args.splice(at, length);
}

async function main(): Promise<void> {
  if (!await exists(FOLDER)) {
    console.log(`spec: skipped, ${FOLDER} is absent: set RIVULET_SPEC_SUITE to a checkout of WebAssembly/testsuite`);
    return;
  }
  let isWell = true;
  const names = [...Deno.args];
  const isStepping = take(names, "--step").length > 0;
  const [, engine = "interpreter"] = take(names, "--engine", 2) as [string, EngineName?];
  if (engine !== "native" && engine !== "interpreter") throw new TypeError("--engine takes native or interpreter");
  runAs({ engine, isStepping });
  for (const name of names.length > 0 ? names : ["wg-2.0"]) {
    const [suite, ...path] = name.split("/");
    isWell = await runSuite(engine, suite, path.length > 0 ? path.join("/") : undefined) && isWell;
  }
  if (!isWell) Deno.exit(1);
}

await main();
