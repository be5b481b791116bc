/**
 * Waiting for times, bytes and room.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { EBADF, ECANCELED, EINVAL, SUCCESS } from "../../src/wasi/abi.ts";
import { openNull } from "../../src/wasi/descriptors/stdio.ts";
import { bytesOf, countWatches, fakeContext, functionsOf, isSettled, turn, u32At } from "./_guest.ts";
import type { FakeContext } from "./_guest.ts";

const FROM = 1024;
const TO = 32_768;
const SIZE = 512;

type Subscription =
  | { readonly type: "clock"; readonly id?: number; readonly timeout: bigint; readonly absolute?: boolean }
  | { readonly type: "read" | "write"; readonly fd: number };

/** Polls. The userdata are the subscriptions' positions, from 100. */
function poll(context: FakeContext, ...subscriptions: Subscription[]): number | Promise<number> {
  const { view } = context.memory;
  for (const [index, subscription] of subscriptions.entries()) {
    const at = FROM + index * 48;
    view.setBigUint64(at, BigInt(100 + index), true);
    view.setUint8(at + 8, ["clock", "read", "write"].indexOf(subscription.type));
    if (subscription.type === "clock") {
      view.setUint32(at + 16, subscription.id ?? 1, true);
      view.setBigUint64(at + 24, subscription.timeout, true);
      view.setUint16(at + 40, subscription.absolute ? 1 : 0, true);
    } else view.setUint32(at + 16, subscription.fd, true);
  }
  return functionsOf(context).poll_oneoff(FROM, TO, subscriptions.length, SIZE);
}

/** [userdata, error, type, bytes, flags] of each event. */
function events(context: FakeContext): number[][] {
  const { view } = context.memory;
  return Array.from({ length: u32At(context, SIZE) }, (_, index) => {
    const at = TO + index * 32;
    return [
      Number(view.getBigUint64(at, true)),
      view.getUint16(at + 8, true),
      view.getUint8(at + 10),
      Number(view.getBigUint64(at + 16, true)),
      view.getUint16(at + 24, true),
    ];
  });
}

