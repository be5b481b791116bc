/**
 * What a plugin may do with the options that it gets: its manifest, its permissions, and the options that are left.
 *
 * @module
 */

import { limitsOf, resolveLimits } from "../base/limits.ts";
import type { Module } from "../vm/mod.ts";
import type { ProcessLimits } from "../wasi/mod.ts";
import { PROTOCOLS } from "../rpc/mod.ts";
import type { FailedRequest, PeerLimits, ProtocolName, ServedMethods } from "../rpc/mod.ts";
import { ManifestError } from "./manifest/description.ts";
import { manifestOf } from "./manifest/manifest.ts";
import type { Manifest } from "./manifest/manifest.ts";
import { checkOptions } from "./options.ts";
import type { CheckedOptions, PluginCallOptions, PluginSchemasOption, PluginSettings, SaidOptions } from "./options.ts";
import { effectivePermissions, PERMISSION_LIMITS, PermissionError, permitted } from "./manifest/permissions.ts";
import type { Permissions } from "./manifest/permissions.ts";

/** The options of instances, with their limits by layer. */
export interface SessionOptions extends CheckedOptions {
  readonly processLimits: Required<ProcessLimits>;
  readonly peerLimits: Required<PeerLimits>;
}

/** A module with checked options. */
export interface Admission {
  /** What the module says about itself. */
  readonly manifest: Manifest | undefined;
  /** What it may do: what it asks for, is granted, and is offered by the options. */
  readonly permissions: Permissions;
  /** The options, without what it may not do. */
  readonly options: SessionOptions;
  /** The longest deadline of a call, whatever the call's own options say. */
  readonly mostDeadlineMs: number;
}

/**
 * Checks the options of a plugin, and narrows them to its permissions.
 *
 * @throws {ManifestError} if the module has a manifest that is not valid
 * @throws as `checkOptions` does
 */
export function admit<Guest extends object, Host extends object>(
  module: Module,
  given: PluginSettings & ServedMethods<Guest, Host> & PluginSchemasOption<Guest, Host> = {},
): Admission {
  const manifest = manifestOf(module);
  const options = checkOptions(given, saidBy(manifest, given));
  const { methods } = options;
  const { agreed, permissions } = permissionsOf(manifest, options);
  const isPermitted = new Set(permissions.methods);
  const denied = [...methods.keys()].filter((name) => !isPermitted.has(name));
  const isAsked = new Set(permitted(methods, manifest?.permissions?.methods ?? "*").map(([name]) => name));
  const limits = { ...options.limits, ...permissions.limits };
  // A deadline is for one call, and a process may serve many: the call enforces it.
  const processLimits = { ...limitsOf<ProcessLimits>("spawn", limits), deadlineMs: Infinity };
  return {
    mostDeadlineMs: agreed.limits.deadlineMs ?? Infinity,
    manifest,
    permissions,
    options: {
      ...options,
      methods: new Map(permitted(methods, permissions.methods)),
      env: options.env && Object.fromEntries(permitted(Object.entries(options.env), permissions.env)),
      limits,
      processLimits: resolveLimits("spawn", processLimits),
      peerLimits: resolveLimits("Peer", limitsOf<PeerLimits>("Peer", limits)),
      denied: new Map(denied.map((name) => [name, isAsked.has(name) ? "permissions" : "manifest"])),
    },
  };
}

/** What a plugin may do: what it and its host agree on, and what is left of that, since the options offer no more. */
export function permissionsOf(
  manifest: Manifest | undefined,
  { methods, env = {}, limits, permissions: granted }: CheckedOptions,
): { readonly agreed: Permissions; readonly permissions: Permissions } {
  const offered: Permissions = {
    methods: [...methods.keys()],
    env: Object.keys(env),
    limits: Object.fromEntries(PERMISSION_LIMITS.map((name) => [name, limits[name]])),
  };
  const agreed = effectivePermissions(manifest?.permissions, granted);
  return { agreed, permissions: effectivePermissions(agreed, offered) };
}

/** What to do if a plugin calls a method that its host does not have: if it has one that is denied, the host is told. */
export function denials(
  plugin: string,
  { denied, onError }: Pick<CheckedOptions, "denied" | "onError">,
): ((request: FailedRequest) => unknown) | undefined {
  if (denied === undefined || denied.size === 0) return undefined;
  const shown = new Set<string>();
  return (request) => {
    const { method } = request;
    const missing = denied.get(method);
    if (missing === undefined) return;
    const error = new PermissionError(plugin, method, missing);
    if (onError !== undefined) return onError(error, request);
    // The console is told once, so that a guest can't flood it.
    if (!shown.has(method)) console.error(error.message);
    shown.add(method);
  };
}

/** The options that a manifest says. */
function saidBy(manifest: Manifest | undefined, given: Pick<PluginSettings, "protocol">): SaidOptions {
  const { protocol, accepts } = manifest ?? {};
  if (protocol === undefined || given?.protocol !== undefined) return { accepts };
  if (!Object.hasOwn(PROTOCOLS, protocol)) {
    const what = `the plugin speaks the protocol ${JSON.stringify(protocol)}, which is not known here`;
    throw new ManifestError("manifest", `${what}: pass its row as the option protocol`);
  }
  return { protocol: protocol as ProtocolName, accepts };
}

/** The options of a call, with deadlines that are permitted. */
export function within(options: PluginCallOptions, mostDeadlineMs: number): PluginCallOptions {
  const { deadlineMs = 0, maxDeadlineMs = 0 } = options;
  if (deadlineMs <= mostDeadlineMs && maxDeadlineMs <= mostDeadlineMs) return options;
  return {
    ...options,
    ...(deadlineMs > mostDeadlineMs ? { deadlineMs: mostDeadlineMs } : {}),
    ...(maxDeadlineMs > mostDeadlineMs ? { maxDeadlineMs: mostDeadlineMs } : {}),
  };
}
