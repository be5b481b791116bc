/**
 * An OpenTelemetry adapter: a span for each call of a plugin and for each host method that it calls, in the trace of
 * whoever called, with fuel, memory and queue lengths.
 *
 * Pass what it returns as the option `observe` of a plugin.
 *
 * @module
 */

import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import type { PluginObserver } from "@rivulet/rivulet";

/** Makes the observer. */
export function observeWith(tracer: Tracer): PluginObserver {
  return {
    call(start) {
      const attributes = { "rivulet.pending": start.stats.pending, "rivulet.warm": start.stats.warm };
      const name = `${start.plugin}.${start.method}`;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, contextOf(start.traceparent));
      start.traceparent = traceparentOf(span);
      return ({ outcome, error, fuelUsed, memoryPages, sends }) =>
        end(span, { outcome, fuelUsed, memoryPages, sends }, error);
    },
    hostCall({ plugin, method, traceparent, running }) {
      const attributes = { "rivulet.running": running };
      const span = tracer.startSpan(`host.${method}`, { kind: SpanKind.SERVER, attributes }, contextOf(traceparent));
      return ({ outcome, error }) => end(span, { outcome, plugin }, error);
    },
  };
}

function end(span: Span, facts: Readonly<Record<string, string | number>>, error: unknown): void {
  for (const [name, value] of Object.entries(facts)) span.setAttribute(`rivulet.${name}`, value);
  if (error !== undefined) span.recordException(error instanceof Error ? error : String(error));
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
  span.end();
}

/** The context of a span that is elsewhere, or else the active one. */
function contextOf(traceparent: string | undefined): Context {
  if (traceparent === undefined) return context.active();
  const [, traceId, spanId, flags] = traceparent.split("-") as [string, string, string, string];
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
