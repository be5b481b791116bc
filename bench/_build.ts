/**
 * What builds of the bench have in common: the compiler of C, commands that have to succeed, and modules kept compressed.
 *
 * @module
 */

/** Debian's, with wasi-libc beside it. */
export const CLANG = "clang-19";

/** Runs a command; throws with its error output if it fails. */
export async function run(
  [program, ...args]: readonly string[],
  cwd: string,
  env?: Record<string, string>,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program!, { args, cwd, env, stdin: "null" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}

/** Compresses a module. */
export async function pack(from: string, to: string): Promise<void> {
  const file = await Deno.open(from);
  await Deno.writeFile(to, file.readable.pipeThrough(new CompressionStream("gzip")));
}
