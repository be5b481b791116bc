/**
 * What the observer of a plugin is told.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { LimitError, Plugin, RpcError } from "@rivulet/rivulet";
import type { CallEnd, CallStart, HostCallEnd, HostCallStart, LimitReached, PluginObserver } from "@rivulet/rivulet";
import { failure, obedient, pause } from "./_guest.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

Deno.test("an observer sees each call from its start to its end, with what it used", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    const starts: CallStart[] = [];
    const ends: CallEnd[] = [];
    await using plugin = new Plugin(obedient, {
      name: "p",
      lifetime,
      observe: {
        call(start) {
          starts.push(start);
          return (end) => ends.push(end);
        },
      },
    });
    await plugin.call("echo", null, { traceparent: TRACE });
    await assertRejects(() => plugin.call("refuse"), RpcError);
    await failure(plugin.call("trap"), "trap");
    const controller = new AbortController();
    const aborted = assertRejects(() => plugin.call("zzz", null, { signal: controller.signal }));
    await pause(5);
    controller.abort();
    await aborted;
    assertEquals(starts.map(({ plugin, method, traceparent }) => [plugin, method, traceparent]), [
      ["p", "echo", TRACE],
      ["p", "refuse", undefined],
      ["p", "trap", undefined],
      ["p", "zzz", undefined],
    ]);
    assertEquals(ends.map(({ outcome }) => outcome), ["answer", "error", "failure", "aborted"]);
    assertEquals(ends.map(({ error }) => error === undefined), [true, false, false, false]);
    assert(ends.every(({ fuelUsed, durationMs, sends }) => fuelUsed > 0 && durationMs >= 0 && sends === 1));
    assert(ends[0]!.memoryPages === 2, `${ends[0]!.memoryPages} pages`);
    assertEquals([starts[0]!.stats.answered, ends[3]!.stats.answered, ends[3]!.stats.failed], [0, 2, 2]);
  }
});

Deno.test("an observer sees host methods, to which call they belong, and how they end", async () => {
  const starts: HostCallStart[] = [];
  const ends: HostCallEnd[] = [];
  const cause = new Error("no");
  let works = 0;
  await using plugin = new Plugin(obedient, {
    name: "p",
    lifetime: "plugin",
    methods: {
      work: () => {
        works++;
        if (works === 2) throw cause;
        return works === 3 ? Promise.reject(cause) : pause(1);
      },
    },
    onError: () => {},
    observe: {
      hostCall(start) {
        starts.push(start);
        return (end) => ends.push(end);
      },
    },
  });
  for (let call = 0; call < 3; call++) await plugin.call("work", null, { traceparent: TRACE });
  assertEquals(starts, Array(3).fill({ plugin: "p", method: "work", caller: "work", traceparent: TRACE, running: 1 }));
  assertEquals(ends.map(({ outcome, error }) => [outcome, error]), [
    ["answer", undefined],
    ["error", cause],
    ["error", cause],
  ]);
});

Deno.test("an observer can set the traceparent that the plugin gets", async () => {
  const seen: unknown[] = [];
  for (const traceparent of [OTHER, "nonsense"]) {
    await using plugin = new Plugin(obedient, {
      methods: { work: (_params, context) => void seen.push(context.traceparent) },
      observe: { call: (start) => void (start.traceparent = traceparent) },
    });
    await plugin.call("work", null, { traceparent: TRACE });
  }
  assertEquals(seen, [OTHER, undefined]);
});

Deno.test("an observer sees ends and limits", async () => {
  const limits: LimitReached[] = [];
  const exits: string[] = [];
  await using plugin = new Plugin(obedient, {
    name: "p",
    limits: { fuel: 1_000_000, idleMs: 20 },
    observe: {
      limit: (limit) => limits.push(limit),
      exit: ({ plugin, reason }) => exits.push(`${plugin}: ${reason}`),
    },
  });
  await failure(plugin.call("spin"), "limit");
  await failure(plugin.call("ignore"), "limit");
  assertEquals(limits.map(({ plugin, method, error }) => [plugin, method, error.limit]), [
    ["p", "spin", "fuel"],
    ["p", "ignore", "idleMs"],
  ]);
  assertInstanceOf(limits[0]!.error, LimitError);
  assertEquals(exits, ["p: limit", "p: limit"]);
});

Deno.test("a call that is sent again is one call to an observer", async () => {
  const ends: CallEnd[] = [];
  await using plugin = new Plugin(obedient, {
    lifetime: "plugin",
    observe: { call: () => (end) => ends.push(end) },
  });
  await Promise.allSettled([plugin.call("trap"), plugin.call("echo")]);
  assertEquals(ends.map(({ outcome, sends }) => [outcome, sends]), [["failure", 1], ["answer", 2]]);
});

Deno.test("what an observer throws is ignored", async () => {
  const fail = (): never => {
    throw new Error("no observer");
  };
  const observers: PluginObserver[] = [
    { call: fail, hostCall: fail, exit: fail, limit: fail },
    { call: () => fail, hostCall: () => fail },
    { call: () => 5 as never, hostCall: () => Promise.reject(5) as never },
  ];
  for (const observe of observers) {
    await using plugin = new Plugin(obedient, { observe, limits: { idleMs: 10 }, methods: { work: () => 1 } });
    assertEquals(await plugin.call("work"), 1);
    await failure(plugin.call("ignore"), "limit");
  }
});

Deno.test("the members of an observer are checked", () => {
  for (const observe of [null, 1, { calls: () => {} }, { call: 1 }, { exit: {} }]) {
    assertThrows(() => new Plugin(obedient, { observe: observe as never }), TypeError);
  }
});
