/**
 * The error of a failed call, and how it follows from the end of the guest. Which error a caller gets is in call.ts.
 *
 * @module
 */

import { RpcProtocolError } from "../rpc/mod.ts";
import { LimitError, LinkError, Trap } from "../vm/mod.ts";
import type { ProcessStatus } from "../wasi/mod.ts";

/**
 * Why a plugin did not answer a call:
 *
 * - `link`: the module could not be started
 * - `trap`: the guest trapped
 * - `exit`: the guest exited without an answer
 * - `limit`: a limit was reached
 * - `protocol`: the guest sent an invalid message, or closed its standard input or output
 * - `stopped`: the host stopped the guest, for example because `onLog` threw
 * - `disposed`: the plugin was closed or disposed
 * - `gave up`: the instances before failed as often as the policy of restarts allows
 * - `worker`: the worker that it ran in failed or hung: only a `WorkerPlugin` has workers
 * - `other request`: the instance belongs to another request of a Worker
 */
export type PluginFailure =
  | "link"
  | "trap"
  | "exit"
  | "limit"
  | "protocol"
  | "stopped"
  | "disposed"
  | "gave up"
  | "other request"
  | "worker";

/** Facts about an instance whose call failed. All its calls share them: they may be many, and the text long. */
export interface FailureDetails {
  /** The message of the error, after the call's name. */
  readonly text: string;
  readonly exitCode: number | undefined;
  readonly fuelUsed: number;
  readonly logs: readonly string[];
}

/**
 * A call failed without an answer. Its `cause` is the {@linkcode Trap}, the {@linkcode LimitError}, or another error
 * behind it.
 *
 * @example
 * ```ts
 * import { compile, Plugin, PluginError } from "@rivulet/rivulet";
 *
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/faulty.wasm"));
 * await using plugin = new Plugin(module);
 * try {
 *   await plugin.call("trap");
 * } catch (error) {
 *   if (!(error instanceof PluginError)) throw error;
 *   console.log(error.reason, error.method, error.fuelUsed > 0); // trap trap true
 * }
 * ```
 */
export class PluginError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "PluginError";
  /** The kind of failure. */
  readonly reason: PluginFailure;
  /** The plugin's name. */
  readonly plugin: string;
  /** The method that was called. */
  readonly method: string;
  /** The exit code, if the guest exited. */
  readonly exitCode: number | undefined;
  /** Fuel that the instance used. */
  readonly fuelUsed: number;
  /** The first ten and the last ten lines of the guest's log. A line between says how many are left out. */
  readonly logs: readonly string[];

  /** @ignore made by `Plugin` */
  constructor(
    reason: PluginFailure,
    call: { readonly plugin: string; readonly method: string },
    details: FailureDetails,
    options?: ErrorOptions,
  ) {
    super(`${call.plugin}.${call.method}: ${details.text}`, options);
    this.reason = reason;
    this.plugin = call.plugin;
    this.method = call.method;
    this.exitCode = details.exitCode;
    this.fuelUsed = details.fuelUsed;
    this.logs = details.logs;
  }
}

/** The reason for which a plugin that is closed or disposed stops its instances. */
export class Disposed extends Error {}

/** The cause of a failed call. */
export interface Cause {
  readonly reason: PluginFailure;
  readonly what: string;
  readonly error?: unknown;
}

/** Why calls of an instance have no answer. It is thrown between the files of this folder; callers get a `PluginError`. */
export class Failure {
  readonly reason: PluginFailure;
  /** The error behind it. */
  readonly error: unknown;
  readonly details: FailureDetails;

  constructor({ reason, what, error }: Cause, known: Omit<FailureDetails, "text">) {
    this.reason = reason;
    this.error = error;
    this.details = detailsOf(what, known);
  }
}

/** What is known of an instance that does not exist. */
export const NO_INSTANCE: Omit<FailureDetails, "text"> = { exitCode: undefined, fuelUsed: 0, logs: [] };

/** Adds the text of errors to what is known of an instance. */
function detailsOf(what: string, known: Omit<FailureDetails, "text">): FailureDetails {
  const [headline, ...rest] = what.split("\n");
  const lines = [...rest, ...known.logs.map((line) => `    log: ${line}`)].map((line) => `\n${line}`).join("");
  const fuel = known === NO_INSTANCE ? "" : ` (fuel used: ${known.fuelUsed})`;
  return { ...known, text: `${headline}${fuel}${lines}` };
}

/** What a guest did with its streams. */
export interface StreamUse {
  /** Whether it had read anything. */
  readonly hasRead: boolean;
  /** The stream that it closed, if it went on after that. */
  readonly closed: "input" | "output" | undefined;
}

/** The cause if the guest ended by itself, or was stopped because it had closed a stream. */
export function causeOf({ code, error }: ProcessStatus, { hasRead, closed }: StreamUse): Cause {
  if (closed !== undefined) {
    const what = `the guest closed its standard ${closed}, so it can't answer; it was stopped`;
    return { reason: "protocol", what };
  }
  if (error instanceof Trap) return { reason: "trap", what: `the guest trapped: ${error.message}`, error };
  if (error instanceof LimitError) return { reason: "limit", what: error.message, error };
  if (error instanceof LinkError) {
    return { reason: "link", what: `can't start the plugin: ${error.message}`, error };
  }
  if (error !== undefined) return { reason: "stopped", what: `the guest was stopped: ${messageOf(error)}`, error };
  const how = hasRead ? "without an answer" : "without reading a request: a plugin reads its standard input to the end";
  return { reason: "exit", what: `the guest exited with code ${code}, ${how}` };
}

/** The cause if this side stopped the guest. */
export function stopCauseOf(error: unknown): Cause {
  if (error instanceof LimitError) return { reason: "limit", what: error.message, error };
  if (error instanceof RpcProtocolError) {
    const hint = error.fault === "not JSON" ? "; standard output is for messages, standard error for the log" : "";
    return { reason: "protocol", what: `the guest sent an invalid message: ${error.message}${hint}`, error };
  }
  if (error instanceof Disposed) return { reason: "disposed", what: error.message };
  return { reason: "stopped", what: `the guest was stopped: ${messageOf(error)}`, error };
}

/** The host's reason may be any value, even one without a text. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "for a reason that can't be shown";
  }
}
