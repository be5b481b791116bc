/**
 * Runs a language server as a guest, and calls it through the library that Visual Studio Code uses for this. The
 * library knows nothing about WebAssembly: it gets the guest's standard streams.
 *
 * Run it, with the environment variable that the library reads:
 * `deno run --allow-read=examples/guests/prebuilt/language_server.wasm --allow-env=XDG_RUNTIME_DIR examples/deno/language_server.ts`
 *
 * @module
 */

import { Readable, Writable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { compile, spawn } from "@rivulet/rivulet";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

const file = await Deno.open("examples/guests/prebuilt/language_server.wasm");
await using server = spawn(await compile(file.readable), { stderr: "null", limits: { fuel: 1_000_000_000 } });

const connection = createMessageConnection(
  new StreamMessageReader(Readable.fromWeb(server.stdout as ReadableStream<Uint8Array>)),
  new StreamMessageWriter(Writable.fromWeb(server.stdin)),
);

// The server's requests to the editor, and its notifications.
connection.onRequest("workspace/configuration", ({ items }) => {
  console.log(`it asks for ${items[0].section}`);
  return ["FIXME"];
});
const published = new Promise<void>((resolve) => {
  connection.onNotification("textDocument/publishDiagnostics", ({ diagnostics }) => {
    for (const { range, message } of diagnostics) {
      console.log(`${message} in line ${range.start.line + 1}, column ${range.start.character + 1}`);
    }
    resolve();
  });
});
connection.listen();

// The editor's requests to the server.
const { serverInfo } = await connection.sendRequest<{ serverInfo: { name: string } }>("initialize", {
  processId: null,
  rootUri: null,
  capabilities: {},
});
console.log(`the server is ${serverInfo.name}`);
await connection.sendNotification("initialized", {});
await connection.sendNotification("textDocument/didOpen", {
  textDocument: { uri: "file:///poem.txt", languageId: "text", version: 1, text: "roses\nare FIXME\nFIXME too" },
});
await published;

await connection.sendRequest("shutdown");
await connection.sendNotification("exit");
const { code } = await server.status;
console.log(`it exited with code ${code}`);
connection.dispose();
