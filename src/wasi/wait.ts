/**
 * Waiting for descriptors, for a time, or for the end of the process, whichever comes first.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";

/**
 * Waits until the readiness of a descriptor changes, a time has passed, or the process has ended. Leaves no timer or
 * listener behind.
 *
 * @param ms as for {@linkcode Clock.sleep}; without it there is no bound
 * @returns whether the time has passed
 */
export async function waitForChange(
  context: Context,
  descriptors: readonly Descriptor[],
  ms?: number,
): Promise<boolean> {
  const { signal, clock, input } = context;
  if (signal.aborted) return false;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  // Most waits are for data alone: they need neither a timer nor a controller.
  const sleep = ms === undefined ? undefined : new AbortController();
  const wake = () => resolve(false);
  const unwatch: (() => void)[] = [];
  signal.addEventListener("abort", wake);
  if (ms === undefined) input.beginWait(descriptors);
  try {
    for (const descriptor of descriptors) unwatch.push(descriptor.watch(wake));
    if (sleep !== undefined) clock.sleep(ms!, sleep.signal).then(() => resolve(true), reject);
    return await promise;
  } finally {
    input.endWait();
    sleep?.abort();
    for (const stop of unwatch) stop();
    signal.removeEventListener("abort", wake);
  }
}
