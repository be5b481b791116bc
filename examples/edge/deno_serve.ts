/**
 * The edge functions as a Deno server.
 *
 * Try it: `deno run --allow-net=127.0.0.1 --allow-read=examples examples/edge/deno_serve.ts 8000`
 *
 * @module
 */

import { compile } from "@rivulet/rivulet";
import { createHandler } from "./handler.ts";

const filter = await compile(fetch(new URL("../guests/prebuilt/upper.wasm", import.meta.url)));
const handler = createHandler({ filter, log: console.log });

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 8000) }, handler);
