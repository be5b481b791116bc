/**
 * Which tests run in every runtime, and why others don't: data for the suite in this folder.
 *
 * @module
 */

/** Folders and files of `tests` that run in every runtime: they need no file system. */
export const PORTABLE: readonly string[] = [
  "base",
  "guests",
  "plugin",
  "rpc",
  "vm",
  "wasi",
];

/** All others that have tests, each with why it runs in Deno only. */
export const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ["architecture_test.ts", "reads the source files"],
  ["bench", "reads programs from files"],
  ["examples", "starts servers"],
  ["fuzz", "compares with the host's WebAssembly"],
  ["hostile", "measures the heap, and reads guests from files"],
  ["pages", "drives browsers"],
  ["spec", "reads the official suite from files"],
]);

/** Tests that are not run, where and why. */
export interface Skip {
  readonly reason: string;
  /** Whole names of tests. */
  readonly tests: readonly string[];
  /** Runtimes by name. */
  readonly runtimes: readonly string[];
}

const PAGES = ["chromium", "firefox", "webkit"];

/** Every skip, by its reason; one that names no test fails. */
export const SKIPS: readonly Skip[] = [
  {
    reason: "its guest is not checked in",
    tests: [
      "the rust plugin answers all six methods, on a new instance each",
      "the go plugin answers all six methods, on a new instance each",
    ],
    runtimes: ["node26", "node24", "node22", "hardened-node", "bun", "workerd", ...PAGES],
  },
  {
    reason: "compares with the host's WebAssembly, which is not there",
    tests: [
      "every row with a signature has the operands and results of the signature",
      "every row without a signature has its own rule",
      "memory accesses accept the natural alignment and refuse a larger one",
      "mutated modules are valid here if and only if they are valid in the host, except for proposals",
    ],
    runtimes: ["hardened-node"],
  },
  {
    reason: "compares with the host's WebAssembly, which does not check the types of code that can't be reached",
    tests: ["mutated modules are valid here if and only if they are valid in the host, except for proposals"],
    runtimes: ["bun", "webkit"],
  },
  {
    reason: "a page that is not isolated from other sites has no SharedArrayBuffer",
    tests: ["standard input takes bytes of a buffer that others see"],
    runtimes: PAGES,
  },
  {
    reason: "each waiting call has a timer of its own in Workers, since a timer ends with its request",
    tests: [
      "schedule runs the slices of tasks in turn",
      "schedule runs ten thousand tasks in the order of their arrival",
    ],
    runtimes: ["workerd"],
  },
  {
    reason: "pipeTo in Workers notices that its destination failed only when the next chunk comes",
    tests: [
      "killing a guest cancels a stream that is piped to it",
      "a guest that traps errors its standard input at once, and whoever pipes to it is cancelled",
      "await using settles a pipe that is idle when the guest has ended by itself",
    ],
    runtimes: ["workerd"],
  },
  {
    reason: "Workers reject writes under way when their writer is released, though they are done",
    tests: ["close still writes the queued messages, and does not wait until they are taken"],
    runtimes: ["workerd"],
  },
];
