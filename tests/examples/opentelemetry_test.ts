/**
 * The OpenTelemetry adapter among the examples, with the SDK.
 *
 * @module
 */

import { SpanStatusCode } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Plugin } from "@rivulet/rivulet";
import { observeWith } from "../../examples/opentelemetry.ts";
import { guest } from "../_guests.ts";

const c = await guest("c_plugin");
const faulty = await guest("faulty");

/** A plugin's observer, and the spans that have ended. */
function traced() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const spanOf = (name: string): ReadableSpan => exporter.getFinishedSpans().find((span) => span.name === name)!;
  return { observe: observeWith(provider.getTracer("test")), exporter, spanOf };
}

Deno.test("a traceparent goes through a call, the host method that it calls, and a nested call", async () => {
  const { observe, exporter, spanOf } = traced();
  await using inner = new Plugin(c, { name: "inner", observe });
  await using outer: Plugin = new Plugin(c, {
    name: "outer",
    observe,
    methods: {
      echo: async (params: unknown, { traceparent }) => {
        await inner.call("ping", undefined, { traceparent });
        return params;
      },
    },
  });
  const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
  await outer.call("many_echo", 1, { traceparent: `00-${traceId}-${spanId}-01` });
  const [call, host, nested] = [spanOf("outer.many_echo"), spanOf("host.echo"), spanOf("inner.ping")];
  assertEquals(exporter.getFinishedSpans().length, 3);
  assertEquals([call, host, nested].map((span) => span.spanContext().traceId), [traceId, traceId, traceId]);
  assertEquals(call.parentSpanContext?.spanId, spanId);
  assertEquals(host.parentSpanContext?.spanId, call.spanContext().spanId);
  assertEquals(nested.parentSpanContext?.spanId, call.spanContext().spanId);
  assertEquals(call.attributes["rivulet.outcome"], "answer");
  assert(call.attributes["rivulet.fuelUsed"] as number > 1_000);
  assert(call.attributes["rivulet.memoryPages"] as number > 0);
  assertEquals(host.attributes["rivulet.plugin"], "outer");
});

Deno.test("a failure is the status of its span", async () => {
  const { observe, spanOf } = traced();
  await using plugin = new Plugin(faulty, { name: "faulty", observe });
  await assertRejects(() => plugin.call("trap"));
  const { status, attributes, events } = spanOf("faulty.trap");
  assertEquals([status.code, attributes["rivulet.outcome"]], [SpanStatusCode.ERROR, "failure"]);
  assertEquals(events[0]!.name, "exception");
});
