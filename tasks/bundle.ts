/**
 * Bundles the package for browsers into dist/rivulet.js, minified, and prints its size. Fails if it is over budget.
 *
 * @module
 */

import { bundle } from "../tools/bundle.ts";
import { ROOT } from "../tools/root.ts";

/** The limit of the gzipped bundle, in bytes. */
const BUDGET = 60_000;

const [file] = await bundle({
  absWorkingDir: ROOT,
  entryPoints: ["mod.ts"],
  outfile: "dist/rivulet.js",
  minify: true,
  write: false,
});
const { contents } = file!;
await Deno.mkdir(`${ROOT}dist`, { recursive: true });
await Deno.writeFile(`${ROOT}dist/rivulet.js`, contents);
const gzipped = await new Response(
  new Blob([contents as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip")),
).bytes();
console.log(`dist/rivulet.js: ${contents.length} bytes, ${gzipped.length} gzipped, of ${BUDGET}`);
if (gzipped.length > BUDGET) Deno.exit(1);
