/**
 * The five example plugins, each in a different language. All answer the same methods in the same way.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Plugin, RpcError, spawn } from "@rivulet/rivulet";
import type { Module } from "@rivulet/rivulet";
import { codeOf } from "../../tools/code_of.ts";
import { guest, hasGuest } from "../_guests.ts";

/** The methods of the seed framework's test plugin. */
interface Guest {
  ping(): string;
  get_random_number(): number;
  get_time(): number;
  sleep(milliseconds: number): null;
  many_echo(times: number): unknown;
  prime_sieve(limit: number): { count: number; limit: number };
}

interface Host {
  echo(params: unknown): unknown;
}

/** Languages whose plugins must be built first, with `deno task guests`. */
const BUILT = ["rust", "go"];

for (const language of ["c", "zig", "assemblyscript", "rust", "go"]) {
  const name = `${language}_plugin`;
  const isThere = hasGuest(name);
  if (!isThere) {
    const how = BUILT.includes(language) ? "build it with `deno task guests`" : "it should be checked in";
    console.log(`the ${language} plugin is not tested: ${name}.wasm does not exist, ${how}`);
  }
  const ignore = !isThere && BUILT.includes(language);

  Deno.test({
    name: `the ${language} plugin answers all six methods, each on a new instance`,
    ignore,
    async fn() {
      let echoes = 0;
      await using plugin = new Plugin<Guest, Host>(await guest(name), {
        methods: {
          echo: (params) => {
            echoes++;
            return params;
          },
        },
        limits: { fuel: 2_000_000_000, deadlineMs: 60_000 },
      });
      assertEquals(await plugin.api.ping(), "pong");
      const numbers = [await plugin.api.get_random_number(), await plugin.api.get_random_number()];
      assert(numbers.every((number) => number >= 0 && number < 2 ** 64) && numbers[0] !== numbers[1], `${numbers}`);
      assert(Math.abs(await plugin.api.get_time() - Date.now() / 1000) < 60);
      const began = performance.now();
      await plugin.api.sleep(50);
      assert(performance.now() - began >= 49);
      await plugin.api.many_echo(200);
      assertEquals(echoes, 200);
      assertEquals(await plugin.api.prime_sieve(100_000), { count: 9592, limit: 100_000 });
      assertEquals((await assertRejects(() => plugin.call("nothing" as "ping"), RpcError)).code, -32601);
    },
  });
}

for (const language of ["c", "zig", "assemblyscript"]) {
  Deno.test(`the ${language} plugin answers the same when it is suspended after every instruction`, async () => {
    const module = await guest(`${language}_plugin`, { engine: "interpreter" });
    codeOf(module).stepping = true;
    await using plugin = new Plugin<Guest, Host>(module, {
      methods: { echo: (params) => params },
      limits: { sliceFuel: 0 },
    });
    assertEquals(await plugin.api.ping(), "pong");
    assertEquals(await plugin.api.many_echo(3), null);
    assertEquals(await plugin.api.prime_sieve(1_000), { count: 168, limit: 1_000 });
  });
}

/** The longest line that each plugin reads. The Rust plugin's kit reads lines of any length. */
const LINE_BYTES: Readonly<Record<string, number>> = {
  c: 65_535,
  zig: 65_535,
  assemblyscript: 65_535,
  go: 1_048_575,
};

/** What a guest writes to standard output and standard error if it reads these lines. */
async function outputOf(module: Module, lines: readonly string[]): Promise<{ answers: unknown[]; log: string }> {
  const stdin = new Blob(lines.map((line) => `${line}\n`)).stream();
  const { stdout, stderr } = await spawn(module, { stdin, limits: { fuel: 20_000_000_000 } }).output();
  const [out, log] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  return { answers: out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)), log };
}

for (const [language, most] of Object.entries(LINE_BYTES)) {
  const ignore = !hasGuest(`${language}_plugin`);

  Deno.test({
    name: `the ${language} plugin refuses a line that is too long, and says how long it may be`,
    ignore,
    async fn() {
      const empty = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: "" });
      const longest = empty.replace('""', `"${"x".repeat(most - empty.length)}"`);
      assertEquals(longest.length, most);
      const { answers } = await outputOf(await guest(`${language}_plugin`), [longest, `${longest} `, empty]);
      const pong = { jsonrpc: "2.0", id: 1, result: "pong" };
      const message = `line longer than ${most} bytes`;
      const error = { code: -32600, message, data: { limit: "lineBytes", value: most } };
      assertEquals(answers, [pong, { jsonrpc: "2.0", id: null, error }, pong]);
    },
  });

  Deno.test({
    name: `the ${language} plugin ignores notifications that it does not know, and does not log those of the protocol`,
    ignore,
    async fn() {
      const { answers, log } = await outputOf(await guest(`${language}_plugin`), [
        '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
        '{"jsonrpc":"2.0","method":"news"}',
        '{"jsonrpc":"2.0","id":1,"method":"$/unknown"}',
        '{"jsonrpc":"2.0","id":2,"method":"ping"}',
      ]);
      const [refused, ...rest] = answers as [{ id: unknown; error: { code: number } }];
      assertEquals([refused.id, refused.error.code], [1, -32601]);
      assertEquals(rest as unknown, [{ jsonrpc: "2.0", id: 2, result: "pong" }]);
      assert(!log.includes("cancelRequest"), log);
    },
  });
}

/** All that the example plugins have in common. */
const COMMON = JSON.stringify({
  methods: ["ping", "get_random_number", "get_time", "sleep", "many_echo", "prime_sieve"],
  permissions: { methods: ["echo"], env: [], limits: {} },
});

for (const language of ["c", "zig", "assemblyscript", "rust", "go"]) {
  Deno.test({
    name: `the ${language} plugin has a manifest with its methods and permissions`,
    ignore: !hasGuest(`${language}_plugin`),
    async fn() {
      await using plugin = new Plugin(await guest(`${language}_plugin`), {
        methods: { echo: () => 1, other: () => 2 },
      });
      const { name, version, methods, source } = await plugin.describe();
      assert(name === `example-${language}`, name);
      assertEquals([version, source], ["1.0.0", "manifest"]);
      const { permissions } = plugin.manifest!;
      assertEquals(JSON.stringify({ methods: methods.map(({ name }) => name), permissions }), COMMON);
      assertEquals(plugin.permissions.methods, ["echo"]);
    },
  });
}
