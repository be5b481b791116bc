/**
 * Tests of src/base/requirements.ts: a runtime that is too old is refused, with the reason.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { checkRuntime } from "../../src/base/requirements.ts";

/** What this runtime has, by name, with changes. */
function scopeWith(changes: Record<string, unknown>): Record<string, unknown> {
  const { Promise, Object, WeakRef, ReadableStream, WritableStream, TransformStream } = globalThis;
  const { AbortController, TextDecoder, performance } = globalThis;
  return {
    ...{ Promise, Object, WeakRef, ReadableStream, WritableStream, TransformStream },
    ...{ AbortController, TextDecoder, performance },
    ...changes,
  };
}

Deno.test("a runtime like Node 20 is refused with what it lacks and which versions have it", () => {
  const error = assertThrows(() => checkRuntime(scopeWith({ Promise: { resolve() {} } })), Error);
  assertEquals(
    error.message,
    "Rivulet can't run here: this runtime lacks Promise.withResolvers. " +
      "Use Node 22, Deno 2, Bun 1.2, Chrome 119, Firefox 121, Safari 17.4, or a later version",
  );
  assertThrows(
    () => checkRuntime(scopeWith({ ReadableStream: undefined, performance: {} })),
    Error,
    [
      "this runtime lacks ReadableStream, performance.now. Use Node 22",
    ].join(),
  );
  checkRuntime(scopeWith({}));
});
