/**
 * Plugins: WebAssembly modules that call methods of the host, and whose methods the host calls, over JSON-RPC on their
 * standard streams.
 *
 * @module
 */

export { ManifestError } from "./description.ts";
export type { MethodDescription, PluginDescription } from "./description.ts";
export { PluginError } from "./errors.ts";
export type { PluginFailure } from "./errors.ts";
export type { PluginExit } from "./exit.ts";
export { manifestOf } from "./manifest.ts";
export type { Manifest } from "./manifest.ts";
export type {
  Lifetime,
  PluginCallOptions,
  PluginCloseOptions,
  PluginLimits,
  PluginOptions,
  PluginSchemasOption,
  PluginSettings,
} from "./options.ts";
export { effectivePermissions, PermissionError } from "./permissions.ts";
export type { PermissionLimits, Permissions } from "./permissions.ts";
export { Plugin } from "./plugin.ts";
export type { RestartPolicy } from "./restart.ts";
export type { CallEnd, CallStart, HostCallEnd, HostCallStart, LimitReached, PluginObserver } from "./observer.ts";
export type { PluginStats } from "./stats.ts";
