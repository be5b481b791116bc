/**
 * The clock of a process, and the default one, which uses the web platform's clocks and timers.
 *
 * @module
 */

/**
 * The source of a guest's time.
 *
 * @example
 * ```ts
 * import { compile, spawn } from "@rivulet/rivulet";
 * import type { Clock } from "@rivulet/rivulet";
 *
 * // Time passes only when the guest sleeps, and then at once. So each run is the same.
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
  /** Nanoseconds since an arbitrary moment. The value never decreases. */
  monotonic(): bigint;
  /**
   * Resolves when at least `ms` milliseconds have passed, or when the signal aborts. `ms` may have a fraction and is at most
   * 2^31 - 1. After an abort the promise may also reject, and no timer should be left behind.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Nanoseconds from one value to the next, 1,000,000 by default. */
  readonly resolution?: bigint;
}

/** Nanoseconds in a millisecond. */
export const NANOSECONDS_PER_MS: bigint = 1_000_000n;
/** The longest time that timers can wait. */
export const MAX_SLEEP_MS: number = 2 ** 31 - 1;

/**
 * The web platform's clocks. The monotonic clock starts with the call, at 1 ms, because Go's runtime considers a zero a
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
