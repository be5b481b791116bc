/**
 * The results of a run, as results.json stores them, and the ratios computed from them.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { geomean } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { COREMARK_ITERATIONS, PEERS } from "./suites.ts";

/** One of our engines, by its name as a contender: the native one, or the interpreter. */
export type Ours = "rivulet" | "interpreter";

/** When and where a suite was run. */
export interface Circumstances {
  /** The day, as YYYY-MM-DD. */
  readonly date: string;
  /** A description of the machine, without its name. */
  readonly machine: string;
}

/** One engine's results. */
export interface EngineResults {
  readonly version: string;
  readonly compiler: string;
  /** By the names of suites. */
  readonly suites: Record<string, Result>;
  /** By the names of suites. */
  readonly measured: Record<string, Circumstances>;
  /** Why contenders can't take part here, by their names. */
  readonly absent: Record<string, string>;
}

/** A run. */
export interface Results {
  /** By the names of engines. */
  readonly engines: Record<string, EngineResults>;
}

/** Ratios by rows. Above 1 means slower than native, or faster than the best peer. */
export interface Ratios {
  readonly toNative: Record<string, number>;
  readonly overPeers: Record<string, number>;
}

/** On which machines and days a suite was run. */
export function measuredOn({ engines }: Results, suite: string): string {
  const all = Object.values(engines).flatMap(({ measured }) => measured[suite] ?? []);
  return [...new Set(all.map(({ machine, date }) => `${machine}; ${date}`))].join(", and ");
}

/** Replaces earlier results with later ones, suite by suite. */
export function mergeResults(before: Results, after: Results): Results {
  const engines = { ...before.engines };
  for (const [name, engine] of Object.entries(after.engines)) {
    const { suites, measured, absent } = engines[name] ?? {};
    engines[name] = {
      ...engine,
      suites: { ...suites, ...engine.suites },
      measured: { ...measured, ...engine.measured },
      absent: { ...absent, ...engine.absent },
    };
  }
  return { engines };
}

/** The ratios of one of our engines in a suite of times. */
export function ratiosOf(result: Result, ours: Ours): Ratios {
  const overPeers: Record<string, number> = {};
  for (const [row, summaries] of Object.entries(result)) {
    const own = summaries[ours]?.min;
    const peer = bestPeer(summaries);
    if (own !== undefined && peer !== undefined) overPeers[row] = peer / own;
  }
  return { toNative: ratiosTo(result, ours, "native"), overPeers };
}

/** The time of one of our engines over that of another contender, by rows. */
export function ratiosTo(result: Result, ours: Ours, other: string): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const [row, summaries] of Object.entries(result)) {
    const [own, theirs] = [summaries[ours]?.min, summaries[other]?.min];
    if (own !== undefined && theirs !== undefined) ratios[row] = own / theirs;
  }
  return ratios;
}

/** CoreMark's iterations a second. */
export function coremarkOf(compute: Result, ours: Ours): number | undefined {
  const ms = compute["coremark"]?.[ours]?.min;
  return ms && 1_000 * COREMARK_ITERATIONS / ms;
}

/** The geometric mean of ratios, if there are any. */
export function meanOf(ratios: Record<string, number>): number | undefined {
  const values = Object.values(ratios);
  return values.length > 0 ? geomean(values) : undefined;
}

/** The row with the greatest ratio, and the ratio, if there are any. */
export function greatestOf(ratios: Record<string, number>): readonly [row: string, ratio: number] | undefined {
  return Object.entries(ratios).sort(([, a], [, b]) => b - a)[0];
}

function bestPeer(summaries: Record<string, Summary>): number | undefined {
  const times = PEERS.flatMap((name) => summaries[name]?.min ?? []);
  return times.length > 0 ? Math.min(...times) : undefined;
}
