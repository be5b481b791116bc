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
import type {
  FailedRequest,
  Framing,
  FramingName,
  Handlers,
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
import { checkSchemas } from "../rpc/schemas/check.ts";
import type { ProcessLimits, SpawnOptions } from "../wasi/mod.ts";
import { checkPermissions } from "./permissions.ts";
import type { Permissions } from "./permissions.ts";

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
   * is the reason of the request's aborted `signal`. If it throws or rejects, that is ignored. By default the first ten
   * failures go to `console.error`, without `RpcError`s that are answers.
   */
  readonly onError?: (error: unknown, request: FailedRequest) => unknown;
  /**
   * The conventions beside JSON-RPC, such as cancellation: a name, or a row of your own. By default that
   * of the manifest, or else `rivulet`.
   */
  readonly protocol?: ProtocolName | Protocol;
  /** How messages are marked off: a name, or a row of your own. Default: as the protocol says. */
  readonly framing?: FramingName | Framing;
  /** Limits of each instance. */
  readonly limits?: PluginLimits;
  /**
   * What the plugin may do at most, as plain data. What the plugin asks for in its manifest narrows it further, and
   * `plugin.permissions` is what is left. A list that is absent is empty. Without this option the plugin may do all that
   * the other options offer and its manifest asks for.
   */
  readonly permissions?: Partial<Permissions>;
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
  /**
   * Milliseconds from this call to its answer, in place of the plugin's limit. `Infinity` for no deadline. It is at most
   * what the option `permissions` and the manifest permit.
   */
  readonly deadlineMs?: number;
}

/** The names of all options. */
export const PLUGIN_OPTIONS: readonly (keyof PluginOptions)[] = [
  ...["args", "env", "clock", "random"] as const,
  ...["name", "methods", "onLog", "onError", "protocol", "framing", "limits", "permissions", "lifetime"] as const,
  "schemas",
];
const CALL_OPTIONS: readonly (keyof PluginCallOptions)[] = ["signal", "deadlineMs"];

/** Checked options, with the defaults of limits filled in. */
export interface CheckedOptions<Guest extends object, Host extends object>
  extends PluginSettings, ServedMethods<Guest, Host> {
  readonly schemas: PeerSchemas | undefined;
  readonly limits: Required<PluginLimits>;
  readonly permissions: Permissions;
}

/** Options that a plugin's manifest can say. Those that are given come first. */
export type SaidOptions = Pick<PluginOptions, "protocol">;

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
): CheckedOptions<Guest, Host> {
  checkNames("Plugin option", options, PLUGIN_OPTIONS);
  const { name, methods = {}, onLog, framing, limits = {}, lifetime = "call" } = options;
  const { args, env, clock, random, onError, permissions } = options;
  checkType("name", name, "string");
  checkType("onLog", onLog, "function");
  checkType("onError", onError, "function");
  checkType("clock", clock, "object");
  checkType("random", random, "function");
  checkChoice("lifetime", lifetime, ["call", "plugin"]);
  if (args !== undefined) checkArgs(args);
  if (env !== undefined) checkEnv(env);
  const { schemas = {} } = options;
  checkNames("schemas side", schemas, ["guest", "host"]);
  const { guest, host } = schemas;
  checkSchemas("schemas.guest", guest);
  checkSchemas("schemas.host", host);
  return {
    ...{ name, onLog, onError, lifetime, clock, random },
    protocol: protocolOf(options.protocol ?? said.protocol),
    framing: framing === undefined ? undefined : framingOf(framing),
    args: args && [...args],
    env: env && { ...env },
    schemas: options.schemas && { remote: { ...guest }, local: { ...host } },
    methods: functionsByName(methods) as Handlers<Guest, Host>,
    limits: resolveLimits<PluginLimits>("Plugin", limits),
    permissions: checkPermissions(permissions, "permissions"),
  };
}

/** Checks the options of one call. @throws as `checkOptions` does */
export function checkCallOptions(options: PluginCallOptions): void {
  checkNames("call option", options, CALL_OPTIONS);
  checkSignal(options.signal);
  if (options.deadlineMs !== undefined) resolveLimit("deadlineMs", options.deadlineMs);
}
