/**
 * A resident plugin in a Durable Object, for Cloudflare: its instance lives as long as the object, and all requests share
 * its state. In a plain Worker an instance belongs to the request that started it, and a call from another request is a
 * `PluginError` with the reason `other request`.
 *
 * Here the plugin is a ledger, and each path has one of its own:
 *
 * ```sh
 * npx wrangler dev --config durable_object.jsonc
 * curl -d '{"method":"add","params":5}' http://localhost:8787/alice
 * ```
 *
 * @module
 */

import { compile, Plugin, PluginError } from "@rivulet/rivulet";

/** The bindings. */
interface Env {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
  readonly LEDGERS: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

/** What the runtime passes to an object. */
interface State {
  blockConcurrencyWhile(run: () => Promise<void>): Promise<void>;
  readonly storage: { get(key: string): Promise<unknown>; put(key: string, value: unknown): Promise<void> };
}

/** One ledger. The guest has its sum in memory, and the object's storage keeps it for the next instance. */
export class Ledger {
  #plugin!: Plugin;

  constructor(state: State, { ASSETS }: Env) {
    // No request comes in before the plugin is there.
    state.blockConcurrencyWhile(async () => {
      const module = await compile(ASSETS.fetch("https://assets/ledger.wasm"));
      this.#plugin = new Plugin(module, {
        name: "ledger",
        lifetime: "plugin",
        methods: {
          load: async () => await state.storage.get("sum") ?? null,
          save: (sum) => state.storage.put("sum", sum),
        },
        limits: { fuel: 100_000_000_000, memoryPages: 256, deadlineMs: 5_000 },
      });
      await this.#plugin.ready();
    });
  }

  /** Serves a request. */
  async fetch(request: Request): Promise<Response> {
    try {
      const { method, params } = await request.json();
      return Response.json({ result: await this.#plugin.call(method, params) });
    } catch (error) {
      const reason = error instanceof PluginError ? error.reason : undefined;
      return Response.json({ error: String(error), reason }, { status: 502 });
    }
  }
}

export default {
  fetch(request: Request, { LEDGERS }: Env): Promise<Response> {
    return LEDGERS.get(LEDGERS.idFromName(new URL(request.url).pathname)).fetch(request);
  },
};
