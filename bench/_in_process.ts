/**
 * One process of the bench in a runtime that reads files: takes a job from the arguments and prints the report as its
 * last line. Arguments: the job as JSON, the folder of the packages.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { PACKAGES } from "./packages.ts";
import { runJob } from "./job.ts";
import type { Job } from "./job.ts";

const [job, packages] = process.argv.slice(2);
const report = await runJob(JSON.parse(job!) as Job, {
  read: async (path) => new Uint8Array(await readFile(new URL(path, import.meta.url))),
  load: async (name) => await import(pathToFileURL(`${packages}/node_modules/${PACKAGES[name]!.entry}`).href),
});
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0));
