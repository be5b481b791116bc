/**
 * What the host serves to one worker, and its calls of the worker.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { checkMethod } from "../base/options.ts";
import type { PluginCallOptions } from "../plugin/mod.ts";
import { RpcClosedError } from "../rpc/mod.ts";
import type { Caller } from "../rpc/mod.ts";
import { reporter } from "../rpc/failures.ts";
import type { Channel, RequestOptions, Service } from "./channel.ts";
import { Ended, WorkerFailure } from "./connection.ts";
import { CALL_FUNCTIONS, HOST_METHOD, OPTION_FUNCTIONS } from "./functions.ts";
import type { HostSide } from "./functions.ts";
import { ChannelFault } from "./messages.ts";
import { splitCallOptions } from "./options.ts";
import type { CheckedOptions, SplitOptions } from "./options.ts";

/** One worker's host. */
export class Host implements HostSide {
  /** What the worker may ask for. */
  readonly services: ReadonlyMap<string, Service>;
  /** The functions among the options of the worker's calls, by the number of the call. */
  readonly #callFunctions = new Map<number, SplitOptions["functions"]>();
  #channel: Channel | undefined;

  constructor({ functions, methods }: CheckedOptions) {
    const given = new Map(functions);
    if (!given.has("onError")) given.set("onError", reporter(undefined));
    const services = new Map<string, Service>();
    for (const [name, run] of given) services.set(`option.${name}`, OPTION_FUNCTIONS[name]!.serve(run, this));
    for (const [name, row] of Object.entries(CALL_FUNCTIONS)) {
      services.set(`call.${name}`, ([id, ...args], info) => {
        // A call that has settled is over: what it still says is dropped.
        const run = this.#callFunctions.get(id as number)?.get(name);
        return run === undefined ? undefined : row.serve(run, this)(args, info);
      });
    }
    services.set("method", ([name, ...args], info) => {
      const run = methods.get(name as string);
      if (run === undefined) throw new ChannelFault("it called a method that the host does not have");
      return HOST_METHOD.serve(run, this)(args, info);
    });
    this.services = services;
  }

  /** Where the worker is reached. */
  set channel(channel: Channel) {
    this.#channel = channel;
  }

  hide(original: unknown): Error {
    return this.#channel!.errors.hide(original);
  }

  /**
   * Calls a method of a guest.
   *
   * @param service the worker's service that does it
   * @param args the first arguments of the service
   */
  async call(
    service: string,
    args: readonly unknown[],
    options: PluginCallOptions,
    { onSent, onAnswer }: RequestOptions = {},
  ): Promise<unknown> {
    const { data, functions } = splitCallOptions(options);
    let id: number | undefined;
    try {
      return await this.#channel!.request(service, [...args, data, [...functions.keys()]], {
        signal: options.signal,
        rejectsOnAbort: true,
        onAnswer,
        onSent: (sent) => {
          id = sent;
          this.#callFunctions.set(id, functions);
          onSent?.(sent);
        },
      });
    } finally {
      if (id !== undefined) this.#callFunctions.delete(id);
    }
  }

  callerOf(request: number): Caller {
    const call = async (method: string, params?: unknown, options: PluginCallOptions = {}): Promise<unknown> => {
      checkMethod(method);
      options.signal?.throwIfAborted();
      return await whileOpen(() => this.call("context.call", [request, method, params], options));
    };
    const notify = async (method: string, params?: unknown): Promise<void> => {
      checkMethod(method);
      await whileOpen(() => this.#channel!.request("context.notify", [request, method, params]));
    };
    return { call, notify, api: createApi(call) } as Caller;
  }

  tell(request: number, name: string, args: readonly unknown[]): void {
    this.#channel!.request(`context.${name}`, [request, ...args]).catch(() => {});
  }
}

/** To a handler, a guest whose worker ended is a closed connection. */
async function whileOpen(request: () => Promise<unknown>): Promise<unknown> {
  try {
    return await request();
  } catch (error) {
    const isEnd = error instanceof WorkerFailure || error instanceof Ended;
    throw isEnd ? new RpcClosedError(error.message, { cause: error.cause }) : error;
  }
}
