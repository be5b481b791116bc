/**
 * `deno task bench`: measures the suites on the engines that are here, and prints a table for each.
 *
 *     deno task bench                                     all of it; writes results.json and results.svg
 *     deno task bench compute cold --engine deno,bun      some suites, some engines
 *     deno task bench compute --only fib,sieve            some programs
 *     deno task bench compute --with rivulet,native       some contenders
 *     deno task bench calls --write                       replaces a suite in results.json
 *     deno task bench --reduced                           a short run, which fails if we became slower
 *     deno task bench compute --against ../before/src/vm/mod.ts   beside another build of the virtual machine
 *
 * @module
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ENGINES } from "./engines.ts";
import type { Engine } from "./engines.ts";
import { holdsBounds, REDUCED } from "./reduced.ts";
import type { Report, Result } from "./report.ts";
import { absentOf, resultOf } from "./report.ts";
import { machine } from "./machine.ts";
import { marksTable, verdictsOf } from "./marks.ts";
import { pictureOf } from "./picture.ts";
import { mergeResults } from "./results.ts";
import type { EngineResults, Results } from "./results.ts";
import { OURS, PROGRAMS, SUITES } from "./suites.ts";
import type { Suite, SuiteOptions } from "./suites.ts";
import { suiteTable } from "./tables.ts";

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      engine: { type: "string" },
      only: { type: "string" },
      with: { type: "string" },
      against: { type: "string" },
      rounds: { type: "string", default: "5" },
      write: { type: "boolean", default: false },
      reduced: { type: "boolean", default: false },
    },
  });
  if (values.reduced) return await runReduced();
  const writes = values.write || Deno.args.length === 0;
  if (writes && (values.only ?? values.with ?? values.against) !== undefined) {
    throw new TypeError("--write takes whole suites: no --only, --with, --against");
  }
  const against = values.against === undefined ? undefined : resolve(values.against);
  const everyone = [...new Set(SUITES.flatMap(({ contenders }) => contenders))]
    .filter((name) => name !== "against" || against !== undefined);
  const suites = chosen("a suite", SUITES, positionals.length > 0 ? positionals.join(",") : undefined);
  const engines = chosen("--engine", ENGINES, values.engine);
  const options: SuiteOptions = {
    programs: chosen("--only", PROGRAMS, values.only),
    contenders: chosen("--with", everyone.map((name) => ({ name })), values.with).map(({ name }) => name),
    rounds: Number(values.rounds),
  };
  const found: Record<string, EngineResults> = {};
  for (const engine of engines) {
    let version;
    try {
      version = await engine.find();
    } catch (error) {
      console.log(`left out: ${engine.name}: ${error instanceof Error ? error.message : error}`);
      continue;
    }
    const { compiler } = engine;
    const here: EngineResults = { version, compiler, suites: {}, measured: {}, absent: {} };
    found[engine.name] = here;
    for (const suite of suites) {
      if (engine.isPage && suite.needsProcess) continue;
      let run;
      try {
        run = await runSuite(engine, suite, options, against);
      } catch (error) {
        console.log(`left out: ${suite.name} on ${version}: ${error instanceof Error ? error.message : error}`);
        continue;
      }
      here.suites[suite.name] = run.result;
      here.measured[suite.name] = { date: new Date().toISOString().slice(0, 10), machine: machine() };
      Object.assign(here.absent, run.absent);
      console.log(`\n${headOf(suite, version)}\n\n${suiteTable(suite, run.result, run.absent)}\n`);
    }
    // Writes after each engine, since a run takes half an hour.
    if (writes) await write({ engines: { [engine.name]: here } });
  }
  const verdicts = verdictsOf({ engines: found });
  if (verdicts.length > 0) console.log(marksTable(verdicts));
}

function headOf(suite: Suite, version: string): string {
  return `${suite.title}; ${version}; ${machine()}`;
}

/** Writes results.json and results.svg. Suites that were not run keep their results. */
async function write(results: Results): Promise<void> {
  const folder = import.meta.dirname!;
  const before = await Deno.readTextFile(`${folder}/results.json`).then(JSON.parse, () => undefined);
  const merged = before === undefined ? results : mergeResults(before as Results, results);
  await Deno.writeTextFile(`${folder}/results.json`, `${JSON.stringify(merged, undefined, 2)}\n`);
  await Deno.writeTextFile(`${folder}/results.svg`, pictureOf(merged));
}

/** See reduced.ts. */
async function runReduced(): Promise<void> {
  const engine = ENGINES.find(({ name }) => name === REDUCED.engine)!;
  const suite = SUITES.find(({ name }) => name === REDUCED.suite)!;
  const { result } = await runSuite(engine, suite, REDUCED);
  console.log(`\n${headOf(suite, await engine.find())}\n\n${suiteTable(suite, result)}\n`);
  if (!holdsBounds(result, console.log)) Deno.exitCode = 1;
}

async function runSuite(
  engine: Engine,
  suite: Suite,
  options: SuiteOptions,
  against?: string,
): Promise<{ readonly result: Result; readonly absent: Record<string, string> }> {
  const contenders = suite.contenders.filter((name) => options.contenders.includes(name));
  const programs = options.programs.filter(({ name }) =>
    !engine.isPage || suite.inPages === undefined || suite.inPages.includes(name)
  );
  const reports: Report[] = [];
  for (const job of suite.jobs({ ...options, programs, contenders })) reports.push(await engine.run(job, against));
  return { result: resultOf(reports, console.log), absent: absentOf(reports, OURS) };
}

/** The rows of a table that an option lists by name, or all rows. */
function chosen<Row extends { readonly name: string }>(
  option: string,
  table: readonly Row[],
  list: string | undefined,
): readonly Row[] {
  if (list === undefined) return table;
  const names = list.split(",");
  const known = table.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new TypeError(`${option} takes some of ${known.join(",")}; unknown: ${unknown}`);
  return table.filter(({ name }) => names.includes(name));
}

if (import.meta.main) await main();
