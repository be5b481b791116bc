/**
 * Clocks: what time it is, how much has passed, and sleeping; by default those of the web platform. Processor time is
 * left out: a guest has none that could be told from its host's.
 *
 * @module
 */

import { onRejection } from "../base/callbacks.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME, EINVAL, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Context } from "./context.ts";

/**
 * Where a guest's time comes from.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { Clock } from "@rivulet/rivulet";
 *
 * // Time that passes only when the guest sleeps, and then at once: each run sees the same.
 * let now = 0n;
 * const clock: Clock = {
 *   realtime: () => now,
 *   monotonic: () => now,
 *   sleep: (ms) => Promise.resolve(void (now += BigInt(Math.ceil(ms * 1e6)))),
 * };
 * const upper = await compile(await Deno.readFile("examples/guests/prebuilt/upper.wasm"));
 * console.log((await spawn(upper, { clock, stdin: "null", stdout: "null" }).status).success); // true
 * ```
 */
export interface Clock {
  /** Nanoseconds since the start of 1970, UTC. */
  realtime(): bigint;
  /** Nanoseconds since any moment; never less than before. */
  monotonic(): bigint;
  /**
   * Resolves when at least so many milliseconds have passed (a whole number or not, at most 2^31 - 1), or when the signal
   * aborts. It may reject in the latter case, and should leave no timer behind.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Nanoseconds from one value to the next; 1,000,000 by default. */
  readonly resolution?: bigint;
}

const NANOSECONDS_PER_MS = 1_000_000n;
/** The longest that timers can wait. */
export const MAX_SLEEP_MS: number = 2 ** 31 - 1;

/**
 * The web platform's clocks. The monotonic one starts with the call, at 1 ms, since Go's runtime takes a zero for a
 * broken clock.
 */
export function systemClock(): Clock {
  const start = performance.now() - 1;
  return {
    realtime: () => BigInt(Date.now()) * NANOSECONDS_PER_MS,
    monotonic: () => BigInt(Math.round((performance.now() - start) * 1e6)),
    sleep,
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  // Timers may fire a little early.
  for (let left = ms; left > 0 && !signal.aborted; left = end - performance.now()) {
    await timeout(Math.min(Math.ceil(left), MAX_SLEEP_MS), signal);
  }
}

/** Resolves after a timer of the event loop, or when the signal aborts. */
export function timeout(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

/**
 * The time of a clock, or undefined if there is no such clock.
 *
 * @throws {TypeError} if the host's clock gives no bigint: a promise, above all, since a guest's look at the clock is
 * never waited for
 */
export function readClock({ clock }: Context, id: number): bigint | undefined {
  if (id !== CLOCK_REALTIME && id !== CLOCK_MONOTONIC) return undefined;
  const now: unknown = id === CLOCK_REALTIME ? clock.realtime() : clock.monotonic();
  if (typeof now === "bigint") return now;
  onRejection(now, () => {});
  throw new TypeError(`a clock gave ${typeof now} and not a bigint`);
}

/** `clock_time_get`: writes the time of a clock. */
export function clockTimeGet(context: Context, id: number, _precision: bigint, time: number): Errno {
  const now = readClock(context, id);
  if (now === undefined) return EINVAL;
  context.memory.view.setBigUint64(time, now, true);
  return SUCCESS;
}

/** `clock_res_get`: writes the resolution of a clock. */
export function clockResGet({ clock, memory }: Context, id: number, resolution: number): Errno {
  if (id !== CLOCK_REALTIME && id !== CLOCK_MONOTONIC) return EINVAL;
  memory.view.setBigUint64(resolution, clock.resolution ?? NANOSECONDS_PER_MS, true);
  return SUCCESS;
}
