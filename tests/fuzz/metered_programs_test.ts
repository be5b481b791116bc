/**
 * The kernels and programs of the bench, metered: the same results and fuel as on the interpreter, in valid modules that
 * are not much larger. So are the example guests.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { kernels } from "../../bench/kernels/kernels.ts";
import { programs } from "../../bench/programs/programs.ts";
import type { Program } from "../../bench/program.ts";
import { meter } from "../../tools/metered.ts";
import { readModule } from "../../tools/read_module.ts";
import { compileSync } from "../../src/vm/choose.ts";
import { instantiate } from "../../src/vm/mod.ts";
import type { Imports } from "../../src/vm/mod.ts";

const ROOT = new URL("../../", import.meta.url);
/** The size of a real program with metering, at most, and that of a kernel, to which a fixed part of some 100 bytes is added. */
const MOST_LARGER = 1.55;
const MOST_LARGER_KERNEL = 1.9;

const read = (path: string) => readModule((file) => Deno.readFile(new URL(file, ROOT)), path);

async function outcome(engine: "interpreter" | "native", bytes: Uint8Array<ArrayBuffer>, size: number) {
  const module = compileSync(bytes, { engine });
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name, type } of module.imports) {
    const results = type?.results.map((result) => result === "i64" ? 0n : 0) ?? [];
    (imports[from] ??= {})[name] = () => results.length > 1 ? results : results[0];
  }
  const instance = await instantiate(module, imports as Imports);
  if (module.export("_initialize") !== undefined) await instance.call("_initialize");
  return { checksum: await instance.call("run", [size]), fuel: instance.fuelUsed };
}

function test(folder: string, { name, file, coldSize, coldChecksum }: Program, mostLarger: number): void {
  Deno.test(`${name} has the same result and fuel on both engines, and is at most ${mostLarger} times as large`, async () => {
    const bytes = await read(`bench/${folder}/${file}`);
    const { metered } = meter(bytes);
    assert(metered.bytes.length <= bytes.length * mostLarger, `${metered.bytes.length / bytes.length}`);
    const native = await outcome("native", bytes, coldSize);
    assertEquals(native, await outcome("interpreter", bytes, coldSize));
    assertEquals(native.checksum, coldChecksum);
  });
}

for (const kernel of kernels) test("kernels", kernel, MOST_LARGER_KERNEL);
for (const program of programs) test("programs", program, MOST_LARGER);

Deno.test("the example guests are valid modules with metering", async () => {
  const folder = new URL("examples/guests/prebuilt/", ROOT);
  let count = 0;
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".wasm")) continue;
    const { metered } = meter(await Deno.readFile(new URL(name, folder)));
    assert(WebAssembly.validate(metered.bytes), name);
    count++;
  }
  assert(count > 5);
});
