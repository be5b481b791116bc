/**
 * Plugins: a module's methods as the host calls them, and the host's as the module does, over JSON-RPC on its standard
 * streams.
 *
 * @module
 */

export { PluginError } from "./errors.ts";
export type { PluginFailure } from "./errors.ts";
export type { PluginCallOptions, PluginLimits, PluginOptions } from "./options.ts";
export { Plugin } from "./plugin.ts";
