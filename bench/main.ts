/**
 * `deno task bench`: measures the suites on the engines that are here, and prints a table for each.
 *
 *     deno task bench                                     every suite on every engine; writes results.json and results.svg
 *     deno task bench compute cold --engine deno,bun      some suites, some engines
 *     deno task bench compute --only fib,sieve            some programs
 *     deno task bench compute --with rivulet,native       some contenders
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ENGINES } from "./engines.ts";
import { CONTENDERS } from "./run_compute.ts";
import { computeTable, PROGRAMS, runComputeSuite } from "./suite_compute.ts";

const SUITES = ["compute", "cold"];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      engine: { type: "string" },
      only: { type: "string" },
      with: { type: "string" },
      rounds: { type: "string", default: "5" },
    },
  });
  const suites = chosen("a suite", SUITES, positionals.length > 0 ? positionals.join(",") : undefined);
  const engines = chosen("--engine", ENGINES.map(({ name }) => name), values.engine);
  const only = chosen("--only", PROGRAMS.map(({ name }) => name), values.only);
  const contenders = chosen("--with", CONTENDERS.map(({ name }) => name), values.with);
  const programs = PROGRAMS.filter(({ name }) => only.includes(name));
  for (const engine of ENGINES.filter(({ name }) => engines.includes(name))) {
    const version = await engine.find();
    for (const suite of suites) {
      const kind = suite === "cold" ? "cold" : "warm";
      const options = { kind, programs, contenders, rounds: Number(values.rounds), log: console.log } as const;
      const result = await runComputeSuite(engine, options);
      console.log(`\n${suite}, ${version} (${engine.compiler})\n\n${computeTable(result, contenders)}`);
    }
  }
}

/** The names that an option lists, or all. */
function chosen(option: string, known: readonly string[], list: string | undefined): string[] {
  const names = list?.split(",") ?? [...known];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new TypeError(`${option} takes some of ${known.join(",")}; unknown: ${unknown}`);
  return names;
}

if (import.meta.main) await main();
