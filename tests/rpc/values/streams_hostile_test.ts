/** Tests of src/rpc/values/streams.ts: an other side that keeps no rule. */

import { ErrorCode, LimitError, RpcError, RpcProtocolError } from "@rivulet/rivulet/rpc";
import { assert, assertEquals, assertInstanceOf, assertLess, assertRejects, assertThrows } from "@std/assert";
import { settle } from "../../_wire.ts";
import { pair, streamMessage } from "./_pair.ts";

Deno.test("messages about streams that are not open are ignored", async () => {
  const { one, other } = pair();
  await one.pass([new ReadableStream(), new WritableStream()]);
  for (const kind of ["readable", "writable"]) {
    for (const id of [2, 3, 2 ** 53 - 1]) {
      await one.receive(streamMessage("end", { [kind]: id }));
      await one.receive(streamMessage("cancel", { [kind]: id }));
      await one.receive(streamMessage("credit", { [kind]: id, bytes: 1 }));
      await one.receive(streamMessage("chunk", { [kind]: id, value: 1 }));
    }
  }
  // The sink's messages for the source's end, and the other way round.
  await one.receive(streamMessage("chunk", { readable: 0, value: 1 }));
  await one.receive(streamMessage("end", { readable: 0 }));
  await one.receive(streamMessage("credit", { writable: 1, bytes: 1 }));
  await one.receive(streamMessage("cancel", { writable: 1 }));
  assertEquals([one.table.size, other.table.size, one.faults], [2, 2, []]);
  assertEquals(one.sent.map(({ method }) => method), ["$/stream/credit"]);
});

const MALFORMED: readonly [method: string, params: unknown, what: string][] = [
  ["chunk", null, "its params are not an object"],
  ["end", [], 'it needs a "readable" or a "writable" with the id of a stream'],
  ["end", { readable: 0, writable: 0 }, 'it needs a "readable" or a "writable"'],
  ["cancel", { readable: "0" }, 'it needs a "readable" or a "writable"'],
  ["cancel", { writable: -1 }, 'it needs a "readable" or a "writable"'],
  ["cancel", { writable: 1.5 }, 'it needs a "readable" or a "writable"'],
  ["chunk", { readable: 0 }, 'it has no "value"'],
  ["credit", { readable: 0 }, 'its "bytes" are not a whole number from 1'],
  ["credit", { readable: 0, bytes: 0 }, 'its "bytes" are not a whole number from 1'],
  ["credit", { readable: 0, bytes: -5 }, 'its "bytes" are not a whole number from 1'],
  ["credit", { readable: 0, bytes: 1e300 }, 'its "bytes" are not a whole number from 1'],
];

Deno.test("malformed messages about streams are faults, and end no stream", async () => {
  const { one } = pair();
  await one.pass(new ReadableStream());
  for (const [method, params, what] of MALFORMED) {
    await one.receive(streamMessage(method, params));
    const fault = one.faults.pop();
    assertInstanceOf(fault, RpcProtocolError);
    assertEquals(fault.fault, "stream");
    assert(fault.message.startsWith(`message is not a valid $/stream/${method}: ${what}`), fault.message);
  }
  assertEquals(one.table.size, 1);
});

Deno.test("a chunk without credit is a fault, and cancels its stream", async () => {
  const { one, other } = pair();
  const { value } = await one.pass(new ReadableStream());
  await other.receive(streamMessage("chunk", { readable: 0, value: 1 }));
  const [fault] = other.faults;
  assertInstanceOf(fault, RpcProtocolError);
  assertEquals([fault.fault, fault.message], ["stream", "message is a chunk without credit"]);
  await settle();
  assertEquals(other.sent.map(({ method }) => method), ["$/stream/cancel"]);
  assertEquals([one.table.size, other.table.size], [0, 0]);
  assertEquals(await assertRejects(() => value.getReader().read()), fault);
});

Deno.test("a flood of chunks is stopped at the credit, and the rest costs nothing", async () => {
  const { one, other } = pair();
  const { value } = await one.pass(new ReadableStream());
  value.getReader().read();
  await settle();
  const text = streamMessage("chunk", { readable: 0, value: "x".repeat(1_000) });
  for (let index = 0; index < 1_000; index++) await other.receive(text);
  assertEquals([other.faults.length, other.table.size], [1, 0]);
});

