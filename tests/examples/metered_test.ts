/**
 * The Worker whose plugin was metered ahead of time, as a user builds and deploys it.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { bundle } from "../../tools/bundle.ts";
import { npmProgram } from "../../tools/npm.ts";
import { outputOf } from "../../tools/process.ts";
import { ROOT } from "../../tools/root.ts";
import { RUNTIMES } from "../../tools/runtimes.ts";
import { startWorker } from "../../tools/workerd.ts";
import { commandOf } from "./_child.ts";

const METERED = "examples/edge/metered/build/plugin.metered.wasm";

Deno.test("a Worker runs a plugin that was metered ahead of time natively, within its limits", async () => {
  const [, ...args] = commandOf("examples/edge/metered/build.ts");
  assertMatch(await outputOf(Deno.execPath(), args, { cwd: ROOT }), /^\d+ bytes in /);
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: `${ROOT}dist`, prefix: "metered_" });
  try {
    await bundle({
      entryPoints: [`${ROOT}examples/edge/metered/worker.ts`],
      outfile: `${folder}/worker.js`,
      alias: { "@rivulet/rivulet": `${ROOT}mod.ts` },
      external: ["*.wasm"],
    });
    await Deno.mkdir(`${folder}/build`);
    await Deno.copyFile(ROOT + METERED, `${folder}/build/plugin.metered.wasm`);
    await using worker = await startWorker(await npmProgram(RUNTIMES.workerd), `${folder}/worker.js`, {
      assets: `${ROOT}examples/guests/prebuilt`,
      wasm: ["build/plugin.metered.wasm"],
    });
    const ask = async (body: unknown) => {
      const answer = await worker.fetch({ method: "POST", body: JSON.stringify(body) });
      return await answer.json();
    };
    const sieve = { method: "prime_sieve", params: 100_000 };
    assertEquals(await ask(sieve), { engine: "native", result: { count: 9592, limit: 100_000 } });
    assertEquals(await ask({ method: "many_echo", params: 20 }), { engine: "native", result: null });
    const sleep = await ask({ method: "sleep", params: 60_000 });
    assertEquals(sleep.reason, "limit");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
