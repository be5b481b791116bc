/**
 * The suites: what each measures, in which unit, with which contenders, and in which processes.
 *
 * @module
 */

import type { Job, JobKind } from "./job.ts";
import { kernels } from "./kernels/kernels.ts";
import { programs } from "./programs/programs.ts";
import type { Program } from "./program.ts";

/** The options of a suite's run. */
export interface SuiteOptions {
  /** For the suites that compute. */
  readonly programs: readonly Program[];
  /** Names of contenders. Each takes part in the suites that list it. */
  readonly contenders: readonly string[];
  readonly rounds: number;
}

/** A set of rows with one unit. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly unit: "ms" | "MB/s" | "kB" | "B/B";
  /** Whether pages can't run it. */
  readonly needsProcess: boolean;
  /** The programs that pages run, if not all: each process of a page is a browser that starts. */
  readonly inPages?: readonly string[];
  /** The contenders that may take part. Ours are `rivulet`, the native engine, and `interpreter`. */
  readonly contenders: readonly string[];
  /** The processes that it needs. */
  jobs(options: SuiteOptions): readonly Job[];
}

/** The interpreters that marks compare with. */
export const PEERS: readonly string[] = ["wasm3", "wasmi"];

/** Iterations of CoreMark in a sample. The score is iterations a second. */
export const COREMARK_ITERATIONS = 200;

const COREMARK: Program = {
  name: "coremark",
  language: "Rust",
  what: "lists, matrices, a state machine",
  file: "coremark/coremark.wasm",
  size: COREMARK_ITERATIONS,
  coldSize: 100,
  checksum: 14_383,
  coldChecksum: 39_052,
};

/** Our engines: the native one, and the interpreter. */
export const OURS: readonly string[] = ["rivulet", "interpreter"];
const COMPUTERS = ["native", ...OURS, "against", ...PEERS, "polywasm"];

/** Every program. Its path is relative to the folder of the bench. */
export const PROGRAMS: readonly Program[] = [
  ...kernels.map((program) => ({ ...program, file: `kernels/${program.file}` })),
  ...programs.map((program) => ({ ...program, file: `programs/${program.file}` })),
  COREMARK,
];

/** Whether it is one of the real programs. */
export function isReal({ file }: Program): boolean {
  return file.startsWith("programs/");
}

/** Every suite, in the order of a full run. */
export const SUITES: readonly Suite[] = [
  {
    name: "compute",
    title: "Computation, warm",
    unit: "ms",
    needsProcess: false,
    contenders: COMPUTERS,
    jobs: (options) => [{ kind: "warm", ...options }],
  },
  {
    name: "cold",
    title: "Computation, from bytes to the end of the first call of a process",
    unit: "ms",
    needsProcess: false,
    inPages: ["fib", "lua", "sqlite", "regex"],
    contenders: COMPUTERS.filter((name) => name !== "polywasm"),
    // Round by round, so that other load on the machine affects all contenders.
    jobs: ({ programs, contenders, rounds }) =>
      Array.from({ length: rounds }).flatMap(() =>
        programs.flatMap((program) =>
          contenders.map((name) => ({ kind: "cold", programs: [program], contenders: [name], rounds: 1 }) as const)
        )
      ),
  },
  one("load", "From bytes to the first result, process warm", "ms", COMPUTERS),
  one("validate", "Decoding and validation; with the engine's own, compilation", "MB/s", ["native", ...OURS]),
  {
    name: "calls",
    title: "A new instance and a short call",
    unit: "ms",
    needsProcess: false,
    contenders: [...OURS, "wasi-shim", "node:wasi"],
    // Each contender has its own processes: what one leaves to the collector of garbage would slow the next.
    jobs: ({ programs, contenders, rounds }) =>
      Array.from({ length: rounds }).flatMap(() =>
        contenders.map((name) => ({ kind: "calls", programs, contenders: [name], rounds: 1 }) as const)
      ),
  },
  one("rpc", "Messages", "ms", OURS),
  one("streams", "Streams through filters", "MB/s", [...OURS, "wasi-shim"]),
  one("fairness", "Lateness of the host's timers beside busy guests", "ms", OURS),
  one("memory", "Memory of an instance, its linear memory apart", "kB", OURS, true),
  {
    name: "rewrite",
    title: "Rewriting of decoded modules",
    unit: "MB/s",
    needsProcess: true,
    contenders: ["rivulet"],
    // The kernels are too small for a rate.
    jobs: ({ programs, contenders, rounds }) =>
      programs.filter(isReal).flatMap((program) =>
        Array.from({ length: rounds }, () => ({ kind: "rewrite", programs: [program], contenders, rounds }) as const)
      ),
  },
  one("size", "Metered code by the byte", "B/B", ["rivulet"]),
  one("code", "Register code by the byte of called functions", "B/B", ["interpreter"]),
];

/** A suite that needs one process. */
function one(
  name: Exclude<JobKind, "warm" | "cold" | "calls" | "rewrite">,
  title: string,
  unit: Suite["unit"],
  contenders: readonly string[],
  needsProcess = false,
): Suite {
  return { name, title, unit, contenders, needsProcess, jobs: (options) => [{ kind: name, ...options }] };
}
