/**
 * The streams of an answer, whose instance lives for one call: what ends them, and it.
 *
 * @module
 */

import { LimitError, type Module, Plugin } from "@rivulet/rivulet";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { program } from "../_program.ts";
import { until } from "../_wire.ts";

const ANSWER = "{\\22jsonrpc\\22:\\222.0\\22,\\22id\\22:0,\\22result\\22:{\\22$readable\\22:0}}\\0a";
const LENGTH = ANSWER.replaceAll(/\\(22|0a)/g, "x").length;

/** A guest that answers with a stream, and then does not end. */
const endless: Module = program(`(data (i32.const 64) "${ANSWER}")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 64) (i32.const ${LENGTH})))
    (loop $for_ever (br $for_ever)))`);

const accepts = ["streams"] as const;

Deno.test("a guest that goes on after it has answered with a stream is stopped at the deadline", async () => {
  for (const [limits, options] of [[{ deadlineMs: 200 }, {}], [{}, { deadlineMs: 200 }]]) {
    await using plugin = new Plugin(endless, { accepts, limits });
    const stream = await plugin.call("get", null, options) as ReadableStream<unknown>;
    assertEquals(plugin.stats.instances, 1);
    const error = await assertRejects(() => stream.getReader().read(), LimitError);
    assertEquals([error.limit, error.value], ["deadlineMs", 200]);
    await until(() => plugin.stats.instances === 0);
    assertEquals(plugin.stats.instances, 0);
  }
});

Deno.test("the signal of a call ends the streams of its answer, and their instance", async () => {
  await using plugin = new Plugin(endless, { accepts });
  const controller = new AbortController();
  const stream = await plugin.call("get", null, { signal: controller.signal }) as ReadableStream<unknown>;
  const read = stream.getReader().read().catch((reason) => reason);
  const reason = new Error("enough");
  controller.abort(reason);
  assertEquals(await read, reason);
  await until(() => plugin.stats.instances === 0);
  assertEquals(plugin.stats.instances, 0);
});

Deno.test("a stream that is cancelled ends its instance after the grace period, and the deadline with it", async () => {
  const exits: string[] = [];
  await using plugin = new Plugin(endless, {
    accepts,
    limits: { deadlineMs: 60_000, graceMs: 10 },
    onExit: ({ reason }) => void exits.push(reason),
  });
  const stream = await plugin.call("get");
  assertInstanceOf(stream, ReadableStream);
  await stream.cancel();
  await until(() => exits.length > 0);
  assertEquals(exits, ["done"]);
  assert(plugin.stats.instances === 0);
});
