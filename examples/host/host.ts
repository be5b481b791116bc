/**
 * The plugins of a host: loads them, calls them, and replaces them while they work.
 *
 * @module
 */

import { compile, Plugin } from "@rivulet/rivulet";
import type { Permissions, PluginOptions, Source } from "@rivulet/rivulet";
import { servicesFor } from "./services.ts";

/** How plugins of a kind are run, as the configuration has it. */
export interface Kind {
  /** The file of the module. */
  readonly module: string;
  readonly lifetime: PluginOptions["lifetime"];
  /** What the host grants. The plugin's manifest may ask for less. */
  readonly permissions: Partial<Permissions>;
}

/** A plugin of the host. */
interface Entry {
  readonly kind: Kind;
  /** What the plugin may do. */
  readonly permissions: Permissions;
  /** Who serves calls. It is a promise, because a plugin with a state serves only when its predecessor has ended. */
  readonly plugin: Promise<Plugin>;
}

/** How long a replaced plugin may work on its last calls. */
const DRAIN_MS = 10_000;

/** Twenty plugins, or any number of them. */
export class Host {
  readonly #entries = new Map<string, Entry>();
  readonly #log: (line: string) => void;

  /** @param log receives a line for each event */
  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /**
   * Loads a plugin, or replaces one while it works. The new one is started first: if it can't start, the old one stays.
   * Then new calls go to the new one, and the old one ends when it has answered its last call.
   */
  async load(name: string, kind: Kind, source: Source): Promise<void> {
    const plugin = new Plugin(await compile(source), this.#options(name, kind));
    try {
      await plugin.ready();
    } catch (error) {
      await plugin.close({ drain: false });
      throw error;
    }
    const old = this.#entries.get(name);
    const drained = old?.plugin.then((it) => it.close({ timeoutMs: DRAIN_MS })) ?? Promise.resolve();
    // Two instances with a state would both change it, so the new one waits.
    const next = kind.lifetime === "plugin" ? drained.then(() => plugin) : Promise.resolve(plugin);
    this.#entries.set(name, { kind, permissions: plugin.permissions, plugin: next });
    // The same permissions have the same text, so they can be compared, and stored.
    const [before, now] = [old?.permissions ?? null, plugin.permissions].map((it) => JSON.stringify(it));
    if (now !== before) this.#log(`${name}: may use ${now}; before: ${before}`);
    await drained;
  }

  /** The kind of a plugin, if the host has it. */
  kindOf(name: string): Kind | undefined {
    return this.#entries.get(name)?.kind;
  }

  /** Calls a method of a plugin. */
  async call(name: string, method: string, params: unknown, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const entry = this.#entries.get(name);
      if (entry === undefined) throw new RangeError(`there is no plugin ${name}`);
      const plugin = await entry.plugin;
      // It may have been replaced meanwhile.
      if (entry === this.#entries.get(name)) return await plugin.call(method, params, { signal });
    }
  }

  /** All plugins: what they say about themselves, what they may do, and how they are. */
  list(): Promise<unknown[]> {
    return Promise.all(Array.from(this.#entries, async ([name, entry]) => {
      const { manifest, permissions, stats } = await entry.plugin;
      const methods = manifest?.methods?.map((method) => method.name);
      return { name, is: manifest?.name, version: manifest?.version, methods, permissions, stats };
    }));
  }

  /** Ends all plugins, when they have answered. */
  async close(): Promise<void> {
    const plugins = await Promise.all(Array.from(this.#entries.values(), ({ plugin }) => plugin));
    this.#entries.clear();
    await Promise.all(plugins.map((plugin) => plugin.close({ timeoutMs: DRAIN_MS })));
  }

  #options(name: string, { lifetime, permissions }: Kind): PluginOptions {
    return {
      name,
      lifetime,
      permissions,
      methods: servicesFor(name),
      // Only a plugin that outlives its call is started again: at once, then after 100 ms, 200 ms, and so on.
      restart: lifetime === "plugin" ? { delayMs: 100, maxDelayMs: 5_000, failures: 5 } : undefined,
      onError: (error, { method }) => this.#log(`${name}: the host's ${method} failed: ${error}`),
      onExit: ({ reason, message, calls, pending }) => {
        if (reason === "done") return;
        this.#log(`${name}: ended after ${calls} calls, with ${pending} unanswered: ${reason}: ${message}`);
      },
    };
  }
}
