/**
 * A plugin in several workers: which worker serves a call, and when a worker is started or replaced.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { LimitError, limitError } from "../base/limits.ts";
import { checkMethod } from "../base/options.ts";
import { printable } from "../base/text.ts";
import { PluginError } from "../plugin/mod.ts";
import type {
  Manifest,
  Permissions,
  Plugin,
  PluginCallOptions,
  PluginCloseOptions,
  PluginDescription,
  PluginStats,
} from "../plugin/mod.ts";
import { checkCallOptions, checkCloseOptions } from "../plugin/options.ts";
import type { CallArguments, MethodName, Methods, NotifyArguments, OptionsArgument, ResultOf } from "../rpc/mod.ts";
import { madeHere } from "../rpc/values/refused.ts";
import type { Module, Source } from "../vm/mod.ts";
import type { RequestOptions } from "./channel.ts";
import { Ended, WorkerFailure } from "./connection.ts";
import { countsBy } from "./host.ts";
import type { CallHow, WorkerHost } from "./host.ts";
import { observed } from "./observing.ts";
import type { OnUse } from "./observing.ts";
import { checkOptions } from "./options.ts";
import type { CheckedOptions, WorkerPluginOptions } from "./options.ts";
import { moduleBytes } from "./source.ts";
import { Place } from "./place.ts";
import type { Waiting } from "./place.ts";

/** UTF-16 units of a module's name; the rest is cut. */
const NAME_LENGTH = 1_000;

/**
 * What there is now in all workers together. What happens in a worker is known a moment later. `pending` is known at
 * once, and has all calls that have not settled.
 */
export interface WorkerPluginStats extends PluginStats {
  /** Workers that run. */
  readonly workers: number;
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
  /**
   * What its module says about it: a `Plugin`'s `manifest`, as a promise, since the bytes may still arrive. It is read on
   * your side, whatever the workers say, and no worker is started. It rejects if the bytes can't be read, are no module,
   * or have a manifest that is not valid.
   */
  readonly manifest: Promise<Manifest | undefined>;
  /** What it may do: a `Plugin`'s `permissions`, as a promise. It is computed on your side, and rejects as `manifest` does. */
  readonly permissions: Promise<Permissions>;
  readonly #options: CheckedOptions;
  readonly #places: readonly Place[];
  #name: string;
  #pending = 0;
  /** Why no new call is possible. */
  #closed: Ended | undefined;
  #closing: Promise<void> | undefined;
  /** Called when no call is under way any more. */
  #drained: () => void = () => {};

