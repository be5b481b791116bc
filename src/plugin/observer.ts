/**
 * Watching a plugin run: what an observer is told, and how. Where nobody listens, nothing of this runs.
 *
 * @module
 */

import { callSafely, onRejection } from "../base/callbacks.ts";
import { LimitError } from "../base/limits.ts";
import type { RequestContext } from "../rpc/mod.ts";
import { readTraceparent } from "../rpc/trace.ts";
import type { PluginExit } from "./exit.ts";
import type { PluginStats } from "./stats.ts";

/** The beginning of a call of a plugin. */
export interface CallStart {
  /** The plugin's name. */
  readonly plugin: string;
  /** The method's name. */
  readonly method: string;
  /** The call's own. Set another one for the plugin to get, such as that of a span that begins here. */
  traceparent: string | undefined;
  /** The plugin's instances and queues, with this call. */
  readonly stats: PluginStats;
}

/** The end of a call of a plugin. */
export interface CallEnd {
  /** `answer`: a result; `error`: the plugin's own error; `failure`: no answer; `aborted`: by the caller's signal. */
  readonly outcome: "answer" | "error" | "failure" | "aborted";
  /** What the call rejects with. */
  readonly error: unknown;
  /** Milliseconds since the start. */
  readonly durationMs: number;
  /** Fuel that its instances used meanwhile. Calls that share an instance share what it uses. */
  readonly fuelUsed: number;
  /** Pages of memory of its last instance. */
  readonly memoryPages: number;
  /** How often it was sent: more than once if an instance had not begun it. */
  readonly sends: number;
  /** The plugin's instances and queues, without this call. */
  readonly stats: PluginStats;
}

/** The beginning of a host method that a plugin calls. */
export interface HostCallStart {
  /** The plugin's name. */
  readonly plugin: string;
  /** The method's name. */
  readonly method: string;
  /** The method of the plugin that it belongs to, if that is known. */
  readonly caller: string | undefined;
  /** The plugin's own, or else that of the call that it belongs to. */
  readonly traceparent: string | undefined;
  /** Host methods that run for this instance, with this one. */
  readonly running: number;
}

/** The end of a host method. */
export interface HostCallEnd {
  /** Whether it returned. */
  readonly outcome: "answer" | "error";
  /** What it threw. */
  readonly error: unknown;
  /** Milliseconds since the start. */
  readonly durationMs: number;
}

/** A limit that a call failed for. */
export interface LimitReached {
  /** The plugin's name. */
  readonly plugin: string;
  /** The method that was called. */
  readonly method: string;
  /** Which limit, and its value. */
  readonly error: LimitError;
}

/**
 * Watches a plugin. All members are optional. What they throw is ignored.
 *
 * @example Print what a call cost
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 *
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * await using plugin = new Plugin(module, {
 *   observe: { call: ({ method }) => ({ outcome, fuelUsed }) => console.log(method, outcome, fuelUsed > 0) },
 * });
 * await plugin.call("ping"); // ping answer true
 * ```
 */
export interface PluginObserver {
  /** A call begins. The function that it returns is called at its end. */
  readonly call?: (start: CallStart) => ((end: CallEnd) => unknown) | void;
  /** A host method begins. The function that it returns is called at its end. */
  readonly hostCall?: (start: HostCallStart) => ((end: HostCallEnd) => unknown) | void;
  /** An instance has ended. */
  readonly exit?: (exit: PluginExit & { readonly plugin: string }) => unknown;
  /** A call fails because a limit is reached. */
  readonly limit?: (limit: LimitReached) => unknown;
}

/** What is told of a call. */
export interface ObservedCall {
  readonly method: string;
  /** What the plugin gets. */
  traceparent: string | undefined;
  /** What it has used so far, of all its instances. */
  readonly use: Pick<CallEnd, "fuelUsed" | "memoryPages" | "sends">;
}

/** Names of the members. */
export const OBSERVER_NAMES: readonly (keyof PluginObserver)[] = ["call", "hostCall", "exit", "limit"];

/** Tells of the beginning of a call. Returns a function that tells of its end. */
export function observeCall(
  observer: PluginObserver,
  plugin: string,
  call: ObservedCall,
  stats: () => PluginStats,
): (outcome: CallEnd["outcome"], error: unknown) => void {
  const began = performance.now();
  const { method } = call;
  const start: CallStart = { plugin, method, traceparent: call.traceparent, stats: stats() };
  const end = told(() => observer.call?.(start));
  call.traceparent = readTraceparent(start.traceparent);
  return (outcome, error) => {
    const { cause } = error instanceof Error ? error : {};
    if (outcome === "failure" && cause instanceof LimitError) {
      callSafely(() => observer.limit?.({ plugin, method, error: cause }), () => {});
    }
    if (end === undefined) return;
    const { fuelUsed, memoryPages, sends } = call.use;
    const durationMs = performance.now() - began;
    callSafely(() => end({ outcome, error, durationMs, fuelUsed, memoryPages, sends, stats: stats() }), () => {});
  };
}

/** Tells of the beginning of a host method. Returns a function that tells of its end, if anybody wants to know. */
export function observeHostCall(
  observer: PluginObserver,
  plugin: string,
  context: RequestContext,
  running: number,
): ((outcome: HostCallEnd["outcome"], error: unknown) => void) | undefined {
  const { hostCall } = observer;
  if (hostCall === undefined) return undefined;
  const began = performance.now();
  const { method, call, traceparent } = context;
  const end = told(() => hostCall({ plugin, method, caller: call?.method, traceparent, running }));
  if (end === undefined) return undefined;
  return (outcome, error) => callSafely(() => end({ outcome, error, durationMs: performance.now() - began }), () => {});
}

/** What a hook returns, if it is a function. */
function told<End>(hook: () => ((end: End) => unknown) | void): ((end: End) => unknown) | undefined {
  try {
    const end = hook();
    if (typeof end === "function") return end;
    onRejection(end, () => {});
    return undefined;
  } catch {
    return undefined;
  }
}
