/**
 * The protocol of Rivulet's own plugins: a message a line, params that may be any JSON value, batches, and the
 * cancellation of the Language Server Protocol.
 *
 * @module
 */

import { NEWLINE } from "../framing/newline.ts";
import { memberOf } from "./members.ts";
import type { Cancellation, Protocol } from "./types.ts";

/** `$/cancelRequest`, which this protocol and LSP share. */
export const CANCEL_REQUEST: Cancellation = {
  method: "$/cancelRequest",
  params: (id) => ({ id }),
  idOf: (params) => memberOf(params, "id"),
};

/** The row of the table. */
export const RIVULET: Protocol = {
  name: "rivulet",
  framing: NEWLINE,
  batches: true,
  alwaysParams: true,
  cancellation: CANCEL_REQUEST,
};
