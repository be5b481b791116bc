/**
 * The options and limits of a plugin and of its calls, and their checks.
 *
 * @module
 */

import { resolveLimit, resolveLimits } from "../base/limits.ts";
import {
  checkArgs,
  checkChoice,
  checkEnv,
  checkNames,
  checkSignal,
  checkType,
  functionsByName,
} from "../base/options.ts";
import { framingOf } from "../rpc/framing/framings.ts";
import type { FailedRequest, Framing, FramingName, Handlers, Methods, PeerLimits } from "../rpc/mod.ts";
import type { ProcessLimits, SpawnOptions } from "../wasi/mod.ts";

/** Limits of a plugin: of the guest, of its messages, and of its log. */
export interface PluginLimits extends ProcessLimits, PeerLimits {
  /** Milliseconds from a call to its answer. No deadline by default. */
  readonly deadlineMs?: number;
  /** Bytes of an instance's log, with line feeds. The rest is dropped, and one line reports that. Default 1 MiB. */
  readonly logBytes?: number;
  /** Bytes of one line of the log. A longer line is cut. Default 8 KiB. */
  readonly logLineBytes?: number;
  /** Milliseconds that an instance has after its answer to exit by itself, before it is stopped. Default 100. */
  readonly graceMs?: number;
}

/** Options of a plugin. */
export interface PluginOptions<Guest extends object = Methods, Host extends object = Methods>
  extends Pick<SpawnOptions, "args" | "env" | "clock" | "random"> {
  /** The plugin's name in errors. By default the module's own name, made printable. */
  readonly name?: string;
  /**
   * The methods that the plugin may call. A handler can call the plugin by its context's `peer`. If a handler throws an
   * `RpcError`, that is the answer. If it throws anything else, the answer is "internal error", and `onError` receives
   * the error.
   */
  readonly methods?: Handlers<Guest, Host>;
  /**
   * Receives the plugin's standard error, a line at a time. Characters that control a terminal or the direction of text
   * are U+FFFD. If it throws or rejects, the instance is stopped. A promise is not awaited.
   */
  readonly onLog?: (line: string) => unknown;
  /**
   * Called when a handler throws or rejects, and when its result has no JSON form. It is not called for an error that
   * is the reason of the request's aborted `signal`. If it throws or rejects, that is ignored. By default the first ten
   * failures go to `console.error`, without `RpcError`s that are answers.
   */
  readonly onError?: (error: unknown, request: FailedRequest) => unknown;
  /** How messages are marked off, and how a request is cancelled: a name, or a row of your own. Default `newline`. */
  readonly framing?: FramingName | Framing;
  /** Limits of each instance. */
  readonly limits?: PluginLimits;
  /**
   * How long an instance lives. `call`: each call has a new instance, and calls share nothing. `plugin`: all calls
   * share one instance, its state and its fuel. If one of them misses its deadline, the guest is stuck: the instance is
   * stopped, its other calls fail, and the next call starts a new one. Default `call`.
   */
  readonly lifetime?: "call" | "plugin";
}

/** Options of one call. */
export interface PluginCallOptions {
  /**
   * Aborting it rejects the call at once, with the signal's reason, and stops an instance that lives for this call
   * only.
   */
  readonly signal?: AbortSignal;
  /** Milliseconds from this call to its answer, in place of the plugin's limit. `Infinity` for no deadline. */
  readonly deadlineMs?: number;
}

/** The names of all options. */
export const PLUGIN_OPTIONS: readonly (keyof PluginOptions)[] = [
  ...["args", "env", "clock", "random"] as const,
  ...["name", "methods", "onLog", "onError", "framing", "limits", "lifetime"] as const,
];
const CALL_OPTIONS: readonly (keyof PluginCallOptions)[] = ["signal", "deadlineMs"];

/** Checked options, with the defaults of limits filled in. */
export interface CheckedOptions<Guest extends object, Host extends object> extends PluginOptions<Guest, Host> {
  readonly limits: Required<PluginLimits>;
}

/**
 * Checks options, and copies what could change later.
 *
 * @throws {TypeError} if an option or a limit is unknown or of the wrong type
 * @throws {RangeError} if a limit is not in its range
 */
export function checkOptions<Guest extends object, Host extends object>(
  options: PluginOptions<Guest, Host>,
): CheckedOptions<Guest, Host> {
  checkNames("Plugin option", options, PLUGIN_OPTIONS);
  const { name, methods = {}, onLog, framing, limits = {}, lifetime = "call" } = options;
  const { args, env, clock, random, onError } = options;
  checkType("name", name, "string");
  checkType("onLog", onLog, "function");
  checkType("onError", onError, "function");
  checkType("clock", clock, "object");
  checkType("random", random, "function");
  checkChoice("lifetime", lifetime, ["call", "plugin"]);
  if (args !== undefined) checkArgs(args);
  if (env !== undefined) checkEnv(env);
  return {
    ...{ name, onLog, onError, lifetime, clock, random },
    framing: framingOf(framing),
    args: args && [...args],
    env: env && { ...env },
    methods: functionsByName(methods) as Handlers<Guest, Host>,
    limits: resolveLimits<PluginLimits>("Plugin", limits),
  };
}

/** Checks the options of one call. @throws as `checkOptions` does */
export function checkCallOptions(options: PluginCallOptions): void {
  checkNames("call option", options, CALL_OPTIONS);
  checkSignal(options.signal);
  if (options.deadlineMs !== undefined) resolveLimit("deadlineMs", options.deadlineMs);
}
