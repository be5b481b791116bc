/**
 * What runs in a worker: an ordinary plugin, whose functions are the host's. worker.ts and node.ts start it.
 *
 * @module
 */

import { Plugin } from "../plugin/mod.ts";
import type { PluginCallOptions } from "../plugin/mod.ts";
import { RpcClosedError } from "../rpc/mod.ts";
import type { Caller, RequestContext } from "../rpc/mod.ts";
import { compile } from "../vm/mod.ts";
import { Channel, deliver } from "./channel.ts";
import type { RequestInfo, RequestOptions, Service } from "./channel.ts";
import { Sending } from "./credit.ts";
import { CALL_FUNCTIONS, HOST_METHOD, OPTION_FUNCTIONS } from "./functions.ts";
import type { Message } from "./messages.ts";

/** The host may send anything that its user passes: it is trusted. */
const BOUNDS = { depth: 1_100, size: Infinity } as const;

/** What the host asks a worker to start with. */
export interface StartData {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The plugin's options that are data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The names of its options that are functions. */
  readonly functions: readonly string[];
  /** The names of its methods. */
  readonly methods: readonly string[];
}

/** What a worker answers. */
export interface StartAnswer {
  readonly name: string;
}

/** Members of a plugin that the host calls as they are. */
export const FORWARDED: readonly string[] = ["notify", "ready", "close", "describe"];

/** Serves a host. @returns takes what the host sends */
export function serve(post: (message: Message, transfer: Transferable[]) => void): (data: unknown) => void {
  const started = Promise.withResolvers<Plugin>();
  started.promise.catch(() => {});
  const contexts = new Map<number, RequestContext>();
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

  /** The options of a call, with functions that call the host's. */
  const callOptions = (data: unknown, functions: unknown, { id, signal }: RequestInfo): PluginCallOptions => {
    const made = (functions as readonly string[]).map((name): [string, unknown] => [
      name,
      CALL_FUNCTIONS[name]!.make(worker(`call.${name}`, [id])),
    ]);
    return { ...data as PluginCallOptions, ...Object.fromEntries(made), signal };
  };

  const start = async (data: StartData): Promise<StartAnswer> => {
    const made = data.functions.map((name): [string, unknown] => [
      name,
      OPTION_FUNCTIONS[name]!.make(worker(`option.${name}`)),
    ]);
    const methods = new Map(data.methods.map((name) => [name, HOST_METHOD.make(worker("method", [name]))]));
    const module = await compile(data.bytes);
    const plugin = new Plugin(module, { ...data.options, ...Object.fromEntries(made), methods });
    started.resolve(plugin);
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
    ["call", async ([method, params, data, functions], info) => {
      const plugin = await started.promise;
      return await plugin.call(method as string, params as never, callOptions(data, functions, info));
    }],
    ["context.call", async ([request, method, params, data, functions], info) => {
      const { peer } = contextOf(request);
      return await peer.call(method as string, params as never, callOptions(data, functions, info));
    }],
    ["context.notify", ([request, method, params]) => {
      return contextOf(request).peer.notify(method as string, params as never);
    }],
    ["context.progress", ([request, value]) => {
      const context = contexts.get(request as number) as { readonly progress?: (value: unknown) => void } | undefined;
      context?.progress?.(value);
    }],
    ...FORWARDED.map((name): [string, Service] => [name, async (args) => {
      const plugin = await started.promise as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
      return await plugin[name]!(...args);
    }]),
  ]);

  const contextOf = (request: unknown): { readonly peer: Caller } => {
    const context = contexts.get(request as number);
    if (context === undefined) {
      throw new RpcClosedError("the request of this context was answered: with workers, its `peer` serves until then");
    }
    return context;
  };

  const channel = new Channel({ post, services, bounds: BOUNDS, moves: true, sending: new Sending(), beforeSend });
  return (data) => deliver(channel, data);
}
