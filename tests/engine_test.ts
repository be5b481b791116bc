/**
 * The engine of the tests. They run natively, and on the interpreter with `deno task test:interpreter`, which sets
 * RIVULET_ENGINE. If an engine did not serve, nothing else might notice: the other one would.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { compile } from "@rivulet/rivulet";
import { binary } from "../tools/binary.ts";
import { compileSync, interpret } from "../tools/compile.ts";
import { moduleOf } from "../tools/wat.ts";
import { guest } from "./_guests.ts";

const ENGINE = Deno.env.get("RIVULET_ENGINE") ?? "native";

Deno.test(`the modules of tests run on the ${ENGINE} engine`, async () => {
  const modules = [await compile(binary()), compileSync(binary()), moduleOf("(module)"), await guest("upper")];
  for (const { engine } of modules) {
    assertEquals(engine.name, ENGINE);
    if (ENGINE === "interpreter") assertMatch(engine.reason, /no JSPI/);
  }
  assertEquals(interpret(binary()).engine.name, "interpreter");
});
