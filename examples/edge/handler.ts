/**
 * The edge functions themselves, from a `Request` to a `Response`. They are the same on every runtime. The entries for
 * Workers, Deno, Bun and Node are beside this file.
 *
 * - `POST /call`: a form with `plugin`, a WebAssembly file, and `request`, a JSON-RPC request. The plugin is
 *   untrusted code: it runs for this one call, within limits, and its answer is the response.
 * - `POST /filter`: the body, streamed through a guest of ours into the response. Neither is ever buffered as a whole.
 *
 * With one of the servers running:
 *
 * ```sh
 * curl -F plugin=@examples/guests/prebuilt/c_plugin.wasm \
 *   -F 'request={"jsonrpc":"2.0","id":1,"method":"prime_sieve","params":1000}' http://127.0.0.1:8000/call
 * curl -T README.md -X POST http://127.0.0.1:8000/filter
 * ```
 *
 * @module
 */

import {
  compile,
  CompileError,
  ErrorCode,
  LinkError,
  ManifestError,
  Plugin,
  PluginError,
  RpcError,
  spawn,
} from "@rivulet/rivulet";
import type { Module, PluginLimits, Process, ProcessLimits } from "@rivulet/rivulet";

/** The maximum size of a form in bytes. A form is buffered in memory. */
const UPLOAD_BYTES = 4 << 20;
/** Limits of an uploaded plugin: about a second, and 16 MiB. */
const CALL_LIMITS: PluginLimits = { fuel: 10_000_000_000, deadlineMs: 1_000, memoryPages: 256, logBytes: 16 << 10 };
/** Limits of the filter for one request. The deadline also bounds how long a client may take. */
const FILTER_LIMITS: ProcessLimits = { fuel: 10_000_000_000, deadlineMs: 60_000, memoryPages: 64 };

/** What an entry passes to the handler. */
export interface EdgeOptions {
  /** The guest behind `/filter`. */
  readonly filter: Module;
  /** Receives a line for each guest that has exited. */
  readonly log: (line: string) => void;
}

/** Makes the handler of all requests. */
export function createHandler({ filter, log }: EdgeOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/call" && pathname !== "/filter") return new Response("no such page\n", { status: 404 });
    if (request.method !== "POST") return new Response("only POST\n", { status: 405, headers: { allow: "POST" } });
    return pathname === "/call" ? await answerCall(request, log) : answerFilter(request, filter, log);
  };
}

/** The part of a JSON-RPC request that matters here. */
interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: unknown;
}

async function answerCall(request: Request, log: EdgeOptions["log"]): Promise<Response> {
  let id: unknown = null;
  try {
    const form = await readForm(request);
    const call = callOf(form.get("request"));
    id = call.id;
    const file = form.get("plugin");
    if (!(file instanceof Blob)) throw new HttpError(400, "the form has no file named plugin");

    const module = await compile(file.stream());
    await using plugin = new Plugin(module, { name: "upload", limits: CALL_LIMITS });
    // If a client disconnects and the runtime reports it before the answer, the plugin stops. The limits hold anyway.
    const result = await plugin.call(call.method, call.params, { signal: request.signal });
    log(`/call: ${call.method} answered`);
    return Response.json({ jsonrpc: "2.0", id, result });
  } catch (error) {
    log(`/call: ${error instanceof Error ? error.message : error}`);
    return Response.json({ jsonrpc: "2.0", id, error: errorObject(error) }, { status: statusOf(error) });
  }
}

/** A request that is wrong before any plugin runs. */
class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function readForm(request: Request): Promise<FormData> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("multipart/form-data")) throw new HttpError(415, "the body is no multipart/form-data");
  const bytes = await readBytes(request.body);
  return await new Response(bytes, { headers: { "content-type": type } }).formData().catch((cause) => {
    throw new HttpError(400, `the form can't be read: ${cause.message}`);
  });
}

/** Reads all of a body. It stops as soon as the body is too long, whatever the headers say. */
async function readBytes(body: ReadableStream<Uint8Array> | null): Promise<Blob> {
  const chunks: BlobPart[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > UPLOAD_BYTES) throw new HttpError(413, `the form has more than ${UPLOAD_BYTES} bytes`);
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  }
  return new Blob(chunks);
}

function callOf(text: unknown): Call {
  let call: Call | null = null;
  try {
    call = JSON.parse(String(text));
  } catch {
    // The request is rejected below.
  }
  const { id = null, method, params } = call ?? {};
  if (typeof method !== "string") throw new HttpError(400, "the form has no JSON-RPC request named request");
  return { id, method, params };
}

/** A JSON-RPC error. An error that the plugin answered with is passed on unchanged. */
function errorObject(error: unknown): { code: number; message: string; data?: unknown } {
  if (error instanceof RpcError) return { code: error.code, message: error.message, data: error.data };
  if (error instanceof HttpError) return { code: ErrorCode.invalidRequest, message: error.message };
  if (!(error instanceof Error)) return { code: ErrorCode.internalError, message: "internal error" };
  return { code: -32000, message: `${error.name}: ${error.message}` };
}

function statusOf(error: unknown): number {
  if (error instanceof RpcError) return 200;
  if (error instanceof HttpError) return error.status;
  // The upload is not a module, or it needs something that is not available here.
  if (error instanceof CompileError || error instanceof ManifestError) return 422;
  if (!(error instanceof PluginError)) return 500;
  if (error.cause instanceof LinkError) return 422;
  return error.reason === "limit" ? 504 : 502;
}

function answerFilter(request: Request, filter: Module, log: EdgeOptions["log"]): Response {
  const process = spawn(filter, {
    stdin: request.body ?? "null",
    stderr: "null",
    limits: FILTER_LIMITS,
    signal: request.signal,
  });
  process.status.then(({ code, fuelUsed }) => log(`/filter: ended with code ${code}, fuel used: ${fuelUsed}`));
  return new Response(outputOf(process), { headers: { "content-type": "application/octet-stream" } });
}

/**
 * The output of a guest. If the guest fails, the stream fails, so that a client does not mistake half an answer for the
 * whole. When the reader cancels the stream, the guest is stopped.
 */
function outputOf(process: Process): ReadableStream<Uint8Array> {
  const reader = process.stdout.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      const { success, code, error } = await process.status;
      if (success) controller.close();
      else controller.error(error ?? new Error(`the filter exited with code ${code}`));
    },
    cancel(reason) {
      process.kill(reason);
    },
  });
}
