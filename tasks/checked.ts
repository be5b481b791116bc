/**
 * Runs a program of this repository on the checked build of the virtual machine. In it, every access to registers, call
 * stack, code arena and cells asserts its bounds. Every jump asserts that it lands on the start of an op. A typed array
 * ignores a write beyond its end. Unchecked, a fault of the machine may show nothing, or a wrong result far away.
 *
 * ```sh
 * deno task checked tests/spec/main.ts wg-2.0
 * deno task checked --test tests/vm
 * ```
 *
 * The build is two files in dist/checked. They replace those in src/vm/interpreter through an import map.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { checkedExecuteSource } from "./_execute_source.ts";

const REPOSITORY = new URL("../", import.meta.url);
const SOURCES = new URL("src/vm/interpreter/", REPOSITORY);
const OUTPUT = new URL("dist/checked/", REPOSITORY);
const GUARDS = "../../tools/guarded.ts";

/** The source of the arena, guarded. */
async function checkedCodeSource(): Promise<string> {
  const source = await Deno.readTextFile(new URL("arena.ts", SOURCES));
  const plain = "new Int32Array(CODE_WORDS)";
  if (!source.includes(plain)) {
    throw new Error(`arena.ts does not create the arena with ${plain}`);
  }
  return `import { guarded } from "${GUARDS}";\n` +
    inOutput(source.replace(plain, `guarded(${plain}, "code arena")`));
}

/** The source with its imports relative to the output's folder. */
function inOutput(source: string): string {
  return source.replaceAll(/ from "(\.\.?\/[^"]+)"/g, (text, specifier) => {
    const { href } = new URL(specifier, SOURCES);
    return specifier === GUARDS ? text : ` from "${href}"`;
  });
}

const absolute = (specifier: string) => specifier.startsWith("./") ? new URL(specifier, REPOSITORY).href : specifier;

await Deno.mkdir(OUTPUT, { recursive: true });
await Deno.writeTextFile(new URL("arena.ts", OUTPUT), await checkedCodeSource());
await Deno.writeTextFile(new URL("execute.ts", OUTPUT), inOutput(await checkedExecuteSource(GUARDS)));
const imports = {
  ...Object.fromEntries(Object.entries(config.imports).map(([name, specifier]) => [name, absolute(specifier)])),
  ...Object.fromEntries(
    ["arena.ts", "execute.ts"].map((file) => [new URL(file, SOURCES).href, new URL(file, OUTPUT).href]),
  ),
};
await Deno.writeTextFile(new URL("import_map.json", OUTPUT), JSON.stringify({ imports }));

const isTest = Deno.args[0] === "--test";
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    isTest ? "test" : "run",
    "--no-check",
    "--allow-all",
    `--import-map=${new URL("import_map.json", OUTPUT).pathname}`,
    ...Deno.args.slice(isTest ? 1 : 0),
  ],
  stdin: "inherit",
  stdout: "inherit",
  stderr: "inherit",
}).output();
Deno.exit(code);
