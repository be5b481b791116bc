/**
 * The options and limits of a plugin and of its calls, and their checks.
 *
 * @module
 */

import { resolveLimit, resolveLimits } from "../base/limits.ts";
import {
  checkArgs,
  checkDelay,
  checkEnv,
  checkNames,
  checkSignal,
  checkType,
  functionsByName,
  shown,
} from "../base/options.ts";
import { framingOf } from "../rpc/framing/framings.ts";
import type {
  Accepted,
  FailedRequest,
  Framing,
  FramingName,
  Handler,
  LocalSchemas,
  Methods,
  MethodsOption,
  PeerLimits,
  PeerSchemas,
  Protocol,
  ProtocolName,
  RemoteSchemas,
  ServedMethods,
} from "../rpc/mod.ts";
import { protocolOf } from "../rpc/protocols/protocols.ts";
import { checkTraceparent } from "../rpc/trace.ts";
import { checkSchemas } from "../rpc/schemas/check.ts";
import { checkAccepts } from "../rpc/values/kinds.ts";
import type { ProcessLimits, SpawnOptions } from "../wasi/mod.ts";
import type { PluginExit } from "./exit.ts";
import { OBSERVER_NAMES } from "./observer.ts";
import type { PluginObserver } from "./observer.ts";
import { checkPermissions } from "./manifest/permissions.ts";
import type { PermissionError, Permissions } from "./manifest/permissions.ts";
import { checkRestart } from "./lifetimes/restart.ts";
import type { RestartPolicy } from "./lifetimes/restart.ts";

/** Limits of a plugin: of the guest, of its messages, and of its log. */
export interface PluginLimits extends ProcessLimits, PeerLimits {
  /**
   * Milliseconds from a call to its answer. The streams of an answer have as many from there to their end, if the
   * instance lives for one call. No deadline by default.
   */
  readonly deadlineMs?: number;
  /** Bytes of an instance's log, with line feeds. The rest is dropped, and one line reports that. Default 1 MiB. */
  readonly logBytes?: number;
  /** Bytes of one line of the log. A longer line is cut. Default 8 KiB. */
  readonly logLineBytes?: number;
  /**
   * Milliseconds that an instance has after its answer to exit by itself, before it is stopped. A resident instance has
   * as many to answer a call that has missed its deadline. Default 100.
   */
  readonly graceMs?: number;
  /**
   * Milliseconds of a call in which its guest waits for input and does nothing else, while no host method runs for it:
   * then it has forgotten to answer. Computing, sleeping and host methods do not count. Default 10,000.
   */
  readonly idleMs?: number;
}

/** Options of a plugin. */
export type PluginOptions<Guest extends object = Methods, Host extends object = Methods> =
  & PluginSettings
  & MethodsOption<Guest, Host>
  & PluginSchemasOption<Guest, Host>;

/** Schemas, as an option of a plugin. */
export interface PluginSchemasOption<Guest extends object = Methods, Host extends object = Methods> {
  /**
   * Standard Schemas, as Zod, Valibot and ArkType make them, for params and results of the plugin's methods (`guest`)
   * and of the host's (`host`). What a schema makes of a value takes the value's place. If the plugin sends wrong
   * params, it gets the error "invalid params". If the host's params or the plugin's result are wrong, the call rejects
   * with a `SchemaError`. If the result of a host method is wrong, the plugin gets "internal error", and `onError` a
   * `SchemaError`.
   */
  readonly schemas?: {
    /** Of the plugin's methods. */
    readonly guest?: RemoteSchemas<Guest>;
    /** Of the host's methods. */
    readonly host?: LocalSchemas<Host>;
  };
}

