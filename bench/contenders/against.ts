/**
 * Another build of this repository's virtual machine, to compare a change with the version before it, or the whole with
 * a version without one part.
 *
 * @module
 */

import type * as vm from "../../src/vm/mod.ts";
import type { Contender } from "./contender.ts";
import { loaderOf } from "./rivulet.ts";

/** See the module's comment. */
export const against: Contender = {
  name: "against",
  open: async ({ load }) => loaderOf(await load("against") as typeof vm),
};
