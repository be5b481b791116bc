/**
 * Runs a call to its end: slice after slice in turn with others, waiting for host functions' promises, within the
 * instance's budget, a deadline and an abort signal. Also the way without waiting, for functions called as JavaScript
 * functions.
 *
 * @module
 */

import { limitError } from "../../base/limits.ts";
import type { LimitError } from "../../base/limits.ts";
import type { Call, Metered } from "../engine.ts";
import type { Value } from "../objects/function.ts";
import { schedule } from "../../base/schedule.ts";

/** What bounds one call. */
export interface CallOptions {
  /** Stops the call, which then rejects with the signal's reason, at once or at the end of the slice that runs. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the call may take, waiting included, in place of the instance's; `Infinity` for no deadline. */
  readonly deadlineMs?: number;
}

/** Work of a slice beyond its fuel: about a millisecond's. */
const MAX_UNPAID_WORK = 200_000;
/**
 * Bytes of functions that may be translated again without regard to the budget. It costs no fuel, since it depends on
 * other guests too; but a few functions too large for the arena could make it most of the work.
 */
const FREE_RETRANSLATION = 64 << 20;

/**
 * Runs a call until it has ended.
 *
 * @throws {Trap} if the guest traps or a host function fails
 * @throws {LimitError} if the budget or the deadline is used up
 */
export function drive(call: Call, instance: Metered, options: CallOptions = {}): Promise<Value> {
  const { signal, deadlineMs = instance.limits.deadlineMs } = options;
  return new Promise((resolve, reject) => {
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
      } else if (performance.now() >= due) stop(limitError("deadlineMs", deadlineMs));
      else schedule(slice);
      return call.work - before;
    };
    const proceed = () => schedule(slice);
    const due = performance.now() + deadlineMs;

    if (signal?.aborted) return stop(signal.reason);
    signal?.addEventListener("abort", onAbort);
    if (deadlineMs < Infinity) timer = setTimeout(() => stop(limitError("deadlineMs", deadlineMs)), deadlineMs);
    proceed();
  });
}

/**
 * Runs a call to its end at once.
 *
 * @throws {Trap} if the guest traps or a host function fails
 * @throws {LimitError} if the budget is used up
 * @throws {TypeError} if a host function gives a promise
 */
export function runNow(call: Call, instance: Metered): Value {
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

function sliceFuel({ limits, fuelUsed }: Metered): number {
  return Math.max(0, Math.min(limits.sliceFuel, limits.fuel - fuelUsed));
}

function isBudgetUsed({ limits: { fuel }, fuelUsed, retranslatedBytes }: Metered): boolean {
  return fuelUsed > fuel || retranslatedBytes > fuel + FREE_RETRANSLATION;
}

function budgetError({ limits: { fuel }, fuelUsed, retranslatedBytes }: Metered): LimitError {
  if (fuelUsed > fuel) return limitError("fuel", fuel);
  const text =
    `${retranslatedBytes} bytes of its functions were translated again, since they do not fit into the code ` +
    "arena together";
  return limitError("fuel", fuel, text);
}
