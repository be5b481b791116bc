/**
 * Builds what worker.ts deploys: the plugin as a module that counts its fuel, for the runtime to compile when it is
 * deployed. Run it whenever the plugin or the version of Rivulet changes.
 *
 * Try it: `deno run --allow-read --allow-write examples/edge/metered/build.ts`
 *
 * @module
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { meter } from "@rivulet/rivulet";

const plugin = new URL("../../guests/prebuilt/c_plugin.wasm", import.meta.url);
const output = new URL("build/plugin.metered.wasm", import.meta.url);

const metered = await meter(new Uint8Array(await readFile(plugin)));
await mkdir(new URL(".", output), { recursive: true });
await writeFile(output, metered);
console.log(`${metered.length} bytes in ${fileURLToPath(output)}`);