/** Options of a plugin beside its methods. */
export interface PluginSettings extends Pick<SpawnOptions, "args" | "env" | "clock" | "random"> {
  /** The plugin's name in errors. By default the name of its manifest or else of the module, made printable. */
  readonly name?: string;
  /**
   * Receives the plugin's standard error, a line at a time. Characters that control a terminal or the direction of text
   * are U+FFFD. If it throws or rejects, the instance is stopped. A promise is not awaited.
   */
  readonly onLog?: (line: string) => unknown;
  /**
   * Called when a handler throws or rejects, and when its result has no JSON form. It is not called for an error that
   * is the reason of the request's aborted `signal`. It is called with a `PermissionError` when the plugin calls a
   * method that it may not call. If it throws or rejects, that is ignored. By default the first ten failures go to
   * `console.error`, without `RpcError`s that are answers.
   */
  readonly onError?: (error: unknown, request: FailedRequest) => unknown;
  /**
   * The conventions beside JSON-RPC, such as cancellation: a name, or a row of your own. By default that
   * of the manifest, or else `rivulet`.
   */
  readonly protocol?: ProtocolName | Protocol;
  /** How messages are marked off: a name, or a row of your own. Default: as the protocol says. */
  readonly framing?: FramingName | Framing;
  /**
   * What the plugin sends and reads beside plain JSON: typed arrays, buffers and blobs as `bytes`, and `streams`. By
   * default what its manifest says, or else nothing: such values are refused.
   */
  readonly accepts?: readonly Accepted[];
  /** Limits of each instance. */
  readonly limits?: PluginLimits;
  /**
   * What the plugin may do at most, as plain data. What the plugin asks for in its manifest narrows it further, and
   * `plugin.permissions` is what is left. A list that is absent is empty. Without this option the plugin may do all that
   * the other options offer and its manifest asks for.
   */
  readonly permissions?: Partial<Permissions>;
  /**
   * How long an instance lives:
   *
   * - `call`, the default: each call has a new instance, and calls share nothing.
   * - `{ pool: n }`: the same, and n instances are started ahead of the calls. The first call or `ready()` fills the
   *   pool. Each call takes an instance, and another is started in its place.
   * - `plugin`: all calls share one instance, its state and its fuel. When it has ended, the next call starts a new one.
   *   A call that the guest had not begun, or had no effect, is sent again to the new one. If a call misses its deadline
   *   and the guest does not answer its cancellation in `graceMs`, the guest is stuck: the instance is stopped, and the
   *   calls that it had begun fail.
   */
  readonly lifetime?: Lifetime;
  /** When an instance of the lifetime `plugin` is started again after failures. By default at once, without an end. */
  readonly restart?: RestartPolicy;
  /**
   * Called when an instance has ended, with what happened. If it throws or rejects, that is ignored.
   */
  readonly onExit?: (exit: PluginExit) => unknown;
  /** Watches calls, host methods, ends and limits, for traces and metrics. */
  readonly observe?: PluginObserver;
}

/** How long an instance lives. */
export type Lifetime = "call" | "plugin" | { readonly pool: number };

/** Options of one call. */
export interface PluginCallOptions {
  /**
   * Aborting it rejects the call at once, with the signal's reason. An instance that lives for this call only is
   * stopped, also while the streams of its answer are open. One that lives on is asked to cancel the call.
   */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds from this call to its answer, and from there to the end of the answer's streams, in place of the
   * plugin's limit. `Infinity` for no deadline. It is at most what the option `permissions` and the manifest permit.
   */
  readonly deadlineMs?: number;
  /**
   * With it, each report of progress starts the deadline anew, until so many milliseconds after the call. It is at most
   * what the option `permissions` and the manifest permit.
   */
  readonly maxDeadlineMs?: number;
  /**
   * Receives what the plugin reports while it works on the call; its type is not checked. If it throws or rejects, the
   * call is cancelled and rejects with that.
   */
  readonly onProgress?: (value: unknown) => unknown;
  /** The `traceparent` of W3C Trace Context that the plugin gets, and the contexts of host methods that it calls. */
  readonly traceparent?: string;
}

/** Milliseconds that a call has waited before it came to its plugin, for a worker: an option that users do not have. */
export const WAITED_MS: unique symbol = Symbol("waitedMs");

/** Options of a call that has waited: its deadlines are so much nearer. */
export interface WaitedCallOptions extends PluginCallOptions {
  readonly [WAITED_MS]?: number;
}

/** The names of all options. */
export const PLUGIN_OPTIONS: readonly (keyof PluginOptions)[] = [
  ...["args", "env", "clock", "random"] as const,
  ...["name", "methods", "onLog", "onError", "protocol", "framing", "limits", "permissions", "schemas"] as const,
  ...["accepts", "lifetime", "restart", "onExit", "observe"] as const,
];
/** Instances of a pool at most. Each has a memory of its own. */
const MAX_POOL = 1_000;
const CALL_OPTIONS: readonly (keyof PluginCallOptions)[] = [
  ...["signal", "deadlineMs", "maxDeadlineMs", "onProgress", "traceparent"] as const,
];

/** Options of `close`. */
export interface PluginCloseOptions {
  /** Whether calls that are under way are waited for. Otherwise they reject. Default true. */
  readonly drain?: boolean;
  /** Milliseconds to wait for them. Then their instances are stopped. Default `Infinity`. */
  readonly timeoutMs?: number;
}

