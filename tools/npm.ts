/**
 * Packages from npm, in folders of dist that are kept from run to run.
 *
 * @module
 */

import { ROOT } from "./root.ts";

const PACKAGES = `${ROOT}dist/runtimes/packages`;

/** Installs a program, a package as name@version, unless it is installed already. @returns its path */
export async function npmProgram(packageName: string): Promise<string> {
  const folder = `${PACKAGES}/${packageName.replace("@", "-")}`;
  await npmInstall(folder, [packageName]);
  return `${folder}/node_modules/.bin/${packageName.split("@")[0]}`;
}

/** Installs packages, each as name@version, into the node_modules of a folder, unless they are installed already. */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  const marker = `${folder}/node_modules/.installed`;
  const wanted = packages.join(" ");
  if (await Deno.readTextFile(marker).catch(() => "") === wanted) return;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.remove(`${folder}/node_modules`, { recursive: true }).catch(() => {});
  await Deno.writeTextFile(`${folder}/package.json`, "{}");
  const npm = new Deno.Command("npm", {
    args: ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", ...packages],
    cwd: folder,
    stdin: "null",
  });
  const { success, stderr } = await npm.output();
  if (!success) throw new Error(`npm can't install ${wanted}: ${new TextDecoder().decode(stderr).trim()}`);
  await Deno.writeTextFile(marker, wanted);
}
