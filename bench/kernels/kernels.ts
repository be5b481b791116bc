/**
 * Nine small programs in C, each of one kind of work.
 *
 * @module
 */

import type { Program } from "../program.ts";

const ROWS: readonly [name: string, what: string, size: number, coldSize: number, sum: number, coldSum: number][] = [
  ["fib", "calls", 31, 27, 1_346_269, 196_418],
  ["sieve", "bytes in memory", 1_000_000, 1_000_000, 78_498, 78_498],
  ["sha", "rotations of 32 bits", 8_000, 4_000, 1_323_868_909, -2_074_948_177],
  ["mandel", "floating point", 200, 120, 2_238_729, 806_074],
  ["fnv64", "multiplication of 64 bits", 5_000_000, 2_000_000, 1_521_486_154, -390_328_611],
  ["matmul", "doubles in memory", 160, 110, -378_208_000, -84_079_875],
  ["qsort", "branches and recursion", 200_000, 80_000, -948_267_260, 1_698_857_092],
  ["scan", "a state machine over text", 40, 20, 13_447_200, 6_723_600],
  ["indirect", "calls through a table", 2_000_000, 1_000_000, 2_063_756, 1_032_348],
];

/** The kernels, each with its module beside this file. */
export const kernels: readonly Program[] = ROWS.map(([name, what, size, coldSize, checksum, coldChecksum]) => {
  return { name, language: "C", what, file: `prebuilt/${name}.wasm`, size, coldSize, checksum, coldChecksum };
});
