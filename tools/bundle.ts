/**
 * How everything here is bundled: as one module, in the JavaScript of the oldest runtime that is tested.
 *
 * @module
 */

import * as esbuild from "esbuild-wasm";

/** Bundles with these options and the common ones. @returns the files, if `write` is false */
export async function bundle(options: esbuild.BuildOptions): Promise<readonly esbuild.OutputFile[]> {
  try {
    const { outputFiles } = await esbuild.build({ bundle: true, format: "esm", target: "es2024", ...options });
    return outputFiles ?? [];
  } finally {
    await esbuild.stop();
  }
}
