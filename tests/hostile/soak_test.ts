/**
 * A short soak: growth that ten thousand cycles would make large can be seen after hundreds. A timer that is left
 * behind fails these tests, because Deno's runner looks for it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { LimitError, Plugin } from "@rivulet/rivulet";
import { spawn } from "@rivulet/rivulet/wasi";
import { guest } from "../_guests.ts";
import { instanceOf } from "../../tools/wat.ts";
import { cycles, soak } from "./soak.ts";

const CYCLES = 600;
/** Mebibytes by which a heap of about ten can differ between two measurements. */
const NOISE = 0.5;

for (const [what, cycle] of await cycles()) {
  Deno.test(`${CYCLES} times ${what}: the heap does not grow`, async () => {
    const { before, after, growth } = await soak(cycle, CYCLES);
    assert(growth < 5 || after - before < NOISE, `${growth.toFixed(1)} %: from ${before} to ${after} MiB`);
  });
}

/** Counts the listeners of an event target. */
function countListeners(target: EventTarget): () => number {
  let count = 0;
  const { addEventListener: add, removeEventListener: remove } = target;
  const listening = new Set<unknown>();
  target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
    listening.add(listener);
    count = listening.size;
    add.call(target, type, listener, options);
  };
  target.removeEventListener = (type: string, listener: EventListener) => {
    listening.delete(listener);
    count = listening.size;
    remove.call(target, type, listener);
  };
  return () => count;
}

Deno.test("a hundred calls of a plugin and a hundred processes leave no listener on a shared signal", async () => {
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  const c = await guest("c_plugin");
  const upper = await guest("upper");
  await using resident = new Plugin(c, { lifetime: "plugin" });
  for (let cycle = 0; cycle < 100; cycle++) {
    await using plugin = new Plugin(c);
    await Promise.all([plugin.call("ping", undefined, { signal }), resident.call("ping", undefined, { signal })]);
    await spawn(upper, { stdin: "null", signal }).output();
  }
  assertEquals(listeners(), 0);
});

Deno.test("a hundred calls of an instance that return or are stopped leave no listener on a shared signal", async () => {
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  const instance = await instanceOf(`(module (func (export "f")) (func (export "spin") (loop (br 0))))`, {}, {
    limits: { deadlineMs: 1 },
  });
  for (let call = 0; call < 100; call++) {
    await instance.call("f", [], { signal, deadlineMs: 60_000 });
    if (call < 10) await assertRejects(() => instance.call("spin", [], { signal }), LimitError);
  }
  assertEquals(listeners(), 0);
});

Deno.test("the streams of a process's options are unlocked and usable when it has ended", async () => {
  const upper = await guest("upper");
  for (let cycle = 0; cycle < 100; cycle++) {
    const stdin = new Blob(["soaked\n"]).stream();
    const written: Uint8Array[] = [];
    const stdout = new WritableStream<Uint8Array>({ write: (chunk) => void written.push(chunk) });
    await spawn(upper, { stdin, stdout, stderr: "null" }).status;
    // The pipe ends some turns after the guest.
    for (let turn = 0; turn < 20 && (stdin.locked || stdout.locked); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assertEquals([stdin.locked, stdout.locked], [false, false]);
    assertEquals(new TextDecoder().decode(written[0]), "SOAKED\n");
  }
});

Deno.test("a thousand disposed plugins leave no timer", async () => {
  const started = new Set<unknown>();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = set(() => {
      started.delete(timer);
      run(...args);
    }, ms);
    started.add(timer);
    return timer;
  }) as typeof setTimeout;
  globalThis.clearTimeout = (timer) => {
    started.delete(timer);
    clear(timer);
  };
  try {
    const c = await guest("c_plugin");
    for (let cycle = 0; cycle < 1_000; cycle++) {
      await using plugin = new Plugin(c, { limits: { deadlineMs: 1_000_000, graceMs: 1_000_000 } });
      await plugin.call("ping");
    }
    assertEquals(started.size, 0);
  } finally {
    globalThis.setTimeout = set;
    globalThis.clearTimeout = clear;
  }
});
