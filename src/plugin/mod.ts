/**
 * Plugins: WebAssembly modules that call methods of the host, and whose methods the host calls, over JSON-RPC on their
 * standard streams.
 *
 * @module
 */

export { PluginError } from "./errors.ts";
export type { PluginFailure } from "./errors.ts";
export type { PluginExit } from "./exit.ts";
export type { Lifetime, PluginCallOptions, PluginCloseOptions, PluginLimits, PluginOptions } from "./options.ts";
export { Plugin } from "./plugin.ts";
export type { PluginStats } from "./plugin.ts";
export type { RestartPolicy } from "./restart.ts";
