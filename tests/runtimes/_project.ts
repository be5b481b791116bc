/**
 * A copy of the package in dist that Node, Bun and bundlers resolve like any package: by a package.json that is made
 * from deno.json. Source files are copied unchanged. Tests and tools with `await using` are lowered, because the oldest
 * Node and WebKit lack it. Modules that need files or wabt are replaced with the data that the run in Deno left.
 *
 * @module
 */

import * as esbuild from "esbuild-wasm";
import config from "../../deno.json" with { type: "json" };
import { bundle } from "../../tools/bundle.ts";
import { npmInstall } from "../../tools/npm.ts";
import { ROOT } from "../../tools/root.ts";
import type { Binaries } from "./_stand_ins.ts";

/** The copied folders. */
const FOLDERS: readonly string[] = ["src", "tests", "tools"];

/** The folder of the copy. */
export const PROJECT: string = `${ROOT}dist/runtimes/project`;

/** The entry of each bundle, for the runtimes that do not read TypeScript. */
const BUNDLES = { page: "_in_page.ts", worker: "_in_worker.ts" } as const;

/** Makes a new copy. */
export async function makeProject(paths: readonly string[], assembled: Binaries): Promise<void> {
  await npmInstall(PROJECT, [config.imports["deno-std/"].replace(/^npm:\/|\/$/g, "")]);
  for (const folder of FOLDERS) await Deno.remove(`${PROJECT}/${folder}`, { recursive: true }).catch(() => {});
  for (const folder of ["", ...FOLDERS]) await copy(folder);
  await write("package.json", JSON.stringify({ name: config.name, type: "module", exports: config.exports }));
  await writePackage("@std/assert", `export * from "../../../tests/std/assert.ts";`);
  await writePackage("@std/streams", `export * from "../../../tests/std/streams.ts";`);
  await writePackage(
    "wabt",
    `import { wabtOf } from "../../tests/runtimes/_stand_ins.ts";\nexport default wabtOf(${
      JSON.stringify(assembled)
    });`,
  );
  await write(
    "tests/_guests.ts",
    `import { guestsOf } from "./runtimes/_stand_ins.ts";
export const { guest, hasGuest } = guestsOf(${JSON.stringify(await readGuests())});`,
  );
  await write(
    "tests/runtimes/_files.ts",
    `export const files = new Map([
${paths.map((path) => `  ["${path}", () => import("../${path}")],`).join("\n")}
]);`,
  );
}

/** Bundles the suite and returns the path of the bundle. */
export async function bundleSuite(name: keyof typeof BUNDLES): Promise<string> {
  const outfile = `${PROJECT}/${name}.js`;
  const entryPoints = [`tests/runtimes/${BUNDLES[name]}`];
  await bundle({ absWorkingDir: PROJECT, entryPoints, outfile, logLevel: "error" });
  return outfile;
}

/** Copies the TypeScript files of a folder and of its subfolders, but not the subfolders of the top. */
async function copy(folder: string): Promise<void> {
  await Deno.mkdir(`${PROJECT}/${folder}`, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory && folder !== "") await copy(path);
    if (!name.endsWith(".ts")) continue;
    const source = await Deno.readTextFile(`${ROOT}${path}`);
    const isLowered = !folder.startsWith("src") && source.includes("await using");
    await write(path, isLowered ? await lower(source) : source);
  }
}

async function lower(source: string): Promise<string> {
  const { code } = await esbuild.transform(source, { loader: "ts", target: "es2024" });
  return code;
}

async function readGuests(): Promise<Binaries> {
  const folder = `${ROOT}examples/guests/prebuilt`;
  const guests: [string, string][] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const bytes = await Deno.readFile(`${folder}/${name}`);
    guests.push([name.replace(/\.wasm$/, ""), bytes.toBase64()]);
  }
  return guests;
}

async function writePackage(name: string, source: string): Promise<void> {
  const folder = `node_modules/${name}`;
  await Deno.mkdir(`${PROJECT}/${folder}`, { recursive: true });
  await write(`${folder}/package.json`, JSON.stringify({ name, type: "module", exports: "./index.js" }));
  await write(`${folder}/index.js`, source);
}

async function write(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${PROJECT}/${path}`, text);
}