/** A clock whose sleep ends only at an abort. */
function neverClock(context: FakeContext): number[] {
  const asked: number[] = [];
  context.clock.sleep = (ms, signal) => {
    asked.push(ms);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  return asked;
}

Deno.test("poll_oneoff sleeps for a relative time, in milliseconds and fractions", async () => {
  const context = fakeContext();
  const answer = poll(context, { type: "clock", timeout: 1_500_000n });
  assert(answer instanceof Promise);
  assertEquals(await answer, SUCCESS);
  assertEquals(context.clock.slept, [1.5]);
  assertEquals(events(context), [[100, SUCCESS, 0, 0, 0]]);
});

Deno.test("poll_oneoff sleeps until a point in time of either clock", async () => {
  for (const id of [0, 1]) {
    const context = fakeContext();
    const now = id === 0 ? context.clock.realtime() : context.clock.monotonic();
    assertEquals(await poll(context, { type: "clock", id, timeout: now + 2_000_000n, absolute: true }), SUCCESS);
    assertEquals(context.clock.slept, [2]);
  }
});

Deno.test("poll_oneoff returns times in the past at once", () => {
  const context = fakeContext();
  assertEquals(poll(context, { type: "clock", timeout: 0n }, { type: "clock", timeout: 1n, absolute: true }), SUCCESS);
  assertEquals(events(context).map(([userdata]) => userdata), [100, 101]);
  assertEquals(context.clock.slept, []);
});

Deno.test("poll_oneoff returns the earliest of several times, and the others that have passed by then", async () => {
  const context = fakeContext();
  const timeouts = [5_000_000n, 1_000_000n, 9_000_000n, 1_000_000n];
  assertEquals(await poll(context, ...timeouts.map((timeout) => ({ type: "clock", timeout }) as const)), SUCCESS);
  assertEquals(events(context).map(([userdata]) => userdata), [101, 103]);
});

Deno.test("poll_oneoff measures a relative realtime timeout by the monotonic clock", async () => {
  const context = fakeContext();
  let jump = 0n;
  context.clock.realtime = () => jump++ * 1_000_000_000_000n;
  assertEquals(await poll(context, { type: "clock", id: 0, timeout: 3_000_000n }), SUCCESS);
  assertEquals(context.clock.slept, [3]);
});

Deno.test("poll_oneoff continues to sleep if an absolute time has not come yet", async () => {
  const context = fakeContext();
  const { sleep } = context.clock;
  // The clock is set back once while the guest sleeps.
  context.clock.sleep = async (ms, signal) => {
    await sleep(ms, signal);
    if (ms === 2 ** 31 - 1) context.clock.now -= 1_000_000n;
  };
  const timeout = context.clock.now + BigInt(2 ** 31) * 1_000_000n;
  assertEquals(await poll(context, { type: "clock", timeout, absolute: true }), SUCCESS);
  assertEquals(context.clock.slept, [2 ** 31 - 1, 2]);
});

Deno.test("poll_oneoff divides the sleep of a century into times that timers can wait", async () => {
  const context = fakeContext();
  const century = 100n * 365n * 86_400_000_000_000n;
  assertEquals(await poll(context, { type: "clock", timeout: century }), SUCCESS);
  assertEquals(context.clock.slept.length, 1469);
  assert(context.clock.slept.every((ms) => ms > 0 && ms < 2 ** 31));
});

Deno.test("poll_oneoff accepts the longest timeout", async () => {
  for (const absolute of [false, true]) {
    const context = fakeContext();
    const asked = neverClock(context);
    const answer = poll(context, { type: "clock", timeout: 0xffff_ffff_ffff_ffffn, absolute });
    assert(!await isSettled(answer as Promise<number>));
    context.end.abort();
    assertEquals([await answer, asked], [ECANCELED, [2 ** 31 - 1]]);
  }
});

Deno.test("poll_oneoff ends on a clock that stands still", async () => {
  const context = fakeContext();
  context.clock.sleep = () => Promise.resolve();
  assertEquals(await poll(context, { type: "clock", timeout: 5n }, { type: "clock", timeout: 9n }), SUCCESS);
  assertEquals(events(context).map(([userdata]) => userdata), [100]);
});

Deno.test("poll_oneoff returns an event with EINVAL for a clock that does not exist", () => {
  const context = fakeContext();
  const answer = poll(context, { type: "clock", id: 2, timeout: 5n }, { type: "clock", id: 1, timeout: 5n });
  assertEquals([answer, events(context)], [SUCCESS, [[100, EINVAL, 0, 0, 0]]]);
});

Deno.test("poll_oneoff returns how many bytes can be read", () => {
  const context = fakeContext();
  context.stdin.push(bytesOf("abc"));
  assertEquals([poll(context, { type: "read", fd: 0 }), events(context)], [SUCCESS, [[100, SUCCESS, 1, 3, 0]]]);
  assertEquals(context.stdin.size, 3);
});

Deno.test("poll_oneoff reports that standard input has ended, with the number of bytes left", () => {
  const context = fakeContext();
  context.stdin.push(bytesOf("abc"));
  context.stdin.end();
  assertEquals([poll(context, { type: "read", fd: 0 }), events(context)], [SUCCESS, [[100, SUCCESS, 1, 3, 1]]]);
  context.stdin.take();
  assertEquals([poll(context, { type: "read", fd: 0 }), events(context)], [SUCCESS, [[100, SUCCESS, 1, 0, 1]]]);
});

Deno.test("poll_oneoff returns how much room there is, and reports that a reader is gone", () => {
  const context = fakeContext({ highWaterMark: 16 });
  context.stdout.push(bytesOf("abc"));
  context.stderr.break("cancelled");
  assertEquals(poll(context, { type: "write", fd: 1 }, { type: "write", fd: 2 }), SUCCESS);
  assertEquals(events(context), [[100, SUCCESS, 2, 13, 0], [101, SUCCESS, 2, 0, 1]]);
});

Deno.test("poll_oneoff finds the null device ready", () => {
  const context = fakeContext();
  context.descriptors.set(0, openNull("read")).set(1, openNull("write"));
  assertEquals(poll(context, { type: "read", fd: 0 }, { type: "write", fd: 1 }), SUCCESS);
  assertEquals(events(context), [[100, SUCCESS, 1, 0, 1], [101, SUCCESS, 2, 0, 0]]);
});

Deno.test("poll_oneoff returns an event with EBADF for a descriptor that is not open for the operation", () => {
  const context = fakeContext();
  const answer = poll(context, { type: "read", fd: 1 }, { type: "write", fd: 0 }, { type: "read", fd: 7 });
  assertEquals([answer, events(context).map(([, error]) => error)], [SUCCESS, [EBADF, EBADF, EBADF]]);
});

Deno.test("poll_oneoff waits for bytes, and stops the clock when they come", async () => {
  const context = fakeContext();
  let stopped = false;
  context.clock.sleep = (_, signal) => {
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => {
        stopped = true;
        resolve();
      })
    );
  };
  const answer = poll(context, { type: "clock", timeout: 1_000_000_000n }, { type: "read", fd: 0 });
  assert(!await isSettled(answer as Promise<number>));
  context.stdin.push(bytesOf("ab"));
  assertEquals([await answer, events(context), stopped], [SUCCESS, [[101, SUCCESS, 1, 2, 0]], true]);
});

