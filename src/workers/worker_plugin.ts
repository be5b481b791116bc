/**
 * A plugin in several workers: which worker serves a call, and when a worker is started or replaced.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { limitError } from "../base/limits.ts";
import { checkMethod } from "../base/options.ts";
import { printable } from "../base/text.ts";
import { PluginError } from "../plugin/mod.ts";
import type { Plugin, PluginCallOptions } from "../plugin/mod.ts";
import { checkCallOptions } from "../plugin/options.ts";
import type { CallArguments, MethodName, Methods, OptionsArgument, ResultOf } from "../rpc/mod.ts";
import type { Module, Source } from "../vm/mod.ts";
import { Ended, WorkerFailure } from "./connection.ts";
import { checkOptions } from "./options.ts";
import type { CheckedOptions, WorkerPluginOptions } from "./options.ts";
import { moduleBytes } from "./source.ts";
import { Place } from "./place.ts";

/** UTF-16 units of a module's name; the rest is cut. */
const NAME_LENGTH = 1_000;

/** What a plugin in workers has counted, and what it does now. */
export interface WorkerPluginStats {
  /** Workers that run. */
  readonly workers: number;
  /** Calls that wait for their answers. */
  readonly pending: number;
  /** Workers that failed or hung so far. */
  readonly failedWorkers: number;
}

/**
 * A plugin that runs in workers: a `Plugin` on other threads, with the same calls. Your methods, loggers and other
 * functions run on your side, and errors arrive as the same classes. A worker starts when it is needed. One that fails
 * or hangs is replaced, and its calls reject with a `PluginError` of the reason `worker`.
 *
 * @example
 * ```ts
 * import { WorkerPlugin } from "@rivulet/rivulet/workers";
 *
 * const wasm = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
 * await using plugin = new WorkerPlugin<{ prime_sieve(limit: number): { count: number } }>(wasm, { workers: 2 });
 * const results = await Promise.all([plugin.api.prime_sieve(1_000), plugin.api.prime_sieve(10_000)]);
 * console.log(results.map(({ count }) => count)); // [ 168, 1229 ]
 * ```
 */
export class WorkerPlugin<Guest extends object = Methods, Host extends object = Methods> implements AsyncDisposable {
  /** The plugin's methods as functions: `api.ping()` for `call("ping")`. */
  readonly api: Plugin<Guest, Host>["api"] = createApi(this.call.bind(this));
  readonly #options: CheckedOptions;
  readonly #places: readonly Place[];
  #name: string;
  #isClosed = false;

  /**
   * Makes a plugin. Workers are started by calls, or by `ready`.
   *
   * @param source the module's bytes, in any form that `compile` takes: each worker compiles them. Or a `Module`, whose
   * bytes are copied
   * @param options those of a `Plugin`, and of the workers
   * @throws {TypeError} if an option or a limit is unknown or of the wrong type, or can't be passed to workers
   * @throws {RangeError} if a number is not in its range
   * @throws {ManifestError} if a `Module` has a manifest that is not valid. If that of bytes is not, calls reject
   */
  constructor(
    source: Module | Source | PromiseLike<Source>,
    ...[options]: OptionsArgument<WorkerPluginOptions<Guest, Host>>
  ) {
    this.#options = checkOptions(options as WorkerPluginOptions<never, never> | undefined);
    const { data, workers } = this.#options;
    const { bytes, name } = moduleBytes(source);
    this.#name = (data.name as string | undefined) ?? printable(name ?? "plugin", NAME_LENGTH);
    const hasName = data.name !== undefined;
    const onName = (name: string) => {
      if (!hasName) this.#name = printable(name, NAME_LENGTH);
    };
    this.#places = Array.from({ length: workers }, () => new Place(bytes, this.#options, onName));
  }

  /** The plugin's name in errors. By default the module's own name, which the first worker finds if you pass bytes. */
  get name(): string {
    return this.#name;
  }

  /** What it has counted, and what it does now. */
  get stats(): WorkerPluginStats {
    const sum = (of: (place: Place) => number) => this.#places.reduce((total, place) => total + of(place), 0);
    return {
      workers: sum((place) => Number(place.isRunning)),
      pending: sum((place) => place.calls),
      failedWorkers: sum((place) => place.failures),
    };
  }

  /**
   * Calls a method of the plugin, in the worker with the fewest calls.
   *
   * @returns the answer as the plugin sent it: its type is not checked
   * @throws {RpcError} if the plugin answers with an error
   * @throws {PluginError} if it does not answer
   * @throws {CompileError} if the bytes are not a module
   * @throws {LimitError} if too many calls of a worker wait for an answer
   * @throws {TypeError} if an option is unknown or of the wrong type, the method's name is not a string, or the params
   * have no JSON form
   * @throws {RangeError} if a number is not in its range
   */
  async call<K extends MethodName<Guest>>(
    method: K,
    ...args: CallArguments<Guest, K, PluginCallOptions>
  ): Promise<ResultOf<Guest, K>> {
    const [params, options = {}] = args as readonly [unknown, PluginCallOptions?];
    checkMethod(method);
    checkCallOptions(options);
    options.signal?.throwIfAborted();
    if (this.#isClosed) throw this.#failure(method, new Ended("the plugin was disposed"));
    const place = this.#leastBusy();
    const { pendingCalls } = this.#options.limits;
    if (place.calls >= pendingCalls) throw limitError("pendingCalls", pendingCalls);
    try {
      return await place.call(method, params, options) as ResultOf<Guest, K>;
    } catch (error) {
      throw error instanceof WorkerFailure || error instanceof Ended ? this.#failure(method, error) : error;
    }
  }

  /** Stops all workers at once. Their calls reject, and so do later ones. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const reason = new Ended("the plugin was disposed");
    await Promise.all(this.#places.map((place) => place.end(reason)));
  }

  /** One that runs comes before one that would have to be started. */
  #leastBusy(): Place {
    return this.#places.reduce((best, place) => {
      const difference = place.calls - best.calls;
      return difference < 0 || (difference === 0 && place.isRunning && !best.isRunning) ? place : best;
    });
  }

  #failure(method: string, error: Ended | WorkerFailure): PluginError {
    const reason = error instanceof Ended ? "disposed" : "worker";
    const details = { text: error.message, exitCode: undefined, fuelUsed: 0, logs: [] };
    const cause = error instanceof Ended ? undefined : { cause: error.cause ?? error };
    return new PluginError(reason, { plugin: this.#name, method }, details, cause);
  }
}
