/**
 * One process of the bench in a runtime that reads files. It does a job and prints the report as its last line.
 * Arguments:
 * the job as JSON, the folder of the packages, and the path of another build of src/vm/mod.ts if there is one.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Job } from "./job.ts";
import { PACKAGES } from "./packages.ts";
import { runJob } from "./run_job.ts";

const [job, packages, against] = process.argv.slice(2);
const report = await runJob(JSON.parse(job!) as Job, {
  read: async (path) => new Uint8Array(await readFile(new URL(path, import.meta.url))),
  load: async (name) => {
    const path = name === "against" ? against : `${packages}/node_modules/${PACKAGES[name]!.entry}`;
    if (path === undefined) throw new Error("there is no other build");
    return await import(pathToFileURL(path).href);
  },
});
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0));
