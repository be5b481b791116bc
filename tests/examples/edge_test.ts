/**
 * The edge examples, tested with HTTP requests. Each server runs in its own runtime.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "./_servers.ts";
import type { Server, ServerName } from "./_servers.ts";

const GUESTS = `${import.meta.dirname}/../../examples/guests/prebuilt`;
const plugin = await Deno.readFile(`${GUESTS}/c_plugin.wasm`);
const faulty = await Deno.readFile(`${GUESTS}/faulty.wasm`);

/** The answer to a call, and its HTTP status. */
interface Answer {
  readonly status: number;
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

function formOf(file: Uint8Array<ArrayBuffer>, request: unknown): FormData {
  const form = new FormData();
  form.set("plugin", new Blob([file]), "plugin.wasm");
  form.set("request", JSON.stringify(request));
  return form;
}

async function call(
  { url }: Server,
  file: Uint8Array<ArrayBuffer>,
  method: string,
  params: unknown = null,
  signal?: AbortSignal,
): Promise<Answer> {
  const body = formOf(file, { jsonrpc: "2.0", id: 7, method, params });
  const response = await fetch(`${url}/call`, { method: "POST", body, signal });
  return { status: response.status, ...await response.json() };
}

/** A stream that repeats a chunk this many times, or for ever if there is no number. */
function repeat(chunk: Uint8Array, times = Infinity): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      if (times === Infinity) await new Promise((resolve) => setTimeout(resolve, 1));
      if (times-- > 0) controller.enqueue(chunk.slice());
      else controller.close();
    },
  });
}

const steps: Readonly<Record<string, (server: Server) => Promise<void>>> = {
  async "answers with the plugin's result"(server) {
    const answer = await call(server, plugin, "prime_sieve", 10_000);
    assertEquals(answer as unknown, { status: 200, jsonrpc: "2.0", id: 7, result: { count: 1229, limit: 10_000 } });
  },

  async "passes on the plugin's own error"(server) {
    const { status, id, error } = await call(server, plugin, "prime_sieve", "many");
    assertEquals([status, id, error?.code], [200, 7, -32602]);
  },

  async "streams 10 MB through the filter"({ url }) {
    const chunk = new TextEncoder().encode("Quiet, please: 0123456789 äöü\n".repeat(2_000));
    const upper = new TextEncoder().encode("QUIET, PLEASE: 0123456789 äöü\n".repeat(2_000));
    const times = Math.ceil(10_000_000 / chunk.length);
    const response = await fetch(`${url}/filter`, { method: "POST", body: repeat(chunk, times) });
    assertEquals(response.status, 200);
    let at = 0;
    for await (const part of response.body!) {
      for (let i = 0; i < part.length; i++, at++) {
        if (part[i] !== upper[at % upper.length]) throw new Error(`byte ${at} is ${part[i]}`);
      }
    }
    assertEquals(at, chunk.length * times);
  },

  async "stops the filter when the client disconnects"(server) {
    const client = new AbortController();
    const body = repeat(new TextEncoder().encode("and so on, "));
    const response = await fetch(`${server.url}/filter`, { method: "POST", body, signal: client.signal });
    const reader = response.body!.getReader();
    await reader.read();
    client.abort();
    // The host stopped it, or its aborted input did.
    await server.line(/^\/filter: ended with code (137|1), fuel used: \d{3,}/);
    await reader.closed.catch(() => {});
  },

  async "stops the plugin when the client disconnects"(server) {
    const client = new AbortController();
    setTimeout(() => client.abort(), 200);
    const answer = await call(server, faulty, "spin", null, client.signal).catch(() => "aborted");
    assertEquals(answer, "aborted");
    // Deno and workerd do not report it before the handler has answered. There the deadline stops the plugin.
    await server.line(/^\/call: .*(abort|closed|1000 ms)/i);
  },

  async "answers in time for a plugin that loops for ever, and answers other requests meanwhile"(server) {
    const began = performance.now();
    const spinning = call(server, faulty, "spin");
    const other = await call(server, plugin, "prime_sieve", 1_000);
    assertEquals(other.result, { count: 168, limit: 1_000 });
    const { status, id, error } = await spinning;
    assertEquals([status, id], [504, 7]);
    assertMatch(error!.message, /the call took more than 1000 ms|used up its \d+ units of fuel/);
    assertLess(performance.now() - began, 5_000);
  },

  async "answers twenty simultaneous requests"(server) {
    const limits = Array.from({ length: 20 }, (_, index) => 100 + index);
    const answers = await Promise.all(limits.map((limit) => call(server, plugin, "prime_sieve", limit)));
    assertEquals(answers.map(({ result }) => (result as { limit: number }).limit), limits);
  },

  async "refuses a file that is not a module, with the reason"(server) {
    const text = new TextEncoder().encode("this is not WebAssembly");
    for (
      const [file, reason] of [[text, /magic/], [plugin.slice(0, 1_000), /end/], [new Uint8Array(0), /./]] as const
    ) {
      const { status, error } = await call(server, file, "ping");
      assertEquals(status, 422);
      assertMatch(error!.message, /^CompileError: /);
      assertMatch(error!.message, reason);
    }
  },

  async "refuses a body that is not a form"({ url }) {
    const response = await fetch(`${url}/call`, { method: "POST", body: plugin });
    assertEquals(response.status, 415);
    assertStringIncludes((await response.json()).error.message, "multipart/form-data");
  },

  async "reports a plugin's trap"(server) {
    const { status, error } = await call(server, faulty, "trap");
    assertEquals(status, 502);
    assertStringIncludes(error!.message, "upload.trap: the guest trapped: unreachable");
    assert(error!.message.includes("check_digit"));
  },
};

for (const name of ["deno", "node", "bun", "workerd"] satisfies ServerName[]) {
  Deno.test(`the edge functions in ${name}`, async (test) => {
    await using server = await startServer(name);
    for (const [what, step] of Object.entries(steps)) await test.step(what, () => step(server));
  });
}