Deno.test("a flood of chunks for a passed writable is stopped at the credit", async () => {
  const { one } = pair();
  let written = 0;
  let aborted: unknown;
  await one.pass(
    new WritableStream({
      write: () => (written++, new Promise<void>(() => {})),
      abort: (reason) => void (aborted = reason),
    }),
  );
  await settle();
  const text = streamMessage("chunk", { writable: 0, value: "x".repeat(1_000) });
  for (let index = 0; index < 100; index++) await one.receive(text);
  await settle();
  assertEquals([one.faults.length, one.table.size, written], [1, 0, 1]);
  assertEquals(aborted, undefined);
});

Deno.test("waiting chunks of all streams together are limited by their memory", async () => {
  const { one, other } = pair({ queueBytes: 1 << 20 });
  const { value } = await one.pass(Array.from({ length: 64 }, () => new ReadableStream()));
  for (const stream of value) stream.getReader().read();
  await settle();
  // 300 bytes of text, 100 of which are arrays: more than ten times as much memory.
  const big = JSON.stringify(Array.from({ length: 100 }, () => []));
  let sent = 0;
  for (let round = 0; round < 40 && other.faults.length === 0; round++) {
    for (let id = 0; id < 64; id++, sent++) {
      await other.receive(streamMessage("chunk", { readable: id, value: JSON.parse(big) }));
    }
  }
  const [fault] = other.faults;
  assertInstanceOf(fault, LimitError);
  assertEquals([fault.limit, fault.value], ["queueBytes", 1 << 20]);
  assertLess(sent * 6_000, 3 << 20);
});

Deno.test("memory of chunks that were read or dropped is free again", async () => {
  const { one, other } = pair({ queueBytes: 100_000 });
  for (let round = 0; round < 20; round++) {
    let id = 0;
    const { value } = await one.pass(new ReadableStream());
    const reader = value.getReader();
    reader.read();
    await settle();
    id = other.sent.at(-1).params.readable;
    for (let index = 0; index < 10; index++) {
      await other.receive(streamMessage("chunk", { readable: id, value: "x".repeat(1_000) }));
    }
    if (round % 2 === 0) await reader.cancel();
    else {
      await other.receive(streamMessage("end", { readable: id }));
      while (!(await reader.read()).done);
    }
  }
  assertEquals(other.faults, []);
});

Deno.test("chunks that wait count after their stream has ended, and the ended stream does too", async () => {
  for (const [size, most] of [[1_000, 40], [1, 40]] as const) {
    const { one, other } = pair({ queueBytes: 100_000 });
    const kept: unknown[] = [];
    for (let round = 0; round < 200 && other.faults.length === 0; round++) {
      const { value } = await one.pass(new ReadableStream());
      value.getReader().read();
      kept.push(value);
      await settle();
      const id = other.sent.at(-1).params.readable;
      for (const _ of [1, 2]) await other.receive(streamMessage("chunk", { readable: id, value: "x".repeat(size) }));
      await other.receive(streamMessage("end", { readable: id }));
      assertLess(round, most);
    }
    assertInstanceOf(other.faults[0], LimitError);
    assert(kept.length > 10);
  }
});

Deno.test("what a stream failed with is no longer than requestBytes, and has its data as an answer has them", async () => {
  const failures: readonly [RpcError, unknown][] = [
    [new RpcError(1, "no", new Uint8Array(2)), { code: 1, message: "no", data: { $bytes: "AAA=" } }],
    [new RpcError(1, "no", "x".repeat(300)), { code: 1, message: "no" }],
    [new RpcError(1, "x".repeat(300), 5), { code: 1, message: "the error is too long" }],
    [new RpcError(1, "no", new Map()), { code: 1, message: "no" }],
    [new RpcError(1, "no", new Blob([])), { code: 1, message: "no" }],
    [
      Object.defineProperty(new RpcError(1, "no"), "code", { get: () => assert(false) }),
      { code: ErrorCode.internalError, message: "internal error" },
    ],
  ];
  for (const [failure, error] of failures) {
    const { one, other } = pair({ requestBytes: 200 });
    const { value } = await one.pass(new ReadableStream({ start: (controller) => controller.error(failure) }));
    await value.getReader().read().catch(() => {});
    await settle();
    const [end] = one.sent;
    assertEquals([end.method, end.params.error, other.table.size], ["$/stream/end", error, 0]);
  }
});