Deno.test("poll_oneoff waits for room", async () => {
  const context = fakeContext({ highWaterMark: 2 });
  context.stdout.push(bytesOf("ab"));
  const answer = poll(context, { type: "write", fd: 1 });
  assert(!await isSettled(answer as Promise<number>));
  context.stdout.take();
  assertEquals([await answer, events(context)], [SUCCESS, [[100, SUCCESS, 2, 2, 0]]]);
});

Deno.test("poll_oneoff returns the timeout when no other event comes, and leaves no watch", async () => {
  const context = fakeContext();
  const watches = countWatches(context.descriptors.get(0)!);
  for (let count = 0; count < 100; count++) {
    assertEquals(await poll(context, { type: "read", fd: 0 }, { type: "clock", timeout: 1n }), SUCCESS);
    assertEquals(events(context), [[101, SUCCESS, 0, 0, 0]]);
  }
  assertEquals(watches.count, 0);
});

Deno.test("poll_oneoff answers EINVAL to no subscriptions, to more than 4,096, and to an unknown type", () => {
  const context = fakeContext({ memoryBytes: 64 << 20 });
  const { poll_oneoff } = functionsOf(context);
  assertEquals(poll_oneoff(FROM, TO, 0, SIZE), EINVAL);
  assertEquals(poll_oneoff(FROM, 32 << 20, 4097, SIZE), EINVAL);
  assertEquals(poll_oneoff(0, 0, 1_000_000, SIZE), EINVAL);
  context.memory.view.setUint8(FROM + 8, 3);
  assertEquals(poll_oneoff(FROM, TO, 1, SIZE), EINVAL);
});

Deno.test("poll_oneoff charges for each subscription", () => {
  const context = fakeContext({ memoryBytes: 1 << 20 });
  assertEquals(functionsOf(context).poll_oneoff(0, 1 << 19, 4096, SIZE), SUCCESS);
  assertEquals(context.charged, 409_600);
});

Deno.test("poll_oneoff reads all subscriptions before it writes events over them", () => {
  const context = fakeContext();
  context.stdin.push(bytesOf("x"));
  poll(context, { type: "read", fd: 0 }, { type: "write", fd: 1 });
  assertEquals(functionsOf(context).poll_oneoff(FROM, FROM + 16, 2, SIZE), SUCCESS);
  assertEquals(u32At(context, SIZE), 2);
  assertEquals(context.memory.view.getBigUint64(FROM + 16 + 32, true), 101n);
});

Deno.test("wasi_unstable.poll_oneoff has subscriptions of 56 bytes, with an identifier", async () => {
  const context = fakeContext();
  const { view } = context.memory;
  for (const [index, timeout] of [9_000_000n, 2_000_000n].entries()) {
    const at = FROM + index * 56;
    view.setBigUint64(at, BigInt(100 + index), true);
    view.setBigUint64(at + 16, 0xdead_beefn, true);
    view.setUint32(at + 24, 1, true);
    view.setBigUint64(at + 32, timeout, true);
  }
  assertEquals(await functionsOf(context, "wasi_unstable").poll_oneoff(FROM, TO, 2, SIZE), SUCCESS);
  assertEquals([events(context), context.clock.slept], [[[101, SUCCESS, 0, 0, 0]], [2]]);
});

Deno.test("a waiting poll_oneoff ends with the process, and writes nothing", async () => {
  const context = fakeContext();
  neverClock(context);
  const answer = poll(context, { type: "clock", timeout: 1_000_000_000n }, { type: "read", fd: 0 });
  const before = context.memory.bytes.slice();
  await turn();
  context.end.abort();
  assertEquals([await answer, context.memory.bytes], [ECANCELED, before]);
});
