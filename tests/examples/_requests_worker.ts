/**
 * A Worker whose plugins outlive the request that made them, to see what other requests can do with them.
 *
 * @module
 */

import { compile, Plugin, PluginError } from "@rivulet/rivulet";
import type { Lifetime, Module } from "@rivulet/rivulet";

const LIFETIMES: Readonly<Record<string, Lifetime>> = { resident: "plugin", pool: { pool: 2 }, call: "call" };

const plugins = new Map<string, Plugin>();

async function answer(request: Request, module: Module): Promise<unknown> {
  const [, name, deed] = new URL(request.url).pathname.split("/") as [string, string, string];
  let plugin = plugins.get(name);
  if (plugin === undefined) plugins.set(name, plugin = new Plugin(module, { lifetime: LIFETIMES[name]! }));
  if (deed === "ready") await plugin.ready();
  if (deed === "close") await plugin.close();
  if (deed === "dispose") await plugin[Symbol.asyncDispose]();
  if (deed !== "call") return plugin.stats.instances;
  return await plugin.call("ping");
}

export default {
  async fetch(
    request: Request,
    { ASSETS }: { readonly ASSETS: { fetch(url: string): Promise<Response> } },
  ): Promise<Response> {
    try {
      const module = await compile(ASSETS.fetch("https://assets/c_plugin.wasm"));
      return Response.json({ result: await answer(request, module) });
    } catch (error) {
      const reason = error instanceof PluginError ? error.reason : undefined;
      return Response.json({ reason, message: String(error) });
    }
  },
};
