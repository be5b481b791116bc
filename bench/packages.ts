/**
 * The packages of npm that the bench compares with.
 *
 * @module
 */

/** By name: the version, and the module to import. */
export const PACKAGES: Readonly<Record<string, { readonly version: string; readonly entry: string }>> = {
  "polywasm": { version: "0.2.0", entry: "polywasm/index.js" },
  "@bjorn3/browser_wasi_shim": { version: "0.4.2", entry: "@bjorn3/browser_wasi_shim/dist/index.js" },
};
