/**
 * Builds the package for users of npm into dist/npm. TypeScript's own compiler makes JavaScript modules with
 * declarations beside them. package.json is made from deno.json, and `npm pack` packs the tree. It publishes nothing.
 *
 * @module
 */

import ts from "typescript";
import config from "../deno.json" with { type: "json" };
import { ROOT } from "../tools/root.ts";
import { RUNTIMES } from "../tools/runtimes.ts";
import { diagnose } from "./_typescript.ts";

const OUTPUT = `${ROOT}dist/npm`;
/** The tree that is packed. */
const TREE = `${OUTPUT}/package`;

/** Files that are packed as they are. */
const PAGES: readonly string[] = ["README.md", "CHANGELOG.md", "LICENSE", "src/README.md"];

/**
 * The content of package.json. Bundlers may leave out what is not used, but not the check of the runtime, and not the
 * programs of workers.
 */
const manifest = {
  name: config.name,
  version: config.version,
  description: "Untrusted WebAssembly plugins as web streams, anywhere JavaScript runs",
  keywords: ["webassembly", "interpreter", "wasi", "plugins", "sandbox", "json-rpc", "streams"],
  license: config.license,
  type: "module",
  sideEffects: ["./src/base/requirements.js", "./src/workers/worker.js", "./src/workers/node.js"],
  exports: {
    ...Object.fromEntries(
      Object.entries(config.exports).map(([name, path]) => {
        const stem = path.replace(/\.ts$/, "");
        return [name, { types: `${stem}.d.ts`, default: `${stem}.js` }];
      }),
    ),
    "./package.json": "./package.json",
  },
  files: ["mod.js", "mod.d.ts", "src", "CHANGELOG.md"],
  // The oldest version that is tested.
  engines: { node: RUNTIMES.node22.replace("node@", ">=") },
};

/** Builds the tarball and returns its path. */
export async function buildNpmPackage(): Promise<string> {
  await Deno.remove(OUTPUT, { recursive: true }).catch(() => {});
  await Deno.mkdir(TREE, { recursive: true });
  diagnose(Object.values(config.exports).map((path) => ROOT + path), {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2024,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    rootDir: ROOT,
    outDir: TREE,
  });
  await rewriteDeclarations(TREE);
  for (const page of PAGES) await Deno.copyFile(ROOT + page, `${TREE}/${page}`);
  await Deno.writeTextFile(`${TREE}/package.json`, JSON.stringify(manifest, null, 2) + "\n");
  const npm = new Deno.Command("npm", {
    args: ["pack", "--json", "--pack-destination", OUTPUT, TREE],
    stdin: "null",
  });
  const { success, stdout, stderr } = await npm.output();
  if (!success) throw new Error(`npm pack failed: ${new TextDecoder().decode(stderr).trim()}`);
  const [{ filename }] = JSON.parse(new TextDecoder().decode(stdout));
  return `${OUTPUT}/${filename}`;
}

/** Makes declarations import `.js`, as their modules do. The compiler leaves `.ts`, which not every tool resolves. */
async function rewriteDeclarations(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await rewriteDeclarations(path);
    if (!name.endsWith(".d.ts")) continue;
    let text = await Deno.readTextFile(path);
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      text = text.replaceAll(`"${fileName}"`, `"${fileName.replace(/\.ts$/, ".js")}"`);
    }
    await Deno.writeTextFile(path, text);
  }
}

if (import.meta.main) {
  const path = await buildNpmPackage();
  const { size } = await Deno.stat(path);
  console.log(`${path.slice(ROOT.length)}: ${size} bytes`);
}
