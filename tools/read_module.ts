/**
 * Reads WebAssembly modules that are kept as they are or compressed.
 *
 * @module
 */

/** Reads a module with a function that reads files. A file whose name ends with `.gz` is compressed with gzip. */
export async function readModule(
  read: (path: string) => Promise<Uint8Array<ArrayBuffer>>,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await read(path);
  if (!path.endsWith(".gz")) return bytes;
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
