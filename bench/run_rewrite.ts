/**
 * Measures the native engine's rewriter alone: how fast it meters modules that are decoded and validated, cold and
 * warm, and how much larger they become.
 *
 * @module
 */

import { preparedOf } from "../src/vm/module.ts";
import { compile } from "../src/vm/mod.ts";
import { meterRecord } from "../src/vm/native/rewriter.ts";
import { readModule } from "../tools/read_module.ts";
import type { Host } from "./contenders/contender.ts";
import type { Job } from "./job.ts";
import { timingOf } from "./report.ts";
import type { Report } from "./report.ts";

/** The rewriter is warm after this much time. */
const WARM_UP_MS = 500;

/** Megabytes a second. Only the first program of a process is truly cold. */
export async function runRewrite({ programs, rounds }: Job, host: Host): Promise<Report> {
  const report: Report = {};
  for (const { name, file } of programs) {
    const { record } = preparedOf(await compile(await readModule(host.read, file)));
    const rate = () => {
      const began = performance.now();
      meterRecord(record);
      return record.bytes.length / 1_000 / (performance.now() - began);
    };
    report[`${name}, in a fresh process`] = { rivulet: await timingOf(() => Promise.resolve([rate()])) };
    report[`${name}, warm`] = {
      rivulet: await timingOf(() => {
        const began = performance.now();
        while (performance.now() - began < WARM_UP_MS) rate();
        return Promise.resolve(Array.from({ length: rounds }, rate));
      }),
    };
  }
  return report;
}

/** Bytes of the metered module for each byte of the module. */
export async function runSize({ programs }: Job, host: Host): Promise<Report> {
  const report: Report = {};
  for (const { name, file } of programs) {
    const { record } = preparedOf(await compile(await readModule(host.read, file)));
    report[name] = {
      rivulet: await timingOf(() => Promise.resolve([meterRecord(record).bytes.length / record.bytes.length])),
    };
  }
  return report;
}
