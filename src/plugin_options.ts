/**
 * What a plugin is made from and how it is called: its options and limits, and their checks. What they bring about is
 * plugin.ts's business.
 *
 * @module
 */

import { resolveLimit, resolveLimits } from "./_limits.ts";
import { checkArgs, checkChoice, checkEnv, checkNames, checkSignal, checkType, functionsByName } from "./_options.ts";
import type { Handlers, Methods, PeerLimits, PeerOptions } from "./rpc/mod.ts";
import type { ProcessLimits, SpawnOptions } from "./wasi/mod.ts";

/**
 * What a plugin may use, each with its default: of the guest, of its messages, of its logs.
 *
 * @example
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 * import type { PluginLimits } from "@rivulet/rivulet";
 *
 * const limits: PluginLimits = { fuel: 100_000_000, deadlineMs: 1_000, memoryPages: 64, logBytes: 16 << 10 };
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * await using plugin = new Plugin(module, { limits });
 * console.log(await plugin.call("ping")); // pong
 * ```
 */
export interface PluginLimits extends ProcessLimits, PeerLimits {
  /** Milliseconds from a call to its answer: no deadline by default. */
  readonly deadlineMs?: number;
  /** Bytes of logs, line feeds included, that an instance may write; the rest is dropped, and said so once. Default 1 MiB. */
  readonly logBytes?: number;
  /** Bytes of one line of logs; longer ones are cut. Default 8 KiB. */
  readonly logLineBytes?: number;
  /** Milliseconds that an instance has to end by itself after its answer, before it is stopped. Default 100. */
  readonly graceMs?: number;
}

/**
 * How to run a plugin.
 *
 * @example
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 * import type { PluginOptions } from "@rivulet/rivulet";
 *
 * const options: PluginOptions = {
 *   name: "greeter",
 *   methods: { echo: (params) => params },
 *   onLog: (line) => console.error(line),
 *   lifetime: "plugin",
 * };
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * await using plugin = new Plugin(module, options);
 * await plugin.call("many_echo", 3); // calls our echo three times
 * ```
 */
export interface PluginOptions<Guest extends object = Methods, Host extends object = Methods>
  extends Pick<SpawnOptions, "args" | "env" | "clock" | "random">, Pick<PeerOptions, "onError"> {
  /** For errors; the module's own name by default, made printable. */
  readonly name?: string;
  /**
   * What the plugin may call; a handler may call back into the plugin by its context's `peer`. An `RpcError` that one
   * throws is the plugin's answer; of anything else the plugin gets "internal error", and `onError` gets it whole.
   */
  readonly methods?: Handlers<Host, Guest>;
  /**
   * Gets what the plugin writes to standard error, a line at a time; control characters and what turns text around are
   * U+FFFD. What it throws or rejects with stops the instance; nothing waits for its promise.
   */
  readonly onLog?: (line: string) => unknown;
  /** How messages are told apart; a line each by default. */
  readonly framing?: "newline" | "content-length";
  /** Bounds of each instance. */
  readonly limits?: PluginLimits;
  /**
   * How long an instance lives: for one `call`, and the next has a new one, which shares nothing with it; or as long as
   * the `plugin`, whose calls then share its state, its fuel, and its end: a deadline that one of them misses stops the
   * instance, since the guest is stuck, and the next call starts another. Default `call`.
   */
  readonly lifetime?: "call" | "plugin";
}

/**
 * How to make one call.
 *
 * @example
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 * import type { PluginCallOptions } from "@rivulet/rivulet";
 *
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * await using plugin = new Plugin(module);
 * const options: PluginCallOptions = { deadlineMs: 50 };
 * await plugin.call("sleep", 60_000, options).catch((error) => console.log(error.reason)); // limit
 * ```
 */
export interface PluginCallOptions {
  /** Rejects the call with the signal's reason, at once, and stops an instance that lives for this call only. */
  readonly signal?: AbortSignal;
  /** Milliseconds, in place of the limit of the same name; `Infinity` for no deadline. */
  readonly deadlineMs?: number;
}

const PLUGIN_OPTIONS: readonly (keyof PluginOptions)[] = [
  ...["args", "env", "clock", "random"] as const,
  ...["name", "methods", "onLog", "onError", "framing", "limits", "lifetime"] as const,
];
const CALL_OPTIONS: readonly (keyof PluginCallOptions)[] = ["signal", "deadlineMs"];

/** Options of which all that instances are made from is known to be right. */
export interface CheckedOptions<Guest extends object, Host extends object> extends PluginOptions<Guest, Host> {
  readonly limits: Required<PluginLimits>;
}

/**
 * Checks options before any call has to find out, and copies what could be changed or used up.
 *
 * @throws {TypeError} if an option or a limit is unknown or of the wrong type
 * @throws {RangeError} if a limit is not in its range
 */
export function checkOptions<Guest extends object, Host extends object>(
  options: PluginOptions<Guest, Host>,
): CheckedOptions<Guest, Host> {
  checkNames("Plugin option", options, PLUGIN_OPTIONS);
  const { name, methods = {}, onLog, framing = "newline", limits = {}, lifetime = "call" } = options;
  const { args, env, clock, random, onError } = options;
  checkType("name", name, "string");
  checkType("onLog", onLog, "function");
  checkType("onError", onError, "function");
  checkType("clock", clock, "object");
  checkType("random", random, "function");
  checkChoice("framing", framing, ["newline", "content-length"]);
  checkChoice("lifetime", lifetime, ["call", "plugin"]);
  if (args !== undefined) checkArgs(args);
  if (env !== undefined) checkEnv(env);
  return {
    ...{ name, onLog, onError, framing, lifetime, clock, random },
    args: args && [...args],
    env: env && { ...env },
    methods: functionsByName(methods) as Handlers<Host, Guest>,
    limits: resolveLimits<PluginLimits>("Plugin", limits),
  };
}

/** Checks the options of one call. @throws as `checkOptions` does */
export function checkCallOptions(options: PluginCallOptions): void {
  checkNames("call option", options, CALL_OPTIONS);
  checkSignal(options.signal);
  if (options.deadlineMs !== undefined) resolveLimit("deadlineMs", options.deadlineMs);
}
