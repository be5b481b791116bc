/**
 * The engine's own WebAssembly, and whatever has its interface.
 *
 * @module
 */

import type { Contender, Loaded } from "./contender.ts";

/** The part of `WebAssembly` that the bench uses. */
export type WebAssemblyLike = Pick<typeof WebAssembly, "Module" | "Instance">;

/** See the module's comment. */
export const native: Contender = {
  name: "native",
  open: () => Promise.resolve((bytes) => Promise.resolve(loadWith(WebAssembly, bytes))),
};

/** Has every module and every name in it: a function that gives zero. */
const ANY = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) });

/** Loads a program; `WebAssembly` may be a stand-in. */
export function loadWith({ Module, Instance }: WebAssemblyLike, bytes: Uint8Array<ArrayBuffer>): Loaded {
  const exports = new Instance(new Module(bytes), ANY).exports as unknown as Loaded & { _initialize?(): void };
  exports._initialize?.();
  return { run: (size) => exports.run(size) };
}
