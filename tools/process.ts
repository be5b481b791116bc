/**
 * Child processes: each with a time limit, its output as text, and nothing left behind.
 *
 * @module
 */

/** The default time limit of a child: long enough for all portable tests on a slow machine. */
export const RUN_MS = 600_000;
/** Characters of a failed child's error output that are shown. */
const TAIL = 2_000;

/** Runs a program to its end and returns its standard output. If it fails, throws with the end of its error output. */
export async function outputOf(
  program: string,
  args: readonly string[],
  options?: Deno.CommandOptions,
): Promise<string> {
  const child = new Deno.Command(program, {
    signal: AbortSignal.timeout(RUN_MS),
    ...options,
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, code, signal, stdout, stderr } = await child.output();
  if (success) return new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr).trim().slice(-TAIL);
  throw new Error(`${program} ended with ${signal ?? `code ${code}`}: ${said}`);
}

/** A program that runs until it is disposed of. */
export function start(program: string, args: readonly string[], options?: Deno.CommandOptions): AsyncDisposable & {
  readonly child: Deno.ChildProcess;
} {
  const child = new Deno.Command(program, {
    stdout: "null",
    stderr: "null",
    ...options,
    args: [...args],
    stdin: "null",
  })
    .spawn();
  return {
    child,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has exited by itself.
      }
      await child.status;
    },
  };
}
