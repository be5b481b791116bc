/**
 * polywasm, which makes JavaScript of WebAssembly: for reference, since it needs what this repository does without.
 *
 * @module
 */

import type { Contender } from "./contender.ts";
import { loadWith } from "./native.ts";
import type { WebAssemblyLike } from "./native.ts";

/** See the module's comment. */
export const polywasm: Contender = {
  name: "polywasm",
  async open({ load }) {
    const { WebAssembly } = await load("polywasm") as { readonly WebAssembly: WebAssemblyLike };
    return (bytes) => Promise.resolve(loadWith(WebAssembly, bytes));
  },
};
