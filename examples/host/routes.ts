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
export async function answer(host: Host, asked: Asked): Promise<Answer> {
  try {
    return await route(host, asked);
  } catch (error) {
    return { status: statusOf(error), body: { error: describe(error) } };
  }
}

async function route(host: Host, { method, path, body, signal }: Asked): Promise<Answer> {
  const [root, name, called, ...rest] = path.split("/").slice(1).map(decodeURIComponent);
  if (root !== "plugins" || rest.length > 0) return refusal(404, "no such page");
  if (name === undefined) {
    return method === "GET" ? { status: 200, body: await host.list() } : refusal(405, "only GET");
  }
  const kind = host.kindOf(name);
  if (kind === undefined) return refusal(404, `there is no plugin ${name}`);
  if (called === undefined) {
    if (method !== "PUT") return refusal(405, "only PUT");
    await host.load(name, kind, body);
    return { status: 200, body: { result: "replaced" } };
  }
  if (method !== "POST") return refusal(405, "only POST");
  const params = body.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(body));
  return { status: 200, body: { result: await host.call(name, called, params, signal) } };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { error: { message } } };
}

function describe(error: unknown): unknown {
  if (error instanceof RpcError) return { code: error.code, message: error.message, data: error.data };
  if (error instanceof PluginError) return { reason: error.reason, message: error.message };
  return { message: String(error) };
}

function statusOf(error: unknown): number {
  if (error instanceof RpcError) return 422; // the plugin's own answer
  if (error instanceof CompileError || error instanceof ManifestError) return 415;
  if (error instanceof SyntaxError || error instanceof URIError) return 400;
  if (error instanceof LimitError) return 429;
  if (!(error instanceof PluginError)) return 500;
  if (error.reason === "link") return 415;
  if (error.reason === "gave up") return 503;
  return error.reason === "limit" ? 504 : 502;
}
