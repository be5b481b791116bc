/**
 * A Worker that runs a plugin natively. Workers may not compile bytes that arrive at run time, but they run modules that
 * were deployed with the code: build.ts has metered this one. A guest is limited and suspended as everywhere else.
 *
 * Try it in this folder, after build.ts: `npx wrangler dev`, which reads wrangler.jsonc. Then:
 *
 * ```sh
 * curl -d '{"method":"prime_sieve","params":1000000}' http://localhost:8787
 * ```
 *
 * @module
 */

import { compile, Plugin, PluginError } from "@rivulet/rivulet";
import type { Module } from "@rivulet/rivulet";
import precompiled from "./build/plugin.metered.wasm";

/** The bindings of wrangler.jsonc. */
interface Env {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

/** The first request makes it. It is not a promise: a promise would belong to that request. */
let module: Module | undefined;

export default {
  async fetch(request: Request, { ASSETS }: Env): Promise<Response> {
    // The bytes say what the module is: its names, its types, its manifest.
    module ??= await compile(precompiled, { bytes: ASSETS.fetch("https://assets/c_plugin.wasm") });
    const limits = { fuel: 10_000_000_000, memoryPages: 256, deadlineMs: 2_000 };
    const plugin = new Plugin(module, { methods: { echo: (params) => params }, limits });
    try {
      const { method, params } = await request.json();
      return Response.json({ engine: module.engine.name, result: await plugin.call(method, params) });
    } catch (error) {
      const reason = error instanceof PluginError ? error.reason : undefined;
      return Response.json({ error: String(error), reason }, { status: 502 });
    }
  },
};
