/**
 * Checks the package for npm as its users meet it. It installs the tarball into an empty project and compares the tree
 * with the expected one. It compiles a strict consumer with both ways of resolving modules. It runs the quick starts of
 * the README, word for word, in the runtimes that they are for.
 *
 * @module
 */

import ts from "typescript";
import config from "../deno.json" with { type: "json" };
import { bundle } from "../tools/bundle.ts";
import { npmInstall, npmProgram } from "../tools/npm.ts";
import { outputOf } from "../tools/process.ts";
import { ROOT } from "../tools/root.ts";
import { RUNTIMES } from "../tools/runtimes.ts";
import { startWorker } from "../tools/workerd.ts";
import { buildNpmPackage } from "./npm.ts";
import { checkTree, filesUnder } from "./_tree.ts";
import { diagnose } from "./_typescript.ts";

const PLUGIN = `${ROOT}examples/guests/prebuilt/c_plugin.wasm`;

/** Modules that no other module imports: tools for contributors to the package. */
const NOT_PACKED: readonly string[] = ["src/vm/interpreter/disassemble.ts"];
/** The plugin's answer to `ping`, which the quick starts print. */
const PONG = "pong\n";

/** What the README requires of a user's `lib`, and the oldest base that it may have. */
const LIBRARIES: readonly string[] = ["es2022", "dom", "esnext.disposable"];

/** A program as a user of the entries might write it. It returns `PONG` without the line's end. */
const CONSUMER = `
import { compile, Plugin, RpcError } from "@rivulet/rivulet";
import { Peer } from "@rivulet/rivulet/rpc";
import { Instance, instantiate } from "@rivulet/rivulet/vm";
import type { Imports } from "@rivulet/rivulet/vm";
import { spawn } from "@rivulet/rivulet/wasi";
import type { ProcessStatus } from "@rivulet/rivulet/wasi";
import { WorkerPlugin } from "@rivulet/rivulet/workers";
import type { WorkerLike } from "@rivulet/rivulet/workers";

export async function useWorkers(bytes: Uint8Array<ArrayBuffer>, createWorker?: () => WorkerLike): Promise<string> {
  const plugin = new WorkerPlugin<Guest>(bytes, { workers: 2, createWorker });
  const [answer, { count }] = await Promise.all([plugin.api.ping(), plugin.api.prime_sieve(100)]);
  return count === 25 ? answer : "something is wrong";
}

interface Guest {
  ping(): string;
  prime_sieve(limit: number): { readonly count: number };
}

export async function use(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const module = await compile(bytes);
  const plugin = new Plugin<Guest>(module, { methods: { echo: (params: unknown) => params } });
  const { count } = await plugin.api.prime_sieve(100);
  // @ts-expect-error the method takes a number
  const error: unknown = await plugin.api.prime_sieve("many").catch((error: unknown) => error);
  const process = spawn(module, { stderr: "null" });
  const peer = new Peer<Guest>(process);
  const answer: string = await peer.call("ping");
  await peer.close();
  const status: ProcessStatus = await process.status;
  const empty = await compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const imports: Imports = { env: { log: (value: number) => value } };
  const instance = await instantiate(empty, imports, { limits: { fuel: 1 } });
  const isWell = count === 25 && error instanceof RpcError && instance instanceof Instance;
  return isWell && status.success ? answer : "something is wrong";
}
`;

/** Runs it. */
const MAIN = `
import { readFile } from "node:fs/promises";
import { use } from "./consumer.mts";

console.log(await use(new Uint8Array(await readFile("plugin.wasm"))));
`;

/** Runs it in workers of Node. */
const NODE_WORKERS = `
import { readFile } from "node:fs/promises";
import { createWorker } from "@rivulet/rivulet/workers/node";
import { useWorkers } from "./consumer.mts";

console.log(await useWorkers(new Uint8Array(await readFile("plugin.wasm")), () => createWorker()));
`;

/** Runs it in Web Workers. */
const WEB_WORKERS = `
import { readFile } from "node:fs/promises";
import { useWorkers } from "./consumer.mts";

console.log(await useWorkers(new Uint8Array(await readFile("plugin.wasm"))));
`;

/** Runs it in Web Workers from a bundle, with a bundle as their program. */
const BUNDLED_WORKERS = `
import { readFile } from "node:fs/promises";
import { useWorkers } from "./consumer.mts";

const createWorker = () => new Worker(new URL("./program.mjs", import.meta.url), { type: "module" });
console.log(await useWorkers(new Uint8Array(await readFile("plugin.wasm")), createWorker));
`;

/** What a user bundles as the program of workers. */
const PROGRAM = `import "@rivulet/rivulet/workers/worker";\n`;

/** The files of the package: each module of the source twice, and pages. */
async function expectedTree(): Promise<string[]> {
  const sources = ["mod.ts", ...(await filesUnder(`${ROOT}src`)).map((path) => `src/${path}`)];
  const modules = sources.filter((path) => path.endsWith(".ts") && !NOT_PACKED.includes(path));
  const pages = ["README.md", "src/README.md", "CHANGELOG.md", "LICENSE", "package.json"];
  return [...pages, ...modules.flatMap((path) => [path.replace(/ts$/, "js"), path.replace(/ts$/, "d.ts")])].sort();
}

function checkTypes(consumer: string): void {
  const { ModuleKind, ModuleResolutionKind } = ts;
  const lib = LIBRARIES.map((name) => `lib.${name}.d.ts`);
  const common = { noEmit: true, skipLibCheck: false, target: ts.ScriptTarget.ES2022, lib };
  diagnose([consumer], { ...common, module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler });
  diagnose([consumer], { ...common, module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext });
}

