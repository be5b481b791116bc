/**
 * `deno task fuzz --seconds N [--seed S]`: compares modules from our generator and from binaryen's on our two
 * engines and on the host's own machine until the time is over. It prints the number of compared modules and calls. At
 * a mismatch it makes the module smaller if it is ours, writes it to a folder for temporary files, and exits with 1.
 * Seeds count up from S, so a run with the seed of a mismatch begins with that mismatch.
 *
 * @module
 */

import { binaryenGenerator } from "./binaryen.ts";
import { runSeeds } from "./_campaign.ts";
import { compareBudgets, compareFuel, compareManners, compareSimd, compareWithHost } from "./compare.ts";
import type { Comparison } from "./compare.ts";
import { generate } from "./generate.ts";
import type { Style } from "./generate.ts";
import { shrink } from "./_shrink.ts";

/** One seed in this many also makes a module with binaryen, which takes far longer. */
const FOREIGN = 50;

/** A comparison that one seed in `every` runs. */
interface Check {
  readonly name: "whole" | "simd" | "sliced" | "nativeSliced" | "budgets" | "fuel" | "simdFuel";
  readonly every: number;
  readonly style: Style;
  readonly run: (seed: number, omit?: ReadonlySet<number>) => Promise<Comparison>;
}

const everything = (run: (bytes: Uint8Array<ArrayBuffer>, seed: number) => Promise<Comparison>) => ({
  style: "everything" as const,
  run: (seed: number, omit?: ReadonlySet<number>) => run(generate(seed, omit).bytes, seed),
});

const CHECKS: readonly Check[] = [
  { name: "whole", every: 1, ...everything(compareWithHost) },
  { name: "budgets", every: 5, ...everything(compareBudgets) },
  { name: "sliced", every: 10, ...everything((bytes, seed) => compareManners(bytes, seed, "interpreter")) },
  { name: "nativeSliced", every: 10, ...everything((bytes, seed) => compareManners(bytes, seed, "native")) },
  { name: "fuel", every: 10, style: "plain", run: compareFuel },
  {
    name: "simd",
    every: 2,
    style: "simd",
    run: (seed, omit) => compareSimd(generate(seed, omit, "simd").bytes, seed),
  },
  { name: "simdFuel", every: 10, style: "plain simd", run: (seed, omit) => compareFuel(seed, omit, true) },
];

/** The number of compared modules by generator, and of compared calls by comparison. */
interface Figures {
  readonly modules: { ours: number; binaryen: number };
  readonly calls: Record<Check["name"], number> & { trapped: number };
}

function textOf({ modules, calls }: Figures): string {
  return `fuzz: ${modules.ours + modules.binaryen} modules (${modules.binaryen} of binaryen), ${calls.whole} calls ` +
    `compared on all machines (${calls.trapped} trapped), ${calls.budgets} with budgets, ${calls.sliced} in slices, ` +
    `${calls.nativeSliced} in slices natively, ${calls.fuel} for fuel, ${calls.simd} with SIMD natively, ` +
    `${calls.simdFuel} for its fuel`;
}

/** Counts a comparison, and returns its difference. */
function count({ calls }: Figures, name: Check["name"], comparison: Comparison): string | undefined {
  calls[name] += comparison.calls;
  if (name === "whole") calls.trapped += comparison.traps;
  return comparison.mismatch;
}

/**
 * Whether the host had no room for another memory: in a fast loop, it frees those of earlier modules late. It is given a
 * moment for that, and the comparison is left out.
 */
async function hasNoRoom(mismatch: string): Promise<boolean> {
  if (!mismatch.includes("the runtime can't allocate")) return false;
  console.log("left out a comparison: the host has no room for another memory");
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return true;
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "rivulet_fuzz_" });
  const generateForeign = await binaryenGenerator(folder);
  const figures: Figures = {
    modules: { ours: 0, binaryen: 0 },
    calls: { whole: 0, trapped: 0, budgets: 0, sliced: 0, nativeSliced: 0, fuel: 0, simd: 0, simdFuel: 0 },
  };
  const run = async (seed: number) => {
    figures.modules.ours++;
    for (const { name, every, style, run } of CHECKS) {
      if (seed % every !== 0) continue;
      const mismatch = count(figures, name, await run(seed));
      if (mismatch === undefined || await hasNoRoom(mismatch)) continue;
      console.error(`seed ${seed}: ${mismatch}\nmaking the module smaller ...`);
      const omit = await shrink(seed, style, async (omit) => (await run(seed, omit)).mismatch !== undefined);
      await keep(`${folder}/${seed}`, generate(seed, omit, style).bytes, (await run(seed, omit)).mismatch!);
      return true;
    }
    if (seed % FOREIGN !== 0) return false;
    const bytes = await generateForeign(seed);
    figures.modules.binaryen++;
    const comparison = await compareWithHost(bytes, seed);
    let mismatch = count(figures, "whole", comparison);
    if (mismatch === undefined && comparison.calls > 0) {
      mismatch = count(figures, "sliced", await compareManners(bytes, seed, "interpreter")) ??
        count(figures, "nativeSliced", await compareManners(bytes, seed, "native"));
    }
    if (mismatch === undefined || await hasNoRoom(mismatch)) return false;
    await keep(`${folder}/binaryen_${seed}`, bytes, mismatch);
    return true;
  };
  const code = await runSeeds(run, () => textOf(figures));
  if (code === 0) await Deno.remove(folder, { recursive: true });
  return code;
}

/** Writes the module that failed, as bytes and in hexadecimal. */
async function keep(path: string, bytes: Uint8Array, mismatch: string): Promise<void> {
  await Deno.writeFile(`${path}.wasm`, bytes);
  await Deno.writeTextFile(`${path}.hex`, Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" "));
  console.error(`${mismatch}\n${bytes.length} bytes in ${path}.wasm`);
}

Deno.exit(await main());
