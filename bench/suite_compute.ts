/**
 * The suites of computation: kernels and programs, warm and cold, their tables and their means.
 *
 * @module
 */

import type { Engine } from "./engines.ts";
import { kernels } from "./kernels/kernels.ts";
import type { Program } from "./program.ts";
import type { ComputeReport, Timing } from "./run_compute.ts";
import { geomean, summaryOf } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { figure, tableOf, times } from "./tables.ts";

/** The interpreters that a mark compares with. */
export const PEERS: readonly string[] = ["wasm3", "wasmi"];

/** What was measured: a summary by contender, by program. */
export type ComputeResult = Record<string, Record<string, Summary>>;

/** Every program, its file seen from the folder of the bench. */
export const PROGRAMS: readonly Program[] = [
  ...kernels.map((program) => ({ ...program, file: `kernels/${program.file}` })),
];

/** How a suite is run. */
export interface ComputeOptions {
  readonly kind: "warm" | "cold";
  readonly programs: readonly Program[];
  readonly contenders: readonly string[];
  readonly rounds: number;
  readonly log: (line: string) => void;
}

/** Measures on one engine. What a contender can't do is said and left out. */
export async function runComputeSuite(engine: Engine, options: ComputeOptions): Promise<ComputeResult> {
  const samples: Record<string, Record<string, number[]>> = {};
  const failed = new Set<string>();
  const add = (report: ComputeReport): void => {
    for (const [program, timings] of Object.entries(report)) {
      for (const [contender, timing] of Object.entries(timings)) {
        if ("samples" in timing) ((samples[program] ??= {})[contender] ??= []).push(...timing.samples);
        else failed.add(reasonOf(program, contender, timing));
      }
    }
  };
  const { kind, programs, contenders, rounds } = options;
  if (kind === "warm") add(await engine.run({ kind, programs, contenders, rounds }));
  else await runCold(engine, options, add);
  for (const reason of failed) options.log(reason);
  return Object.fromEntries(
    Object.entries(samples).map(([program, byContender]) => [
      program,
      Object.fromEntries(Object.entries(byContender).map(([name, values]) => [name, summaryOf(values)])),
    ]),
  );
}

/** A process for each program, contender and round. */
async function runCold(
  engine: Engine,
  { kind, programs, contenders, rounds }: ComputeOptions,
  add: (report: ComputeReport) => void,
): Promise<void> {
  for (const program of programs) {
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        add(await engine.run({ kind, programs: [program], contenders: [contender], rounds: 1 }));
      }
    }
  }
}

function reasonOf(program: string, contender: string, { error }: Extract<Timing, { error: string }>): string {
  return `left out: ${program} with ${contender}: ${error}`;
}

/** The median of the fastest peer. */
export function bestPeer(summaries: Record<string, Summary>): number | undefined {
  const medians = PEERS.flatMap((name) => summaries[name]?.median ?? []);
  return medians.length > 0 ? Math.min(...medians) : undefined;
}

/** Ratios of a result: how much slower than native, and how much faster than the best peer, a program. */
export interface Ratios {
  readonly toNative: Record<string, number>;
  readonly overPeers: Record<string, number>;
}

/** The ratios of all programs that ran. */
export function ratiosOf(result: ComputeResult): Ratios {
  const toNative: Record<string, number> = {};
  const overPeers: Record<string, number> = {};
  for (const [program, summaries] of Object.entries(result)) {
    const ours = summaries["rivulet"]?.median;
    if (ours === undefined) continue;
    const native = summaries["native"]?.median;
    const peer = bestPeer(summaries);
    if (native !== undefined) toNative[program] = ours / native;
    if (peer !== undefined) overPeers[program] = peer / ours;
  }
  return { toNative, overPeers };
}

/** A table: a row a program, a column a contender. */
export function computeTable(result: ComputeResult, contenders: readonly string[]): string {
  const { toNative, overPeers } = ratiosOf(result);
  const rows = Object.entries(result).map(([program, summaries]) => [
    program,
    ...contenders.map((name) => cellOf(summaries[name])),
    times(toNative[program]),
    times(overPeers[program]),
  ]);
  const means = [
    "geomean",
    ...contenders.map(() => ""),
    ...[toNative, overPeers].map((ratios) => times(meanOf(ratios))),
  ];
  const head = ["ms, median (min)", ...contenders, "x native", "over peers"];
  return tableOf(head, [...rows, means]);
}

/** The geometric mean of ratios, if there are any. */
export function meanOf(ratios: Record<string, number>): number | undefined {
  const values = Object.values(ratios);
  return values.length > 0 ? geomean(values) : undefined;
}

function cellOf(summary: Summary | undefined): string {
  return summary === undefined ? "-" : `${figure(summary.median)} (${figure(summary.min)})`;
}
