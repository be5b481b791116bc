/**
 * The example plugin that takes and makes bytes and streams: they cross a real guest.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Plugin, type PluginOptions, RpcError } from "@rivulet/rivulet";
import { guest } from "../_guests.ts";
import { collect, streamOf } from "../_wire.ts";

const module = await guest("streams");

function plugin(options: PluginOptions = {}): Plugin {
  return new Plugin(module, { limits: { deadlineMs: 20_000 }, ...options });
}

Deno.test("bytes cross a guest whose manifest says that it reads them", async () => {
  await using it = plugin();
  assertEquals(it.manifest?.accepts, ["bytes", "streams"]);
  const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index);
  for (let length = 0; length < 5; length++) {
    assertEquals(await it.call("invert", bytes.slice(0, length)), bytes.slice(0, length).map((byte) => ~byte));
  }
  assertEquals(await it.call("invert", bytes), bytes.map((byte) => ~byte));
  assertEquals(await it.call("size", bytes.buffer), 1_000);
  assertEquals(await it.call("size", new Blob([bytes])), 1_000);
});

Deno.test("the option accepts comes before the manifest", async () => {
  await using it = plugin({ accepts: [] });
  await assertRejects(
    () => it.call("size", new Uint8Array(1)),
    TypeError,
    "params is a Uint8Array: the other side has not agreed to bytes",
  );
});

for (const lifetime of ["call", "plugin"] as const) {
  Deno.test(`a stream crosses a guest with the lifetime ${lifetime}, after the answer and in order`, async () => {
    await using it = plugin({ lifetime });
    const stream = await it.call("upper", streamOf("ab", new Uint8Array([99, 100]), "é\n", "z"));
    assertEquals(await collect(stream), ["AB", new Uint8Array([67, 68]), "é\n", "Z"]);
  });

  Deno.test(`many bytes cross a guest with the lifetime ${lifetime} under backpressure`, async () => {
    await using it = plugin({ lifetime });
    let pulled = 0;
    const source = new ReadableStream({
      pull(controller) {
        if (pulled++ === 20) controller.close();
        else controller.enqueue(new Uint8Array(20_000).fill(97));
      },
    }, { highWaterMark: 0 });
    const reader = (await it.call("upper", source) as ReadableStream<Uint8Array>).getReader();
    let length = (await reader.read()).value!.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert(pulled < 10, `${pulled} chunks were pulled`);
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      assert(next.value.every((byte) => byte === 65));
      length += next.value.length;
    }
    assertEquals(length, 400_000);
  });
}

Deno.test("a stream that a guest makes lives on after its answer, and its reader may cancel it", async () => {
  await using it = plugin();
  assertEquals(await collect(await it.call("count", 3)), [2, 1, 0]);
  const stream = await it.call("count", 1_000_000) as ReadableStream<unknown>;
  const reader = stream.getReader();
  assertEquals((await reader.read()).value, 999_999);
  await reader.cancel();
});

Deno.test("a guest writes to a stream of the host, and answers at its end", async () => {
  await using it = plugin({ lifetime: "plugin" });
  const chunks: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const out = new WritableStream({
    write: (chunk) => void chunks.push(chunk),
    close: () => closed.resolve(),
  });
  assertEquals(await it.call("fill", { out, count: 2_000 }), "filled");
  await closed.promise;
  assertEquals([chunks.length, chunks[0], chunks.at(-1)], [2_000, 1_999, 0]);
  assertEquals(await it.call("size", new Uint8Array(2)), 2);
});

Deno.test("a guest hears that the stream of the host has failed", async () => {
  await using it = plugin({ lifetime: "plugin" });
  const out = new WritableStream({ write: () => Promise.reject(new Error("the disk is full")) });
  const error = await assertRejects(() => it.call("fill", { out, count: 10_000 }), RpcError);
  assert(error.message.includes("the host cancelled the stream"));
  assertEquals(await it.call("size", new Uint8Array(2)), 2);
});

Deno.test("an error of a stream crosses a guest", async () => {
  await using it = plugin({ onError: () => {} });
  const source = new ReadableStream({ pull: () => Promise.reject(new RpcError(7, "no more")) });
  const stream = await it.call("upper", source) as ReadableStream<unknown>;
  const error = await stream.getReader().read().catch((error: unknown) => error);
  assertInstanceOf(error, RpcError);
  assertEquals([error.code, error.message], [7, "no more"]);
});

Deno.test("a guest that ends errors its streams", async () => {
  const it = plugin({ lifetime: "plugin" });
  const stream = await it.call("upper", new ReadableStream()) as ReadableStream<unknown>;
  const read = stream.getReader().read();
  await it[Symbol.asyncDispose]();
  await assertRejects(() => read);
});
