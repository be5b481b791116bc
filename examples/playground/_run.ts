/**
 * One run of a guest: a call of a method by JSON-RPC, with every message shown as it passes, or text through a filter.
 * What is seen of it is the business of who asks.
 *
 * @module
 */

import { Peer, RpcError, spawn } from "@rivulet/rivulet";
import type { Module, Process } from "@rivulet/rivulet";

/** Bounds of a run. */
export interface Limits {
  readonly fuel: number;
  readonly deadlineMs: number;
  readonly memoryPages: number;
}

/** What a run tells while it goes. */
export interface Watcher {
  onStart(process: Process): void;
  onMessage(direction: "sent" | "received", text: string): void;
  onLog(line: string): void;
}

/** How long a guest that closed its output may go on, in milliseconds. */
const GRACE_MS = 100;
/** Bytes of a filter's output that are shown. */
const MOST_OUTPUT = 100_000;

/** Calls a method of a plugin on a new instance; the guest may call `echo` of this side. */
export async function callMethod(
  module: Module,
  method: string,
  params: unknown,
  limits: Limits,
  watcher: Watcher,
): Promise<unknown> {
  const process = start(module, limits, watcher);
  const outgoing = new TransformStream<Uint8Array, Uint8Array>();
  const piped = outgoing.readable.pipeThrough(tap((line) => watcher.onMessage("sent", line))).pipeTo(process.stdin);
  piped.catch(() => {});
  const readable = process.stdout.pipeThrough(tap((line) => watcher.onMessage("received", line)));
  const peer = new Peer({ readable, writable: outgoing.writable }, { methods: { echo: (value) => value } });
  peer.closed.catch(() => {});
  try {
    return await peer.call(method, params);
  } catch (error) {
    throw error instanceof RpcError ? error : await whyEnded(process);
  } finally {
    peer.close().catch(() => {});
  }
}

/** Gives text to a guest's standard input, and what it writes to standard output back. */
export async function runFilter(module: Module, text: string, limits: Limits, watcher: Watcher): Promise<string> {
  const process = start(module, limits, watcher);
  const input = new Response(text).body!.pipeTo(process.stdin);
  input.catch(() => {});
  const { stdout, error, code } = await collect(process);
  if (error !== undefined) throw error;
  return code === 0 ? stdout : `${stdout}\n(exit code ${code})`;
}

/** The reason of a failure, with what there is to know: a trap's message has the guest's stack. */
export function explain(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function start(module: Module, limits: Limits, watcher: Watcher): Process {
  const process = spawn(module, { limits });
  watcher.onStart(process);
  process.stderr.pipeThrough(tap((line) => watcher.onLog(line))).pipeTo(new WritableStream()).catch(() => {});
  return process;
}

/** Why a guest has ended without an answer. One that has only closed its output is stopped. */
async function whyEnded(process: Process): Promise<unknown> {
  const timer = setTimeout(() => process.kill(), GRACE_MS);
  const { error, code } = await process.status;
  clearTimeout(timer);
  return error ?? new Error(`the guest ended with exit code ${code} and gave no answer`);
}

async function collect(process: Process): Promise<{ stdout: string; error: unknown; code: number }> {
  let stdout = "";
  const decoder = new TextDecoder();
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      if (stdout.length < MOST_OUTPUT) stdout += decoder.decode(chunk, { stream: true });
    },
  });
  const [{ error, code }] = await Promise.all([process.status, process.stdout.pipeTo(writable)]);
  return { stdout: stdout.slice(0, MOST_OUTPUT), error, code };
}

/** Passes bytes on and tells of each line in them. */
function tap(onLine: (line: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!.slice(0, MOST_OUTPUT);
      for (const line of lines) onLine(line);
    },
    flush() {
      if (rest !== "") onLine(rest);
    },
  });
}
