/**
 * The conventions of the Language Server Protocol: messages behind headers, `$/cancelRequest`,
 * `$/progress` for a request with a `workDoneToken`, no batches.
 *
 * @see https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
 * @module
 */

import { CONTENT_LENGTH } from "../framing/content_length.ts";
import { CANCEL_REQUEST, PROGRESS, TRACE } from "./rivulet.ts";
import type { Protocol } from "./types.ts";

/** The row of the table. */
export const LSP: Protocol = {
  name: "lsp",
  framing: CONTENT_LENGTH,
  batches: false,
  alwaysParams: false,
  cancellation: CANCEL_REQUEST,
  progress: { ...PROGRESS, token: ["params", "workDoneToken"] },
  trace: TRACE,
};
