/**
 * The caps of the native engine that depend on where data goes.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { decodeModule } from "../../../src/vm/binary/decode.ts";
import { validateModule } from "../../../src/vm/binary/validate.ts";
import { dataOverCap } from "../../../src/vm/native/caps.ts";
import { binary, SECTION, section, sized, vector } from "../../../tools/binary.ts";
import { s32 } from "../../../tools/binary.ts";

/** A module with a memory of 1,000 pages and so many segments of a byte, at such a distance. */
function withData(count: number, distance: number) {
  const segment = (index: number) => [0, 0x41, ...s32(index * distance), 0x0b, ...sized([7])];
  const segments = Array.from({ length: count }, (_, index) => segment(index));
  const record = decodeModule(
    binary(section(SECTION.memory, [1, 0, ...s32(1_000)]), section(SECTION.data, vector(segments))),
  );
  validateModule(record);
  return record;
}

Deno.test("many segments side by side are no burden, as in Go's modules, and far from each other they are", () => {
  assertEquals(dataOverCap(withData(40_000, 16)), undefined);
  assertEquals(dataOverCap(withData(10_000, 4_096)), undefined);
  assertMatch(dataOverCap(withData(10_001, 4_096))!, /data in 10001 places/);
});