/** Checked options, with the defaults of limits filled in. The types of methods no longer matter. */
export interface CheckedOptions extends PluginSettings {
  readonly methods: ReadonlyMap<string, Handler>;
  readonly protocol: Protocol;
  readonly framing: Framing | undefined;
  readonly schemas: PeerSchemas | undefined;
  readonly limits: Required<PluginLimits>;
  readonly permissions: Permissions;
  /** Methods that are offered and not permitted, and who does not permit them. */
  readonly denied?: ReadonlyMap<string, PermissionError["missing"]>;
  readonly lifetime: Lifetime;
  readonly restart: Required<RestartPolicy>;
}

/** Options that a plugin's manifest can say. Those that are given come first. */
export type SaidOptions = Pick<PluginOptions, "protocol" | "accepts">;

/**
 * Checks options, and copies what could change later.
 *
 * @param said the defaults of options that the plugin's manifest says
 * @throws {TypeError} if an option or a limit is unknown or of the wrong type
 * @throws {RangeError} if a limit is not in its range
 */
export function checkOptions<Guest extends object, Host extends object>(
  options: PluginSettings & ServedMethods<Guest, Host> & PluginSchemasOption<Guest, Host> = {},
  said: SaidOptions = {},
): CheckedOptions {
  checkNames("Plugin option", options, PLUGIN_OPTIONS);
  const { name, methods = {}, onLog, framing, limits = {}, lifetime = "call" } = options;
  const { args, env, clock, random, onError, onExit, observe, restart, permissions } = options;
  checkType("name", name, "string");
  checkType("onLog", onLog, "function");
  checkType("onError", onError, "function");
  checkType("clock", clock, "object");
  checkType("random", random, "function");
  checkType("onExit", onExit, "function");
  if (observe !== undefined) {
    checkNames("observe option", observe, OBSERVER_NAMES);
    for (const hook of OBSERVER_NAMES) checkType(`observe.${hook}`, observe[hook], "function");
  }
  checkLifetime(lifetime);
  if (restart !== undefined && lifetime !== "plugin") {
    throw new TypeError(
      'restart is for the lifetime "plugin": other instances live for one call, and are not restarted',
    );
  }
  if (args !== undefined) checkArgs(args);
  if (env !== undefined) checkEnv(env);
  const { schemas = {} } = options;
  checkNames("schemas side", schemas, ["guest", "host"]);
  const { guest, host } = schemas;
  checkSchemas("schemas.guest", guest);
  checkSchemas("schemas.host", host);
  return {
    ...{ name, onLog, onError, onExit, clock, random },
    observe: observe && { ...observe },
    lifetime: typeof lifetime === "string" ? lifetime : { ...lifetime },
    restart: checkRestart(restart),
    protocol: protocolOf(options.protocol ?? said.protocol),
    framing: framing === undefined ? undefined : framingOf(framing),
    accepts: [...checkAccepts(options.accepts ?? said.accepts)],
    args: args && [...args],
    env: env && { ...env },
    schemas: options.schemas && { remote: { ...guest }, local: { ...host } },
    methods: functionsByName(methods) as Map<string, Handler>,
    limits: resolveLimits<PluginLimits>("Plugin", limits),
    permissions: checkPermissions(permissions, "permissions"),
  };
}

function checkLifetime(given: unknown): void {
  if (given === "call" || given === "plugin") return;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`lifetime must be "call", "plugin" or { pool: n }, not ${shown(given)}`);
  }
  checkNames("lifetime option", given, ["pool"]);
  const { pool } = given as { readonly pool?: unknown };
  if (typeof pool === "number" && Number.isInteger(pool) && pool >= 0 && pool <= MAX_POOL) return;
  const Refusal = typeof pool === "number" ? RangeError : TypeError;
  throw new Refusal(`lifetime.pool must be a whole number from 0 to ${MAX_POOL}, not ${shown(pool)}`);
}

/** Checks the options of `close`. @throws {TypeError} or {RangeError} if one is unknown or wrong */
export function checkCloseOptions(options: PluginCloseOptions): Required<PluginCloseOptions> {
  checkNames("close option", options, ["drain", "timeoutMs"]);
  const { drain = true, timeoutMs = Infinity } = options;
  if (typeof drain !== "boolean") throw new TypeError(`drain must be a boolean, not ${shown(drain)}`);
  checkDelay("timeoutMs", timeoutMs, true);
  return { drain, timeoutMs };
}

/** Checks the options of one call. @throws as `checkOptions` does */
export function checkCallOptions(options: PluginCallOptions): void {
  checkNames("call option", options, CALL_OPTIONS);
  checkSignal(options.signal);
  if (options.deadlineMs !== undefined) resolveLimit("deadlineMs", options.deadlineMs);
  if (options.maxDeadlineMs !== undefined) checkDelay("maxDeadlineMs", options.maxDeadlineMs, true);
  checkType("onProgress", options.onProgress, "function");
  checkTraceparent(options.traceparent);
}
