/**
 * Backpressure between a worker and its host: guests that flood the host with logs and calls wait until it has read.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PluginError } from "@rivulet/rivulet";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerEvent, WorkerLike } from "@rivulet/rivulet/workers";
import { ChannelFault } from "../../src/workers/messages.ts";
import { serve } from "../../src/workers/program.ts";
import { Receiving, Sending } from "../../src/workers/credit.ts";
import { hold, schedule, spend } from "../../src/base/schedule.ts";
import { guest } from "../_guests.ts";
import { program } from "../_program.ts";
import type { Json } from "./_fake.ts";

const c = await guest("c_plugin");
/** It writes lines to its log without end. */
const chatty = program(`(data (i32.const 64) "a line of the log\\n")
  (func (export "_start") (loop $again (drop (call $write (i32.const 2) (i32.const 64) (i32.const 18))) (br $again)))`);

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("hold stops slices and waiters of spend until all have let go, and timers fire meanwhile", async () => {
  const seen: string[] = [];
  const [first, second] = [hold(), hold()];
  schedule(() => {
    seen.push("slice");
    return 0;
  });
  spend(1)?.then(() => seen.push("spend"));
  await wait(10);
  first();
  first();
  await wait(10);
  assertEquals(seen, []);
  second();
  await wait(10);
  assertEquals(seen, ["slice", "spend"]);
});

Deno.test("a worker holds its guests beyond a window, until the host has read half of it", () => {
  const sending = new Sending();
  const isHeld = () => {
    const turn = spend(0);
    return turn !== undefined;
  };
  sending.sent(256 << 10);
  assert(!isHeld());
  sending.sent(1_024);
  assert(isHeld());
  sending.wasRead(64 << 10);
  assert(isHeld());
  sending.wasRead(256 << 10);
});

Deno.test("a host reports what it has read in parts that let a waiting worker go on", () => {
  let reported = 0;
  const receiving = new Receiving((size) => reported += size, Infinity);
  for (let message = 0; message < 256; message++) receiving.received(1_024, false);
  assert(reported <= 256 << 10);
});

/** Reads until nothing more arrives, or the guests of the next test would wait too. */
async function readAll(receive: (message: unknown) => void, sent: () => number): Promise<void> {
  for (let before = -1; before < sent();) {
    before = sent();
    receive({ kind: "received", size: 100_000_000 });
    await wait(50);
  }
}

for (
  const [what, start, call] of [
    ["log lines", { functions: ["onLog", "onError"], methods: [] }, "anything"],
    ["host calls", { functions: ["onError"], methods: ["echo"] }, "many_echo"],
  ] as const
) {
  Deno.test(`a host that does not read ${what} stops the guest, and goes on when it reads`, async () => {
    let sent = 0;
    let size = 0;
    let reports = 0;
    const receive = serve((message) => {
      sent++;
      size += "size" in message ? message.size : 0;
      // Host calls are answered, but the messages are not reported as read.
      if (message.kind === "request" && message.name === "method") {
        setTimeout(() => receive({ kind: "answer", id: message.id, value: { result: message.args[1] }, size: 1 }), 0);
      }
    });
    const bytes = start.methods.length > 0 ? c.bytes() : chatty.bytes();
    const options = { limits: { logBytes: Infinity } };
    receive({ kind: "request", id: 0, name: "start", args: [{ bytes, options, hooks: [], ...start }], size: 0 });
    receive({ kind: "request", id: 1, name: "call", args: [call, 1_000_000, {}, [], [], 0], size: 0 });
    for (let before = -1; before < sent;) {
      before = sent;
      await wait(150);
    }
    const sentBefore = sent;
    assert(sent < 2_000 && size < 4 << 20, `${sent} messages, ${size} bytes`);
    for (; reports < 3; reports++) {
      receive({ kind: "received", size });
      size = 0;
      await wait(100);
    }
    assert(sent > sentBefore, `${sent} messages, ${sentBefore} before`);
    receive({ kind: "cancel", id: 1, reason: "enough", size: 1_024 });
    await readAll(receive, () => sent);
  });
}

