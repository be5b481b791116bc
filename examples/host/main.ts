/**
 * A host of twenty plugins, behind a server. The same file runs in Deno, Node and Bun:
 *
 * `deno run --allow-read=examples --allow-net=127.0.0.1 examples/host/main.ts 8000`
 *
 * `README.md` in this folder says what to try.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import process from "node:process";
import { Host } from "./host.ts";
import type { Kind } from "./host.ts";
import { answer } from "./routes.ts";

const MODULES = new URL("../guests/prebuilt/", import.meta.url);
/** The longest body of a request. */
const BODY_BYTES = 16 << 20;

const host = new Host(console.log);
const { customers, kinds } = JSON.parse(await readFile(new URL("plugins.json", import.meta.url), "utf8"));
for (const [kind, settings] of Object.entries<Kind>(kinds)) {
  const bytes = new Uint8Array(await readFile(new URL(settings.module, MODULES)));
  for (const customer of customers) await host.load(`${customer}-${kind}`, settings, bytes);
}

const server = createServer((incoming, outgoing) => {
  // A client that is gone fails the request's body. There is nobody to report it to.
  respond(incoming, outgoing).catch(() => outgoing.destroy());
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`Listening on http://127.0.0.1:${address?.port}/plugins`);
});

process.once("SIGTERM", stop);
process.once("SIGINT", stop);

/** Calls that are under way are answered first. */
async function stop(): Promise<void> {
  server.close();
  await host.close();
  console.log("all plugins have ended");
  process.exit();
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const { method = "GET", url: path = "/" } = incoming;
  const body = await readBody(incoming);
  const { status, body: json } = body === undefined
    ? { status: 413, body: { error: { message: `a body may have ${BODY_BYTES} bytes` } } }
    : await answer(host, { method, path, body, signal: gone.signal });
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(`${JSON.stringify(json)}\n`);
}

/** All of a body, or `undefined` if it is too long. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
