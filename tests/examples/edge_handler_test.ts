/**
 * Tests of the handler of the edge examples that need no server.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Trap } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";
import { binary, name, SECTION, section } from "../../tools/binary.ts";
import { createHandler } from "../../examples/edge/handler.ts";

const log: string[] = [];
const handle = createHandler({ filter: await guest("upper"), log: (line) => log.push(line) });

function post(path: string, body: BodyInit | null, signal?: AbortSignal): Request {
  return new Request(`http://edge${path}`, { method: "POST", body, signal });
}

/** A request with an uploaded file and a call. */
function upload(file: Uint8Array<ArrayBuffer>, request: string): FormData {
  const form = new FormData();
  form.set("plugin", new Blob([file]), "plugin.wasm");
  form.set("request", request);
  return form;
}

async function refusal(body: BodyInit | null): Promise<[status: number, message: string]> {
  const response = await handle(post("/call", body));
  return [response.status, (await response.json()).error.message];
}

Deno.test("the handler serves its pages, each with its method", async () => {
  assertEquals((await handle(post("/other", null))).status, 404);
  const response = await handle(new Request("http://edge/call"));
  assertEquals([response.status, response.headers.get("allow")], [405, "POST"]);
});

Deno.test("the handler refuses forms that lack a part, and bodies that are not forms", async () => {
  const wasm = new Uint8Array(8);
  const unnamed = new FormData();
  unnamed.set("request", `{"jsonrpc":"2.0","id":1,"method":"ping"}`);
  assertEquals(await refusal(unnamed), [400, "the form has no file named plugin"]);
  for (const request of ["", "no JSON", "null", "[]", `{"jsonrpc":"2.0","id":1}`]) {
    assertEquals(await refusal(upload(wasm, request)), [400, "the form has no JSON-RPC request named request"]);
  }
  assertEquals(await refusal("text"), [415, "the body is no multipart/form-data"]);
  const type = "multipart/form-data; boundary=x";
  const broken = await handle(
    new Request("http://edge/call", { method: "POST", body: "no form", headers: { "content-type": type } }),
  );
  assertEquals(broken.status, 400);
  assertStringIncludes((await broken.json()).error.message, "the form can't be read: ");
});

Deno.test("the handler refuses a module with a manifest that is not valid", async () => {
  const manifest = section(SECTION.custom, name("rivulet"), new TextEncoder().encode("{}{}"));
  const [status, message] = await refusal(upload(binary(manifest), `{"jsonrpc":"2.0","id":1,"method":"ping"}`));
  assertEquals(status, 422);
  assertStringIncludes(message, `ManifestError: the module's section "rivulet" is not a manifest`);
});

Deno.test("the handler stops reading a form that is too long", async () => {
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += 1 << 20;
      controller.enqueue(new Uint8Array(1 << 20));
    },
  });
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  const response = await handle(new Request("http://edge/call", { method: "POST", body, headers }));
  assertEquals(response.status, 413);
  assert(sent < 8 << 20);
});

Deno.test("the handler reports that a module is not a WASI program", async () => {
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const [status, message] = await refusal(upload(empty, `{"jsonrpc":"2.0","id":1,"method":"ping"}`));
  assertEquals(status, 422);
  assertStringIncludes(message, "is not a WASI program");
});

Deno.test("a filter that traps aborts the response", async () => {
  const handleFaulty = createHandler({ filter: await guest("faulty"), log: () => {} });
  const response = await handleFaulty(post("/filter", `{"jsonrpc":"2.0","id":1,"method":"trap"}\n`));
  await assertRejects(() => response.bytes(), Trap);
});

Deno.test("cancelling the response or aborting the request stops the filter", async () => {
  const endless = () =>
    new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue(new Uint8Array(100));
      },
    });
  const ends = async () => {
    for (let tries = 0; log.length === 0 && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return log.splice(0).join();
  };
  log.splice(0);

  const reader = (await handle(post("/filter", endless()))).body!.getReader();
  await reader.read();
  await reader.cancel();
  assertStringIncludes(await ends(), "/filter: ended with code 137");

  const client = new AbortController();
  const response = await handle(post("/filter", endless(), client.signal));
  const answer = response.bytes();
  client.abort();
  await assertRejects(() => answer, DOMException);
  assertStringIncludes(await ends(), "/filter: ended with code 137");
});
