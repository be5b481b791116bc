/**
 * Trees of files, as paths relative to their roots: the files that a package has, and those that it should have.
 *
 * @module
 */

/** Paths of the files under a folder, relative to it. */
export async function filesUnder(folder: string, path = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${path}`)) {
    if (isDirectory) paths.push(...await filesUnder(folder, `${path}${name}/`));
    else paths.push(path + name);
  }
  return paths.sort();
}

/** Throws if the files of a package are not those that are expected. */
export function checkTree(found: readonly string[], expected: readonly string[]): void {
  const odd = [
    ...found.filter((path) => !expected.includes(path)).map((path) => `${path} should not be in the package`),
    ...expected.filter((path) => !found.includes(path)).map((path) => `${path} is not in the package`),
  ];
  if (odd.length > 0) throw new Error(odd.join("; "));
}
