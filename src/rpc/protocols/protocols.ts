/**
 * The table of protocols. To add one, add its file to this folder, and its row here.
 *
 * @module
 */

import { checkChoice, checkMembers } from "../../base/options.ts";
import { framingOf } from "../framing/framings.ts";
import { LSP } from "./lsp.ts";
import { MCP } from "./mcp.ts";
import { checkPlace } from "./places.ts";
import { RIVULET } from "./rivulet.ts";
import type { Protocol } from "./types.ts";

/**
 * The name of a protocol. `rivulet`: that of Rivulet's own plugins. `lsp`: the Language Server Protocol. `mcp`: the
 * Model Context Protocol.
 */
export type ProtocolName = "rivulet" | "lsp" | "mcp";

/**
 * The protocols by name.
 *
 * @example
 * ```ts
 * import { PROTOCOLS } from "@rivulet/rivulet/rpc";
 *
 * for (const { name, framing, cancellation } of Object.values(PROTOCOLS)) {
 *   console.log(name, framing.name, cancellation?.method); // rivulet newline $/cancelRequest, and so on
 * }
 * ```
 */
export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = { rivulet: RIVULET, lsp: LSP, mcp: MCP };

/** The rows of the table, which need no check. */
const ROWS: ReadonlySet<Protocol> = new Set(Object.values(PROTOCOLS));

/**
 * The row that the option `protocol` names or is.
 *
 * @throws {TypeError} if it is neither a known name nor a row
 */
export function protocolOf(given: ProtocolName | Protocol = "rivulet"): Protocol {
  if (typeof given !== "object" || given === null) {
    checkChoice("protocol", given, Object.keys(PROTOCOLS));
    return PROTOCOLS[given];
  }
  if (ROWS.has(given)) return given;
  const { name, framing, batches, alwaysParams, cancellation, progress, trace } = given;
  checkMembers("protocol", { name }, "string");
  checkMembers("protocol", { framing }, "object");
  framingOf(framing);
  checkMembers("protocol", { batches, alwaysParams }, "boolean");
  if (cancellation !== undefined) {
    checkMembers("protocol", { cancellation }, "object");
    const { method, params, idOf } = cancellation;
    checkMembers("protocol.cancellation", { method }, "string");
    checkMembers("protocol.cancellation", { params, idOf }, "function");
  }
  if (progress !== undefined) {
    checkMembers("protocol", { progress }, "object");
    const { method, token, params, read } = progress;
    checkMembers("protocol.progress", { method }, "string");
    checkMembers("protocol.progress", { params, read }, "function");
    if (token !== undefined) checkPlace("protocol.progress.token", token);
  }
  if (trace !== undefined) {
    checkMembers("protocol", { trace }, "object");
    checkPlace("protocol.trace.traceparent", trace.traceparent);
    if (trace.parent !== undefined) checkPlace("protocol.trace.parent", trace.parent);
  }
  return given;
}
