/**
 * Plugins in workers of Node and Bun. Node has no Web Workers, so there node.ts makes them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import { createWorker } from "@rivulet/rivulet/workers/node";
import { npmProgram } from "../../tools/npm.ts";
import { outputOf } from "../../tools/process.ts";
import { ROOT } from "../../tools/root.ts";
import { RUNTIMES } from "../../tools/runtimes.ts";
import { guest } from "../_guests.ts";

for (const runtime of [RUNTIMES.node22, RUNTIMES.bun]) {
  Deno.test(`a plugin in workers serves in ${runtime}, and idle workers do not keep the process`, async () => {
    const output = await outputOf(await npmProgram(runtime), ["tests/workers/_in_runtime.ts"], { cwd: ROOT });
    assertEquals(output, "all is well\n");
  });
}

Deno.test("Deno can use the workers of node.ts too", async () => {
  await using plugin = new WorkerPlugin(await guest("c_plugin"), { workers: 1, createWorker });
  assertEquals(await plugin.call("ping"), "pong");
});
