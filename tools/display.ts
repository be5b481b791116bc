/**
 * A display for programs that need one, on a machine without a screen.
 *
 * @module
 */

import { start } from "./process.ts";

/** A display without a screen, as the environment that names it. */
export async function startDisplay(): Promise<AsyncDisposable & { readonly env: { readonly DISPLAY: string } }> {
  const args = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
  const server = start("Xvfb", args, { stdout: "piped" });
  const reader = server.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return { env: { DISPLAY: `:${value.trim()}` }, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
