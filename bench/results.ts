/**
 * The results of a run, as results.json stores them, and the ratios computed from them.
 *
 * @module
 */

import type { Result } from "./report.ts";
import { geomean } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { COREMARK_ITERATIONS, PEERS } from "./suites.ts";

/** One engine's results. */
export interface EngineResults {
  readonly version: string;
  readonly compiler: string;
  /** By the names of suites. */
  readonly suites: Record<string, Result>;
}

/** A run. */
export interface Results {
  /** The day, as YYYY-MM-DD. */
  readonly date: string;
  /** A description of the machine, without its name. */
  readonly machine: string;
  /** By the names of engines. */
  readonly engines: Record<string, EngineResults>;
}

/** Ratios by rows. Above 1 means slower than native, or faster than the best peer. */
export interface Ratios {
  readonly toNative: Record<string, number>;
  readonly overPeers: Record<string, number>;
}

/** Replaces earlier results with later ones, suite by suite. */
export function mergeResults(before: Results, after: Results): Results {
  const engines = { ...before.engines };
  for (const [name, engine] of Object.entries(after.engines)) {
    engines[name] = { ...engine, suites: { ...engines[name]?.suites, ...engine.suites } };
  }
  return { ...after, engines };
}

/** Our ratios in a suite of times. */
export function ratiosOf(result: Result): Ratios {
  const toNative: Record<string, number> = {};
  const overPeers: Record<string, number> = {};
  for (const [row, summaries] of Object.entries(result)) {
    const ours = summaries["rivulet"]?.median;
    if (ours === undefined) continue;
    const native = summaries["native"]?.median;
    const peer = bestPeer(summaries);
    if (native !== undefined) toNative[row] = ours / native;
    if (peer !== undefined) overPeers[row] = peer / ours;
  }
  return { toNative, overPeers };
}

/** CoreMark's iterations a second. */
export function coremarkOf(compute: Result): number | undefined {
  const ms = compute["coremark"]?.["rivulet"]?.median;
  return ms && 1_000 * COREMARK_ITERATIONS / ms;
}

/** The geometric mean of ratios, if there are any. */
export function meanOf(ratios: Record<string, number>): number | undefined {
  const values = Object.values(ratios);
  return values.length > 0 ? geomean(values) : undefined;
}

function bestPeer(summaries: Record<string, Summary>): number | undefined {
  const medians = PEERS.flatMap((name) => summaries[name]?.median ?? []);
  return medians.length > 0 ? Math.min(...medians) : undefined;
}
