/**
 * Observers of plugins in workers. They run on the host's side, where a call begins. The worker tells what a call has
 * used, and how its instances ended. Where nobody listens, nothing of this runs.
 *
 * @module
 */

import type { PluginObserver, PluginStats } from "../plugin/mod.ts";
import { observeCall } from "../plugin/observer.ts";
import type { ObservedCall } from "../plugin/observer.ts";
import { RpcError } from "../rpc/mod.ts";
import { read } from "./checks.ts";

/** What a call has used. */
export type Use = ObservedCall["use"];

const NO_USE: Use = { fuelUsed: 0, memoryPages: 0, sends: 0 };

/** Receives what a call has used. */
export type OnUse = (use: Use) => void;

/** The options of a call that matter here. */
interface Observable {
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
}

/**
 * Runs a call, and tells an observer of its beginning and its end.
 *
 * @param run makes the call with these options, and passes on what the worker tells of its use
 */
export async function observed<Options extends Observable, Result>(
  observer: PluginObserver,
  call: { readonly plugin: string; readonly method: string; readonly options: Options },
  stats: () => PluginStats,
  run: (options: Options, onUse: OnUse) => Promise<Result>,
): Promise<Result> {
  const { plugin, method, options } = call;
  const { signal, traceparent } = options;
  let use = NO_USE;
  const told = {
    method,
    traceparent,
    get use(): Use {
      return use;
    },
  };
  const end = observeCall(observer, plugin, told, stats);
  try {
    const result = await run({ ...options, traceparent: told.traceparent }, (used) => use = used);
    end("answer", undefined);
    return result;
  } catch (error) {
    const isAborted = signal?.aborted === true && error === signal.reason;
    end(isAborted ? "aborted" : error instanceof RpcError ? "error" : "failure", error);
    throw error;
  }
}

/** What the worker has told of a call. @throws {ChannelFault} if it is not that */
export function readUse(given: unknown): Use {
  return read("use", given) as unknown as Use;
}

/** What the observer in a worker tells the host. */
export interface ToldUse {
  /** The number of the call that begins; `undefined` if it is not one of the host's. */
  current(): number | undefined;
  used(call: number, use: Use): void;
  exit(exit: unknown): void;
}

/** The observer in a worker, for the hooks of the host's that are there. */
export function observerInWorker(hooks: readonly string[], { current, used, exit }: ToldUse): PluginObserver {
  const call: PluginObserver["call"] = () => {
    const id = current();
    if (id === undefined) return undefined;
    return ({ fuelUsed, memoryPages, sends }) => used(id, { fuelUsed, memoryPages, sends });
  };
  return {
    ...hooks.includes("call") ? { call } : {},
    ...hooks.includes("exit") ? { exit } : {},
  };
}
