/**
 * Bundles the package for browsers into dist/rivulet.js, minified, and prints its size. Fails if that is over budget.
 *
 * @module
 */

import * as esbuild from "esbuild-wasm";

/** Bytes that the bundle may have, gzipped. */
const BUDGET = 60_000;

const root = new URL("../", import.meta.url).pathname;
const result = await esbuild.build({
  absWorkingDir: root,
  entryPoints: ["mod.ts"],
  outfile: "dist/rivulet.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2024",
  write: false,
});
await esbuild.stop();

const [{ contents }] = result.outputFiles;
await Deno.mkdir(`${root}dist`, { recursive: true });
await Deno.writeFile(`${root}dist/rivulet.js`, contents);
const gzipped = await new Response(
  new Blob([contents as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip")),
).bytes();
console.log(`dist/rivulet.js: ${contents.length} bytes, ${gzipped.length} gzipped, of ${BUDGET}`);
if (gzipped.length > BUDGET) Deno.exit(1);
