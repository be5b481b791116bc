/**
 * The example plugin with a state.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Plugin, PluginError } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";

const module = await guest("ledger");

/** The ledger, with a host that keeps its sum and is slow about it. */
function ledger(kept: { sum: unknown }, lifetime: "call" | "plugin"): Plugin {
  const late = () => new Promise((resolve) => setTimeout(resolve, 5));
  return new Plugin(module, {
    methods: {
      load: () => late().then(() => kept.sum),
      save: (sum) => late().then(() => void (kept.sum = sum)),
    },
    lifetime,
    limits: { deadlineMs: 10_000 },
  });
}

Deno.test("the ledger remembers its sum while its instance lives, and asks for it only once", async () => {
  const kept = { sum: null };
  await using plugin = ledger(kept, "plugin");
  assertEquals(await plugin.call("total"), 0);
  assertEquals(await plugin.call("add", 5), 5);
  kept.sum = null;
  assertEquals(await plugin.call("add", 6), 11);
  assertEquals<unknown>(kept, { sum: 11 });
});

Deno.test("a new instance of the ledger goes on from the sum that the host has kept", async () => {
  const kept = { sum: 40 };
  await using plugin = ledger(kept, "plugin");
  assertEquals(await plugin.call("add", 2), 42);
  await assertRejects(() => plugin.call("crash"), PluginError);
  assertEquals(await plugin.call("add", 3), 45);
  await using other = ledger(kept, "call");
  assertEquals(await other.call("total"), 45);
});

Deno.test("the ledger loses nothing if requests come while it loads or saves its sum", async () => {
  const kept = { sum: 1 };
  await using plugin = ledger(kept, "plugin");
  await Promise.all(Array.from({ length: 20 }, () => plugin.call("add", 1)));
  assertEquals(await plugin.call("total"), 21);
  assertEquals(kept.sum, 21);
});
