/**
 * The playground's bundle. Its pages are tested in browsers by `tests/pages`.
 *
 * @module
 */

import { assert } from "@std/assert";
import { buildPlayground } from "../../tasks/playground.ts";
import { ROOT } from "../../tools/root.ts";

Deno.test("the playground's bundle builds from the package's own entries", async () => {
  await buildPlayground();
  const { size } = await Deno.stat(`${ROOT}dist/playground/playground.js`);
  assert(size > 100_000, `${size} bytes`);
});
