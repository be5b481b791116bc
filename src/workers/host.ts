/**
 * What the host serves to one worker, and its calls of the worker.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { checkMethod } from "../base/options.ts";
import { callSafely } from "../base/callbacks.ts";
import { Hosting } from "../plugin/instance/hosting.ts";
import type { PluginCallOptions, PluginDescription, PluginExit, PluginObserver, PluginStats } from "../plugin/mod.ts";
import { observeHostCall } from "../plugin/observer.ts";
import { RpcClosedError } from "../rpc/mod.ts";
import type { Caller, Handler, MethodSchemas } from "../rpc/mod.ts";
import { reporter } from "../rpc/failures.ts";
import { checked, SchemaError, type SchemaIssue } from "../rpc/schemas/check.ts";
import { discardStreams } from "../rpc/values/discard.ts";
import type { Channel, RequestOptions, Service } from "./channel.ts";
import { isCount, read } from "./checks.ts";
import { Ended, WorkerFailure } from "./connection.ts";
import { CALL_FUNCTIONS, HOST_METHOD, OPTION_FUNCTIONS } from "./functions.ts";
import type { HostSide } from "./functions.ts";
import { ChannelFault } from "./messages.ts";
import { readUse } from "./observing.ts";
import type { OnUse } from "./observing.ts";
import { splitCallOptions } from "./options.ts";
import type { CheckedOptions, SplitOptions } from "./options.ts";

/** What a plugin counts: what there is now, or the total so far, which outlives a worker. */
export const COUNTS: Readonly<Record<keyof PluginStats, "now" | "total">> = {
  instances: "now",
  warm: "now",
  pending: "now",
  started: "total",
  answered: "total",
  failed: "total",
};
/** The counts of a plugin that has done nothing. */
export const NO_STATS: PluginStats = countsBy(() => 0);

/** Counts, each by its name. */
export function countsBy(count: (name: keyof PluginStats) => number): PluginStats {
  const names = Object.keys(COUNTS) as (keyof PluginStats)[];
  return Object.fromEntries(names.map((name) => [name, count(name)])) as unknown as PluginStats;
}

/** How a request of a call is made. */
export interface CallHow extends Pick<RequestOptions, "onSent" | "onAnswer"> {
  readonly onUse?: OnUse;
  /** How long the call has waited for its worker. */
  readonly waitedMs?: number;
}

/** One worker's host. */
export class WorkerHost implements HostSide {
  /** What the worker may ask for. */
  readonly services: ReadonlyMap<string, Service>;
  /** The functions among the options of the worker's calls, by the number of the call. */
  readonly #callFunctions = new Map<number, SplitOptions["functions"]>();
  /** Those that handlers have read of the calls that their requests belong to, by the number of the request. */
  readonly #callSignals = new Map<number, AbortController>();
  /** Who wants to know what a call has used, by the number of the call. */
  readonly #uses = new Map<number, OnUse>();
  #stats: PluginStats = NO_STATS;
  readonly #schemas: CheckedOptions["schemas"];
  readonly #name: () => string;
  #channel: Channel | undefined;

