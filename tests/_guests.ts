/**
 * The example guests as modules, for tests: those that are checked in, and those that `deno task guests` builds.
 * RIVULET_GUESTS names another folder for them, the `--out` of such a build.
 *
 * @module
 */

import { compile } from "@rivulet/rivulet";
import type { CompileOptions, Module } from "@rivulet/rivulet";

const GUESTS = Deno.env.get("RIVULET_GUESTS") ?? `${import.meta.dirname}/../examples/guests`;

/** Whether the guest exists: the Rust and Go plugins must be built first. */
export function hasGuest(name: string): boolean {
  return pathOf(name) !== undefined;
}

/** A guest by its file name. */
export async function guest(name: string, options?: CompileOptions): Promise<Module> {
  const path = pathOf(name);
  if (path === undefined) throw new Error(`the guest ${name} does not exist: run \`deno task guests\``);
  return await compile(await Deno.readFile(path), options);
}

function pathOf(name: string): string | undefined {
  for (const folder of ["prebuilt", "build"]) {
    const path = `${GUESTS}/${folder}/${name}.wasm`;
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Look in the next folder.
    }
  }
  return undefined;
}
