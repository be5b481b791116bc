/**
 * `deno task fuzz --seconds N [--seed S]`: compares modules of our generator and of binaryen's on our machine and on the
 * host's own until the time is over, and prints how many modules and calls were compared. At a mismatch it makes the
 * module smaller, if it is ours, writes it to a folder for temporary files, and ends with 1. The first module of a run
 * with the same seed is the same.
 *
 * @module
 */

import { binaryenGenerator } from "./binaryen.ts";
import { compareSlices, compareWithNative } from "./compare.ts";
import type { Comparison } from "./compare.ts";
import { generate } from "./generate.ts";
import { shrink } from "./_shrink.ts";

/** One module in this many is compared with itself in slices too. */
const SLICED = 10;
/** One seed in this many gives a module of binaryen's too, which takes far longer to make. */
const FOREIGN = 50;
/** Milliseconds between lines that tell how far it is. */
const REPORT_MS = 30_000;

function option(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(Deno.args[at + 1]);
  if (Number.isFinite(value)) return value;
  throw new TypeError(`--${name} takes a number, not ${Deno.args[at + 1]}`);
}

type Compare = (bytes: Uint8Array<ArrayBuffer>, seed: number) => Promise<Comparison>;

/** How much was compared. */
interface Figures {
  readonly modules: { ours: number; binaryen: number };
  readonly calls: { native: number; sliced: number; trapped: number };
}

function report({ modules, calls }: Figures, start: number): string {
  const seconds = Math.round((performance.now() - start) / 1000);
  return `fuzz: ${modules.ours + modules.binaryen} modules (${modules.binaryen} of binaryen), ${calls.native} calls ` +
    `compared (${calls.trapped} trapped), ${calls.sliced} calls in slices, ${seconds} s`;
}

/** Compares one module; gives what differs, and in which comparison. */
async function check(
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  { calls }: Figures,
): Promise<{ readonly mismatch: string; readonly compare: Compare } | undefined> {
  const comparison = await compareWithNative(bytes, seed);
  calls.native += comparison.calls;
  calls.trapped += comparison.traps;
  if (comparison.mismatch !== undefined) return { mismatch: comparison.mismatch, compare: compareWithNative };
  if (seed % SLICED !== 0 || comparison.calls === 0) return undefined;
  const slices = await compareSlices(bytes, seed);
  calls.sliced += slices.calls;
  return slices.mismatch === undefined ? undefined : { mismatch: slices.mismatch, compare: compareSlices };
}

async function main(): Promise<number> {
  const seconds = option("seconds", 60);
  const first = option("seed", Date.now() % 1e9);
  const folder = await Deno.makeTempDir({ prefix: "rivulet_fuzz_" });
  const generateForeign = await binaryenGenerator(folder);
  const figures: Figures = { modules: { ours: 0, binaryen: 0 }, calls: { native: 0, sliced: 0, trapped: 0 } };
  const start = performance.now();
  let reportAt = start + REPORT_MS;
  console.log(`seed ${first}`);
  for (let seed = first; performance.now() < start + seconds * 1000; seed++) {
    const found = await check(generate(seed).bytes, seed, figures);
    figures.modules.ours++;
    if (found !== undefined) {
      console.error(`seed ${seed}: ${found.mismatch}\nmaking the module smaller ...`);
      const omit = await shrink(seed, async (bytes) => (await found.compare(bytes, seed)).mismatch !== undefined);
      const { bytes } = generate(seed, omit);
      return await keep(`${folder}/${seed}`, bytes, (await found.compare(bytes, seed)).mismatch!);
    }
    if (seed % FOREIGN === 0) {
      const bytes = await generateForeign(seed);
      const found = await check(bytes, seed, figures);
      figures.modules.binaryen++;
      if (found !== undefined) return await keep(`${folder}/binaryen_${seed}`, bytes, found.mismatch);
    }
    if (performance.now() < reportAt) continue;
    console.log(report(figures, start));
    reportAt += REPORT_MS;
  }
  console.log(report(figures, start));
  await Deno.remove(folder, { recursive: true });
  return 0;
}

/** Writes the module that failed, as it is and in hexadecimal. */
async function keep(path: string, bytes: Uint8Array, mismatch: string): Promise<number> {
  await Deno.writeFile(`${path}.wasm`, bytes);
  await Deno.writeTextFile(`${path}.hex`, Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" "));
  console.error(`${mismatch}\n${bytes.length} bytes in ${path}.wasm`);
  return 1;
}

Deno.exit(await main());
