/** @module */
import { assert, assertEquals } from "@std/assert";
import { native } from "../../bench/contenders/native.ts";
import { interpreter, rivulet } from "../../bench/contenders/rivulet.ts";
import { wasm3, wasmi } from "../../bench/contenders/embedded.ts";
import { grow } from "../../bench/grow_module.ts";
import { PROGRAMS } from "../../bench/suites.ts";
import { readModule } from "../../tools/read_module.ts";

const host = {
  read: (path: string) => Deno.readFile(new URL(`../../bench/${path}`, import.meta.url)),
  load: (name: string) => Promise.reject(new Error(`no ${name} here`)),
};

for (const contender of [native, rivulet, interpreter, wasm3, wasmi]) {
  Deno.test(`${contender.name} computes the cold checksum of every program of the bench`, async () => {
    const load = await contender.open(host);
    for (const { name, file, coldSize, coldChecksum } of PROGRAMS) {
      const { run } = await load(await readModule(host.read, file));
      assertEquals(await run(coldSize), coldChecksum, name);
    }
  });
}

Deno.test("grow makes a valid module of about the given size that does the same", async () => {
  const seed = await host.read("kernels/prebuilt/sha.wasm");
  const load = await native.open(host);
  const expected = await (await load(seed)).run(3);
  for (const size of [10_000, 1_000_000]) {
    const bytes = grow(seed, size);
    assert(Math.abs(bytes.length - size) < seed.length, `${bytes.length} bytes`);
    assertEquals(await (await load(bytes)).run(3), expected);
  }
});
