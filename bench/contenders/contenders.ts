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
import { interpreter, rivulet } from "./rivulet.ts";

/** Every contender. */
export const CONTENDERS: readonly Contender[] = [native, rivulet, interpreter, against, wasm3, wasmi, polywasm];
