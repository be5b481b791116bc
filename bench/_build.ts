/**
 * What the bench's builds share: the compiler of C, commands that have to succeed, and compressed modules.
 *
 * @module
 */

import { outputOf } from "../tools/process.ts";

/** Debian's, with wasi-libc beside it. */
export const CLANG = "clang-19";

/** Runs a command without a time limit. If it fails, throws with the end of its error output. */
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
