/**
 * Runs a call to its end, slice by slice in turn with other calls. It waits for host functions' promises, and enforces
 * the instance's budget, a deadline and an abort signal.
 *
 * @module
 */

import { limitError } from "../../base/limits.ts";
import { budgetError, isBudgetUsed } from "../budget.ts";
import type { Call, CallStatus, EngineInstance } from "../engine.ts";
import type { Value } from "../objects/function.ts";
import { room, schedule } from "../../base/schedule.ts";

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, at the latest at the end of the running slice. It rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the call may take, waiting included. Overrides the instance's limit; `Infinity` for no deadline. */
  readonly deadlineMs?: number;
}

/** Work of a slice beyond its fuel: about a millisecond. */
const MAX_UNPAID_WORK = 200_000;

/**
 * Runs a call until it ends.
 *
 * @throws {Trap} if the guest traps or a host function fails
 * @throws {LimitError} if the budget or the deadline is used up
 */
export function drive(call: Call, instance: EngineInstance, options: CallOptions = {}): Promise<Value> {
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
    const slice = (): number | Promise<number> => {
      if (isOver) return 0;
      const before = call.work;
      const fuel = sliceFuel(instance);
      let status: CallStatus | Promise<CallStatus>;
      try {
        status = call.resume(fuel, fuel + MAX_UNPAID_WORK);
      } catch (error) {
        // Not a guest's fault: the host has no memory left for evicted registers.
        stop(error);
        return 0;
      }
      if (typeof status === "string") return goOn(status, before);
      return status.then((status) => goOn(status, before));
    };
    /** @returns the work of the slice that ended with a status */
    const goOn = (status: CallStatus, before: number): number => {
      // A host function may have stopped the call.
      if (isOver) return call.work - before;
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

/** The fuel of the next slice. A call of an engine that suspends slowly gets the rest of the turn, if it is alone. */
function sliceFuel({ limits, fuelUsed, engine: { fuelPerWork } }: EngineInstance): number {
  const fuel = fuelPerWork === undefined ? limits.sliceFuel : Math.max(limits.sliceFuel, room() * fuelPerWork);
  return Math.max(0, Math.min(fuel, limits.fuel - fuelUsed));
}