/** The program of a quick start: the code block under the heading of a runtime. */
async function quickStart(runtime: string): Promise<string> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, section] = readme.split(`\n### ${runtime}\n`);
  const code = /\n```[jt]s ignore\n([^]*?)\n```\n/.exec(section?.split("\n#")[0] ?? "")?.[1];
  if (code === undefined) throw new Error(`README.md has no quick start for ${runtime}`);
  return code;
}

/** Bundles a module of the project into one file, as a web page or a Worker loads it. */
async function bundleIn(project: string, entry: string, outfile: string): Promise<string> {
  await bundle({ absWorkingDir: project, entryPoints: [entry], outfile });
  return `${project}/${outfile}`;
}

/** Runs a program in the project, and returns its output. */
type Run = (project: string, program: string) => Promise<string>;

/** Runs programs in a runtime from npm. */
function runBy(runtime: string): Run {
  return async (cwd, program) => await outputOf(await npmProgram(runtime), [program], { cwd });
}

/** Runs a bundle, as a page does, but in Node. Node has no base address for the plugin's path, so `fetch` gets one. */
async function runBundled(cwd: string, program: string): Promise<string> {
  const page = await bundleIn(cwd, program, "page.mjs");
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    return new Response(await Deno.readFile(`${cwd}/plugin.wasm`));
  });
  const base = `http://127.0.0.1:${server.addr.port}/`;
  const prologue = `const fetch = (path) => globalThis.fetch(new URL(path, "${base}"));\n`;
  await Deno.writeTextFile(page, prologue + await Deno.readTextFile(page));
  return await runBy(RUNTIMES.node26)(cwd, "page.mjs");
}

/** Bundles a program and that of its workers, and runs them in Bun, whose workers are those of pages. */
async function runBundledWorkers(cwd: string, program: string): Promise<string> {
  await Deno.writeTextFile(`${cwd}/worker_main.mjs`, PROGRAM);
  await bundleIn(cwd, "worker_main.mjs", "program.mjs");
  await bundle({ absWorkingDir: cwd, entryPoints: [program], outfile: "main_bundled.mjs", external: ["node:*"] });
  return await runBy(RUNTIMES.bun)(cwd, "main_bundled.mjs");
}

async function runInWorker(cwd: string, program: string): Promise<string> {
  const script = await bundleIn(cwd, program, "worker.mjs");
  await using worker = await startWorker(await npmProgram(RUNTIMES.workerd), script);
  const answer = await worker.fetch({ method: "POST", body: await Deno.readFile(`${cwd}/plugin.wasm`) });
  return `${await answer.json()}\n`;
}

/** Where each quick start of the README is run, by its heading. */
const RUNS: readonly (readonly [heading: string, where: string, run: Run])[] = [
  ["Deno", "Deno", (cwd, program) => outputOf(Deno.execPath(), ["run", "--allow-read=plugin.wasm", program], { cwd })],
  ["Node", "Node 22", runBy(RUNTIMES.node22)],
  ["Node", "Node 26", runBy(RUNTIMES.node26)],
  ["Bun", "Bun", runBy(RUNTIMES.bun)],
  ["Browsers", "a bundle", runBundled],
  ["Cloudflare Workers", "workerd", runInWorker],
];

/** Too old for the package: its import must fail with this, and not a call with something else. */
const OLD_NODE = "node@20.19.5";
const REFUSAL = "Rivulet can't run here: this runtime lacks Promise.withResolvers. Use Node 22, ";

const tarball = await buildNpmPackage();
const project = await Deno.makeTempDir({ prefix: "rivulet_npm_" });

/** Runs a program of this text. It has to print `PONG`. */
async function checkRun(what: string, run: Run, program: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${project}/${program}`, text);
  const output = await run(project, program);
  if (output !== PONG) throw new Error(`${what} printed ${JSON.stringify(output)}`);
  console.log(`${what}: ok`);
}

try {
  await npmInstall(project, [tarball]);
  const installed = `${project}/node_modules/${config.name}`;
  const found = await filesUnder(installed);
  checkTree(found, await expectedTree());
  console.log(`the tarball: ${found.length} files, as expected`);

  await Deno.writeTextFile(`${project}/consumer.mts`, CONSUMER);
  checkTypes(`${project}/consumer.mts`);
  console.log("a strict consumer, moduleResolution bundler and nodenext: ok");

  await Deno.copyFile(PLUGIN, `${project}/plugin.wasm`);
  await checkRun("the consumer in Node 26", runBy(RUNTIMES.node26), "main.mjs", MAIN);
  await checkRun("the consumer in Bun", runBy(RUNTIMES.bun), "main.mjs", MAIN);
  for (const runtime of [RUNTIMES.node22, RUNTIMES.node26]) {
    await checkRun(`workers in ${runtime}`, runBy(runtime), "main.mjs", NODE_WORKERS);
  }
  await checkRun("workers in Bun", runBy(RUNTIMES.bun), "main.mjs", WEB_WORKERS);
  await checkRun("workers in a bundle", runBundledWorkers, "main.mjs", BUNDLED_WORKERS);
  for (const [heading, where, run] of RUNS) {
    const program = heading === "Node" ? "main.mjs" : "main.ts";
    await checkRun(`the quick start in ${where}`, run, program, await quickStart(heading));
  }

  const imports = Object.keys(config.exports).map((name) => config.name + name.slice(1));
  for (const name of imports) {
    await Deno.writeTextFile(
      `${project}/old.mjs`,
      `await import("${name}").catch((error) => console.log(error.message))`,
    );
    const output = await runBy(OLD_NODE)(project, "old.mjs");
    if (!output.startsWith(REFUSAL)) throw new Error(`${name} in an old Node printed ${JSON.stringify(output)}`);
  }
  console.log("imports in Node 20: refused, as expected");
} finally {
  await Deno.remove(project, { recursive: true });
}
