/**
 * Modules from binaryen's own generator, `wasm-opt --translate-to-fuzz`, which generates different programs than ours.
 * The generator is the package's JavaScript build. Its code is compiled once and run repeatedly in this process.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";
import { randomSource } from "../../tools/random.ts";

/** WebAssembly 2.0 without SIMD, and with tail calls. Without NaNs whose bits engines can choose. */
const OPTIONS: readonly string[] = [
  ...["--translate-to-fuzz", "--denan", "--mvp-features", "--enable-sign-ext", "--enable-nontrapping-float-to-int"],
  ...["--enable-bulk-memory", "--enable-reference-types", "--enable-multivalue", "--enable-mutable-globals"],
  "--enable-tail-call",
];

/** The maximum number of bytes that a module is made from. */
const MOST_BYTES = 5_000;

type Receive = (instance: WebAssembly.Instance) => void;

/** Returns a module by its seed. */
export type Generator = (seed: number) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Loads the generator.
 *
 * @param folder the folder for its files
 */
export async function binaryenGenerator(folder: string): Promise<Generator> {
  const { default: text } = await import("binaryen/bin/wasm-opt", { with: { type: "text" } }) as { default: string };
  const source = `${text.replace(/^#!.*/, "")}\nreturn findWasmBinary;`;
  const program = new Function("Module", "require", "process", "__dirname", "__filename", source);
  const require = createRequire(import.meta.url);
  let code: WebAssembly.Module | undefined;

  function run(args: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      let [imports, receive]: [WebAssembly.Imports?, Receive?] = [];
      const options = {
        instantiateWasm: (given: WebAssembly.Imports, take: Receive) => [imports, receive] = [given, take],
        postRun: [resolve],
        printErr: () => {},
      };
      const argv = { argv: { value: ["node", "wasm-opt", ...args] }, exitCode: { value: 0, writable: true } };
      const findBinary = program(options, require, Object.create(process, argv), folder, `${folder}/wasm-opt`);
      code ??= new WebAssembly.Module(findBinary());
      receive!(new WebAssembly.Instance(code, imports));
    });
  }

  return async (seed) => {
    const random = randomSource(seed);
    const [input, output] = [`${folder}/input`, `${folder}/output.wasm`];
    await Deno.writeFile(input, Uint8Array.from({ length: 200 + random(MOST_BYTES) }, () => random(256)));
    await run([input, ...OPTIONS, "-o", output]);
    return await Deno.readFile(output);
  };
}
