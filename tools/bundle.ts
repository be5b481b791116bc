/**
 * How everything here is bundled: as one module, in the JavaScript of the oldest runtime that is tested.
 *
 * @module
 */

import * as esbuild from "esbuild-wasm";
import config from "../deno.json" with { type: "json" };
import { ROOT } from "./root.ts";

/** Bundles with these options and the common ones. @returns the files, if `write` is false */
export async function bundle(options: esbuild.BuildOptions): Promise<readonly esbuild.OutputFile[]> {
  try {
    const { outputFiles } = await esbuild.build({ bundle: true, format: "esm", target: "es2024", ...options });
    return outputFiles ?? [];
  } finally {
    await esbuild.stop();
  }
}

/** The package's entries by the names that users import, as files. Longer names first: esbuild takes the first match. */
export function packageAliases(): Record<string, string> {
  const entries = Object.entries(config.exports).map(([entry, file]) =>
    [entry.replace(".", config.name), `${ROOT}${file}`] as const
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => b.length - a.length));
}
