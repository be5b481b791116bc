/**
 * What runs in a worker: an ordinary plugin, whose functions are the host's. worker.ts and node.ts start it.
 *
 * @module
 */

import { Plugin } from "../plugin/mod.ts";
import type { PluginCallOptions } from "../plugin/mod.ts";
import { WAITED_MS } from "../plugin/options.ts";
import { RpcClosedError } from "../rpc/mod.ts";
import type { RequestContext } from "../rpc/mod.ts";
import { compile } from "../vm/choose.ts";
import type { EngineOption } from "../vm/mod.ts";
import { Channel, deliver } from "./channel.ts";
import type { RequestInfo, RequestOptions, Service } from "./channel.ts";
import { Sending } from "./credit.ts";
import { CALL_FUNCTIONS, HOST_METHOD, OPTION_FUNCTIONS } from "./functions.ts";
import { observerInWorker } from "./observing.ts";
import type { Message } from "./messages.ts";

/** The host may send anything that its user passes: it is trusted. */
const BOUNDS = { depth: 1_100, size: Infinity } as const;

/** What the host asks a worker to start with. */
export interface StartData {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly engine: NonNullable<EngineOption["engine"]>;
  /** The plugin's options that are data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The names of its options that are functions. */
  readonly functions: readonly string[];
  /** The names of its methods. */
  readonly methods: readonly string[];
  /** The names of the hooks of its observer. */
  readonly hooks: readonly string[];
}

/** What a worker answers. */
export interface StartAnswer {
  readonly name: string;
}

/** Methods of a plugin that the host calls as they are. */
const FORWARDED: readonly string[] = ["notify", "ready", "close"];
/** What a plugin does now is told so many milliseconds after it has changed. */
const STATS_DELAY_MS = 50;

/** Serves a host. @returns takes what the host sends */
export function serve(post: (message: Message, transfer: Transferable[]) => void): (data: unknown) => void {
  const started = Promise.withResolvers<Plugin>();
  started.promise.catch(() => {});
  let running: Plugin | undefined;
  const contexts = new Map<number, RequestContext>();
  /** The signals among the options of calls, by the number of the call. */
  const aborts = new Map<number, ReadonlyMap<string, AbortController>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tellStats = () => {};
  /** The number of the call that begins just now. */
  let current: number | undefined;
  const flushes: (() => void)[] = [];
  const beforeSend = () => {
    for (const flush of flushes) flush();
  };

  const worker = (name: string, before: readonly unknown[] = []) => ({
    request: (args: readonly unknown[], options?: RequestOptions) =>
      channel.request(name, [...before, ...args], options),
    keep: (request: number, context: RequestContext) => {
      contexts.set(request, context);
      return () => void contexts.delete(request);
    },
    beforeSend: (flush: () => void) => void flushes.push(flush),
  });

  /** Calls a method with options of the host: functions call the host's, and signals follow the host's. */
  const callWith = async (
    callee: { call(method: never, params: never, options: never): Promise<unknown> },
    [method, params, data, functions, signals, waitedMs]: readonly unknown[],
    { id, signal }: RequestInfo,
  ): Promise<unknown> => {
    const made = (functions as readonly string[]).map((name): [string, unknown] => [
      name,
      CALL_FUNCTIONS[name]!.make(worker(`call.${name}`, [id])),
    ]);
    const controllers = new Map((signals as readonly string[]).map((name) => [name, new AbortController()]));
    const followed = Array.from(controllers, ([name, { signal }]): [string, unknown] => [name, signal]);
    const given = { ...data as PluginCallOptions, [WAITED_MS]: waitedMs };
    const options = { ...given, ...Object.fromEntries([...made, ...followed]), signal };
    if (controllers.size > 0) aborts.set(id, controllers);
    try {
      // The plugin tells its observer before it returns.
      current = id;
      const result = callee.call(method as never, params as never, options as never);
      current = undefined;
      return await result;
    } finally {
      aborts.delete(id);
    }
  };

  const start = async (data: StartData): Promise<StartAnswer> => {
    const made = data.functions.map((name): [string, unknown] => [
      name,
      OPTION_FUNCTIONS[name]!.make(worker(`option.${name}`)),
    ]);
    const methods = new Map(data.methods.map((name) => [name, HOST_METHOD.make(worker("method", [name]))]));
    const module = await compile(data.bytes, { engine: data.engine });
    const observe = data.hooks.length === 0 ? undefined : observerInWorker(data.hooks, {
      current: () => current,
      used: (call, use) => void channel.request("used", [call, use]).catch(() => {}),
      exit: (exit) => void channel.request("exit", [exit]).catch(() => {}),
    });
    const plugin = new Plugin(module, { ...data.options, ...Object.fromEntries(made), methods, observe });
    running = plugin;
    started.resolve(plugin);
    tellStats = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        channel.request("stats", [plugin.stats]).catch(() => {});
      }, STATS_DELAY_MS);
    };
    return { name: plugin.name };
  };

  const services = new Map<string, Service>([
    ["start", async ([data]) => {
      try {
        return await start(data as StartData);
      } catch (error) {
        started.reject(error);
        throw error;
      }
    }],
    ["call", async (args, info) => {
      const waited = stopwatch();
      try {
        const plugin = await started.promise;
        return await callWith(plugin, waited(args), info);
      } finally {
        tellStats();
      }
    }],
    ["describe", async (args, info) => {
      const waited = stopwatch();
      const plugin = await started.promise;
      const describing = { call: (_: never, __: never, options: PluginCallOptions) => plugin.describe(options) };
      return await callWith(describing, [undefined, undefined, ...waited(args)], info);
    }],
    ["dispose", async () => await running?.[Symbol.asyncDispose]()],
    ["abort", ([call, name, reason]) => aborts.get(call as number)?.get(name as string)?.abort(reason)],
    ["context.call", ([request, ...args], info) => callWith(contextOf(request).peer, args, info)],
    ["context.notify", ([request, method, params]) => {
      return contextOf(request).peer.notify(method as string, params as never);
    }],
    ["context.progress", ([request, value]) => contextOf(request).progress(value)],
    ["context.watch", ([request]) => {
      const signal = contextOf(request).call?.signal;
      const tell = () => void channel.request("call aborted", [request, signal!.reason]).catch(() => {});
      if (signal?.aborted) tell();
      else signal?.addEventListener("abort", tell);
    }],
    ...FORWARDED.map((name): [string, Service] => [name, async (args) => {
      const plugin = await started.promise as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
      try {
        return await plugin[name]!(...args);
      } finally {
        tellStats();
      }
    }]),
  ]);

  const contextOf = (request: unknown): RequestContext => {
    const context = contexts.get(request as number);
    if (context === undefined) {
      throw new RpcClosedError("the request of this context was answered: with workers, its `peer` serves until then");
    }
    return context;
  };

  const channel = new Channel({ post, services, bounds: BOUNDS, moves: true, sending: new Sending(), beforeSend });
  return (data) => deliver(channel, data);
}

/** Begins to measure. @returns adds the milliseconds until then to the last argument, which is how long a call has waited */
function stopwatch(): (args: readonly unknown[]) => readonly unknown[] {
  const began = performance.now();
  return (args) => [...args.slice(0, -1), args.at(-1) as number + performance.now() - began];
}
