/**
 * The `clock_*` functions: reading the time and the resolution of a clock. Clocks of processor time are left out: the guest
 * has no processor time apart from its host's.
 *
 * @module
 */

import { onRejection } from "../base/callbacks.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME, EINVAL, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Context } from "./context.ts";
import { NANOSECONDS_PER_MS } from "./system_clock.ts";

/**
 * The time of a clock, or undefined if the guest has no such clock.
 *
 * @throws {TypeError} if the host's clock does not return a bigint. A promise is such an error: reading a clock never waits.
 */
export function readClock({ clock }: Context, id: number): bigint | undefined {
  if (id !== CLOCK_REALTIME && id !== CLOCK_MONOTONIC) return undefined;
  const now: unknown = id === CLOCK_REALTIME ? clock.realtime() : clock.monotonic();
  if (typeof now === "bigint") return now;
  onRejection(now, () => {});
  throw new TypeError(`a clock must return a bigint, not ${typeof now}`);
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
