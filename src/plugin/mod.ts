/**
 * Plugins: WebAssembly modules that call methods of the host, and whose methods the host calls, over JSON-RPC on their
 * standard streams.
 *
 * @module
 */

export { ManifestError } from "./manifest/description.ts";
export type { MethodDescription, PluginDescription } from "./manifest/description.ts";
export { PluginError } from "./errors.ts";
export type { PluginFailure } from "./errors.ts";
export type { PluginExit } from "./exit.ts";
export { manifestOf } from "./manifest/manifest.ts";
export type { Manifest } from "./manifest/manifest.ts";
export type {
  Lifetime,
  PluginCallOptions,
  PluginCloseOptions,
  PluginLimits,
  PluginOptions,
  PluginSchemasOption,
  PluginSettings,
} from "./options.ts";
export { effectivePermissions, PermissionError } from "./manifest/permissions.ts";
export type { PermissionLimits, Permissions } from "./manifest/permissions.ts";
export { Plugin } from "./plugin.ts";
export type { RestartPolicy } from "./lifetimes/restart.ts";
export type { CallEnd, CallStart, HostCallEnd, HostCallStart, LimitReached, PluginObserver } from "./observer.ts";
export type { PluginStats } from "./stats.ts";
