/**
 * What the programs that fuzz have in common: their options, and running seeds until the time is over.
 *
 * @module
 */

/** Milliseconds between lines that report the progress. */
const REPORT_MS = 30_000;

/** A number that was passed as `--name number`. @throws {TypeError} if it is not a number */
export function option(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(Deno.args[at + 1]);
  if (Number.isFinite(value)) return value;
  throw new TypeError(`--${name} takes a number, not ${Deno.args[at + 1]}`);
}

/**
 * Runs seeds, one after the other, for `--seconds`, from `--seed`. Prints the progress.
 *
 * @param run returns whether it found a mismatch, which it has printed
 * @param text the figures so far
 * @returns the exit code
 */
export async function runSeeds(run: (seed: number) => Promise<boolean>, text: () => string): Promise<number> {
  const start = performance.now();
  const end = start + option("seconds", 60) * 1000;
  const first = option("seed", Date.now() % 1e9);
  const report = () => console.log(`${text()}, ${Math.round((performance.now() - start) / 1000)} s`);
  let reportAt = start + REPORT_MS;
  console.log(`seed ${first}`);
  for (let seed = first; performance.now() < end; seed++) {
    if (await run(seed)) return 1;
    if (performance.now() < reportAt) continue;
    report();
    reportAt += REPORT_MS;
  }
  report();
  return 0;
}
