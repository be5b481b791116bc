/**
 * Copies of whole folders.
 *
 * @module
 */

/** Copies a folder with all its contents. It creates the target if needed, and overwrites the target's files. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
    else await copyFolder(`${from}/${name}`, `${to}/${name}`);
  }
}
