/**
 * The table of framings. To add one, add its file to this folder, and its row here.
 *
 * @module
 */

import { checkChoice, checkMembers } from "../../base/options.ts";
import { CONTENT_LENGTH } from "./content_length.ts";
import { NEWLINE } from "./newline.ts";
import type { Framing } from "./types.ts";

/**
 * The name of a framing. `newline`: one message a line. `content-length`: each message behind a header, as in the
 * Language Server Protocol.
 */
export type FramingName = "newline" | "content-length";

/**
 * The framings by name.
 *
 * @example
 * ```ts
 * import { FRAMINGS } from "@rivulet/rivulet/rpc";
 *
 * console.log(new TextDecoder().decode(FRAMINGS["content-length"].encode("{}"))); // Content-Length: 2, and {}
 * ```
 */
export const FRAMINGS: Readonly<Record<FramingName, Framing>> = {
  newline: NEWLINE,
  "content-length": CONTENT_LENGTH,
};

/**
 * The row that the option `framing` names or is.
 *
 * @throws {TypeError} if it is neither a known name nor a row
 */
export function framingOf(given: FramingName | Framing = "newline"): Framing {
  if (typeof given !== "object" || given === null) {
    checkChoice("framing", given, Object.keys(FRAMINGS));
    return FRAMINGS[given];
  }
  const { encode, decoder } = given;
  checkMembers("framing", { encode, decoder }, "function");
  if ("cancellation" in given) throw new TypeError("framing.cancellation belongs to the option protocol");
  return given;
}
