/**
 * The edge functions as a Bun server.
 *
 * Try it: `bun examples/edge/bun_server.ts 8000`
 *
 * @module
 */

import { compile } from "@rivulet/rivulet";
import { createHandler } from "./handler.ts";

/** The part of Bun that is used here. With `@types/bun`, this is not needed. */
declare const Bun: {
  readonly argv: readonly string[];
  file(path: URL): Blob;
  serve(
    options: { hostname: string; port: number; fetch: (request: Request) => Promise<Response> },
  ): { readonly url: URL };
};

const upper = Bun.file(new URL("../guests/prebuilt/upper.wasm", import.meta.url));
const handler = createHandler({ filter: await compile(upper.stream()), log: console.log });

const { url } = Bun.serve({ hostname: "127.0.0.1", port: Number(Bun.argv[2] ?? 8000), fetch: handler });
console.log(`Listening on ${url}`);
