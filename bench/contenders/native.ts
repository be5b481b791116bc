/**
 * The engine's own WebAssembly, and anything with the same interface.
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

/** An import object that has every module and every name: each is a function that returns zero. */
const ANY = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) });

/** Loads a program. `WebAssembly` may be a stand-in. */
export function loadWith({ Module, Instance }: WebAssemblyLike, bytes: Uint8Array<ArrayBuffer>): Loaded {
  const exports = new Instance(new Module(bytes), ANY).exports as unknown as Loaded & { _initialize?(): void };
  exports._initialize?.();
  return { run: (size) => exports.run(size) };
}
