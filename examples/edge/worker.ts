/**
 * The edge functions as a Worker, for Cloudflare and other runtimes with its module syntax. The filter is a static asset.
 *
 * Try it in this folder: `npx wrangler dev`, which reads wrangler.jsonc.
 *
 * @module
 */

import { compile } from "@rivulet/rivulet";
import { createHandler } from "./handler.ts";

/** The bindings of wrangler.jsonc. */
interface Env {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

/** A Worker may not fetch before its first request; the promise is then kept for all that follow. */
let handler: Promise<(request: Request) => Promise<Response>> | undefined;

async function load({ ASSETS }: Env): Promise<(request: Request) => Promise<Response>> {
  return createHandler({ filter: await compile(ASSETS.fetch("https://assets/upper.wasm")), log: console.log });
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    handler ??= load(env);
    return await (await handler)(request);
  },
};
