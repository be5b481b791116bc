/**
 * Checks that the types also serve those who compile with `tsc`: emits declarations to dist/types, then checks a small
 * consumer against them, strictly, by both ways of resolving modules.
 *
 * @module
 */

const root = new URL("../", import.meta.url).pathname;
const TSC = "npm:typescript@6.0.3/tsc";
const COMMON = ["--target", "esnext", "--lib", "esnext,dom,dom.iterable,dom.asynciterable", "--strict"];

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

async function tsc(what: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-lock", TSC, ...COMMON, ...args],
    cwd: `${root}dist`,
  }).output();
  if (!success) {
    console.error(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
    throw new Error(`${what} failed`);
  }
  console.log(`${what}: ok`);
}

const folder = `${root}dist/node_modules/@rivulet/rivulet`;
await Deno.remove(folder, { recursive: true }).catch(() => {});
await Deno.mkdir(folder, { recursive: true });
await tsc("declarations", [
  ...["--declaration", "--emitDeclarationOnly", "--allowImportingTsExtensions", "--erasableSyntaxOnly"],
  ...["--isolatedDeclarations", "--verbatimModuleSyntax", "--module", "esnext", "--moduleResolution", "bundler"],
  ...["--rootDir", root, "--outDir", folder, `${root}mod.ts`],
]);
const entry = (path: string) => ({ types: `./${path}.d.ts` });
await Deno.writeTextFile(
  `${folder}/package.json`,
  JSON.stringify({
    name: "@rivulet/rivulet",
    type: "module",
    exports: {
      ".": entry("mod"),
      "./vm": entry("src/vm/mod"),
      "./wasi": entry("src/wasi/mod"),
      "./rpc": entry("src/rpc/mod"),
    },
  }),
);
await Deno.writeTextFile(`${root}dist/package.json`, JSON.stringify({ type: "module" }));
await Deno.writeTextFile(`${root}dist/consumer.ts`, CONSUMER);
for (const [module, resolution] of [["esnext", "bundler"], ["nodenext", "nodenext"]]) {
  await tsc(`a consumer with moduleResolution ${resolution}`, [
    ...["--noEmit", "--module", module, "--moduleResolution", resolution, "consumer.ts"],
  ]);
}
