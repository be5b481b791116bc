/**
 * The example of a host: twenty plugins, in Deno, Node and Bun.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "./_servers.ts";
import type { Server } from "./_servers.ts";

const GUESTS = `${import.meta.dirname}/../../examples/guests/prebuilt`;
const zig = await Deno.readFile(`${GUESTS}/zig_plugin.wasm`);
const ledger = await Deno.readFile(`${GUESTS}/ledger.wasm`);

/** An answer of the host. */
interface Answer {
  readonly status: number;
  readonly result?: unknown;
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly error?: any;
}

async function ask({ url }: Server, method: string, path: string, body?: BodyInit): Promise<Answer> {
  const response = await fetch(`${url}/plugins/${path}`, { method, body });
  return { status: response.status, ...await response.json() };
}

/** Calls a method: `acme-ledger/add`. */
function call(server: Server, path: string, params?: unknown): Promise<Answer> {
  return ask(server, "POST", path, params === undefined ? undefined : JSON.stringify(params));
}

const steps: Readonly<Record<string, (server: Server) => Promise<void>>> = {
  async "has twenty plugins, and says what they are and what they may do"({ url }) {
    const list = await (await fetch(`${url}/plugins`)).json();
    assertEquals(list.length, 20);
    const found = list.find(({ name }: { name: string }) => name === "bolt-ledger");
    assertEquals([found.is, found.version, found.methods], ["ledger", "1.0.0", ["add", "total", "crash"]]);
    assertEquals(found.permissions, {
      methods: ["load", "save"],
      env: [],
      limits: { memoryPages: 16, deadlineMs: 5_000 },
    });
    const primes = list.find(({ name }: { name: string }) => name === "acme-primes");
    assertEquals([primes.permissions.methods, primes.stats.warm], [[], 1]);
  },
  async "answers calls of all plugins at once"(server) {
    const customers = ["acme", "bolt", "cove", "dune"];
    const answers = await Promise.all(customers.flatMap((customer) => [
      call(server, `${customer}-primes/prime_sieve`, 10_000),
      call(server, `${customer}-dice/ping`),
      call(server, `${customer}-ledger/total`),
      call(server, `${customer}-sleep/sleep`, 20),
      call(server, `${customer}-echo/many_echo`, 3),
    ]));
    const results = [{ count: 1229, limit: 10_000 }, "pong", 0, null, null];
    assertEquals(answers.map(({ result }) => result), customers.flatMap(() => results));
  },
  async "refuses what does not exist or is not right"(server) {
    assertEquals((await call(server, "acme-nothing/ping")).status, 404);
    assertEquals((await ask(server, "DELETE", "acme-dice")).status, 405);
    assertEquals((await ask(server, "POST", "acme-dice/ping", "{")).status, 400);
    assertEquals((await ask(server, "POST", "%E0%A4%A")).status, 400);
    assertEquals((await ask(server, "POST", "acme-dice/ping", new Uint8Array((16 << 20) + 1))).status, 413);
    const { status, error } = await call(server, "acme-dice/pong");
    assertEquals([status, error.code], [422, -32601]);
  },
  async "keeps plugins to their permissions"(server) {
    assertEquals((await call(server, "acme-echo/many_echo", 3)).result, null);
    const { status, error } = await call(server, "acme-sleep/many_echo", 3);
    assertEquals([status, error.message], [422, "acme-sleep.many_echo: echo failed"]);
    await server.line(/^acme-sleep: the host's echo failed: PermissionError: /);
    const { status: late, error: limit } = await call(server, "acme-sleep/sleep", 60_000);
    assertEquals([late, limit.reason], [504, "limit"]);
  },
  async "keeps the state of each ledger, and restarts one that crashes"(server) {
    assertEquals((await call(server, "acme-ledger/add", 40)).result, 40);
    assertEquals((await call(server, "bolt-ledger/add", 1)).result, 1);
    const { status, error } = await call(server, "acme-ledger/crash");
    assertEquals([status, error.reason], [502, "trap"]);
    await server.line(/^acme-ledger: ended after \d+ calls, with 1 unanswered: trap: /);
    assertEquals((await call(server, "acme-ledger/add", 2)).result, 42);
    assertEquals((await call(server, "bolt-ledger/total")).result, 1);
  },
  async "gives a ledger up that crashes again and again, until it is replaced"(server) {
    for (let crashes = 0; crashes < 5; crashes++) {
      assertEquals((await call(server, "cove-ledger/crash")).error.reason, "trap");
    }
    const { status, error } = await call(server, "cove-ledger/total");
    assertEquals([status, error.reason], [503, "gave up"]);
    assertEquals((await ask(server, "PUT", "cove-ledger", ledger)).result, "replaced");
    assertEquals((await call(server, "cove-ledger/total")).result, 0);
  },
  async "replaces a plugin while it works, and loses no call"(server) {
    const slow = call(server, "bolt-sleep/sleep", 500);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const replaced = ask(server, "PUT", "bolt-sleep", zig);
    assertEquals((await call(server, "bolt-sleep/ping")).result, "pong");
    assertEquals(await Promise.all([slow, replaced]), [{ status: 200, result: null }, {
      status: 200,
      result: "replaced",
    }]);
    const list = await (await fetch(`${server.url}/plugins`)).json();
    assertEquals(
      list.find(({ name }: { name: string }) => name === "bolt-sleep").is,
      "example-zig",
    );
  },
  async "loses no sum if a ledger is replaced while calls come"(server) {
    const adding = Array.from({ length: 20 }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 5));
      return await call(server, "dune-ledger/add", 1);
    });
    const replacing = [0, 30, 60].map(async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return await ask(server, "PUT", "dune-ledger", ledger);
    });
    const answers = await Promise.all([...adding, ...replacing]);
    assertEquals(answers.filter(({ status }) => status !== 200), []);
    assertEquals((await call(server, "dune-ledger/total")).result, 20);
  },
  async "logs what a replaced plugin may do, if that has changed"(server) {
    assertEquals((await ask(server, "PUT", "cove-echo", ledger)).result, "replaced");
    const line = await server.line(/^cove-echo: .* before: \{/);
    assertStringIncludes(line, 'may use {"methods":[],');
    assertStringIncludes(line, 'before: {"methods":["echo"],');
  },
  async "keeps the old plugin if the new one can't start"(server) {
    for (const [body, message] of [["text", "CompileError"], [new Uint8Array(zig.slice(0, 8)), "_start"]] as const) {
      const { status, error } = await ask(server, "PUT", "acme-dice", body);
      assertEquals(status, 415);
      assertStringIncludes(error.message, message);
      assertEquals((await call(server, "acme-dice/ping")).result, "pong");
    }
  },
};

// The runtimes at the same time, because most of the time is that of deadlines.
Deno.test("the host runs twenty plugins", async (test) => {
  const concurrent = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  await Promise.all((["deno", "node", "bun"] as const).map((name) => {
    const runs = async (test: Deno.TestContext) => {
      const server = await startServer(name, "host");
      try {
        for (const [step, run] of Object.entries(steps)) {
          await test.step({ name: step, fn: () => run(server), ...concurrent });
        }
      } finally {
        assertStringIncludes(await server.stop(), "all plugins have ended");
      }
    };
    return test.step({ name: `on ${name}`, fn: runs, ...concurrent });
  }));
});
