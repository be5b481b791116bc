/**
 * The edge functions as a Node server. It converts Node's request and response to those of the web.
 *
 * Try it: `node examples/edge/node_server.ts 8000`
 *
 * @module
 */

import { openAsBlob } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { compile } from "@rivulet/rivulet";
import { createHandler } from "./handler.ts";

const upper = await openAsBlob(fileURLToPath(new URL("../guests/prebuilt/upper.wasm", import.meta.url)));
const handler = createHandler({ filter: await compile(upper.stream()), log: console.log });

const server = createServer(async (incoming, outgoing) => {
  const response = await handler(webRequest(incoming, outgoing));
  if (outgoing.destroyed) return;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  // If a body fails or a client disconnects, the connection is closed: there is nobody to report it to.
  await response.body?.pipeTo(Writable.toWeb(outgoing)).catch(() => {});
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`Listening on http://127.0.0.1:${address?.port}/`);
});

/** Converts to a web `Request`. Its signal is aborted when the connection closes. */
function webRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const { method = "GET", url = "/", headers } = incoming;
  return new Request(new URL(url, "http://127.0.0.1"), {
    method,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    body: method === "GET" || method === "HEAD" ? null : Readable.toWeb(incoming) as ReadableStream<Uint8Array>,
    duplex: "half",
    signal: gone.signal,
  } as RequestInit);
}
