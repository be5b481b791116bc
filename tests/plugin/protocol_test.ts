/**
 * Plugins and protocols: what a guest can't read, and what a plugin's handlers know of the call.
 *
 * @module
 */

import { LimitError, Plugin, RpcError } from "@rivulet/rivulet";
import { PROTOCOLS } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { guest } from "../_guests.ts";

const c = await guest("c_plugin");

Deno.test("a call that the guest refuses without an id rejects, and names the call and its size", async () => {
  await using plugin = new Plugin(c);
  const error = await assertRejects(() => plugin.call("ping", "x".repeat(70_000)), RpcError);
  assert(error.message.includes('the call of "ping", sent as 700'), error.message);
  assert(error.message.endsWith("line longer than 65535 bytes"), error.message);
  assertEquals(await plugin.call("ping"), "pong");
});

Deno.test("a call that is longer than the guest takes is refused before it is sent, with its size and the limit", async () => {
  await using plugin = new Plugin(c, { limits: { requestBytes: 65_535 } });
  const error = await assertRejects(() => plugin.call("ping", "x".repeat(70_000)), LimitError);
  assertEquals([error.limit, error.value], ["requestBytes", 65_535]);
  assert(/ at most 65535 bytes: the call of "ping" has 700\d\d$/.test(error.message), error.message);
  assertEquals(await plugin.call("ping", "x".repeat(60_000)), "pong");
});

Deno.test("a host method knows which call of the plugin it serves", async () => {
  const seen: unknown[] = [];
  await using plugin = new Plugin(c, {
    methods: {
      echo(params, { call, traceparent }) {
        seen.push([call?.method, call?.id, call?.signal.aborted, traceparent]);
        return params;
      },
    },
  });
  await plugin.call("many_echo", 2);
  assertEquals(seen, [["many_echo", 0, false, undefined], ["many_echo", 0, false, undefined]]);
});

Deno.test("a plugin can speak any protocol, by name or by a row of one's own", async () => {
  for (const protocol of ["mcp", "rivulet", { ...PROTOCOLS.mcp, name: "ours" }] as const) {
    await using plugin = new Plugin(c, { protocol });
    assertEquals(await plugin.call("ping"), "pong");
  }
});
