/**
 * Checks that the types also serve those who compile with `tsc`: emits declarations as an npm package would have them to
 * dist/node_modules, then checks a small consumer against them, strictly, by both ways of resolving modules.
 *
 * @module
 */

import ts from "typescript";
import config from "../deno.json" with { type: "json" };

const ROOT = `${import.meta.dirname}/..`;
const PACKAGE = `${ROOT}/dist/node_modules/${config.name}`;

/** What a user of the package might write. */
const CONSUMER = `
import { compile, Plugin, PluginError, spawn } from "@rivulet/rivulet";
import { instantiate, Memory } from "@rivulet/rivulet/vm";
import { Peer } from "@rivulet/rivulet/rpc";
import type { ProcessStatus } from "@rivulet/rivulet/wasi";

interface Guest {
  ping(): string;
  add(params: readonly [number, number]): number;
}

export async function use(response: Response): Promise<string> {
  const module = await compile(response);
  const instance = await instantiate(module, { env: { log: (n: number) => n } }, { limits: { fuel: 1 } });
  if (instance.exports.memory instanceof Memory) instance.exports.memory.bytes.fill(0);
  const plugin = new Plugin<Guest>(module, { methods: { echo: (params: unknown) => params } });
  const sum: number = await plugin.api.add([1, 2]);
  // @ts-expect-error the method takes numbers
  plugin.api.add(["1"]).catch((error: unknown) => error instanceof PluginError);
  const process = spawn(module);
  const peer = new Peer<Guest>(process);
  const status: ProcessStatus = await process.status;
  return await peer.call("ping") + sum + status.code;
}
`;

/** Checks files, and emits what the options say; ends the task with the compiler's words if there is an error. */
function check(what: string, files: readonly string[], options: ts.CompilerOptions): void {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"].map((name) => `lib.${name}.d.ts`),
    types: [],
    strict: true,
    ...options,
  });
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (diagnostics.length > 0) {
    const host = { getCanonicalFileName: String, getCurrentDirectory: () => ROOT, getNewLine: () => "\n" };
    console.error(ts.formatDiagnostics(diagnostics, host));
    Deno.exit(1);
  }
  console.log(`${what}: ok`);
}

await Deno.remove(PACKAGE, { recursive: true }).catch(() => {});
check("declarations", Object.values(config.exports).map((path) => `${ROOT}/${path}`), {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  declaration: true,
  emitDeclarationOnly: true,
  isolatedDeclarations: true,
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  rootDir: ROOT,
  outDir: PACKAGE,
});

const exports = Object.entries(config.exports).map(([name, path]) => [name, { types: path.replace(/ts$/, "d.ts") }]);
const manifest = { name: config.name, type: "module", exports: Object.fromEntries(exports) };
await Deno.writeTextFile(`${PACKAGE}/package.json`, JSON.stringify(manifest));
await Deno.writeTextFile(`${ROOT}/dist/consumer.mts`, CONSUMER);
for (
  const [module, moduleResolution] of [
    [ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
    [ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
  ] as const
) {
  const what = `a consumer with moduleResolution ${ts.ModuleResolutionKind[moduleResolution]}`;
  check(what, [`${ROOT}/dist/consumer.mts`], { module, moduleResolution, noEmit: true });
}
