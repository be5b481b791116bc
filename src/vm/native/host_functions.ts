/**
 * Host functions as metered modules import them: what they charge is counted, what they throw ends the guest, and the
 * guest waits for what they promise.
 *
 * @module
 */

import { isPromiseLike, onRejection } from "../../base/callbacks.ts";
import { F64, FUNCREF, I64 } from "../binary/types.ts";
import type { FuncType } from "../binary/types.ts";
import { waitError } from "../errors.ts";
import type { HostFunction, Value } from "../objects/function.ts";
import { currentRun, HostFailure, Unwound } from "./meter.ts";
import type { Meter, Run } from "./meter.ts";
import { emptyResult, fromHost, toHostResult } from "./values.ts";

/** A guest's instance that calls a host function. */
export interface Caller {
  readonly meter: Meter;
  /** The host functions; none when the instance is released. */
  readonly hosts: HostFunction[];
  /** Tells the stub that an answer follows for the run. */
  pend(id: number): void;
}

/** A run that can wait for a promise. */
interface Waiter extends Run {
  pend(meter: Meter, promise: PromiseLike<Value>, type: FuncType): void;
}

/** The function that an instance imports for a host function. */
export function hostImport(caller: Caller, type: FuncType, host: HostFunction): HostFunction {
  const hasFunctions = type.params.includes(FUNCREF);
  const isNumber = type.results.length === 1 && type.results[0] >= F64 && type.results[0] !== I64;
  const { meter, hosts } = caller;
  const place = hosts.push(host) - 1;
  return (...args) => {
    const run = currentRun();
    if (run.isOver) throw new Unwound(run);
    if (hasFunctions) args = args.map((value, index) => fromHost(type.params[index], value));
    let result: unknown;
    try {
      result = hosts[place]!(...args);
    } catch (cause) {
      throw failure(run, meter, cause);
    }
    if (meter.charged !== 0) meter.takeCharge(run);
    if (run.isOver) throw new Unwound(run);
    if (isNumber && typeof result === "number") return result;
    return take(run, caller, type, result);
  };
}

function failure(run: Run, meter: Meter, cause: unknown): unknown {
  if (meter.charged !== 0) meter.takeCharge(run);
  return run.isOver ? new Unwound(run) : new HostFailure(cause);
}

/** Takes a result that may be a promise, or must be converted. */
function take(run: Run, caller: Caller, type: FuncType, result: unknown): unknown {
  if (isPromiseLike(result)) {
    if (run.id === 0) {
      onRejection(result, () => {});
      throw run.end(waitError());
    }
    (run as Waiter).pend(caller.meter, result, type);
    caller.pend(run.id);
    return emptyResult(type);
  }
  try {
    return toHostResult(type, result);
  } catch (cause) {
    throw new HostFailure(cause);
  }
}