  /** @param name the plugin's, for its observer and for errors */
  constructor({ functions, methods: given, schemas, observe }: CheckedOptions, name: () => string) {
    this.#schemas = schemas;
    this.#name = name;
    const methods = observe?.hostCall === undefined ? given : observedMethods(observe, given, name);
    const called = new Map(functions);
    if (!called.has("onError")) called.set("onError", reporter(undefined));
    const services = new Map<string, Service>();
    for (const [name, run] of called) services.set(`option.${name}`, OPTION_FUNCTIONS[name]!.serve(run, this));
    for (const [name, row] of Object.entries(CALL_FUNCTIONS)) {
      services.set(`call.${name}`, ([id, ...args], info) => {
        // A call that has settled is over: what it still says is dropped.
        const run = this.#callFunctions.get(id as number)?.get(name);
        return run === undefined ? undefined : row.serve(run, this)(args, info);
      });
    }
    services.set("method", async ([name, ...args], info) => {
      const run = methods.get(name as string);
      if (run === undefined) throw new ChannelFault("it called a method that the host does not have");
      try {
        return await HOST_METHOD.serve(run, this)([name, ...args], info);
      } finally {
        this.#callSignals.delete(info.id);
      }
    });
    services.set("call aborted", ([request, reason]) => this.#callSignals.get(request as number)?.abort(reason));
    services.set("used", ([call, use]) => void this.#uses.get(call as number)?.(readUse(use)));
    services.set("exit", ([exit]) => {
      const said = read("exit", exit) as unknown as PluginExit;
      callSafely(() => observe?.exit?.({ ...said, plugin: name() }), () => {});
    });
    services.set("stats", ([stats]) => void (this.#stats = statsOf(stats)));
    this.services = services;
  }

  /** What the worker's plugin did when it last told. */
  get stats(): PluginStats {
    return this.#stats;
  }

  /** Where the worker is reached. */
  set channel(channel: Channel) {
    this.#channel = channel;
  }

  standIn(original: unknown): Error {
    return this.#channel!.errors.standIn(original);
  }

  hide(original: unknown): Error {
    return this.#channel!.errors.hide(original);
  }

  /**
   * Calls a method of a guest.
   *
   * @param service the worker's service that does it
   * @param before the arguments of the service before the method
   */
  async call(
    service: string,
    before: readonly unknown[],
    method: string,
    params: unknown,
    options: PluginCallOptions,
    how: CallHow = {},
  ): Promise<unknown> {
    const schemas = this.#schemas?.get(method);
    const checkedParams = await this.#checked(schemas, method, "params", params);
    const result = await this.request(service, [...before, method, checkedParams], options, how);
    return await this.#checked(schemas, method, "result", result);
  }

  /** Asks for a service that takes the options of a call, and how long it has waited, as its last arguments. */
  async request(
    service: string,
    before: readonly unknown[],
    options: PluginCallOptions,
    { onSent, onAnswer, onUse, waitedMs = 0 }: CallHow = {},
  ): Promise<unknown> {
    const { data, functions, signals } = splitCallOptions(options);
    let id: number | undefined;
    const aborts = Array.from(signals, ([name, signal]) => {
      return [signal, () => this.#send("abort", [id, name, signal.reason])] as const;
    });
    try {
      const args = [...before, data, [...functions.keys()], [...signals.keys()], waitedMs];
      return await this.#channel!.request(service, args, {
        signal: options.signal,
        rejectsOnAbort: true,
        onAnswer,
        onSent: (sent) => {
          id = sent;
          this.#callFunctions.set(id, functions);
          if (onUse !== undefined) this.#uses.set(id, onUse);
          onSent?.(sent);
          for (const [signal, abort] of aborts) {
            if (signal.aborted) queueMicrotask(abort);
            else signal.addEventListener("abort", abort);
          }
        },
      });
    } finally {
      if (id !== undefined) {
        this.#callFunctions.delete(id);
        this.#uses.delete(id);
      }
      for (const [signal, abort] of aborts) signal.removeEventListener("abort", abort);
    }
  }

  /** What the plugin says about itself. */
  async describe(options: PluginCallOptions, how: CallHow): Promise<PluginDescription> {
    const answer = await this.request("describe", [], options, how);
    try {
      return read("description", answer) as unknown as PluginDescription;
    } catch (error) {
      this.#channel!.fault(error as ChannelFault);
      throw new WorkerFailure(`the worker failed: ${(error as ChannelFault).message}`, { cause: error });
    }
  }

  /** Sends a notification to the guest of a request, or to that of the worker's plugin. */
  async notify(
    service: string,
    before: readonly unknown[],
    method: string,
    params: unknown,
    how: RequestOptions = {},
  ): Promise<void> {
    const checkedParams = await this.#checked(this.#schemas?.get(method), method, "params", params);
    await this.#channel!.request(service, [...before, method, checkedParams], how);
  }

  /** Asks for a service without arguments. */
  async ask(service: string, how: RequestOptions): Promise<void> {
    await this.#channel!.request(service, [], how);
  }

  callerOf(request: number): Caller {
    const call = async (method: string, params?: unknown, options: PluginCallOptions = {}): Promise<unknown> => {
      checkMethod(method);
      options.signal?.throwIfAborted();
      return await whileOpen(() => this.call("context.call", [request], method, params, options));
    };
    const notify = async (method: string, params?: unknown): Promise<void> => {
      checkMethod(method);
      await whileOpen(() => this.notify("context.notify", [request], method, params));
    };
    return { call, notify, api: createApi(call) } as Caller;
  }

  callSignalOf(request: number): AbortSignal {
    let controller = this.#callSignals.get(request);
    if (controller === undefined) {
      controller = new AbortController();
      this.#callSignals.set(request, controller);
      this.tell(request, "watch", []);
    }
    return controller.signal;
  }

  tell(request: number, name: string, args: readonly unknown[]): void {
    this.#send(`context.${name}`, [request, ...args]);
  }

  /** Nobody waits for the answer. */
  async #checked(
    schemas: MethodSchemas | undefined,
    method: string,
    part: "params" | "result",
    value: unknown,
  ): Promise<unknown> {
    const schema = schemas?.[part];
    if (schema === undefined) return value;
    const refusal = (issues: readonly SchemaIssue[]) => new SchemaError(method, part, issues, this.#name());
    try {
      return await checked(schema, value, refusal, (value) => value);
    } catch (error) {
      // Params stay the caller's. Nobody gets a result.
      if (part === "result") discardStreams(value, error);
      throw error;
    }
  }

  #send(service: string, args: readonly unknown[]): void {
    this.#channel!.request(service, args).catch(() => {});
  }
}

/** Methods that an observer is told of. */
function observedMethods(
  observe: PluginObserver,
  methods: ReadonlyMap<string, Handler>,
  name: () => string,
): ReadonlyMap<string, Handler> {
  const hosting: Hosting = new Hosting({
    began: (context) => observeHostCall(observe, name(), context, hosting.running),
    ended: () => {},
  });
  return hosting.counted(methods);
}

/** @throws {ChannelFault} if they are no counts */
function statsOf(given: unknown): PluginStats {
  return countsBy((name) => {
    const value = (given as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (!isCount(value)) throw new ChannelFault("it sent counts that are not numbers");
    return value as number;
  });
}

/** To a handler, a guest whose worker ended is a closed connection. */
async function whileOpen<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const isEnd = error instanceof WorkerFailure || error instanceof Ended;
    throw isEnd ? new RpcClosedError(error.message, { cause: error.cause }) : error;
  }
}
