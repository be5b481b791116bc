/**
 * Guests that wait for input although they owe an answer.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { LimitError, Plugin } from "@rivulet/rivulet";
import { failure, obedient, pause } from "../_guest.ts";

Deno.test("a call whose guest forgets to answer and waits for input is rejected, and no call hangs", async () => {
  for (const lifetime of ["call", "plugin", { pool: 1 }] as const) {
    await using plugin = new Plugin(obedient, { lifetime, limits: { idleMs: 50 } });
    const began = performance.now();
    const error = await failure(plugin.call("ignore"), "limit");
    assertInstanceOf(error.cause, LimitError);
    assertEquals([error.cause.limit, error.cause.value], ["idleMs", 50]);
    assertStringIncludes(error.message, "waited 50 ms for input, and owed an answer");
    const took = performance.now() - began;
    assert(took >= 49 && took < 5_000, `${took} ms`);
  }
});

Deno.test("a resident guest that forgot one call lives on, and keeps its state", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", limits: { idleMs: 30 } });
  assertEquals(await plugin.call("echo"), 1);
  await failure(plugin.call("ignore"), "limit");
  // The forgotten call, and its cancellation.
  assertEquals(await plugin.call("echo"), 4);
  assertEquals(plugin.stats.instances, 1);
});

Deno.test("calls that the guest serves meanwhile do not hide the one that it forgot", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", limits: { idleMs: 100 } });
  let isForgotten = false;
  const forgotten = failure(plugin.call("ignore"), "limit").then(() => isForgotten = true);
  for (const end = performance.now() + 10_000; !isForgotten && performance.now() < end;) {
    await plugin.call("echo");
    await pause(10);
  }
  assert(isForgotten);
  await forgotten;
});

Deno.test("computing, sleeping and slow host methods are not idle", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    await using plugin = new Plugin(obedient, {
      lifetime,
      limits: { idleMs: 60 },
      methods: { work: () => pause(250) },
    });
    // Sleeps 300 ms.
    assert(await plugin.call("zzz") as number > 0);
    // Waits for a method of 250 ms.
    assert(await plugin.call("work") as number > 0);
    await failure(plugin.call("spin", null, { deadlineMs: 200 }), "limit").then(({ cause }) => {
      assertEquals((cause as LimitError).limit, "deadlineMs");
    });
  }
});

Deno.test("the time of a slow host method does not count after its end", async () => {
  await using plugin = new Plugin(obedient, {
    lifetime: "plugin",
    limits: { idleMs: 150 },
    methods: { work: () => pause(100) },
  });
  // It is pending over three methods, and the guest is idle for far less than their time.
  const began = performance.now();
  const forgotten = failure(plugin.call("ignore"), "limit");
  for (let work = 0; work < 3; work++) await plugin.call("work");
  await forgotten;
  const took = performance.now() - began;
  assert(took >= 440, `${took} ms`);
});

Deno.test("a host method that waits for a call of its own, which the guest forgets, does not hang its call", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    const nested = Promise.withResolvers<unknown>();
    await using plugin = new Plugin(obedient, {
      lifetime,
      limits: { idleMs: 60 },
      methods: {
        work: async (_params, { peer }) => {
          await pause(100);
          const call = peer.call("ignore");
          nested.resolve(call.catch(() => {}));
          await call;
        },
      },
      onError: () => {},
    });
    const began = performance.now();
    const error = await failure(plugin.call("yield"), "limit");
    assertEquals((error.cause as LimitError).limit, "idleMs");
    const took = performance.now() - began;
    assert(took >= 155 && took < 5_000, `${took} ms`);
    await plugin.close();
    await nested.promise;
  }
});

Deno.test("a host method that calls its guest has its time for what else it does", async () => {
  await using plugin = new Plugin(obedient, {
    limits: { idleMs: 60 },
    methods: { work: async (_params, { peer }) => await Promise.all([peer.call("echo"), pause(300)]) },
  });
  const began = performance.now();
  await failure(plugin.call("yield"), "limit");
  const took = performance.now() - began;
  assert(took >= 355, `${took} ms`);
});

Deno.test("a stream that the guest does not read does not hide that it has forgotten the call", async () => {
  for (const lifetime of ["call", "plugin"] as const) {
    await using plugin = new Plugin(obedient, { lifetime, accepts: ["streams"], limits: { idleMs: 50 } });
    const { cause } = await failure(plugin.call("ignore", new Blob(["unread"]).stream()), "limit");
    assertEquals((cause as LimitError).limit, "idleMs");
  }
});

Deno.test("with idleMs Infinity, a call may wait for ever", async () => {
  await using plugin = new Plugin(obedient, { lifetime: "plugin", limits: { idleMs: Infinity } });
  const call = failure(plugin.call("ignore"), "disposed");
  const winner = await Promise.race([call, pause(100).then(() => "waits")]);
  assertEquals(winner, "waits");
  await plugin[Symbol.asyncDispose]();
  await call;
});

Deno.test("the watch of a call ends with it: no timer is left", async () => {
  // The test runner reports timers that are left.
  const plugin = new Plugin(obedient, { lifetime: "plugin" });
  await Promise.allSettled(["echo", "trap", "echo", "x"].map((method) => plugin.call(method)));
  await plugin.close();
});
