/**
 * Where a value is in a message, as code would write it: `params.images[3]`. For error messages.
 *
 * @module
 */

import { quoted } from "../../base/text.ts";

/** One step into an array or object. */
export type Step = string | number;

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
/** UTF-16 units of a name in a path. */
const SHOWN_NAME = 60;
/** Steps of a path that are shown at either end. */
const SHOWN_STEPS = 20;

/** A path as text: a name, then steps. */
export function pathText(root: string, path: readonly Step[]): string {
  if (path.length <= 2 * SHOWN_STEPS) return root + path.map(stepText).join("");
  return `${root}${path.slice(0, SHOWN_STEPS).map(stepText).join("")}...${
    path.slice(-SHOWN_STEPS).map(stepText).join("")
  }`;
}

function stepText(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  return IDENTIFIER.test(step) && step.length <= SHOWN_NAME ? `.${step}` : `[${quoted(step, SHOWN_NAME)}]`;
}
