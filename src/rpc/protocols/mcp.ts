/**
 * The conventions of the Model Context Protocol over standard streams: a message a line,
 * `notifications/cancelled`, `notifications/progress`, no batches, and no answer to a request that was cancelled.
 *
 * @see https://modelcontextprotocol.io/specification/2025-06-18/basic
 * @module
 */

import { RpcError } from "../errors.ts";
import { NEWLINE } from "../framing/newline.ts";
import { memberOf } from "./places.ts";
import type { Protocol } from "./types.ts";

/** The members of a report beside its token. */
const REPORT = ["progress", "total", "message"] as const;

/** The row of the table. */
export const MCP: Protocol = {
  name: "mcp",
  framing: NEWLINE,
  batches: false,
  alwaysParams: false,
  cancellation: {
    method: "notifications/cancelled",
    isAnswered: false,
    params: (requestId, reason) => ({ requestId, reason: textOf(reason) }),
    idOf: (params) => memberOf(params, "requestId"),
  },
  progress: {
    method: "notifications/progress",
    token: ["params", "_meta", "progressToken"],
    params: (progressToken, value) => ({ ...progressOf(value), progressToken }),
    read: (params) => ({ token: memberOf(params, "progressToken"), value: reportOf(params) }),
  },
  trace: { traceparent: ["params", "_meta", "traceparent"] },
};

/**
 * What the other side may read of a reason: a text that was given as one, or the message of an `RpcError`. Of another
 * error it is the name, since messages can contain paths, queries and secrets.
 */
function textOf(reason: unknown): string | undefined {
  if (typeof reason === "string") return reason;
  if (reason instanceof RpcError) return reason.message;
  return reason instanceof Error && typeof reason.name === "string" ? reason.name : undefined;
}

/** What a report says. Only known members are copied: others may be as many as fit into a message. */
function reportOf(params: unknown): unknown {
  const known = REPORT.map((name) => [name, memberOf(params, name)] as const);
  return Object.fromEntries(known.filter(([, member]) => member !== undefined));
}

/** The members of a report: `progress`, and often `total` and `message`. */
function progressOf(value: unknown): object {
  if (typeof value === "number") return { progress: value };
  if (typeof memberOf(value, "progress") === "number") return value as object;
  throw new TypeError("MCP's progress must be a number, or an object { progress, total, message }");
}