  /**
   * Makes a plugin. Workers are started by calls, or by `ready`.
   *
   * @param source the module's bytes, in any form that `compile` takes: each worker compiles them. Or a `Module`, whose
   * bytes are copied. Or a promise of one of them
   * @param options those of a `Plugin`, and of the workers
   * @throws {TypeError} if the source is nothing of the kind, or an option or a limit is unknown or of the wrong type, or
   * can't be passed to workers
   * @throws {RangeError} if a number is not in its range
   * @throws {ManifestError} if a `Module` has a manifest that is not valid. With bytes, calls reject with it
   */
  constructor(
    source: Module | Source | PromiseLike<Module | Source>,
    ...[options]: OptionsArgument<WorkerPluginOptions<Guest, Host>>
  ) {
    this.#options = checkOptions(options as WorkerPluginOptions<never, never> | undefined);
    const { data, workers } = this.#options;
    const { bytes, name, manifest } = moduleBytes(source, this.#options.integrity);
    this.manifest = manifest;
    this.permissions = manifest.then(this.#options.permissionsOf);
    // Who does not ask hears of it by a call.
    this.permissions.catch(() => {});
    this.#name = (data.name as string | undefined) ?? printable(name ?? "plugin", NAME_LENGTH);
    const hasName = data.name !== undefined;
    const known = {
      get: () => this.#name,
      set: (name: string) => {
        if (!hasName) this.#name = printable(name, NAME_LENGTH);
      },
    };
    this.#places = Array.from({ length: workers }, () => new Place(bytes, this.#options, known));
  }

  /**
   * The plugin's name in errors. By default the one in its manifest, or else its module's. The first worker finds it if
   * you pass bytes.
   */
  get name(): string {
    return this.#name;
  }

  /** What there is now. */
  get stats(): WorkerPluginStats {
    const sum = (of: (place: Place) => number) => this.#places.reduce((total, place) => total + of(place), 0);
    const stats = this.#places.map((place) => place.stats);
    return {
      ...countsBy((name) => stats.reduce((total, counts) => total + counts[name], 0)),
      pending: this.#pending,
      workers: sum((place) => Number(place.isRunning)),
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
   * @throws {ManifestError} if the module's manifest is not valid
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
    return await this.#observed(method, options, (host, options, how) => {
      return host.call("call", [], method, params, options, how);
    }) as ResultOf<Guest, K>;
  }

  /**
   * Sends a notification, which has no answer, to the instance of the lifetime `plugin`.
   *
   * @returns when the instance's input has taken it
   * @throws {TypeError} if the lifetime is another one, the method's name is not a string, or the params have no JSON form
   * @throws {PluginError} if there is no instance to take it
   */
  async notify<K extends MethodName<Guest>>(method: K, ...args: NotifyArguments<Guest, K>): Promise<void> {
    checkMethod(method);
    const place = this.#leastBusy();
    await this.#run(method, place, this.#waiting, (host, how) => host.notify("notify", [], method, args[0], how));
  }

  /**
   * Starts all workers, and in each an instance, as `ready` of a `Plugin` does.
   *
   * @throws {PluginError} if the module can't be linked (its reason is `link`), an instance ends before it has read
   * anything or needs more than `deadlineMs`, or a worker fails
   * @throws {CompileError} if the bytes are not a module
   */
  async ready(): Promise<void> {
    await Promise.all(this.#places.map((place) => {
      return this.#run("ready()", place, this.#waiting, (host, how) => host.ask("ready", how));
    }));
  }

  /**
   * What the plugin says about itself: its answer to `rpc.discover`, an OpenRPC document, or else its manifest.
   *
   * @param options those of the call of `rpc.discover`
   * @throws {ManifestError} if it answers with something else
   * @throws as `call` does, except for "method not found"
   */
  async describe(options: PluginCallOptions = {}): Promise<PluginDescription> {
    checkCallOptions(options);
    return await this.#observed("rpc.discover", options, (host, options, how) => {
      return host.describe(options, how);
    }) as PluginDescription;
  }

  /**
   * Ends the plugin in peace: new calls reject, those under way are answered, and then the instances read the end of their
   * input, and have `graceMs` to exit. Then the workers are ended.
   *
   * A host method must not await it without a timeout: it would wait for its own call.
   *
   * @param options whether to wait for calls, and how long
   * @returns when all workers have ended. It does not reject because a call fails
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if the timeout is not in its range
   */
  async close(options: PluginCloseOptions = {}): Promise<void> {
    const { drain, timeoutMs } = checkCloseOptions(options);
    if (!drain) return await this[Symbol.asyncDispose]();
    const late = () => void this.#end(new Ended(`the plugin was closed, and stopped after ${timeoutMs} ms`));
    const timer = timeoutMs === Infinity ? undefined : setTimeout(late, timeoutMs);
    this.#closed ??= new Ended("the plugin was closed");
    await (this.#closing ??= this.#drain());
    clearTimeout(timer);
  }

  /** Stops all workers at once. Their calls reject, and so do later ones. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(new Ended("the plugin was disposed"));
  }

  async #drain(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#drained = resolve);
    // A worker that fails meanwhile has ended too.
    await Promise.allSettled(this.#places.map((place) => place.close()));
    await this.#end(this.#closed!);
  }

  async #end(reason: Ended): Promise<void> {
    this.#closed = reason;
    await Promise.all(this.#places.map((place) => place.end(reason)));
  }

  /** Runs a call in the worker with the fewest, and tells the observer. */
  async #observed(
    method: string,
    options: PluginCallOptions,
    run: (host: WorkerHost, options: PluginCallOptions, how: CallHow) => Promise<unknown>,
  ): Promise<unknown> {
    const place = this.#leastBusy();
    const { observe, limits } = this.#options;
    const { signal, deadlineMs = limits.deadlineMs } = options;
    const serve = (options: PluginCallOptions, onUse?: OnUse) =>
      this.#run(method, place, { signal, deadlineMs }, (host, how, waitedMs) => {
        return run(host, options, { ...how, onUse, waitedMs });
      });
    if (observe === undefined) return await serve(options);
    return await observed(observe, { plugin: this.#name, method, options }, () => this.stats, serve);
  }

  /** Runs a call from its beginning to its end, and makes its error. */
  async #run<T>(
    method: string,
    place: Place,
    waiting: Waiting,
    run: (host: WorkerHost, how: RequestOptions, waitedMs: number) => Promise<T>,
  ): Promise<T> {
    this.#pending++;
    try {
      waiting.signal?.throwIfAborted();
      if (this.#closed !== undefined) throw this.#closed;
      const { pendingCalls } = this.#options.limits;
      if (place.calls >= pendingCalls) throw limitError("pendingCalls", pendingCalls);
      return await place.use(waiting, run);
    } catch (error) {
      const isOurs = error instanceof WorkerFailure || error instanceof Ended || isLate(error);
      throw isOurs ? this.#failure(method, error) : madeHere(error);
    } finally {
      this.#pending--;
      if (this.#pending === 0) this.#drained();
    }
  }

  get #waiting(): Waiting {
    return { deadlineMs: this.#options.limits.deadlineMs };
  }

  /** One that runs comes before one that would have to be started. */
  #leastBusy(): Place {
    return this.#places.reduce((best, place) => {
      const difference = place.calls - best.calls;
      return difference < 0 || (difference === 0 && place.isRunning && !best.isRunning) ? place : best;
    });
  }

  #failure(method: string, error: Ended | WorkerFailure | LimitError): PluginError {
    const reason = error instanceof Ended ? "disposed" : error instanceof WorkerFailure ? "worker" : "limit";
    const details = { text: error.message, exitCode: undefined, fuelUsed: 0, logs: [] };
    const cause = error instanceof Ended ? undefined : { cause: error.cause ?? error };
    return new PluginError(reason, { plugin: this.#name, method }, details, cause);
  }
}

/** Whether a call has waited too long for its worker. */
function isLate(error: unknown): error is LimitError {
  return error instanceof LimitError && error.limit === "deadlineMs";
}
