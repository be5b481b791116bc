/**
 * Bundles each entry of the package for browsers, minified, and prints the sizes. Fails if one is over its budget. The
 * bundle of the root is written to dist/rivulet.js.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { bundle } from "../tools/bundle.ts";
import { ROOT } from "../tools/root.ts";

/** The limit of an entry's gzipped bundle, in bytes. Whoever needs less than everything imports a layer. */
const BUDGETS: Readonly<Record<keyof typeof config.exports, number>> = {
  ".": 110_000,
  "./vm": 48_000,
  "./wasi": 50_000,
  "./rpc": 25_000,
  "./workers": 60_000,
  "./workers/worker": 117_000,
  "./workers/node": 117_000,
};

const sizes: Record<string, { readonly bytes: number; readonly gzipped: number; readonly budget: number }> = {};
for (const [entry, file] of Object.entries(config.exports)) {
  const [output] = await bundle({
    absWorkingDir: ROOT,
    entryPoints: [file],
    outfile: "dist/rivulet.js",
    minify: true,
    write: false,
    external: ["node:*"],
  });
  const contents = output!.contents as Uint8Array<ArrayBuffer>;
  if (entry === ".") {
    await Deno.mkdir(`${ROOT}dist`, { recursive: true });
    await Deno.writeFile(`${ROOT}dist/rivulet.js`, contents);
  }
  const gzipped = await new Response(new Blob([contents]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  const budget = BUDGETS[entry as keyof typeof BUDGETS];
  sizes[entry] = { bytes: contents.length, gzipped: gzipped.length, budget };
}
console.table(sizes);
if (Object.values(sizes).some(({ gzipped, budget }) => gzipped > budget)) Deno.exit(1);
