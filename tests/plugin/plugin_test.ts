/**
 * Plugins: calls in both directions, and all the ways in which a guest can fail to answer.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { LimitError, LinkError, Plugin, PluginError, RpcError, Trap } from "@rivulet/rivulet";
import type { PluginFailure, PluginLimits, PluginOptions } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";
import { InputPipe } from "../../src/wasi/pipes.ts";
import { moduleOf } from "../../tools/wat.ts";

const c = await guest("c_plugin");
const faulty = await guest("faulty");

/** A plugin that fails on request. */
function faultyPlugin(limits: PluginLimits = {}, options: PluginOptions = {}): Plugin {
  return new Plugin(faulty, { name: "faulty", limits, ...options });
}

/** The error of a call that fails without an error answer. */
async function failure(call: Promise<unknown>, reason: PluginFailure): Promise<PluginError> {
  const error = await assertRejects(() => call, PluginError);
  assertEquals(error.reason, reason, error.message);
  return error;
}

Deno.test("Plugin.call returns the answer, and each call has a new instance", async () => {
  await using plugin = new Plugin(c);
  assertEquals(await plugin.call("ping"), "pong");
  assertEquals(await plugin.call("prime_sieve", 100_000), { count: 9592, limit: 100_000 });
});

Deno.test("Plugin.api has the methods of the guest's interface", async () => {
  interface Guest {
    ping(): string;
    prime_sieve(limit: number): { count: number; limit: number };
  }
  await using plugin = new Plugin<Guest>(c);
  const pong: string = await plugin.api.ping();
  const { count }: { count: number } = await plugin.api.prime_sieve(1_000);
  assertEquals([pong, count], ["pong", 168]);
});

Deno.test("Plugin.call lets the guest call the host's methods, synchronous or asynchronous", async () => {
  for (const delay of [false, true]) {
    let calls = 0;
    await using plugin = new Plugin(c, {
      methods: {
        echo: (params: unknown) => {
          calls++;
          return delay ? new Promise((resolve) => setTimeout(() => resolve(params), 0)) : params;
        },
      },
    });
    await plugin.call("many_echo", 50);
    assertEquals(calls, 50);
  }
});

Deno.test("a host method can call the same plugin, or the guest that calls it", async () => {
  const seen: unknown[] = [];
  await using plugin: Plugin = new Plugin(c, {
    methods: {
      echo: async (params: unknown) => {
        seen.push(await plugin.call("ping"));
        return params;
      },
    },
  });
  await plugin.call("many_echo", 3);
  assertEquals(seen, ["pong", "pong", "pong"]);
});

Deno.test("Plugin.call rejects with the guest's own error answer", async () => {
  await using plugin = new Plugin(c);
  const error = await assertRejects(() => plugin.call("no_such_method"), RpcError);
  assertEquals(error.code, -32601);
});

Deno.test("Plugin.call sends a host method's error to the guest", async () => {
  await using plugin = new Plugin(c, {
    methods: {
      echo: () => {
        throw new RpcError(7, "not today");
      },
    },
  });
  await assertRejects(() => plugin.call("many_echo", 1), RpcError);
});

Deno.test("Plugin passes the guest's log to the logger line by line", async () => {
  const lines: string[] = [];
  {
    await using plugin = faultyPlugin({}, { onLog: (line) => lines.push(line) });
    await plugin.call("log", "first");
    await plugin.call("log", "second");
  }
  assertEquals(lines.filter((line) => line === "first" || line === "second"), ["first", "second"]);
});

Deno.test("a trap rejects with the guest's stack, with names, and the last lines of its log", async () => {
  await using plugin = faultyPlugin();
  const error = await failure(plugin.call("trap"), "trap");
  assertInstanceOf(error.cause, Trap);
  const names = error.cause.guestStack.map((frame) => frame.functionName);
  assertEquals(names.slice(0, 3), ["check_digit", "read_number", "parse_order"]);
  assertEquals(error.logs, [`serving "trap"`]);
  for (const text of ["faulty", "unreachable", "read_number", "serving"]) assertStringIncludes(error.message, text);
  assert(error.fuelUsed > 0);
});

Deno.test("a module with a missing import or entry rejects with its name", async () => {
  const cases = [
    [`(module (import "env" "missing" (func)) (func (export "_start")))`, `"env"."missing"`],
    [`(module (func (export "main")))`, "_start"],
  ];
  for (const [text, expected] of cases) {
    await using plugin = new Plugin(moduleOf(text));
    const error = await failure(plugin.call("ping"), "link");
    assertInstanceOf(error.cause, LinkError);
    assertStringIncludes(error.message, expected);
  }
});

