/**
 * What builds of the bench have in common: the compiler of C, commands that have to succeed, and modules kept compressed.
 *
 * @module
 */

import { outputOf } from "../tools/process.ts";

/** Debian's, with wasi-libc beside it. */
export const CLANG = "clang-19";

/** Runs a command, however long it takes; throws with the end of its error output if it fails. */
export async function run(
  [program, ...args]: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<void> {
  await outputOf(program!, args, { cwd, env, signal: undefined });
}

/** Compresses a module. */
export async function pack(from: string, to: string): Promise<void> {
  const file = await Deno.open(from);
  await Deno.writeFile(to, file.readable.pipeThrough(new CompressionStream("gzip")));
}
