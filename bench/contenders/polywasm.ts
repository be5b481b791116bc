/**
 * polywasm, which translates WebAssembly to JavaScript. It is for reference: it needs leave to generate code.
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
