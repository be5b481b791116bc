/**
 * Runs the portable suite in every runtime and prints one row for each: version, passed, failed, skipped, the engine
 * that served and why, and the ways to make code that it refuses. `--only node26,bun` selects some of them. Deno always runs, because the others need the
 * modules that its run assembles. A runtime that is not available is a row with the reason, or a failure with `--all`.
 *
 * @module
 */

import { LEFT_OUT, PORTABLE } from "./portable.ts";
import { makeProject } from "./_project.ts";
import { lastLine, NATIVE, RUNTIMES } from "./_runtimes.ts";
import { outputOf } from "../../tools/process.ts";
import type { CodeGeneration, Report, Served } from "./_suite.ts";
import type { Binaries } from "./_stand_ins.ts";

const TESTS = `${import.meta.dirname}/..`;

async function main(): Promise<boolean> {
  const wanted = wantedNames();
  const paths = await portablePaths();
  console.log(`${paths.length} files of tests: ${PORTABLE.join(" ")}`);
  for (const [path, reason] of LEFT_OUT) console.log(`left out: ${path}: ${reason}`);
  const { report, assembled } = await runInDeno(paths);
  let isWell = printRow("deno", `deno ${Deno.version.deno}`, report, [], NATIVE);
  await makeProject(paths, assembled);
  for (const { name, refuses, engine, find, run } of RUNTIMES) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    let version;
    try {
      version = await find();
    } catch (error) {
      console.log(`${rowOf(name)} not here: ${error instanceof Error ? error.message : error}`);
      if (Deno.args.includes("--all")) isWell = false;
      continue;
    }
    const report = await reportOf(rowOf(name, version), () => run(paths));
    isWell = report !== undefined && printRow(name, version, report, refuses, engine) && isWell;
  }
  return isWell;
}

/** Runs the suite, and once more if there is no report: now and then a browser does not start. */
async function reportOf(row: string, run: () => Promise<Report>): Promise<Report | undefined> {
  for (const _attempt of [1, 2]) {
    try {
      return await run();
    } catch (error) {
      console.log(`${row} no report: ${error instanceof Error ? error.message : error}`);
    }
  }
  return undefined;
}

function wantedNames(): string[] | undefined {
  const at = Deno.args.indexOf("--only");
  if (at < 0) return undefined;
  const names = (Deno.args[at + 1] ?? "").split(",");
  const known = RUNTIMES.map(({ name }) => name);
  const unknown = names.filter((name) => name !== "deno" && !known.includes(name));
  if (unknown.length === 0) return names;
  throw new TypeError(`--only takes some of deno,${known}; unknown: ${unknown}`);
}

/** The portable tests by their paths. All others must be left out with a reason. */
async function portablePaths(): Promise<string[]> {
  const paths = await testsIn("");
  const unclear = paths.map(topOf).filter((top) => !PORTABLE.includes(top) && !LEFT_OUT.has(top));
  if (unclear.length > 0) throw new Error(`portable.ts does not say whether these are portable: ${unclear}`);
  return paths.filter((path) => PORTABLE.includes(topOf(path)));
}

function topOf(path: string): string {
  return path.split("/")[0]!;
}

async function testsIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${TESTS}/${folder}`)) {
    if (isDirectory) paths.push(...await testsIn(`${folder}${name}/`));
    else if (name.endsWith("_test.ts")) paths.push(folder + name);
  }
  return paths.sort();
}

async function runInDeno(paths: readonly string[]): Promise<{ report: Report; assembled: Binaries }> {
  const args = ["run", "--quiet", "--allow-read=.", "--allow-env", "tests/runtimes/_in_deno.ts", ...paths];
  const output = await outputOf(Deno.execPath(), args, { cwd: `${TESTS}/..` });
  return lastLine(output) as { report: Report; assembled: Binaries };
}

/** Prints a row, and the failed and skipped tests below it. Returns whether all is well. */
function printRow(
  name: string,
  version: string,
  report: Report,
  refuses: readonly CodeGeneration[],
  expected: Served,
): boolean {
  const { passed, failures, skipped, engine, seconds } = report;
  const numbers = `${passed} passed, ${failures.length} failed, ${skipped.length} skipped`;
  const refused = report.refuses.length > 0 ? `; refuses ${report.refuses.join(" and ")}` : "";
  const served = `on the ${engine.name} engine: ${engine.reason}`;
  console.log(`${rowOf(name, version)} ${numbers} (${seconds.toFixed()} s), ${served}${refused}`);
  for (const { test, error } of failures) console.log(`  FAILED ${test}\n${error.replace(/^/gm, "    ")}`);
  for (const [reason, tests] of Map.groupBy(skipped, ({ reason }) => reason)) {
    console.log(`  skipped ${tests.length}: ${reason}`);
  }
  const allowed = refuses.filter((way) => !report.refuses.includes(way));
  if (allowed.length > 0) console.log(`  FAILED it should refuse ${allowed.join(" and ")}`);
  const isExpected = engine.name === expected.name && engine.reason.includes(expected.reason);
  if (!isExpected) console.log(`  FAILED the engine should be: ${expected.name} ${expected.reason}`);
  return failures.length === 0 && allowed.length === 0 && isExpected;
}

function rowOf(name: string, version = ""): string {
  return `${name.padEnd(16)} ${version.padEnd(26)}`.trimEnd();
}

if (import.meta.main) Deno.exit(await main() ? 0 : 1);
