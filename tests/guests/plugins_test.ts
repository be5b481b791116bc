/**
 * The five example plugins, each in a different language. All answer the same methods in the same way.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Plugin, RpcError } from "@rivulet/rivulet";
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
    const module = await guest(`${language}_plugin`);
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
