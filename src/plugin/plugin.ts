/**
 * A plugin: the calls that are under way, and its end. Which instance serves a call is up to its lifetime.
 *
 * @module
 */

import { createApi } from "../base/api.ts";
import { Bag } from "../base/bag.ts";
import { callSafely } from "../base/callbacks.ts";
import { checkMethod, notAModule } from "../base/options.ts";
import { printable } from "../base/text.ts";
import type {
  Api,
  CallArguments,
  MethodName,
  Methods,
  NotifyArguments,
  OptionsArgument,
  ResultOf,
} from "../rpc/mod.ts";
import { RpcError } from "../rpc/mod.ts";
import { Module } from "../vm/mod.ts";
import { admit, within } from "./admission.ts";
import type { SessionOptions } from "./admission.ts";
import { PluginCall } from "./call.ts";
import type { PluginDescription } from "./manifest/description.ts";
import { describe } from "./manifest/discover.ts";
import { Disposed, Failure, NO_INSTANCE, stopCauseOf } from "./errors.ts";
import type { Serving, Sessions } from "./lifetimes/lifetime.ts";
import type { Manifest } from "./manifest/manifest.ts";
import { checkCallOptions, checkCloseOptions } from "./options.ts";
import type { PluginCallOptions, PluginCloseOptions, PluginOptions } from "./options.ts";
import { observeCall } from "./observer.ts";
import type { Permissions } from "./manifest/permissions.ts";
import { Pool } from "./lifetimes/pool.ts";
import { Resident } from "./lifetimes/resident.ts";
import { Session } from "./instance/session.ts";
import type { PluginStats } from "./stats.ts";

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
  readonly #options: SessionOptions;
  readonly #serving: Serving;
  /** Instances that have not ended, and calls that have not settled. */
  readonly #sessions = new Bag<Session>();
  readonly #calls = new Bag<PluginCall>();
  readonly #counts = { started: 0, answered: 0, failed: 0 };
  /** Why no new call is possible. */
  #closed: Disposed | undefined;
  #closing: Promise<void> | undefined;
  /** The methods of the last description. */
  #described: PluginDescription["methods"] | undefined;
  /** Called when no call is under way any more. */
  #drained: () => void = () => {};

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
    this.name = this.#options.name ?? this.manifest?.name ?? printable(module.name ?? "plugin", NAME_LENGTH);
    const sessions: Sessions = {
      open: () => this.#watched(new Session(this.name, module, this.#options)),
      forget: (session) => this.#sessions.delete(session),
    };
    const { lifetime, restart } = this.#options;
    this.#serving = lifetime === "plugin"
      ? new Resident(sessions, restart)
      : new Pool(sessions, lifetime === "call" ? 0 : lifetime.pool);
  }

  /** What there is now, and what was so far. */
  get stats(): PluginStats {
    const [instances, pending] = [this.#sessions.size, this.#calls.size];
    return { instances, warm: this.#serving.warm, pending, ...this.#counts };
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
    const call = new PluginCall(method, params, options, this.#options.limits.deadlineMs);
    return await this.#observed(call) as ResultOf<Guest, K>;
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
    const call = new PluginCall(method, args[0], {}, this.#options.limits.deadlineMs);
    await this.#run(call, "notify");
  }

  /**
   * Starts an instance without a call, and waits until it reads its input. A pool is filled. An instance that serves only
   * one call is started for a trial, and ended. After the plugin gave up, it tries again.
   *
   * @throws {PluginError} if the module can't be linked (its reason is `link`), or an instance ends before it has read
   * anything, or needs more than `deadlineMs`
   */
  async ready(): Promise<void> {
    const call = new PluginCall("ready()", undefined, {}, this.#options.limits.deadlineMs);
    await this.#run(call, "ready");
  }

  /**
   * Ends the plugin in peace: new calls reject, those under way are answered, and then the instances read the end of their
   * input, and have `graceMs` to exit. A host method that still runs can call its guest by its context's `peer`.
   *
   * A host method must not await it without a timeout: it would wait for its own call.
   *
   * @param options whether to wait for calls, and how long
   * @returns when all instances have ended. It does not reject because a call fails
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if the timeout is not in its range
   */
  async close(options: PluginCloseOptions = {}): Promise<void> {
    const { drain, timeoutMs } = checkCloseOptions(options);
    if (!drain) return await this[Symbol.asyncDispose]();
    const late = () => this.#stop(new Disposed(`the plugin was closed, and stopped after ${timeoutMs} ms`));
    const timer = timeoutMs === Infinity ? undefined : setTimeout(late, timeoutMs);
    this.#closed ??= new Disposed("the plugin was closed");
    await (this.#closing ??= this.#drain());
    clearTimeout(timer);
  }

  /**
   * What the plugin says about itself: its answer to `rpc.discover`, an OpenRPC document, or else its manifest.
   *
   * @param options those of the call of `rpc.discover`
   * @throws {ManifestError} if it answers with something else
   * @throws as `call` does, except for "method not found"
   */
  async describe(options: PluginCallOptions = {}): Promise<PluginDescription> {
    const call = this.call.bind(this) as (method: string, params: unknown, options: unknown) => Promise<unknown>;
    const description = await describe(this.name, this.manifest, (method) => call(method, undefined, options));
    this.#described = description.methods;
    return description;
  }

  /** Stops all instances. Their calls reject, and so do later ones. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop(new Disposed("the plugin was disposed"));
    await this.#ended();
  }

  /** Runs a call, counts it, and tells the observer. */
  async #observed(call: PluginCall): Promise<unknown> {
    const { observe } = this.#options;
    const end = observe && observeCall(observe, this.name, call, () => this.stats);
    try {
      const result = await this.#run(call, "call");
      this.#counts.answered++;
      end?.("answer", undefined);
      return result;
    } catch (error) {
      const outcome = call.isAborted ? "aborted" : error instanceof RpcError ? "error" : "failure";
      this.#counts[outcome === "error" ? "answered" : "failed"]++;
      end?.(outcome, error);
      throw error;
    }
  }

  /** Runs a call from its beginning to its end, and makes its error. */
  async #run(call: PluginCall, what: "call" | "notify" | "ready"): Promise<unknown> {
    this.#calls.add(call);
    try {
      call.options.signal?.throwIfAborted();
      if (this.#closed !== undefined) throw new Failure(stopCauseOf(this.#closed), NO_INSTANCE);
      return await this.#serving[what](call);
    } catch (error) {
      const described = this.#described ?? this.manifest?.methods;
      throw await call.errorOf(error, this.name, { described, schemas: this.#options.schemas?.remote });
    } finally {
      call.end();
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#drained();
    }
  }

  async #drain(): Promise<void> {
    if (this.#calls.size > 0) await new Promise<void>((resolve) => this.#drained = resolve);
    this.#serving.close();
    await this.#ended();
  }

  async #ended(): Promise<void> {
    const sessions = [...this.#sessions].filter(({ isForeign }) => !isForeign);
    await Promise.all(sessions.map((session) => session.ended));
  }

  #stop(reason: Disposed): void {
    this.#closed = reason;
    this.#serving.close();
    for (const session of this.#sessions) if (!session.isForeign) session.stop(reason);
    // Those that wait for an instance.
    for (const call of this.#calls) call.giveUp(reason);
  }

  #watched(session: Session): Session {
    this.#sessions.add(session);
    this.#counts.started++;
    session.ended.then(() => {
      this.#sessions.delete(session);
      this.#serving.ended(session);
      const { onExit, observe } = this.#options;
      if (onExit !== undefined) callSafely(() => onExit(session.exit()), () => {});
      if (observe?.exit !== undefined) {
        callSafely(() => observe.exit!({ plugin: this.name, ...session.exit() }), () => {});
      }
    });
    return session;
  }
}
