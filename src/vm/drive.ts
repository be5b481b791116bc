/**
 * Runs a call to its end: slice after slice in turn with others, waiting for host functions' promises, within the
 * instance's budget, a deadline and an abort signal. Also the way without waiting, for functions called as JavaScript
 * functions.
 *
 * @module
 */

import { Call } from "./call.ts";
import { LimitError } from "./errors.ts";
import type { Func, Value } from "./func.ts";
import type { Instance } from "./instance.ts";
import { schedule } from "../_schedule.ts";

/**
 * What bounds one call.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { CallOptions } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "spin") (loop (br 0))))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBAFgAAADAgEABwgBBHNwaW4AAAoJAQcAA0AMAAsL");
 * const instance = await instantiate(await compile(bytes));
 * const options: CallOptions = { signal: AbortSignal.timeout(20) };
 * await instance.call("spin", [], options).catch((error) => console.log(error.name)); // TimeoutError
 * ```
 */
export interface CallOptions {
  /** Stops the call, which then rejects with the signal's reason, at once or at the end of the slice that runs. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the call may take, waiting included, in place of the instance's. */
  readonly deadlineMs?: number;
}

const DEFAULT_SLICE = 100_000;
/** Work of a slice beyond its fuel: about a millisecond's. */
const MAX_UNPAID_WORK = 200_000;
/**
 * Bytes of functions that may be translated again without regard to the budget. It costs no fuel, since it depends on
 * other guests too; but a few functions too large for the arena could make it most of the work.
 */
const FREE_RETRANSLATION = 64 << 20;
/** The longest that timers can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs a call until it has ended.
 *
 * @throws {Trap} if the guest traps or a host function fails
 * @throws {LimitError} if the budget or the deadline is used up
 */
export function drive(call: Call, instance: Instance, options: CallOptions = {}): Promise<Value> {
  const { signal, deadlineMs = instance.limits.deadlineMs } = options;
  return new Promise((resolve, reject) => {
    if (deadlineMs !== undefined && !(deadlineMs >= 0)) {
      throw new RangeError(`deadlineMs is 0 or more, not ${deadlineMs}`);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const onAbort = () => stop(signal!.reason);
    const end = () => {
      isOver = true;
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    };
    const stop = (reason: unknown) => {
      if (isOver) return;
      end();
      call.stop(reason);
      reject(reason);
    };
    const slice = (): number => {
      if (isOver) return 0;
      const before = call.work;
      const fuel = sliceFuel(instance);
      const status = call.resume(fuel, fuel + MAX_UNPAID_WORK);
      // A host function may have stopped the call meanwhile.
      if (isOver) return 0;
      if (status === "failed") {
        end();
        reject(call.error);
      } else if (isBudgetUsed(instance)) stop(budgetError(instance));
      else if (status === "pending") call.settled!.then(proceed);
      else if (status === "finished") {
        end();
        resolve(call.result);
      } else if (due !== undefined && performance.now() >= due) stop(deadlineError(deadlineMs!));
      else schedule(slice);
      return call.work - before;
    };
    const proceed = () => schedule(slice);
    const due = deadlineMs === undefined ? undefined : performance.now() + deadlineMs;

    if (signal?.aborted) return stop(signal.reason);
    signal?.addEventListener("abort", onAbort);
    if (deadlineMs !== undefined && deadlineMs <= MAX_TIMER_MS) {
      timer = setTimeout(() => stop(deadlineError(deadlineMs)), deadlineMs);
    }
    proceed();
  });
}

/**
 * Runs a function to its end at once.
 *
 * @throws {Trap} if the guest traps or a host function fails
 * @throws {LimitError} if the budget is used up
 * @throws {TypeError} if a host function gives a promise
 */
export function callNow(func: Func, args: readonly Value[]): Value {
  if (func.host !== undefined) return func.host(...args);
  const instance = func.instance!;
  const call = new Call(func, args);
  for (;;) {
    const status = call.resume(sliceFuel(instance));
    if (status === "failed") throw call.error;
    if (isBudgetUsed(instance)) {
      const error = budgetError(instance);
      call.stop(error);
      throw error;
    }
    if (status === "finished") return call.result;
    if (status === "pending") {
      const error = new TypeError(
        "a host function gave a promise to a guest that was called without waiting: use call()",
      );
      call.stop(error);
      throw error;
    }
  }
}

function sliceFuel({ limits, fuelUsed }: Instance): number {
  const { fuel = Infinity, slice = DEFAULT_SLICE } = limits;
  return Math.max(0, Math.min(slice, fuel - fuelUsed));
}

function isBudgetUsed({ limits: { fuel }, fuelUsed, retranslatedBytes }: Instance): boolean {
  return fuel !== undefined && (fuelUsed > fuel || retranslatedBytes > fuel + FREE_RETRANSLATION);
}

function budgetError({ limits, fuelUsed, retranslatedBytes }: Instance): LimitError {
  const fuel = limits.fuel!;
  const what = fuelUsed > fuel
    ? `used up its ${fuel} units of fuel`
    : `had ${retranslatedBytes} bytes of its functions translated again: they do not fit into the code arena together`;
  return new LimitError("fuel", fuel, `the guest ${what}`);
}

function deadlineError(deadlineMs: number): LimitError {
  return new LimitError("deadlineMs", deadlineMs, `the call took more than ${deadlineMs} ms`);
}