Deno.test("if one of several streams can't be locked, none is", async () => {
  const { one } = pair();
  const free = new ReadableStream();
  const fake = { [Symbol.toStringTag]: "ReadableStream", locked: false, getReader: () => assert(false) };
  await assertRejects(() => one.pass([free, Object.create(fake)]));
  assertEquals([free.locked, one.table.size], [false, 0]);
});

Deno.test("thousands of opens are limited on both sides", async () => {
  const { one, other } = pair({ openStreams: 10 });
  for (let id = 0; id < 10; id++) other.table.open(id % 2 === 0 ? "readable" : "writable", id);
  for (let id = 10; id < 5_000; id++) assertThrows(() => other.table.open("readable", id), LimitError);
  assertEquals(other.table.size, 10);
  const streams = Array.from({ length: 11 }, () => new ReadableStream());
  const error = await assertRejects(() => one.pass(streams), LimitError, "more than 10 streams are open");
  assertEquals([error.limit, streams.some(({ locked }) => locked)], ["openStreams", false]);
});

Deno.test("the id of an open stream can't be passed again", () => {
  const { other } = pair();
  other.table.open("readable", 5);
  other.table.open("writable", 5);
  assertThrows(() => other.table.open("readable", 5), RpcProtocolError, "has the id of an open stream: 5");
  assertThrows(() => other.table.open("writable", 5), RpcProtocolError);
});

Deno.test("a storm of cancellations and ends is heard once", async () => {
  const { one } = pair();
  const told: unknown[] = [];
  await one.pass([
    new ReadableStream({ cancel: (reason) => void told.push(reason) }),
    new WritableStream({ abort: (reason) => void told.push(reason) }),
  ]);
  for (let index = 0; index < 1_000; index++) {
    await one.receive(streamMessage("cancel", { readable: 0, error: { code: index, message: "stop" } }));
    await one.receive(streamMessage("end", { writable: 1, error: { code: index, message: "stop" } }));
  }
  await settle();
  assertEquals(told.map((reason) => reason instanceof RpcError && reason.code), [0, 0]);
  assertEquals([one.faults, one.sent.length], [[], 1]);
});

Deno.test("credit without end is only a large number", async () => {
  const { one } = pair();
  let pulled = 0;
  await one.pass(new ReadableStream({ pull: () => (pulled++, new Promise<void>(() => {})) }, { highWaterMark: 0 }));
  for (let index = 0; index < 10_000; index++) {
    await one.receive(streamMessage("credit", { readable: 0, bytes: Number.MAX_SAFE_INTEGER }));
  }
  assertEquals([pulled, one.faults], [1, []]);
});

Deno.test("an end with a malformed error is an error, and control characters of its message are replaced", async () => {
  for (const error of [5, null, {}, { code: "x", message: "y" }, { code: 1, message: "a\u001b[2Jb" }]) {
    const { one, other } = pair();
    const { value } = await one.pass(new ReadableStream());
    const read = value.getReader().read();
    await other.receive(streamMessage("end", { readable: 0, error }));
    const reason = await assertRejects(() => read, RpcError);
    assertEquals(reason.message.includes("\u001b"), false);
  }
});

Deno.test("$bytes of a chunk that can't be read are a fault of their message", async () => {
  const { one, other } = pair();
  const { value } = await one.pass(new ReadableStream());
  value.getReader().read();
  await settle();
  await other.receive(streamMessage("chunk", { readable: 0, value: { $bytes: "!" } }));
  assertInstanceOf(other.faults[0], RpcProtocolError);
  assertEquals(other.faults[0].fault, "value");
});

Deno.test("nobody hears of a stream after its table has closed", async () => {
  const { one, other } = pair();
  await one.pass(new ReadableStream());
  one.table.close(new Error("closed"));
  await one.receive(streamMessage("credit", { readable: 0, bytes: 10 }));
  assertEquals([one.sent, one.faults, one.table.size, other.table.size], [[], [], 0, 1]);
  assertThrows(() => one.table.open("readable", 1), Error, "closed");
});