Deno.test("an exit without an answer rejects with its code", async () => {
  await using plugin = faultyPlugin();
  for (const code of [0, 3, 255]) assertEquals((await failure(plugin.call("exit", code), "exit")).exitCode, code);
});

Deno.test("an infinite loop rejects at the budget of fuel", async () => {
  await using plugin = faultyPlugin({ fuel: 5_000_000 });
  const error = await failure(plugin.call("spin"), "limit");
  assertInstanceOf(error.cause, LimitError);
  assertEquals(error.cause.limit, "fuel");
  assert(error.fuelUsed > 5_000_000);
});

Deno.test("an infinite loop rejects at the deadline, while the host's timers fire", async () => {
  await using plugin = faultyPlugin({ deadlineMs: 300 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const error = await failure(plugin.call("spin"), "limit");
  clearInterval(timer);
  assertInstanceOf(error.cause, LimitError);
  assertEquals([error.cause.limit, error.cause.value], ["deadlineMs", 300]);
  assert(ticks > 5, `${ticks} ticks`);
});

Deno.test("a signal rejects the call at once with its reason", async () => {
  await using plugin = faultyPlugin();
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  setTimeout(() => controller.abort(reason), 20);
  const began = performance.now();
  assertStrictEquals(await assertRejects(() => plugin.call("spin", null, { signal: controller.signal })), reason);
  assert(performance.now() - began < 1_000);
  assertStrictEquals(await assertRejects(() => plugin.call("ping", null, { signal: controller.signal })), reason);
});

Deno.test("a guest that answers and continues has answered, and is stopped", async () => {
  await using plugin = faultyPlugin({ graceMs: 10 });
  assertEquals(await plugin.call("linger"), null);
});

Deno.test("a line that is not JSON rejects, and the error quotes it", async () => {
  await using plugin = faultyPlugin();
  const error = await failure(plugin.call("babble"), "protocol");
  assertStringIncludes(error.message, "JSON");
});

Deno.test("a message that is too long or too deep rejects", async () => {
  await using plugin = faultyPlugin({ messageBytes: 10_000, messageDepth: 50 });
  assertEquals(await plugin.call("flood", 5_000), "x".repeat(5_000));
  assertStringIncludes((await failure(plugin.call("flood", 20_000), "limit")).message, "10000");
  assertEquals(await plugin.call("nest", 40), JSON.parse("[".repeat(40) + "]".repeat(40)));
  await failure(plugin.call("nest", 60), "limit");
});

Deno.test("memory.grow does not exceed the guest's limit", async () => {
  await using plugin = faultyPlugin({ memoryPages: 160 });
  const mebibytes = await plugin.call("hoard") as number;
  assert(mebibytes >= 5 && mebibytes <= 10, `${mebibytes} MiB of 10`);
});

Deno.test("logs over their budget are dropped, and this is reported once", async () => {
  const lines: string[] = [];
  {
    await using plugin = faultyPlugin({ logBytes: 200 }, { onLog: (line) => lines.push(line), lifetime: "plugin" });
    for (let round = 0; round < 50; round++) await plugin.call("log", "12345678");
  }
  assert(lines.length < 20, `${lines.length} lines`);
  assertStringIncludes(lines[lines.length - 1], "dropped");
});

Deno.test("an error that a logger throws stops the guest and is the cause", async () => {
  const cause = new Error("disk full");
  await using plugin = faultyPlugin({}, {
    onLog: () => {
      throw cause;
    },
  });
  const error = await failure(plugin.call("spin"), "stopped");
  assertStrictEquals(error.cause, cause);
});

Deno.test("a logger that rejects stops the guest like one that throws, and is not called again", async () => {
  const cause = new Error("disk full");
  let lines = 0;
  await using plugin = faultyPlugin({}, {
    onLog: () => {
      lines++;
      return Promise.reject(cause);
    },
  });
  const error = await failure(plugin.call("spin"), "stopped");
  assertStrictEquals(error.cause, cause);
  assertEquals(lines, 1);
});

Deno.test("any value that a logger rejects with is the reason of the stop, even an RpcError or a value that can't be shown", async () => {
  for (const cause of [new RpcError(1, "of another plugin"), Object.create(null), Symbol("s"), null, 0]) {
    await using plugin = faultyPlugin({}, { onLog: () => Promise.reject(cause) });
    const error = await failure(plugin.call("spin"), "stopped");
    assertStrictEquals(error.cause, cause);
    assertStringIncludes(error.message, "faulty.spin: the guest was stopped: ");
  }
});

Deno.test("only onError receives an error that a host method throws, and the guest learns nothing of it", async () => {
  const cause = new Error("no such file: /etc/secret");
  const failures: unknown[] = [];
  await using plugin = new Plugin(c, {
    methods: { echo: () => Promise.reject(cause) },
    onError: (error, { method, id }) => failures.push([error, method, typeof id]),
  });
  // The guest passes on the answer that it received.
  const error = await assertRejects(() => plugin.call("many_echo", 1));
  assert(!String(error).includes("secret"));
  assertEquals(failures, [[cause, "echo", "number"]]);
});

Deno.test("the lines of a log are printable in the logger, in an error, and in the error's message", async () => {
  const lines: string[] = [];
  const module = moduleOf(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\0b\\00\\00\\00") (data (i32.const 16) "\\1b[2J\\c2\\9b\\0db\\7fc\\n")
    (func $evil (unreachable))
    (func (export "_start") (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 12))) (call $evil)))`);
  await using plugin = new Plugin(module, { onLog: (line) => lines.push(line) });
  const error = await failure(plugin.call("ping"), "trap");
  const shown = ["\ufffd[2J\ufffd\ufffdb\ufffdc"];
  assertEquals([lines, error.logs], [shown, shown]);
  assertStringIncludes(error.message, `log: ${shown[0]}`);
});

Deno.test("names from a module are printable in errors", async () => {
  const name = "\\1b[31m\\e2\\80\\ae\\0a";
  const shown = "\ufffd[31m\ufffd\ufffd";
  const trap = moduleOf(`(module (func (export "_start") (call 1)) (func (export "${name}") (unreachable)))`);
  await using trapping = new Plugin(trap, { name: "p" });
  const error = await failure(trapping.call("ping"), "trap");
  assertStringIncludes(error.message, `at ${shown}`);
  await using linking = new Plugin(moduleOf(`(module (import "env" "\\c2\\9b\\7f" (func)) (func (export "_start")))`));
  assertStringIncludes((await failure(linking.call("ping"), "link")).message, '"env"."\ufffd\ufffd"');
});

Deno.test("an error while an instance is made stops the instance", async () => {
  const error = new Error("no writer");
  let looks = 0;
  await using plugin = new Plugin(clocked, {
    clock: { realtime: () => BigInt(looks++), monotonic: () => 0n, sleep: () => Promise.resolve() },
  });
  // Options are checked before, so only unforeseen errors are left.
  const { prototype } = InputPipe;
  const { getWriter } = prototype;
  prototype.getWriter = () => {
    throw error;
  };
  const call = plugin.call("ping");
  prototype.getWriter = getWriter;
  assertStrictEquals(await assertRejects(() => call), error);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(looks, 0);
});

/** Reads the clock for ever. */
const clocked = moduleOf(`(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (drop (call $time (i32.const 0) (i64.const 0) (i32.const 0))) (br $again))))`);

Deno.test("a resident plugin serves all calls with one instance, several at a time", async () => {
  await using plugin = new Plugin(c, { lifetime: "plugin", methods: { echo: (params: unknown) => params } });
  const answers = await Promise.all([plugin.call("ping"), plugin.call("many_echo", 5), plugin.call("ping")]);
  assertEquals([answers[0], answers[2]], ["pong", "pong"]);
});

Deno.test("the next call restarts a resident plugin that has ended", async () => {
  await using plugin = faultyPlugin({}, { lifetime: "plugin" });
  await failure(plugin.call("exit", 1), "exit");
  assertEquals(await plugin.call("echo", [1]), [1]);
});

Deno.test("a call that is made while a resident instance stops has a new instance", async () => {
  await using plugin = faultyPlugin({ deadlineMs: 200, graceMs: 10 }, { lifetime: "plugin" });
  await failure(plugin.call("spin", null, { deadlineMs: 50 }), "limit");
  const stuck = failure(plugin.call("babble"), "protocol");
  await stuck;
  assertEquals(await plugin.call("echo", [2]), [2]);
});

Deno.test("disposing of a plugin rejects its calls and later calls", async () => {
  const plugin = faultyPlugin();
  const call = plugin.call("spin");
  const rejected = failure(call, "disposed");
  await new Promise((resolve) => setTimeout(resolve, 10));
  await plugin[Symbol.asyncDispose]();
  await rejected;
  await failure(plugin.call("echo", 1), "disposed");
});

Deno.test("200 plugins that are called at once all answer, while another one spins", async () => {
  await using spinner = faultyPlugin();
  const controller = new AbortController();
  const spinning = assertRejects(() => spinner.call("spin", null, { signal: controller.signal }));
  await using plugin = new Plugin(c, { methods: { echo: (params: unknown) => params } });
  const calls = Array.from(
    { length: 200 },
    (_, index) => index % 4 === 0 ? plugin.call("many_echo", 3) : plugin.call("prime_sieve", 1_000 + index),
  );
  const answers = await Promise.all(calls);
  assertEquals(answers.filter((answer) => answer !== null).length, 150);
  controller.abort();
  await spinning;
});
