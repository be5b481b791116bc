/**
 * The list of contenders.
 *
 * @module
 */

import { against } from "./against.ts";
import type { Contender } from "./contender.ts";
import { wasm3, wasmi } from "./embedded.ts";
import { native } from "./native.ts";
import { polywasm } from "./polywasm.ts";
import { rivulet } from "./rivulet.ts";

/** Every contender. The first two are always available. */
export const CONTENDERS: readonly Contender[] = [native, rivulet, against, wasm3, wasmi, polywasm];