Deno.test("empty lines of a log count too: a host that is slow to log gets a few thousand before it has read them", async () => {
  const empty = program(`(func (export "_start")
    (memory.fill (i32.const 65536) (i32.const 10) (i32.const 60000))
    (loop $again (drop (call $write (i32.const 2) (i32.const 65536) (i32.const 60000))) (br $again)))`);
  const lists: number[] = [];
  const receive = serve((message) => {
    if (message.kind === "request" && message.name === "option.onLog") lists.push((message.args[0] as Json).length);
  });
  const data = { bytes: empty.bytes(), options: { limits: { logBytes: 20_000 } }, hooks: [], methods: [] };
  const functions = ["onLog", "onError"];
  receive({ kind: "request", id: 0, name: "start", args: [{ ...data, functions }], size: 0 });
  receive({ kind: "request", id: 1, name: "call", args: ["anything", null, {}, [], [], 0], size: 0 });
  for (let tries = 0; lists.length === 0 && tries < 1_000; tries++) await wait(10);
  for (let before = -1; before < lists.length;) {
    before = lists.length;
    await wait(200);
  }
  const lines = lists.reduce((sum, length) => sum + length, 0);
  receive({ kind: "cancel", id: 1, reason: "enough", size: 1_024 });
  await readAll(receive, () => lists.length);
  assert(lines > 500 && lines < 5_000, `${lines} lines`);
  assert(Math.max(...lists) <= 250);
});

Deno.test("a guest that floods its log leaves the host's timers on time, and its messages do not pile up", async () => {
  let lines = 0;
  let worker!: Worker;
  let arrived = 0;
  const createWorker = (): WorkerLike => {
    worker = new Worker(new URL("../../src/workers/worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", (event: MessageEvent<Json>) => {
      if (event.data.kind === "request") arrived++;
    });
    return worker as unknown as WorkerLike;
  };
  await using plugin = new WorkerPlugin(chatty, {
    workers: 1,
    createWorker,
    limits: { logBytes: Infinity, deadlineMs: 1_500 },
    onLog: () => void lines++,
  });
  const call = assertRejects(() => plugin.call("anything"), PluginError);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await call;
  clearInterval(timer);
  assert(lines > 1_000, `${lines} lines`);
  assert(ticks > 20, `${ticks} ticks, ${lines} lines`);
  // What was under way when the deadline came was bounded.
  const before = arrived;
  await wait(200);
  assert(arrived - before < 600, `${arrived - before} messages after the end`);
});

Deno.test("a guest that floods the host with calls leaves the host's timers on time", async () => {
  let calls = 0;
  await using plugin = new WorkerPlugin(c, {
    workers: 1,
    methods: { echo: (params: unknown) => (calls++, params) },
    limits: { deadlineMs: 1_500 },
  });
  await plugin.ready();
  const call = assertRejects(() => plugin.call("many_echo", 10_000_000), PluginError);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await call;
  clearInterval(timer);
  assert(calls > 300, `${calls} calls`);
  assert(ticks > 20, `${ticks} ticks, ${calls} calls`);
});

Deno.test("what a worker sends before it is read is bounded in all messages together, also the answers", () => {
  const receiving = new Receiving(() => {}, 10_000_000);
  // The first messages use up the turn.
  for (let message = 0; message < 9; message++) receiving.received(1_000_000, message % 2 === 0);
  assertThrows(() => {
    for (let message = 0; message < 12; message++) receiving.received(1_000_000, message % 2 === 0);
  }, ChannelFault);
});

Deno.test("a message that says that it has no size still counts", () => {
  const events: WorkerEvent[] = [];
  assertEquals(events.length, 0);
  const receiving = new Receiving(() => {}, Infinity);
  let fault: unknown;
  try {
    for (let message = 0; message < 30_000; message++) receiving.received(0, false);
  } catch (error) {
    fault = error;
  }
  assert(fault instanceof Error);
});
