/**
 * The edge functions as a Worker, for Cloudflare and other runtimes with its module syntax. The filter is a static
 * asset.
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

/**
 * The first request makes it, since a Worker may not fetch before that. It is not a promise: a promise would belong to
 * that request, and might never settle for others.
 */
let handler: ((request: Request) => Promise<Response>) | undefined;

export default {
  async fetch(request: Request, { ASSETS }: Env): Promise<Response> {
    handler ??= createHandler({ filter: await compile(ASSETS.fetch("https://assets/upper.wasm")), log: console.log });
    return await handler(request);
  },
};
