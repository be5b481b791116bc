/**
 * The host's interface over HTTP:
 *
 * - `GET /plugins`: all plugins
 * - `POST /plugins/NAME/METHOD`: calls a method; the body has its params as JSON, and may be empty
 * - `PUT /plugins/NAME`: replaces a plugin; the body is its new module
 *
 * @module
 */

import { CompileError, LimitError, ManifestError, PluginError, RpcError } from "@rivulet/rivulet";
import type { Host } from "./host.ts";

/** A request, as far as it matters here. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** An answer, with a body for JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers a request. It never rejects. */
export async function answer(host: Host, { method, path, body, signal }: Asked): Promise<Answer> {
  const [root, name, called, ...rest] = path.split("/").slice(1).map(decodeURIComponent);
  const route = `${method} ${[name && "NAME", called && "METHOD"].filter(Boolean).join("/")}`;
  if (root !== "plugins" || rest.length > 0) return { status: 404, body: { error: "no such page" } };
  try {
    if (route === "GET ") return { status: 200, body: await host.list() };
    const kind = host.kindOf(name ?? "");
    if (kind === undefined) return { status: 404, body: { error: `there is no plugin ${name}` } };
    if (route === "POST NAME/METHOD") {
      const params = body.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(body));
      return { status: 200, body: { result: await host.call(name!, called!, params, signal) } };
    }
    if (route === "PUT NAME") {
      await host.load(name!, kind, body);
      return { status: 200, body: { result: "replaced" } };
    }
    return { status: 405, body: { error: "no such route" } };
  } catch (error) {
    return { status: statusOf(error), body: { error: describe(error) } };
  }
}

function describe(error: unknown): unknown {
  if (error instanceof RpcError) return { code: error.code, message: error.message, data: error.data };
  if (error instanceof PluginError) return { reason: error.reason, message: error.message };
  return { message: String(error) };
}

function statusOf(error: unknown): number {
  if (error instanceof RpcError) return 422; // the plugin's own answer
  if (error instanceof CompileError || error instanceof ManifestError) return 415;
  if (error instanceof SyntaxError) return 400;
  if (error instanceof LimitError) return 429;
  if (!(error instanceof PluginError)) return 500;
  if (error.reason === "link") return 415;
  if (error.reason === "gave up") return 503;
  return error.reason === "limit" ? 504 : 502;
}
