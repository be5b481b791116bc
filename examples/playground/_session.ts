/**
 * Watches one run of a guest: a call of one of its methods, or text piped through it. It reports the messages both
 * ways, the log and the outcome. It knows nothing about the page.
 *
 * @module
 */

import { LimitError, LinkError, type Module, type Process, RpcError, spawn, Trap } from "@rivulet/rivulet";
import { Peer } from "@rivulet/rivulet/rpc";
import type { ProcessLimits, ProcessStatus } from "@rivulet/rivulet";
import { readChunks, readLines, tapLines } from "./_lines.ts";

/** What a run may use. */
export type RunLimits = Pick<ProcessLimits, "fuel" | "memoryPages" | "deadlineMs">;

/** The task of a run: a call of a method, or standard input for a filter. */
export type Task =
  | { readonly kind: "call"; readonly method: string; readonly params: unknown }
  | { readonly kind: "filter"; readonly text: string };

/** Who wrote a message. */
export type Sender = "page" | "guest";

/** Receives messages, log lines and output. */
export interface Watcher {
  onMessage(from: Sender, line: string): void;
  onLog(line: string): void;
  /** A part of a filter's output. */
  onOutput(text: string): void;
}

/** How a run ended. */
export type Outcome =
  | { readonly kind: "answered"; readonly result: unknown }
  | { readonly kind: "filtered" }
  /** The guest answered with an error. */
  | { readonly kind: "refused"; readonly code: number; readonly message: string; readonly data: unknown }
  | { readonly kind: "failed"; readonly what: string; readonly detail: string }
  | { readonly kind: "stopped" };

/** A run: what it uses at the moment, its outcome, and how to stop it. */
export interface Run {
  readonly fuelUsed: number;
  readonly memoryPages: number;
  readonly outcome: Promise<Outcome>;
  stop(): void;
}

/** Bytes that a filter may write. */
const OUTPUT_BYTES = 1 << 20;
/** Milliseconds that a guest has to exit by itself after its answer. */
const GRACE_MS = 100;

/** Starts a guest with a task. */
export function startRun(module: Module, task: Task, limits: RunLimits, watcher: Watcher): Run {
  const stop = new AbortController();
  const options = { limits, signal: stop.signal };
  const process = task.kind === "call"
    ? spawn(module, options)
    : spawn(module, { ...options, stdin: new Blob([task.text]).stream() });
  const logged = readLines(process.stderr, watcher.onLog);
  const work = task.kind === "call" ? call(process, task, watcher) : filter(process, watcher);
  return {
    get fuelUsed() {
      return process.fuelUsed;
    },
    get memoryPages() {
      return process.memoryPages;
    },
    outcome: work.then(async (outcome) => {
      await logged;
      return stop.signal.aborted ? { kind: "stopped" } : outcome;
    }),
    stop: () => stop.abort(),
  };
}

async function call(
  process: Process,
  { method, params }: Task & { kind: "call" },
  { onMessage }: Watcher,
): Promise<Outcome> {
  const toGuest = tapLines((line) => onMessage("page", line));
  toGuest.readable.pipeTo(process.stdin).catch(() => {
    // The guest has exited. Its status says how.
  });
  const peer = new Peer({
    readable: process.stdout.pipeThrough(tapLines((line) => onMessage("guest", line))),
    writable: toGuest.writable,
  }, {
    methods: { echo: (params: unknown) => params },
    onInvalid: (error) => process.kill(error),
  });
  peer.closed.catch(() => {});
  try {
    const result = await peer.call(method, params);
    await end(process, peer);
    return { kind: "answered", result };
  } catch (error) {
    const status = await end(process, peer);
    if (error instanceof RpcError) {
      return { kind: "refused", code: error.code, message: error.message, data: error.data };
    }
    return failure(status, "without an answer");
  }
}

async function filter(process: Process, { onOutput }: Watcher): Promise<Outcome> {
  const decoder = new TextDecoder();
  let left = OUTPUT_BYTES;
  await readChunks(process.stdout, (chunk) => {
    if (chunk.length > left) {
      process.kill(new LimitError("outputBytes", OUTPUT_BYTES, `the guest wrote more than ${OUTPUT_BYTES} bytes`));
    }
    onOutput(decoder.decode(chunk.subarray(0, left), { stream: true }));
    left -= Math.min(left, chunk.length);
  });
  const status = await process.status;
  return status.success ? { kind: "filtered" } : failure(status, "");
}

/** Closes the guest's input, and stops the guest if it does not exit soon. */
async function end(process: Process, peer: Peer): Promise<ProcessStatus> {
  peer.close().catch(() => {});
  const timer = setTimeout(() => process.kill(), GRACE_MS);
  const status = await process.status;
  clearTimeout(timer);
  return status;
}

function failure({ code, error }: ProcessStatus, lack: string): Outcome {
  const [what, detail] = causeOf(code, error, lack);
  return { kind: "failed", what, detail };
}

/** The failure in one line, and its details. */
function causeOf(code: number, error: unknown, lack: string): [what: string, detail: string] {
  if (error === undefined) return [`The guest exited with code ${code} ${lack}`.trimEnd(), ""];
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Trap) return [`The guest trapped: ${error.reason}`, message];
  if (error instanceof LimitError) return [`The guest reached its limit: ${error.limit}`, message];
  if (error instanceof LinkError) return ["The module can’t be started", message];
  return ["The guest was stopped", message];
}
