/**
 * The protocol of Rivulet's own plugins: a message a line, params that may be any JSON value, batches, and cancellation
 * and progress like those of the Language Server Protocol. Since params may be anything, nothing is put into them: a
 * report of progress names its request's id, and the trace is beside the params.
 *
 * @module
 */

import { NEWLINE } from "../framing/newline.ts";
import { memberOf } from "./places.ts";
import type { Cancellation, ProgressConvention, Protocol, TraceConvention } from "./types.ts";

/** `$/cancelRequest`, which this protocol and LSP share. */
export const CANCEL_REQUEST: Cancellation = {
  method: "$/cancelRequest",
  params: (id) => ({ id }),
  idOf: (params) => memberOf(params, "id"),
};

/** `$/progress`, which LSP sends for a token of its own. */
export const PROGRESS: ProgressConvention = {
  method: "$/progress",
  params: (token, value) => ({ token, value }),
  read: (params) => ({ token: memberOf(params, "token"), value: memberOf(params, "value") }),
};

/** Members beside the params, as StreamJsonRpc has its `traceparent`. */
export const TRACE: TraceConvention = { traceparent: ["traceparent"], parent: ["parent"] };

/** The row of the table. */
export const RIVULET: Protocol = {
  name: "rivulet",
  framing: NEWLINE,
  batches: true,
  alwaysParams: true,
  cancellation: CANCEL_REQUEST,
  progress: PROGRESS,
  trace: TRACE,
};
