/**
 * Plugins: WebAssembly modules that call methods of the host, and whose methods the host calls, over JSON-RPC on their
 * standard streams.
 *
 * @module
 */

export { PluginError } from "./errors.ts";
export type { PluginFailure } from "./errors.ts";
export type { PluginCallOptions, PluginLimits, PluginOptions, PluginSettings } from "./options.ts";
export { Plugin } from "./plugin.ts";
