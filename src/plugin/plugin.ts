/**
 * A plugin, and which of its instances serves a call.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { checkMethod, notAModule } from "../base/options.ts";
import { printable } from "../base/text.ts";
import type { Api, CallArguments, MethodName, Methods, OptionsArgument, ResultOf } from "../rpc/mod.ts";
import { Module } from "../vm/mod.ts";
import { admit, within } from "./admission.ts";
import type { PluginDescription } from "./description.ts";
import { describe } from "./discover.ts";
import { detailsOf, Disposed, PluginError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { checkCallOptions } from "./options.ts";
import type { CheckedOptions, PluginCallOptions, PluginOptions } from "./options.ts";
import type { Permissions } from "./permissions.ts";
import { Session } from "./session.ts";

/** UTF-16 units of a module's name; the rest is cut. */
const NAME_LENGTH = 1_000;

/**
 * A WebAssembly module whose methods the host calls. It can call methods of the host. `Guest` is the interface of the
 * plugin's methods, `Host` that of the host's.
 *
 * @example
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 *
 * const wasm = await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm");
 * await using plugin = new Plugin<{ ping(): string }>(await compile(wasm), {
 *   methods: { echo: (params) => params },
 *   limits: { fuel: 100_000_000, deadlineMs: 5_000 },
 * });
 * console.log(await plugin.api.ping()); // pong
 * ```
 */
export class Plugin<Guest extends object = Methods, Host extends object = Methods> implements AsyncDisposable {
  /** The plugin's name in errors. */
  readonly name: string;
  /** The plugin's methods as functions: `api.ping()` for `call("ping")`. */
  readonly api: Api<Guest, PluginCallOptions> = createApi(this.call.bind(this));
  /** What its module says about it: the custom section `rivulet`, if there is one. */
  readonly manifest: Manifest | undefined;
  /**
   * What it may do: what its manifest asks for, the option `permissions` grants, and the other options offer. It is
   * plain data, sorted and frozen: log it, compare it, store it.
   */
  readonly permissions: Permissions;
  readonly #mostDeadlineMs: number;
  readonly #module: Module;
  readonly #options: CheckedOptions<Guest, Host>;
  readonly #open = new Set<Session<Guest, Host>>();
  #resident: Session<Guest, Host> | undefined;
  #isDisposed = false;

  /**
   * Makes a plugin. Instances are made by calls.
   *
   * @param module a result of `compile`; plugins can share it
   * @param options host methods, log, limits
   * @throws {TypeError} if the module is not one, or an option or a limit is unknown or of the wrong type
   * @throws {RangeError} if a limit is not in its range
   * @throws {ManifestError} if the module has a manifest that is not valid
   */
  constructor(module: Module, ...[options]: OptionsArgument<PluginOptions<Guest, Host>>) {
    if (!(module instanceof Module)) throw notAModule(module);
    const admission = admit<Guest, Host>(module, options);
    this.#options = admission.options;
    this.#mostDeadlineMs = admission.mostDeadlineMs;
    this.manifest = admission.manifest;
    this.permissions = admission.permissions;
    this.#module = module;
    this.name = this.#options.name ?? this.manifest?.name ?? printable(module.name ?? "plugin", NAME_LENGTH);
  }

  /**
   * Calls a method of the plugin.
   *
   * @returns the answer as the plugin sent it: its type is not checked
   * @throws {RpcError} if the plugin answers with an error
   * @throws {PluginError} if it does not answer
   * @throws {LimitError} if too many calls of its instance wait for an answer
   * @throws {TypeError} if an option is unknown or of the wrong type, the method's name is not a string, or the params
   * have no JSON form
   * @throws {RangeError} if the deadline is not in its range
   */
  async call<K extends MethodName<Guest>>(
    method: K,
    ...args: CallArguments<Guest, K, PluginCallOptions>
  ): Promise<ResultOf<Guest, K>> {
    const [params, given = {}] = args as readonly [unknown, PluginCallOptions?];
    checkMethod(method);
    checkCallOptions(given);
    const options = within(given, this.#mostDeadlineMs);
    options.signal?.throwIfAborted();
    if (this.#isDisposed) throw this.#disposedError(method);
    const isOwn = this.#options.lifetime !== "plugin";
    const session = isOwn ? this.#openSession() : this.#residentSession();
    try {
      return await session.call(method, params, options, isOwn) as ResultOf<Guest, K>;
    } finally {
      if (isOwn) session.finish();
    }
  }

  /**
   * What the plugin says about itself: its answer to `rpc.discover`, an OpenRPC document, or else its manifest.
   *
   * @param options those of the call of `rpc.discover`
   * @throws {ManifestError} if it answers with something else
   * @throws as `call` does, except for "method not found"
   */
  describe(options: PluginCallOptions = {}): Promise<PluginDescription> {
    const call = this.call.bind(this) as (method: string, params: unknown, options: unknown) => Promise<unknown>;
    return describe(this.name, this.manifest, (method) => call(method, undefined, options));
  }

  /** Stops all instances. Their calls reject, and so do later ones. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const sessions = [...this.#open];
    for (const session of sessions) session.stop(new Disposed("the plugin was disposed"));
    await Promise.all(sessions.map((session) => session.ended));
  }

  #residentSession(): Session<Guest, Host> {
    // An instance that was stopped may take a moment to end: a new call must not fail with it.
    if (this.#resident === undefined || this.#resident.isStopped) this.#resident = this.#openSession();
    return this.#resident;
  }

  #openSession(): Session<Guest, Host> {
    const session = new Session(this.name, this.#module, this.#options);
    this.#open.add(session);
    session.ended.then(() => {
      this.#open.delete(session);
      if (this.#resident === session) this.#resident = undefined;
    });
    return session;
  }

  #disposedError(method: string): PluginError {
    const details = detailsOf("the plugin was disposed", { exitCode: undefined, fuelUsed: 0, logs: [] });
    return new PluginError("disposed", { plugin: this.name, method }, details);
  }
}
